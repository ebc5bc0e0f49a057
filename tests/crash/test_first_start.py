"""The first start makes everything or nothing, whenever it is killed: the next one finds no halves."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from batchyard.server.keys import admin_key
from batchyard.store.migrate import HEAD, migrate

_UP = [Path(sys.executable).parent / "batchyard", "up", "--port", "0", "--data-dir"]


@pytest.mark.parametrize("tables", [0, 1, 5, 14])
def test_a_migration_that_breaks_off_leaves_nothing_behind(tmp_path: Path, tables: int) -> None:
    raw = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    made = 0

    def break_off(action: int, *_: str | None) -> int:
        nonlocal made
        made += action == sqlite3.SQLITE_CREATE_TABLE
        return sqlite3.SQLITE_DENY if made > tables else sqlite3.SQLITE_OK

    raw.set_authorizer(break_off)
    with pytest.raises(Exception, match="not authorized"):
        migrate(raw)
    raw.close()

    raw = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    assert raw.execute("SELECT name FROM sqlite_master").fetchall() == []
    migrate(raw)
    assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    raw.close()


@pytest.mark.parametrize("seed", [1], ids=lambda seed: f"seed-{seed}")
def test_a_first_start_that_is_killed_can_be_made_again(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for kill in range(6):  # each on a folder of its own; in the first half second Python is still importing
        folder = tmp_path / str(kill)
        killed = subprocess.Popen([*_UP, folder], stdout=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.4, 1.3))
        killed.kill()
        killed.wait()
        with subprocess.Popen([*_UP, folder], stdout=subprocess.PIPE, text=True) as server:
            ready = server.stdout.readline() if server.stdout else ""
            server.send_signal(signal.SIGTERM)
        assert "ready on http://" in ready, f"seed {seed}, kill {kill}: the next start did not come up"
        assert server.returncode == 0
        assert len((folder / "host-id").read_text()) == len("i-") + 17 + len("\n")
        assert admin_key(folder).access_key_id.startswith("AKIA")
