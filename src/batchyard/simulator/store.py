"""A store that takes its time: what may come between a read and a write, or a commit and its answer, does come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from batchyard.kit.chance import chance
from batchyard.store.base import Tx
from batchyard.store.database import SqliteStore
from batchyard.store.errors import Conflict
from batchyard.store.feed import Change

T = TypeVar("T")


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """The longest pause before and after a transaction, and how many writes fail without any effect (a full disk)."""

    delay_s: float = 0.0
    failing_writes: float = 0.0


class StoreDown(Exception):
    """The database refused a write; nothing of it was kept."""


class SlowStore:
    """An in-memory SqliteStore with pauses. `on_read` and `on_commit` are called with the name of the task that asks.

    `on_read` runs on the very state that the read sees, `on_commit` on the state right after the commit. `conflicts`
    counts those in a row, by task.
    """

    def __init__(self, inner: SqliteStore, *, seed: object = 0, faults: Faults | None = None) -> None:
        self.inner = inner
        self.inner.on_wake = lambda loop: self.on_wake(loop)
        self.on_wake: Callable[[str], None] = lambda _loop: None
        self.faults = faults or Faults()
        self.on_read: Callable[[str], Awaitable[None]] | None = None
        self.on_commit: Callable[[str], Awaitable[None]] | None = None
        self.conflicts: Counter[str] = Counter()
        self._chance = chance(seed, "store")

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Pause, run `fn`, pause."""
        await self._pause()
        if self.on_read is not None:
            await self.on_read(_task())
        found = await self.inner.read(fn)
        await self._pause()
        return found

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Pause, run `fn` and commit, pause. Raises StoreDown when chance has it so."""
        await self._pause()
        if self._chance.random() < self.faults.failing_writes:
            raise StoreDown("the disk is full")
        try:
            outcome = await self.inner.write(fn)
        except Conflict:
            self.conflicts[_task()] += 1
            raise
        self.conflicts.pop(_task(), None)
        if self.on_commit is not None:
            await self.on_commit(_task())
        await self._pause()
        return outcome

    def changes(self, after: int) -> AsyncIterator[Sequence[Change]]:
        """The inner store's feed."""
        return self.inner.changes(after)

    async def close(self) -> None:
        """Close the database."""
        await self.inner.close()

    async def _pause(self) -> None:
        if self.faults.delay_s:
            await asyncio.sleep(self._chance.random() * self.faults.delay_s)


def _task() -> str:
    task = asyncio.current_task()
    return task.get_name() if task is not None else ""
