"""What is promised of a store on disk: it survives, and its tables are those of the code."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from tests.builders import uuid_of
from tests.conformance.store.rows import add_job

from batchyard.domain.states import Status
from batchyard.store import migrate, tables
from batchyard.store.database import SqliteStore


async def test_what_was_answered_is_there_after_reopening(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "db")
    await store.write(lambda tx: add_job(tx, "a", Status.RUNNABLE))
    await store.close()
    again = SqliteStore(tmp_path / "db")
    (job,) = await again.read(lambda tx: tx.waiting.head(1, 10))
    assert job.uuid == uuid_of("a")
    await again.close()


def test_what_was_answered_survives_the_death_of_the_process(tmp_path: Path) -> None:
    program = """
        import asyncio, sys
        from pathlib import Path
        from batchyard.store.database import SqliteStore

        async def main():
            store = SqliteStore(Path(sys.argv[1]))
            for n in range(1000):
                await store.write(lambda tx: tx.meta.put("n", str(n)))
                print(n, flush=True)

        asyncio.run(main())
    """
    arguments = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "db")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = ""
        while told != "20\n":
            told = process.stdout.readline()
            assert told, "the process ended by itself"
        os.kill(process.pid, signal.SIGKILL)
        told = ([told, *process.stdout])[-1]

    async def kept() -> int:
        store = SqliteStore(tmp_path / "db")
        value = await store.read(lambda tx: tx.meta.get("n"))
        await store.close()
        return int(value or -1)

    assert asyncio.run(kept()) >= int(told)


async def test_every_commit_is_synced(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "db")
    settings = {name: store._raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")}
    assert settings == {"synchronous": 2, "journal_mode": "wal"}
    await store.close()


async def test_a_disk_error_is_told_to_all_who_waited_and_keeps_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "db")
    store._raw.execute("PRAGMA max_page_count = 1")  # a full disk
    big = "x" * 1_000_000
    outcomes = await asyncio.gather(
        *(store.write(lambda tx, n=n: tx.meta.put(f"n{n}", big)) for n in range(3)), return_exceptions=True
    )
    assert all(isinstance(each, sqlite3.OperationalError) for each in outcomes)
    store._raw.execute("PRAGMA max_page_count = 100000")
    await store.write(lambda tx: tx.meta.put("after", "well"))
    assert await store.read(lambda tx: [tx.meta.get(name) for name in ("n0", "n1", "n2", "after")]) == (
        [None, None, None, "well"]
    )
    await store.close()


def test_the_migrations_make_exactly_the_tables_of_the_code() -> None:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    migrate.migrate(raw)
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
    raw.close()


def test_the_migrations_make_exactly_the_indexes_of_the_code() -> None:
    """Alembic looks at neither conditions nor directions of an index, nor at AUTOINCREMENT."""
    raw, fresh = (sqlite3.connect(":memory:", isolation_level=None) for _ in range(2))
    migrate.migrate(raw)
    engine = create_engine("sqlite://", creator=lambda: fresh, poolclass=StaticPool)
    tables.metadata.create_all(engine)
    assert schema(raw) == schema(fresh)
    raw.close()
    fresh.close()


def schema(raw: sqlite3.Connection) -> dict[str, str]:
    found = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    return {name: re.sub(r"\s+", " ", sql).replace('"', "") for name, sql in found}


def test_head_is_the_newest_migration() -> None:
    script = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert script.get_current_head() == migrate.HEAD


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        raw = sqlite3.connect(tmp_path / "db", isolation_level=None)
        migrate.migrate(raw)
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrate.HEAD,)]
        raw.close()


@pytest.mark.parametrize("table", ["events", "specs", "definitions"])
def test_keys_that_are_remembered_elsewhere_are_never_given_out_twice(table: str) -> None:
    raw = sqlite3.connect(":memory:", isolation_level=None)
    migrate.migrate(raw)
    assert "AUTOINCREMENT" in schema(raw)[table]
    raw.close()
