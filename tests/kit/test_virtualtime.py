"""The event loop on virtual time: jumps, the same order every time, no threads, no silent hanging."""

from __future__ import annotations

import asyncio
import time

import pytest

from batchyard.kit.chance import chance
from batchyard.kit.virtualtime import Deadlock, NotVirtual, VirtualClock, run


@pytest.mark.parametrize("years", [1, 100])
def test_years_pass_at_once(years: int):
    span_s = years * 365 * 86400.0

    async def main() -> float:
        await asyncio.sleep(span_s)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run(main()) == span_s
    assert time.monotonic() - began < 2


def test_timers_fire_in_order_and_ties_in_order_of_their_making():
    seen: list[str] = []

    async def after(delay_s: float, name: str) -> None:
        await asyncio.sleep(delay_s)
        seen.append(name)

    async def main() -> None:
        await asyncio.gather(after(2, "late"), after(1, "first"), after(1, "second"), after(0, "now"))

    run(main())
    assert seen == ["now", "first", "second", "late"]


def test_two_runs_are_the_same_run():
    async def main() -> list[tuple[float, int]]:
        loop, seen, random = asyncio.get_running_loop(), [], chance("two runs")

        async def walk(number: int) -> None:
            for _ in range(20):
                await asyncio.sleep(random.random())
                seen.append((loop.time(), number))

        await asyncio.gather(*map(walk, range(5)))
        return seen

    assert run(main()) == run(main())


def test_timeouts_and_cancellation_work_as_on_any_loop():
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.sleep(10)
        return asyncio.get_running_loop().time()

    assert run(main()) == 5


def test_the_clock_follows_the_loop():
    async def main() -> None:
        clock = VirtualClock(asyncio.get_running_loop(), 1_700_000_000)
        assert clock.now() == 1_700_000_000
        await asyncio.sleep(1.5)
        assert clock.now() == 1_700_000_001.5

    run(main())


def test_waiting_for_what_cannot_happen_is_an_error_that_names_who_waits():
    async def main() -> None:
        await asyncio.create_task(asyncio.Event().wait(), name="the waiter")

    with pytest.raises(Deadlock, match=r"no timer is set at 0\.000 s; waiting: .*the waiter"):
        run(main())


@pytest.mark.parametrize("name", ["a thread", "name resolution"])
def test_what_needs_a_thread_is_refused(name: str):
    async def main() -> None:
        if name == "a thread":
            await asyncio.to_thread(time.sleep, 0)
        else:
            await asyncio.get_running_loop().getaddrinfo("localhost", 80)

    with pytest.raises(NotVirtual, match="no threads"):
        run(main())


def test_chance_is_the_same_for_the_same_values_only():
    assert chance(1, "a").random() == chance(1, "a").random()
    assert chance(1, "a").random() != chance(2, "a").random()
