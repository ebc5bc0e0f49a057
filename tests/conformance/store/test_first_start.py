"""A server killed while it makes its tables: the next start makes them whole."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from batchyard.store.migrate import HEAD, migrate

# Dies as by kill -9 before the statement with this number; with 0 it only counts them.
DIES = """
import os, sqlite3, sys
from batchyard.store.migrate import migrate
raw, seen = sqlite3.connect(sys.argv[1], isolation_level=None), 0
def trace(statement):
    global seen
    seen += 1
    if seen == int(sys.argv[2]):
        os._exit(9)
raw.set_trace_callback(trace)
migrate(raw)
print(seen)
"""


def run(file: Path, last: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", DIES, file, str(last)], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_tables_are_made_all_or_none(tmp_path: Path, share: float) -> None:
    statements = int(run(tmp_path / "whole.db", 0).stdout)
    assert run(tmp_path / "cut.db", int(statements * share)).returncode == 9
    raw = sqlite3.connect(tmp_path / "cut.db", isolation_level=None)
    assert raw.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (0,)
    migrate(raw)
    assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
    raw.close()
