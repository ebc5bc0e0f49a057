"""The implementations of the store. Another one joins the suite by its line in STORES."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from batchyard.store.database import SqliteStore

STORES: dict[str, Callable[[Path], SqliteStore]] = {
    "memory": lambda _folder: SqliteStore(None, inline=True),
    "file": lambda folder: SqliteStore(folder / "batchyard.db"),
}


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An empty store of each kind."""
    store = STORES[request.param](tmp_path)
    yield store
    await store.close()
