"""The composition root: the one module that knows every concrete class. Builds a yard, starts it, stops it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

from batchyard.capacity.host import HostCapacity
from batchyard.config import Settings
from batchyard.domain.arns import Identity
from batchyard.domain.hosts import Host
from batchyard.engines.base import Observed
from batchyard.engines.process.engine import ProcessEngine
from batchyard.handlers.base import Caller, Context
from batchyard.handlers.defaults import make_defaults
from batchyard.kit.clock import Clock, SystemClock
from batchyard.kit.ids import Ids, RandomIds, secret
from batchyard.logs.base import LogStore
from batchyard.logs.files import LogFiles
from batchyard.loops.admission import Admission
from batchyard.loops.base import Loop, Parts, Provider
from batchyard.loops.deadlines import Deadlines
from batchyard.loops.execution import Execution
from batchyard.loops.retention import Retention
from batchyard.loops.scheduling import Scheduling
from batchyard.store.base import Store
from batchyard.store.database import SqliteStore


class Yard:
    """One running Batchyard. Made by `open_yard`, or with parts of another kind (clock, engine) by the simulator."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        logs: LogStore,
        providers: Mapping[str, Provider],
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        account = settings.account
        self.settings = settings
        self.identity = Identity(account=account.id, region=account.region, partition=account.partition)
        self.clock = clock or SystemClock()
        self.ids = ids or RandomIds()
        self.store = store
        self.logs = logs
        self.providers = providers
        parts = Parts(
            settings=settings,
            identity=self.identity,
            clock=self.clock,
            store=store,
            logs=logs,
            providers=providers,
        )
        self._execution = Execution(parts)
        turns = {
            "admission": Admission(parts),
            "scheduling": Scheduling(parts),
            "execution": self._execution,
            "deadlines": Deadlines(parts),
            "retention": Retention(parts),
        }
        self.loops = {name: Loop(name, each) for name, each in turns.items()}
        store.on_wake = self._wake

    def _wake(self, loop: str) -> None:
        if loop in self.loops:
            self.loops[loop].wake()

    def context(self, caller: Caller) -> Context:
        """What a handler is given for a request of this caller."""
        return Context(
            caller=caller,
            settings=self.settings,
            identity=self.identity,
            clock=self.clock,
            ids=self.ids,
            store=self.store,
            logs=self.logs,
            hosts=self.hosts,
        )

    async def hosts(self) -> Mapping[str, Sequence[Host]]:
        """The hosts that are up, by provider."""
        return {name: await provider.capacity.hosts() for name, provider in self.providers.items()}

    async def first_start(self) -> None:
        """Make the default environment and queue, once in the life of a store."""
        provider = self.providers[self.settings.default_provider]
        vcpus = max(1, sum(host.vcpus for host in await provider.capacity.hosts()) // 1000)
        uuid, now = self.ids.uuid(), self.clock.now()
        await self.store.write(
            lambda tx: make_defaults(tx, self.settings, self.identity, now=now, uuid=uuid, host_vcpus=vcpus)
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Open the engines and run the loops for as long as the block lasts. Attempts outlive it."""
        await self.first_start()
        engines = {id(provider.engine): provider.engine for provider in self.providers.values()}.values()
        for engine in engines:
            await engine.open(self._hear)
        tasks = [asyncio.create_task(loop.run(), name=name) for name, loop in self.loops.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for engine in engines:
                await engine.close()

    def _hear(self, seen: Sequence[Observed]) -> None:
        self._execution.hear(seen)
        self.loops["execution"].wake()


@contextlib.asynccontextmanager
async def open_yard(settings: Settings) -> AsyncGenerator[Yard]:
    """The yard of these settings, on this machine's clock, disk and engines; closed at the end of the block."""
    folder = settings.folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    host_id = _host_id(folder)
    # However many providers are this machine: it is one host with one supervisor.
    engine = ProcessEngine(folder / "process", settings.process, settings.jobs.log_limit_bytes)
    providers = {
        name: Provider(name=name, capacity=HostCapacity(host_id, provider), engine=engine)
        for name, provider in settings.providers.items()
    }
    store = SqliteStore(folder / "batchyard.db")
    try:
        clock = SystemClock()
        yield Yard(settings, store=store, logs=LogFiles(folder / "logs", clock), providers=providers, clock=clock)
    finally:
        await store.close()


def _host_id(folder: Path) -> str:
    """This machine's id as a host, the same at every start: `i-` and 17 hexadecimal digits, like EC2's."""
    file = folder / "host-id"
    if not file.exists():
        draft = file.with_suffix(".new")  # moved into its place whole: a start may be killed at any moment
        draft.write_text(f"i-{secret(17)}\n")
        draft.replace(file)
    return file.read_text().strip()
