"""CancelJob and TerminateJob: what becomes of a job in each status (BEHAVIOUR 4.5)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.loops.world import World

ALL = {"resourceRequirements": [{"type": "VCPU", "value": "4"}]}
NO = ("FAILED", "no")
EXITED = "Essential container in task exited"
BOTH = pytest.mark.parametrize("operation", ["CancelJob", "TerminateJob"])


async def ask(world: World, operation: str, *jobs: str, reason: str = "no") -> None:
    for job in jobs:
        assert await world.call(operation, jobId=job, reason=reason) == {}


async def busy(world: World) -> str:
    """A job that takes the whole host."""
    job = await world.submit(containerOverrides=ALL)
    await world.until(job, "RUNNING")
    return job


# -- one job (4.41)


@BOTH
async def test_submitted(world: World, operation: str) -> None:
    job = await world.submit()
    await ask(world, operation, job)  # before any loop had a turn
    assert await world.ended(job) == [NO]
    assert await world.events(job) == ["CANCELLED"]


@BOTH
async def test_runnable(world: World, operation: str) -> None:
    await busy(world)
    job = await world.submit(retryStrategy={"attempts": 9})
    await world.until(job, "RUNNABLE")
    await ask(world, operation, job)
    assert await world.ended(job) == [NO]
    found = await world.job(job)
    assert (found["attempts"], "startedAt" in found, "stoppedAt" in found) == ([], False, True)  # 4.15a, 4.12
    assert found["isCancelled" if operation == "CancelJob" else "isTerminated"]


async def test_a_pending_job_that_is_cancelled_fails_when_its_dependencies_have_ended(world: World) -> None:
    first = await world.submit()
    job = await world.submit(on=first)
    await world.until(job, "PENDING")
    await world.until(first, "RUNNING")
    await ask(world, "CancelJob", job)
    assert (await world.job(job))["isCancelled"]  # marked now
    world.engine.end(first)
    assert await world.ended(job) == [NO]
    assert await world.events(job) == ["HELD", "CANCELLED"]


async def test_a_cancelled_job_whose_dependency_fails_shows_the_callers_reason(world: World) -> None:  # 4.40
    first = await world.submit()
    job = await world.submit(on=first)
    await world.until(job, "PENDING")
    await world.until(first, "RUNNING")
    await ask(world, "CancelJob", job)
    world.engine.end(first, 1)
    assert await world.ended(job) == [NO]


async def test_a_pending_job_that_is_terminated_fails_at_once(world: World) -> None:
    first = await world.submit()
    job = await world.submit(on=first)
    await world.until(job, "PENDING")
    await ask(world, "TerminateJob", job)
    assert await world.ended(job) == [NO]


async def test_a_cancelled_pending_job_can_still_be_terminated(world: World) -> None:
    first = await world.submit()
    job = await world.submit(on=first)
    await world.until(job, "PENDING")
    await ask(world, "CancelJob", job, reason="perhaps")
    await ask(world, "TerminateJob", job)
    assert await world.ended(job) == [NO]


async def test_running_and_cancelled_has_no_effect_at_all(world: World) -> None:
    job = await busy(world)
    await ask(world, "CancelJob", job)
    assert not (await world.job(job))["isCancelled"]
    world.engine.end(job)
    assert await world.ended(job) == [("SUCCEEDED", EXITED)]
    assert world.engine.stops == []


@pytest.mark.parametrize("answer", [143, 0, 1])
async def test_running_and_terminated(world: World, answer: int) -> None:  # 4.42: never retried
    world.engine.on_stop = answer
    job = await world.submit(retryStrategy={"attempts": 9})
    await world.until(job, "RUNNING")
    await ask(world, "TerminateJob", job)
    assert await world.ended(job) == [NO]
    found = await world.job(job)
    assert (found["isTerminated"], found["container"]["exitCode"]) == (True, answer)
    assert [each["statusReason"] for each in found["attempts"]] == ["no"]
    assert [grace.total_seconds() for _, grace in world.engine.stops] == [30.0]


async def test_a_program_that_takes_its_time_to_stop(world: World) -> None:
    world.engine.on_stop = None
    job = await world.submit()
    await world.until(job, "RUNNING")
    await ask(world, "TerminateJob", job)
    await world.soon(lambda: stopped(world))
    assert (await world.job(job))["status"] == "RUNNING"
    world.engine.end(job, 137)
    assert await world.ended(job) == [NO]


async def stopped(world: World) -> list[Any]:
    return world.engine.stops


@BOTH
async def test_finished(world: World, operation: str) -> None:
    job = await busy(world)
    world.engine.end(job)
    await world.ended(job)
    before = await world.job(job)
    await ask(world, operation, job)
    assert await world.job(job) == before


async def test_the_first_reason_stands(world: World) -> None:
    world.engine.on_stop = None
    job = await busy(world)
    await ask(world, "TerminateJob", job, reason="first")
    await ask(world, "TerminateJob", job, reason="second")
    world.engine.end(job, 143)
    assert await world.ended(job) == [("FAILED", "first")]


# -- arrays (4.43, 4.44)


async def array_of(world: World, size: int) -> str:
    """One with as many children running as the host has room for."""
    array = await world.submit(size=size, retryStrategy={"attempts": 2})
    for part in range(min(size, 4)):
        await world.until(f"{array}:{part}", "RUNNING")
    return array


@BOTH
async def test_an_array_before_it_has_children(world: World, operation: str) -> None:
    array = await world.submit(size=3)
    await ask(world, operation, array)
    assert await world.ended(array, f"{array}:2") == [NO, NO]
    assert await world.summary(array) == {"FAILED": 3}


async def test_a_terminated_array(world: World) -> None:  # 4.43
    array = await array_of(world, 6)
    world.engine.end(f"{array}:0")
    await world.ended(f"{array}:0")
    await world.until(f"{array}:4", "RUNNING")
    await ask(world, "TerminateJob", array)
    children = await world.ended(*(f"{array}:{part}" for part in range(6)))
    assert children == [("SUCCEEDED", EXITED), *[NO] * 5]  # what has succeeded stays so
    assert await world.ended(array) == [NO]


async def test_a_cancelled_array_lets_run_what_runs(world: World) -> None:  # 4.44
    array = await array_of(world, 6)
    await ask(world, "CancelJob", array)
    assert await world.ended(f"{array}:4", f"{array}:5") == [NO, NO]
    assert await world.summary(array) == {"RUNNING": 4, "FAILED": 2}
    assert world.engine.stops == []
    await world.soon(lambda: cancelled(world, f"{array}:1"))
    world.engine.end(f"{array}:0")
    world.engine.end(f"{array}:1", 1)  # 4.42: not tried again
    assert await world.ended(f"{array}:0", f"{array}:1") == [("SUCCEEDED", EXITED), ("FAILED", EXITED)]
    for part in (2, 3):
        world.engine.end(f"{array}:{part}")
    assert await world.ended(array) == [NO]
    assert len(world.engine.launches) == 4


async def test_what_a_cancelled_array_lets_run_can_be_terminated(world: World) -> None:
    array = await array_of(world, 5)
    await ask(world, "CancelJob", array)
    await world.ended(f"{array}:4")
    await ask(world, "TerminateJob", f"{array}:0", reason="this one")
    assert await world.ended(f"{array}:0") == [("FAILED", "this one")]
    await ask(world, "TerminateJob", array, reason="all")
    assert await world.ended(f"{array}:1", f"{array}:2", f"{array}:3") == [("FAILED", "all")] * 3
    assert await world.ended(array) == [("FAILED", "all")]


async def test_what_a_cancelled_array_lets_run_has_its_time_limit(world: World) -> None:  # 5.34
    array = await world.submit(size=2, timeout={"attemptDurationSeconds": 60})
    await world.until(f"{array}:1", "RUNNING")
    await ask(world, "CancelJob", array)
    await world.soon(lambda: cancelled(world, f"{array}:1"))
    world.later(60)
    assert await world.ended(f"{array}:0") == [("FAILED", "Job attempt duration exceeded timeout")]


async def cancelled(world: World, job: str) -> bool:
    return (await world.job(job))["isCancelled"]


@BOTH
async def test_one_child_only(world: World, operation: str) -> None:  # 4.43
    array = await array_of(world, 5)
    await ask(world, operation, f"{array}:4")
    assert await world.ended(f"{array}:4") == [NO]
    assert await world.summary(array) == {"RUNNING": 4, "FAILED": 1}
    for part in range(4):
        world.engine.end(f"{array}:{part}")
    assert await world.ended(array) == [("FAILED", "Array Child Job failed")]


@BOTH
@pytest.mark.parametrize("order", [["array", "child"], ["child", "array"]])
async def test_a_child_and_its_array_at_once(world: World, operation: str, order: list[str]) -> None:
    array = await array_of(world, 6)
    ids = {"array": array, "child": f"{array}:5"}
    await world.call(f"{operation}s", jobs=[ids[each] for each in order], reason="no")
    assert await world.ended(f"{array}:4", f"{array}:5") == [NO, NO]


@BOTH
async def test_an_array_that_waits(world: World, operation: str) -> None:  # 4.41: PENDING
    first = await world.submit()
    array = await world.submit(on=first, size=3)
    await world.until(array, "PENDING")
    await world.until(first, "RUNNING")
    await ask(world, operation, array)
    if operation == "CancelJob":
        assert (await world.job(array))["status"] == "PENDING"
        world.engine.end(first)
    assert await world.ended(array, f"{array}:1") == [NO, NO]
    assert await world.summary(array) == {"FAILED": 3}


@BOTH
async def test_a_sequential_array(world: World, operation: str) -> None:
    array = await world.submit(on="SEQUENTIAL", size=3)
    await world.until(f"{array}:0", "RUNNING")
    await ask(world, operation, array)
    assert await world.ended(f"{array}:1", f"{array}:2") == [NO, NO]
    if operation == "CancelJob":
        world.engine.end(f"{array}:0")
    assert await world.ended(array) == [NO]


@BOTH
async def test_an_array_whose_children_are_being_made(world: World, operation: str) -> None:
    array = await world.submit(size=10_000)
    await world.until(f"{array}:0", "RUNNABLE", "STARTING", "RUNNING")
    assert (await world.job(f"{array}:9999"))["status"] == "SUBMITTED"
    await ask(world, operation, array)
    assert await world.ended(f"{array}:9999") == [NO]
    if operation == "CancelJob":
        for part in range(len(world.engine.launches)):
            world.engine.end(f"{array}:{part}")
    assert await world.ended(array) == [NO]
    summary = await world.summary(array)
    assert sum(summary.values()) == 10_000
    assert summary["FAILED"] >= 9996


# -- children that are not made yet (3.40)


@BOTH
async def test_a_child_that_is_not_made_yet_is_born_ended(world: World, operation: str) -> None:
    first = await world.submit()
    await world.until(first, "RUNNING")
    array = await world.submit(on=first, size=3)
    await world.until(array, "PENDING")
    await ask(world, operation, f"{array}:1", f"{array}:9")
    world.engine.end(first)
    assert await world.ended(f"{array}:1") == [NO]
    for index in (0, 2):
        await world.until(f"{array}:{index}", "RUNNING")
        world.engine.end(f"{array}:{index}")
    assert await world.ended(array) == [("FAILED", "Array Child Job failed")]  # 4.43
