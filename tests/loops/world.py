"""A whole yard on real asyncio, with an engine that does what a test says and a clock that a test moves.

Nothing is waited for by time: `until` reads the change feed until a job is where the test wants it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
from tests.builders import T0, a_registration, dependencies

from batchyard.api.batch import OPERATIONS
from batchyard.capacity.host import HostCapacity
from batchyard.config import Provider as ProviderSettings
from batchyard.config import load
from batchyard.engines.base import Launch, Observed, Phase, Wakeup
from batchyard.handlers.base import Caller
from batchyard.handlers.collect import collect
from batchyard.kit.ids import SeededIds
from batchyard.logs.files import LogFiles
from batchyard.loops.base import Provider
from batchyard.store.database import SqliteStore
from batchyard.store.feed import Change
from batchyard.yard import Yard

HOST = "i-0123456789abcdef0"
_HANDLERS = collect()["batch"]
Fate = Callable[[Launch], int | None]


class MovedClock:
    """Time that only a test moves."""

    def __init__(self) -> None:
        self.at = T0

    def now(self) -> float:
        """UTC seconds."""
        return self.at


class ScriptedEngine:
    """Runs nothing. An attempt runs from its start until `end` or its `fate` (the exit code at once) ends it."""

    def __init__(self, clock: MovedClock) -> None:
        self.fate: Fate = lambda _launch: None
        self.on_stop: int | None = 143
        self.launches: list[Launch] = []
        self.stops: list[tuple[str, timedelta]] = []
        self._seen: dict[str, Observed] = {}
        self._clock = clock
        self._ring: Wakeup = lambda _seen: None

    async def open(self, wakeup: Wakeup) -> None:
        self._ring = wakeup

    async def close(self) -> None:
        self._ring = lambda _seen: None

    async def start(self, launches: Sequence[Launch]) -> None:
        for launch in launches:
            if launch.key in self._seen:
                continue
            self.launches.append(launch)
            self._tell(Observed(key=launch.key, phase=Phase.RUNNING, started_at=self._clock.now()))
            code = self.fate(launch)
            if code is not None:
                self._ended(launch.key, exit_code=code)

    async def observe(self, keys: Sequence[str]) -> Mapping[str, Observed]:
        return {key: self._seen[key] for key in keys if key in self._seen}

    async def keys(self) -> Sequence[str]:
        return list(self._seen)

    async def stop(self, keys: Sequence[str], grace: timedelta) -> None:
        for key in keys:
            if key in self._seen and self._seen[key].phase is Phase.RUNNING:
                self.stops.append((key, grace))
                if self.on_stop is not None:
                    self._ended(key, exit_code=self.on_stop)

    async def forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._seen.pop(key, None)

    # -- what a test says

    def end(self, job_id: str, exit_code: int | None = 0, reason: str | None = None) -> None:
        """The present attempt of this job ends."""
        self._ended(self.key(job_id), exit_code=exit_code, reason=reason)

    def lose(self, job_id: str) -> None:
        """The host of this job's attempt goes."""
        self._tell(Observed(key=self.key(job_id), phase=Phase.LOST))

    def key(self, job_id: str) -> str:
        """The key of a job's newest attempt."""
        return next(launch.key for launch in reversed(self.launches) if launch.job_id == job_id)

    def order(self) -> list[str]:
        """Ids of jobs in the order of their starts."""
        return [launch.job_id for launch in self.launches]

    def _ended(self, key: str, **given: Any) -> None:
        began = self._seen[key].started_at
        self._tell(Observed(key=key, phase=Phase.ENDED, started_at=began, stopped_at=self._clock.now(), **given))

    def _tell(self, seen: Observed) -> None:
        self._seen[seen.key] = seen
        self._ring([seen])


class World:
    """The yard and what a test does with it."""

    def __init__(self, yard: Yard, store: SqliteStore, engine: ScriptedEngine, clock: MovedClock) -> None:
        self.yard = yard
        self.store = store
        self.engine = engine
        self.clock = clock
        self._context = self.yard.context(Caller(name="tester", role="admin"))

    def again(self) -> World:
        """A new server over the same store and engine."""
        old = self.yard
        yard = Yard(
            old.settings, store=old.store, logs=old.logs, providers=old.providers, clock=old.clock, ids=SeededIds(2)
        )
        return World(yard, self.store, self.engine, self.clock)

    async def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """An operation by its name."""
        request = msgspec.convert(members, OPERATIONS[operation].request_type)
        return cast("dict[str, Any]", msgspec.to_builtins(await _HANDLERS[operation](self._context, request)))

    async def define(self, name: str = "d", **given: Any) -> None:
        """Register a definition of one container."""
        await self.call("RegisterJobDefinition", **msgspec.to_builtins(a_registration(name, **given)))

    async def submit(self, *, on: str = "", size: int | None = None, queue: str = "default", **members: Any) -> str:
        """Submit a job of definition `d`; `on` is what it depends on (see `builders.dependencies`). Its id."""
        if size is not None:
            members["arrayProperties"] = {"size": size}
        members = {"jobName": "j", "jobQueue": queue, "jobDefinition": "d", **members}
        if on:
            members["dependsOn"] = msgspec.to_builtins(dependencies(on))
        return (await self.call("SubmitJob", **members))["jobId"]

    async def job(self, job_id: str) -> dict[str, Any]:
        """As DescribeJobs shows it."""
        (found,) = (await self.call("DescribeJobs", jobs=[job_id]))["jobs"]
        return found

    async def until(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """Wait until the job has one of these statuses; its description."""
        return await self.when(job_id, lambda found: found["status"] in statuses)

    async def when(self, job_id: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until something is true of the job; its description."""
        seen = await self.store.read(lambda tx: tx.feed.last())
        found = await self.job(job_id)
        try:
            async with asyncio.timeout(10), contextlib.aclosing(self.store.changes(seen)) as changes:
                while not true(found):
                    await anext(changes)
                    found = await self.job(job_id)
        except TimeoutError:
            raise AssertionError(f"waited in vain for {found}") from None
        return found

    async def soon(self, true: Callable[[], Awaitable[object]]) -> None:
        """Wait for what leaves no event: a request that was recorded, a row that went."""
        async with asyncio.timeout(10):
            while not await true():
                await asyncio.sleep(0)

    async def ended(self, *job_ids: str) -> list[tuple[str, str | None]]:
        """Wait until these jobs are final; (status, statusReason) of each."""
        found = [await self.until(job_id, "SUCCEEDED", "FAILED") for job_id in job_ids]
        return [(each["status"], each.get("statusReason")) for each in found]

    async def summary(self, job_id: str) -> dict[str, int]:
        """How many children of an array are in which status, without the zeros."""
        totals = (await self.job(job_id))["arrayProperties"]["statusSummary"]
        return {status: n for status, n in totals.items() if n}

    async def events(self, *job_ids: str) -> list[str]:
        """What happened to these jobs, in order: `"<letter of the job's place> EVENT"`, or `EVENT` for one job."""
        letters = dict(zip(job_ids, "abcdefgh", strict=False))
        changes: list[Change] = await self.store.read(lambda tx: tx.feed.after(0, 100_000))
        told = [(letters[change.job_id], change.event) for change in changes if change.job_id in letters]
        return [event if len(job_ids) == 1 else f"{letter} {event}" for letter, event in told]

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.at += seconds
        for loop in self.yard.loops.values():
            loop.wake()


@contextlib.asynccontextmanager
async def a_world(folder: Path, *, vcpus: int = 4, **settings: Any) -> AsyncIterator[World]:
    """A running world with one host and the definition `d` (1 vCPU)."""
    async with a_stopped_world(folder, vcpus=vcpus, **settings) as world, world.yard.running():
        yield world


@contextlib.asynccontextmanager
async def a_stopped_world(folder: Path, *, vcpus: int = 4, **settings: Any) -> AsyncIterator[World]:
    """A world whose loops do not run yet."""
    clock = MovedClock()
    engine, store = ScriptedEngine(clock), SqliteStore(None, inline=True)
    capacity = HostCapacity(HOST, ProviderSettings(vcpus=vcpus, memory_mib=64_000))
    yard = Yard(
        load(overrides=settings),
        store=store,
        logs=LogFiles(folder / "logs", clock, inline=True),
        providers={"local": Provider(name="local", capacity=capacity, engine=engine)},
        clock=clock,
        ids=SeededIds(1),
    )
    world = World(yard, store, engine, clock)
    try:
        await world.define()
        yield world
    finally:
        await store.close()
