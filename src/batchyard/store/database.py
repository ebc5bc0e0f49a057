"""Transactions on SQLite: one writer that commits for all who wait at once (group commit), and readers beside it.

The writer is a thread of its own: a disk sync never stalls the event loop, and requests that arrive during one are
committed together by the next. `inline=True` runs everything on the caller's thread instead: on virtual time there are
no threads, and an in-memory database has nothing to sync.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import sys
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy.dialects import sqlite as sqlite_dialect

from batchyard.store.base import Tx
from batchyard.store.feed import Change
from batchyard.store.migrate import migrate
from batchyard.store.sql import Cache, Connection

T = TypeVar("T")
_READERS = 2
_BATCH = 256
_PAGE = 1000
_DIALECT = sqlite_dialect.dialect(paramstyle="qmark")
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an answered request survives a power cut
    "PRAGMA wal_autocheckpoint = 8192",  # pages: pages changed often reach the main file once, not at each thousandth
    "PRAGMA busy_timeout = 10000",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
)

_Job = tuple[Callable[[Tx], Any], "asyncio.Future[Any]"]
_Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    return connection


class SqliteStore:
    """The store on one SQLite file (or `:memory:` with `inline=True`). `on_wake` hears what transactions woke."""

    def __init__(self, path: Path | None, *, inline: bool = False) -> None:
        self.on_wake: Callable[[str], None] = lambda _loop: None
        self._path = ":memory:" if path is None else str(path)
        self._inline = inline or path is None
        self._caches: dict[str, Cache] = defaultdict(Cache)
        self._raw = _connect(self._path)
        migrate(self._raw)
        self._connection = Connection(self._raw, _DIALECT, self._caches)
        self._committed = asyncio.Event()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        if not self._inline:
            # The writer holds the interpreter lock in short bursts; hand it over sooner than the default 5 ms.
            sys.setswitchinterval(0.001)
            self._pool = ThreadPoolExecutor(_READERS, "store-reader")
            self._loop = asyncio.get_running_loop()
            self._writer = threading.Thread(target=self._write_for_ever, name="store-writer", daemon=True)
            self._writer.start()

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run `fn` on a consistent view of what is committed."""
        if self._inline:
            return fn(Tx(self._connection))
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, fn)

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Run `fn`; returns when its commit is on disk. What `fn` raises undoes it alone."""
        if self._inline:
            outcome, error, woken = self._attempt(fn, self._begin())
            self._connection.execute("COMMIT")
            self._announce(woken)
            if error is not None:
                raise error
            return cast("T", outcome)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((fn, future))
        return await future

    async def changes(self, after: int) -> AsyncIterator[Sequence[Change]]:
        """Committed events behind `after`, in order, for ever: one writer numbers them, so order is commit order."""
        while True:
            committed = self._committed
            page = await self.read(lambda tx, seen=after: tx.feed.after(seen, _PAGE))
            if page:
                after = page[-1].seq
                yield page
            else:
                await committed.wait()

    async def close(self) -> None:
        """Write what was taken on, then close the file."""
        if not self._inline:
            self._jobs.put(None)
            await asyncio.to_thread(self._writer.join)
            self._pool.shutdown()
        for raw in (*self._readers, self._raw):
            raw.close()

    # -- the writer's thread

    def _write_for_ever(self) -> None:
        while True:
            first = self._jobs.get()
            if first is None:
                return
            batch, more = [first], True
            while len(batch) < _BATCH:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    more = False
                    break
                batch.append(job)
            self._commit(batch)
            if not more:
                return

    def _commit(self, batch: list[_Job]) -> None:
        outcomes: list[_Outcome] = []
        woken: set[str] = set()
        try:
            connection = self._begin()
            for fn, future in batch:
                result, error, wakes = self._attempt(fn, connection)
                woken |= wakes
                outcomes.append((future, result, error))
            connection.execute("COMMIT")
        except Exception as error:  # the disk is full, the file is gone: nobody's change is kept, and all are told
            if self._raw.in_transaction:
                self._connection.execute("ROLLBACK")
            outcomes, woken = [(future, None, error) for _, future in batch], set()
        self._loop.call_soon_threadsafe(self._deliver, outcomes, woken)

    def _begin(self) -> Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    @staticmethod
    def _attempt(fn: Callable[[Tx], T], connection: Connection) -> tuple[T | None, BaseException | None, set[str]]:
        tx = Tx(connection)
        connection.execute("SAVEPOINT one")
        try:
            result = fn(tx)
        except Exception as error:
            connection.execute("ROLLBACK TO one")
            connection.execute("RELEASE one")
            return None, error, set()
        connection.execute("RELEASE one")
        return result, None, tx.woken

    # -- the event loop's thread

    def _deliver(self, outcomes: list[_Outcome], woken: set[str]) -> None:
        for future, result, error in outcomes:
            if future.cancelled():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        self._announce(woken)

    def _announce(self, woken: set[str]) -> None:
        self._committed.set()
        self._committed = asyncio.Event()
        for loop in sorted(woken):  # the same order in every run
            self.on_wake(loop)

    # -- a reader's thread

    def _read(self, fn: Callable[[Tx], T]) -> T:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            raw = _connect(self._path)
            self._readers.append(raw)
            connection = self._local.connection = Connection(raw, _DIALECT, self._caches)
        connection.execute("BEGIN")
        try:
            return fn(Tx(connection))
        finally:
            connection.execute("COMMIT")
