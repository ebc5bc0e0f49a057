"""What a loop is: one coroutine, `turn`, taken when woken or when time has come, never inside somebody else's call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

import msgspec

from batchyard.capacity.base import Capacity
from batchyard.config import Settings
from batchyard.domain.arns import Identity
from batchyard.engines.base import Engine
from batchyard.kit.clock import Clock
from batchyard.logs.base import LogStore
from batchyard.store.base import Store
from batchyard.store.errors import Conflict

_log = logging.getLogger("batchyard.loops")

AGAIN = 0.0
"""What a turn returns when there is more to do at once."""

# Turns start at least this far apart: work that arrives in a burst is taken together, and the first waits for nobody.
_GAP_S = 0.003
_BACK_OFF_S = 1.0


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A configured place where compute environments run."""

    name: str
    capacity: Capacity
    engine: Engine


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What loops are made with."""

    settings: Settings
    identity: Identity
    clock: Clock
    store: Store
    logs: LogStore
    providers: Mapping[str, Provider]


class Turn(Protocol):
    """One pass: read, decide, write once, act."""

    async def turn(self) -> float | None:
        """Take one; how many seconds until the next is due, None when only a wake-up makes it so."""
        ...


class Loop:
    """Takes a `Turn`'s turns for ever. `wake` is a hint: a turn soon."""

    def __init__(self, name: str, turns: Turn) -> None:
        self.name = name
        self._turns = turns
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Ask for a turn soon."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. A turn that fails is reported and taken again: rows are never lost, only late."""
        loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            began = loop.time()
            try:
                pause = await self._turns.turn()
            except Conflict:
                pause = AGAIN
            except Exception:
                _log.exception("the %s loop failed; it tries again in %g s", self.name, _BACK_OFF_S)
                pause = _BACK_OFF_S
            await self._wait(pause)
            # Even when it is due at once: a store without threads may not have let anybody else run.
            await asyncio.sleep(max(0.0, began + _GAP_S - loop.time()))

    async def _wait(self, pause: float | None) -> None:
        if pause is None:
            await self._woken.wait()
        elif pause > 0:
            timer = asyncio.get_running_loop().call_later(pause, self._woken.set)
            try:
                await self._woken.wait()
            finally:
                timer.cancel()
