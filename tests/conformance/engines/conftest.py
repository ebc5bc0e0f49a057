"""The engines that the suite runs against, and what drives them. A further engine is one more entry in ENGINES."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from batchyard.config import Process
from batchyard.engines.base import Engine, Launch, Observed, Phase
from batchyard.engines.process.engine import ProcessEngine

PATIENCE_S = 30.0
SAME_USER = "root" if os.geteuid() == 0 else ""

ENGINES: dict[str, Callable[[Path], Engine]] = {
    "process": lambda folder: ProcessEngine(folder, Process(cgroups="off", user=SAME_USER), 1 << 30),
    "process-cgroups": lambda folder: ProcessEngine(folder, Process(user=SAME_USER), 1 << 30),
}


class Bench:
    """An engine at work: builds launches, remembers what the wakeup said, waits for phases."""

    def __init__(self, make: Callable[[Path], Engine], folder: Path) -> None:
        self._make = make
        self.folder = folder
        self.news: list[Observed] = []
        self._rung = asyncio.Event()
        self.engine = make(folder / "engine")

    def wakeup(self, news: Sequence[Observed]) -> None:
        self.news += news
        self._rung.set()

    def launch(self, key: str, *command: str, **more: Any) -> Launch:
        values: dict[str, Any] = {"job_id": key, "host": "local", "image": "busybox", "env": {}, "vcpus": 1.0}
        log = self.folder / f"{key}.log"
        return Launch(**values | {"memory_mib": 256, "log": log, "key": key, "command": command} | more)

    def output(self, key: str) -> bytes:
        return (self.folder / f"{key}.log").read_bytes()

    async def start(self, key: str, *command: str, **more: Any) -> None:
        await self.engine.start([self.launch(key, *command, **more)])

    async def until(self, key: str, *phases: Phase) -> Observed:
        """What the engine says of the key once it is in one of these phases; the wakeup must tell of it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._rung.clear()
                seen = (await self.engine.observe([key])).get(key)
                if seen is not None and seen.phase in phases:
                    return seen
                await self._rung.wait()

    async def told(self, seen: Observed) -> None:
        """Until the wakeup has told exactly this."""
        async with asyncio.timeout(PATIENCE_S):
            while seen not in self.news:
                self._rung.clear()
                await self._rung.wait()

    async def ended(self, key: str) -> Observed:
        return await self.until(key, Phase.ENDED)

    async def run(self, key: str, *command: str, **more: Any) -> Observed:
        await self.start(key, *command, **more)
        return await self.ended(key)

    async def says(self, key: str, text: bytes) -> None:
        """Until the attempt's log holds the text."""
        await self.until(key, Phase.RUNNING, Phase.ENDED)
        async with asyncio.timeout(PATIENCE_S):
            while text not in self.output(key):
                await asyncio.sleep(0.005)

    async def reopen(self) -> None:
        """The server ends and another one comes."""
        await self.engine.close()
        self.engine = self._make(self.folder / "engine")
        await self.engine.open(self.wakeup)

    async def tidy(self) -> None:
        """End and forget everything."""
        keys = list(await self.engine.keys())
        await self.engine.stop(keys, timedelta(0))
        for key in keys:
            await self.until(key, Phase.ENDED, Phase.LOST)
        await self.engine.forget(keys)
        assert not await self.engine.keys()
        await self.engine.close()


@pytest.fixture
def open_folder() -> Any:
    """A folder that any user may pass through, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="batchyard-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=ENGINES)
async def bench(request: pytest.FixtureRequest, open_folder: Path) -> AsyncIterator[Bench]:
    """An open engine; everything it started is ended and forgotten afterwards."""
    if request.param == "process-cgroups":
        from batchyard.engines.process.cgroups import probe_cgroups

        if (support := probe_cgroups()).version is None:
            pytest.skip(support.why)
    bench = Bench(ENGINES[request.param], open_folder)
    await bench.engine.open(bench.wakeup)
    yield bench
    await bench.tidy()
