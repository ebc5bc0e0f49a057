"""A whole yard on virtual time, driven through its own handlers; it can be killed at any moment and started again.

What survives a crash is what would survive it in life: the database, and the engine with its attempts. Everything else
(loops, inboxes, half-done turns, answers under way) is thrown away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from batchyard.api.batch import OPERATIONS
from batchyard.capacity.base import Host
from batchyard.config import Settings
from batchyard.engines.base import Launch
from batchyard.handlers.base import Caller
from batchyard.handlers.collect import collect
from batchyard.kit.chance import chance
from batchyard.kit.ids import SeededIds
from batchyard.kit.virtualtime import VirtualClock
from batchyard.logs.base import LogStore
from batchyard.loops.base import Provider
from batchyard.simulator import engine as engines
from batchyard.simulator import store as stores
from batchyard.simulator.capacity import SimulatedCapacity
from batchyard.simulator.engine import Fate, SimulatedEngine
from batchyard.simulator.scene import Scene
from batchyard.simulator.store import SlowStore
from batchyard.store.database import SqliteStore
from batchyard.yard import Yard

START = 1_700_000_000.0
_LOG = logging.getLogger("batchyard.loops")
_ADMIN = Caller(name="simulator", role="admin")
_TICK_S = 20.0
_CONFLICTS = 100


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that may go wrong in a world. Times are the mean number of virtual seconds between two of a kind."""

    engine: engines.Faults = engines.Faults()
    store: stores.Faults = stores.Faults()
    lost_answers: float = 0.0
    crash_every_s: float | None = None
    lose_host_every_s: float | None = None
    lose_engine_every_s: float | None = None


class NoAnswer(Exception):
    """The call may have been carried out or not: its answer did not come."""


class Paths:
    """All that the loops ask of a log store: a file's name. Nothing is written."""

    def attempt_path(self, task_id: str) -> Path:
        """Where an attempt would write."""
        return Path("/nowhere") / task_id


class _LoopFaults(logging.Handler):
    """Hears of turns that failed: by a fault that was planned, or by one of the program."""

    def __init__(self, breach: Callable[[str], None]) -> None:
        super().__init__()
        self._breach = breach

    def emit(self, record: logging.LogRecord) -> None:
        """A turn failed."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, (stores.StoreDown, engines.EngineDown)):
            self._breach(f"Loop: {record.getMessage()}: {error!r}")


class World:
    """One world; to be made on a virtual loop. `checked=False` leaves the checkers out, for speed."""

    def __init__(
        self,
        seed: object,
        hosts: Sequence[Host],
        fates: Callable[[Launch], Fate],
        *,
        faults: Faults | None = None,
        settings: Settings | None = None,
        checked: bool = True,
    ) -> None:
        self.faults = faults or Faults()
        self.settings = settings or Settings()
        self.clock = VirtualClock(asyncio.get_running_loop(), START)
        self.store = SlowStore(SqliteStore(None, inline=True), seed=seed, faults=self.faults.store)
        self.capacity = SimulatedCapacity(hosts)
        self.engine = SimulatedEngine(self.clock, fates, seed=seed, faults=self.faults.engine)
        self.scene = Scene(self.clock, self.engine, self.capacity, checked=checked)
        self.crashes = 0
        self._ids = SeededIds(chance(seed, "ids").getrandbits(64))
        self._chance = chance(seed, "world")
        self._handlers = collect()["batch"]
        self._yard: Yard | None = None
        self._run: asyncio.Task[None] | None = None
        self._calls: dict[asyncio.Task[Any], None] = {}
        self._plagues: list[asyncio.Task[None]] = []
        self._ear = _LoopFaults(self.scene.breach)
        _LOG.addHandler(self._ear)
        _LOG.propagate = False
        if checked:
            self.store.on_read = self._before_read
            self.store.on_commit = self._after_commit

    # -- life and death of the yard

    async def start(self) -> None:
        """Start the yard, as often as it takes; returns when it answers."""
        up = asyncio.Event()
        self._run = asyncio.create_task(self._serve(up), name="server")
        await up.wait()

    async def crash(self, down_s: float = 0.0) -> None:
        """Kill the yard wherever it stands, and start another one on what is left."""
        self.crashes += 1
        await self.stop()
        await asyncio.sleep(down_s)
        await self.start()

    async def stop(self) -> None:
        """Kill the yard. Calls under way get no answer."""
        self._yard = None
        ending = [*self._calls, *([self._run] if self._run else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def close(self) -> None:
        """End of the world."""
        await self.heal()
        await self.stop()
        await self.store.close()
        _LOG.removeHandler(self._ear)
        _LOG.propagate = True

    async def _serve(self, up: asyncio.Event) -> None:
        while True:
            yard = Yard(
                self.settings,
                store=self.store,
                logs=cast("LogStore", Paths()),
                providers={
                    name: Provider(name=name, capacity=self.capacity, engine=self.engine)
                    for name in self.settings.providers
                },
                clock=self.clock,
                ids=self._ids,
            )
            try:
                async with yard.running():
                    self._yard = yard
                    up.set()
                    await asyncio.Event().wait()
            except (stores.StoreDown, engines.EngineDown):
                await asyncio.sleep(1.0)

    # -- what may go wrong

    def plague(self) -> None:
        """Let the faults that come by themselves begin."""
        kinds = (
            (self.faults.crash_every_s, lambda: self.crash(self._chance.random() * 5)),
            (self.faults.lose_host_every_s, self._lose_host),
            (self.faults.lose_engine_every_s, self._lose_engine),
        )
        self._plagues = [
            asyncio.create_task(self._again(mean_s, what), name="plague")
            for mean_s, what in kinds
            if mean_s is not None
        ]

    async def heal(self) -> None:
        """No faults any more: all hosts up, the yard running, everything answering at once."""
        for task in self._plagues:
            task.cancel()
        await asyncio.gather(*self._plagues, return_exceptions=True)
        self._plagues = []
        self.capacity.down.clear()
        self.engine.down_hosts.clear()
        self.engine.faults = msgspec.structs.replace(self.engine.faults, failing_calls=0.0, lost_rings=0.0)
        self.store.faults = msgspec.structs.replace(self.store.faults, failing_writes=0.0)

    async def _again(self, mean_s: float, what: Callable[[], Any]) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / mean_s))
            await asyncio.shield(asyncio.ensure_future(what()))

    async def _lose_host(self) -> None:
        """A host goes, with what runs on it, and comes back later."""
        name = self._chance.choice(sorted(self.capacity.all))
        self.capacity.down.add(name)
        self.engine.down_hosts.add(name)
        self.engine.lose(name)
        await asyncio.sleep(self._chance.random() * 60)
        self.capacity.down.discard(name)
        self.engine.down_hosts.discard(name)

    async def _lose_engine(self) -> None:
        """What runs the attempts is killed and started again: all of them are lost, the hosts stay."""
        self.engine.lose()

    # -- callers

    async def call(self, operation: str, **members: Any) -> Any:
        """Carry out an operation of the API. Raises NoAnswer, or what the handler refuses it with."""
        if self._yard is None:
            raise NoAnswer("the server does not run")
        request = msgspec.convert(members, OPERATIONS[operation].request_type)
        handler = self._handlers[operation](self._yard.context(_ADMIN), request)
        task = asyncio.ensure_future(handler)
        self._calls[task] = None
        try:
            await asyncio.wait([task])
        finally:
            self._calls.pop(task, None)
        if task.cancelled() or isinstance(task.exception(), stores.StoreDown):
            raise NoAnswer(operation)
        if self._chance.random() < self.faults.lost_answers:
            task.exception()
            raise NoAnswer(f"the answer to {operation} was lost")
        return task.result()

    # -- watching

    @property
    def breaches(self) -> list[str]:
        """What was seen that must not be."""
        return self.scene.breaches

    async def watch(self) -> None:
        """Tick for ever."""
        while True:
            await asyncio.sleep(_TICK_S)
            await self.store.inner.read(self.scene.tick)
            for task, in_a_row in self.store.conflicts.items():
                if in_a_row > _CONFLICTS:
                    self.scene.breach(f"Loop: the {task} loop had {in_a_row} conflicts in a row")

    async def settle(self, limit_s: float) -> None:
        """Wait until nothing is left to do, or the time is over; then the last checks."""
        end = self.clock.now() + limit_s
        witness = self.scene.witness
        while not self.breaches and (witness.unended or self.engine.kept) and self.clock.now() < end:  # noqa: ASYNC110
            await asyncio.sleep(5.0)
        if not self.breaches:
            await self.store.inner.read(self.scene.final)

    async def _before_read(self, task: str) -> None:
        await self.store.inner.read(lambda tx: self.scene.read(tx, task))

    async def _after_commit(self, task: str) -> None:
        await self.store.inner.read(lambda tx: self.scene.commit(tx, task))
