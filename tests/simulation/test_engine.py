"""The simulated engine keeps the contract of engines/base.py, as far as that does not speak of real programs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from batchyard.engines.base import Launch, Observed, Phase
from batchyard.kit.virtualtime import VirtualClock, run
from batchyard.simulator.engine import EngineDown, Fate, Faults, SimulatedEngine

START = 1000.0
FATES = {
    "true": Fate(start_delay_s=1, duration_s=4),
    "three": Fate(duration_s=0, exit_code=3),
    "missing": Fate(start_delay_s=1, fault="CannotStartContainerError: no such program"),
    "sleep": Fate(duration_s=None),
    "stubborn": Fate(duration_s=None, stubborn=True),
    "polite": Fate(duration_s=None, stopped_code=0),
}


class Bench:
    """An open engine on virtual time, and everything that it rang."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        clock = VirtualClock(self.loop, START)
        self.engine = SimulatedEngine(clock, lambda launch: FATES[launch.command[0]], faults=faults)
        self.rung: list[Observed] = []
        self.breaches: list[str] = []
        self.engine.on_breach = self.breaches.append

    def hear(self, seen: Sequence[Observed]) -> None:
        self.rung += seen

    async def start(self, key: str, program: str, host: str = "h") -> None:
        await self.engine.start([launch(key, program, host)])

    async def see(self, key: str) -> Observed:
        return (await self.engine.observe([key]))[key]

    async def stop(self, key: str, grace_s: float) -> None:
        await self.engine.stop([key], timedelta(seconds=grace_s))


def launch(key: str, program: str, host: str = "h") -> Launch:
    return Launch(
        key=key, job_id=key, host=host, image="i", command=(program,), env={}, vcpus=1, memory_mib=64, log=Path("/x")
    )


def on_bench(story: Callable[[Bench], Awaitable[None]], faults: Faults | None = None) -> Bench:
    async def main() -> Bench:
        bench = Bench(faults)
        await bench.engine.open(bench.hear)
        await story(bench)
        return bench

    return run(main())


def test_an_attempt_starts_runs_and_ends_and_rings_each_time():
    async def story(bench: Bench) -> None:
        await bench.start("a", "true")
        assert (await bench.see("a")).phase is Phase.STARTING
        await asyncio.sleep(2)
        assert await bench.see("a") == Observed(key="a", phase=Phase.RUNNING, started_at=START + 1)
        await asyncio.sleep(4)
        seen = await bench.see("a")
        assert (seen.phase, seen.started_at, seen.stopped_at, seen.exit_code) == (Phase.ENDED, START + 1, START + 5, 0)
        assert [each.phase for each in bench.rung] == [Phase.RUNNING, Phase.ENDED]

    on_bench(story)


@pytest.mark.parametrize(
    ("program", "exit_code", "reason"),
    [("three", 3, None), ("missing", None, "CannotStartContainerError: no such program")],
)
def test_a_failure_is_observed(program: str, exit_code: int | None, reason: str | None):
    async def story(bench: Bench) -> None:
        await bench.start("a", program)
        await asyncio.sleep(2)
        seen = await bench.see("a")
        assert (seen.phase, seen.exit_code, seen.reason) == (Phase.ENDED, exit_code, reason)
        assert (seen.started_at is None) == (exit_code is None)  # 4.15

    on_bench(story)


def test_a_key_is_started_once_however_often_it_is_asked_for():
    async def story(bench: Bench) -> None:
        for _ in range(3):
            await bench.start("a", "true")
        await asyncio.sleep(10)
        await bench.start("a", "true")
        assert (await bench.see("a")).phase is Phase.ENDED and len(bench.rung) == 2

    assert not on_bench(story).breaches


def test_a_key_that_was_never_seen_is_absent():
    async def story(bench: Bench) -> None:
        assert await bench.engine.observe(["x"]) == {}
        assert list(await bench.engine.keys()) == []
        await bench.stop("x", 1)
        await bench.engine.forget(["x"])

    on_bench(story)


@pytest.mark.parametrize(
    ("program", "graces", "after_s", "exit_code"),
    [("sleep", [30], 0, 143), ("polite", [30], 0, 0), ("stubborn", [30], 30, 137), ("stubborn", [60, 5, 60], 5, 137)],
)
def test_stop(program: str, graces: list[float], after_s: float, exit_code: int):
    async def story(bench: Bench) -> None:
        await bench.start("a", program)
        await asyncio.sleep(1)
        for grace_s in graces:
            await bench.stop("a", grace_s)
        await asyncio.sleep(100)
        seen = await bench.see("a")
        assert (seen.stopped_at, seen.exit_code) == (START + 1 + after_s, exit_code)
        await bench.stop("a", 0)
        assert await bench.see("a") == seen, "an ended one is left alone"

    on_bench(story)


def test_a_server_that_comes_later_finds_everything():
    async def story(bench: Bench) -> None:
        await bench.start("a", "true")
        await bench.engine.close()
        await asyncio.sleep(10)
        assert bench.rung == [], "nobody listens"
        await bench.engine.open(bench.hear)
        assert list(await bench.engine.keys()) == ["a"]
        assert (await bench.see("a")).exit_code == 0
        await bench.engine.forget(["a"])
        assert list(await bench.engine.keys()) == []

    on_bench(story)


def test_a_lost_host_loses_its_attempts_and_takes_no_new_ones():
    async def story(bench: Bench) -> None:
        await bench.start("a", "sleep", "h1")
        await bench.start("b", "sleep", "h2")
        await asyncio.sleep(1)
        bench.engine.down_hosts.add("h1")
        bench.engine.lose("h1")
        await bench.start("c", "sleep", "h1")
        phases = {key: seen.phase for key, seen in (await bench.engine.observe(["a", "b", "c"])).items()}
        assert phases == {"a": Phase.LOST, "b": Phase.RUNNING, "c": Phase.LOST}

    on_bench(story)


def test_what_a_yard_must_never_do_is_a_breach():
    async def story(bench: Bench) -> None:
        await bench.start("a", "true")
        await bench.engine.forget(["a"])
        assert (await bench.see("a")).phase is Phase.STARTING, "one that lives is kept"
        await asyncio.sleep(10)
        await bench.engine.forget(["a"])
        await bench.start("a", "true")

    assert [text.split()[0:2] for text in on_bench(story).breaches] == [["the", "engine"], ["a", "was"]]


def test_faults_lose_rings_and_fail_calls_half_way():
    async def lost(bench: Bench) -> None:
        await bench.start("a", "true")
        await asyncio.sleep(10)
        assert bench.rung == []

    async def failing(bench: Bench) -> None:
        with pytest.raises(EngineDown):
            await bench.start("a", "true")

    on_bench(lost, Faults(lost_rings=1.0))
    on_bench(failing, Faults(failing_calls=1.0))
