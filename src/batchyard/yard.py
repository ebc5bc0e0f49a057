"""The composition root: the one module that knows every concrete class. Builds a yard, starts it, stops it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import msgspec

from batchyard.capacity.host import HostCapacity
from batchyard.config import Settings
from batchyard.credentials import Keys
from batchyard.domain.arns import Identity
from batchyard.domain.queues import default_queue
from batchyard.domain.environments import default_environment
from batchyard.engines.process.engine import ProcessEngine
from batchyard.handlers.base import Caller, Context
from batchyard.kit.clock import Clock, SystemClock
from batchyard.kit.ids import Ids, RandomIds
from batchyard.logs.base import LogStore
from batchyard.logs.files import LogFiles
from batchyard.loops.admission import Admission
from batchyard.loops.base import Loop, Parts, Provider
from batchyard.loops.deadlines import Deadlines
from batchyard.loops.execution import Execution
from batchyard.loops.retention import Retention
from batchyard.loops.scheduling import Scheduling
from batchyard.store.base import Store, Tx
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
        )

    async def first_start(self) -> None:
        """Make the default environment and queue, once (a user may delete them)."""
        provider = self.providers[self.settings.default_provider]
        vcpus = sum(host.vcpus for host in await provider.capacity.hosts()) // 1000
        uuid, now = self.ids.uuid(), self.clock.now()

        def make(tx: Tx) -> None:
            if tx.meta.get("defaults_made"):
                return
            tx.meta.put("defaults_made", "1")
            environment = tx.environments.add(default_environment(self.identity, vcpus=max(1, vcpus), uuid=uuid, now=now))
            tx.queues.add(default_queue(environment, now=now))

        await self.store.write(make)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the engines and run the loops for as long as the block lasts. Attempts outlive it."""
        await self.first_start()
        for provider in self.providers.values():
            await provider.engine.open(self._hear)
        tasks = [asyncio.create_task(loop.run(), name=name) for name, loop in self.loops.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for provider in self.providers.values():
                await provider.engine.close()

    def _hear(self, seen: object) -> None:
        self._execution.hear(seen)  # pyright: ignore[reportArgumentType]
        self.loops["execution"].wake()
