"""The same bench as the conformance suite's, for what only the process engine has."""

from __future__ import annotations

import importlib.util
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from batchyard.config import Process
from batchyard.engines.process.cgroups import probe_cgroups
from batchyard.engines.process.engine import ProcessEngine

_SUITE = Path(__file__).parents[2] / "conformance" / "engines" / "conftest.py"
_spec = importlib.util.spec_from_file_location("conformance_engines", _SUITE)
assert _spec and _spec.loader
_suite = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_suite)
open_folder = _suite.open_folder


@pytest.fixture
async def made(open_folder: Path) -> AsyncIterator[Callable[..., Any]]:
    """Makes one open bench with the given `Process` settings."""
    benches: list[Any] = []

    async def make(below: str = "", log_limit_bytes: int = 1 << 30, **settings: Any) -> Any:
        settings = {"user": _suite.SAME_USER, "cgroups": "off"} | settings
        inner = open_folder / below
        inner.mkdir(parents=True, exist_ok=True)
        bench = _suite.Bench(lambda folder: ProcessEngine(folder, Process(**settings), log_limit_bytes), inner)
        await bench.engine.open(bench.wakeup)
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        await bench.tidy()


@pytest.fixture(params=["off", "auto"])
async def bench(request: pytest.FixtureRequest, made: Callable[..., Any]) -> Any:
    """A bench without and one with control groups."""
    if request.param == "auto" and (support := probe_cgroups()).version is None:
        pytest.skip(support.why)
    return await made(cgroups=request.param)


@pytest.fixture
def processes() -> Callable[[str], list[psutil.Process]]:
    """The living processes whose command line holds a text, the tests' own aside."""

    def find(text: str) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                alive = process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid()
                if alive and text in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.NoSuchProcess:
                continue
        return found

    return find


@pytest.fixture
def kill_supervisor() -> Callable[[Any], None]:
    """`kill -9` of a bench's supervisor."""
    return lambda bench: os.kill(bench.engine.hello.pid, signal.SIGKILL)
