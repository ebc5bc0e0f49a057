"""Brings a database's tables to this program's version, whatever older version wrote them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

HEAD = "0001"
"""The newest migration: a database that has it is left alone, which saves Alembic's import at each start."""

_FOLDER = Path(__file__).parent / "migrations"


def migrate(raw: sqlite3.Connection) -> None:
    """Create or upgrade the tables behind this connection."""
    known = raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    if known and raw.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,):
        return
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        # All or nothing: a server killed in between would leave tables that the next start can neither use nor make.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(config, "head")
        connection.commit()
