"""What waits for what, and what an ending means to those that wait (BEHAVIOUR 3.5, 3.6, 4.3)."""

from __future__ import annotations

import pytest
from tests.loops.world import World, a_world

EXITED = "Essential container in task exited"
DEPENDENT = "Dependent Job failed"
CHILD = "Array Child Job failed"
SUCCEEDED = ("SUCCEEDED", EXITED)
FAILED = ("FAILED", EXITED)


# -- plain (3.51)


async def test_a_job_waits_for_another(world: World) -> None:
    a = await world.submit()
    b = await world.submit(on=a)
    await world.until(b, "PENDING")
    await world.until(a, "RUNNING")
    world.engine.end(a)
    await world.until(b, "RUNNING")
    world.engine.end(b)
    assert await world.ended(b) == [SUCCEEDED]
    events = await world.events(a, b)
    assert events.index("b DEPENDENCIES_MET") > events.index("a SUCCEEDED")
    assert await world.events(b) == ["HELD", "DEPENDENCIES_MET", "PLACED", "STARTED", "SUCCEEDED"]


async def test_a_job_waits_for_all_of_several(world: World) -> None:
    a, b = await world.submit(), await world.submit()
    c = await world.submit(on=f"{a} {b} {a}")  # named twice counts twice, and is met twice
    await world.until(b, "RUNNING")
    world.engine.end(b)
    await world.ended(b)
    await world.until(c, "PENDING")
    world.engine.end(a)
    await world.until(c, "RUNNING")
    events = await world.events(a, b, c)
    assert events.index("c DEPENDENCIES_MET") > events.index("a SUCCEEDED")


async def test_a_failure_cascades(world: World) -> None:  # 3.55
    a = await world.submit()
    b = await world.submit(on=a)
    c = await world.submit(on=b)
    await world.until(a, "RUNNING")
    world.engine.end(a, 1)
    assert await world.ended(a, b, c) == [FAILED, ("FAILED", DEPENDENT), ("FAILED", DEPENDENT)]
    found = await world.job(c)
    assert (found["attempts"], "startedAt" in found, "stoppedAt" in found) == ([], False, True)


@pytest.mark.parametrize("operation", ["CancelJob", "TerminateJob"])
async def test_being_ended_is_a_failure_too(world: World, operation: str) -> None:  # 3.55
    first = await world.submit(containerOverrides={"resourceRequirements": [{"type": "VCPU", "value": "4"}]})
    await world.until(first, "RUNNING")
    a = await world.submit()
    b = await world.submit(on=a)
    await world.until(b, "PENDING")
    await world.call(operation, jobId=a, reason="no")
    assert await world.ended(a, b) == [("FAILED", "no"), ("FAILED", DEPENDENT)]


async def test_a_failed_attempt_that_is_retried_fails_nobody(world: World) -> None:
    a = await world.submit(retryStrategy={"attempts": 2})
    b = await world.submit(on=a)
    await world.until(a, "RUNNING")
    world.engine.end(a, 1)
    await world.when(a, lambda found: found["status"] == "RUNNING" and len(found["attempts"]) == 1)
    world.engine.end(a)
    await world.until(b, "RUNNING")


async def test_a_dependency_that_has_succeeded_counts_as_met(world: World) -> None:  # 3.57
    world.engine.fate = lambda _launch: 0
    a = await world.submit()
    await world.ended(a)
    b = await world.submit(on=a)
    assert await world.ended(b) == [SUCCEEDED]
    assert (await world.events(b))[0] == "ACCEPTED"


async def test_a_dependency_that_has_failed_fails_at_once(world: World) -> None:  # 3.57
    world.engine.fate = lambda _launch: 1
    a = await world.submit()
    await world.ended(a)
    b, array = await world.submit(on=a), await world.submit(on=a, size=3)
    assert await world.ended(b, array) == [("FAILED", DEPENDENT)] * 2
    assert await world.events(b) == ["DEPENDENCY_FAILED"]
    assert await world.summary(array) == {"FAILED": 3}
    assert await world.ended(f"{array}:1") == [("FAILED", DEPENDENT)]


async def test_one_of_two_failed_and_the_other_still_runs(world: World) -> None:
    a, b = await world.submit(), await world.submit()
    c = await world.submit(on=f"{a} {b}")
    await world.until(b, "RUNNING")
    world.engine.end(b, 1)
    assert await world.ended(c) == [("FAILED", DEPENDENT)]
    assert (await world.job(a))["status"] == "RUNNING"


async def test_across_queues(world: World) -> None:  # 3.50
    order = [{"order": 1, "computeEnvironment": "local"}]
    await world.call("CreateJobQueue", jobQueueName="q", priority=1, computeEnvironmentOrder=order)
    a = await world.submit(queue="q")
    b = await world.submit(on=a)
    await world.until(b, "PENDING")
    await world.until(a, "RUNNING")
    world.engine.end(a)
    await world.until(b, "RUNNING")


# -- arrays and their children (3.51, 3.54)


async def test_children_run_and_the_parent_waits_for_all(world: World) -> None:  # 4.20, 4.22, 4.24
    array = await world.submit(size=3)
    for part in range(3):
        await world.until(f"{array}:{part}", "RUNNING")
    assert (await world.job(array))["status"] == "PENDING"
    assert await world.summary(array) == {"RUNNING": 3}
    assert [launch.env["AWS_BATCH_JOB_ARRAY_INDEX"] for launch in world.engine.launches] == ["0", "1", "2"]
    assert {launch.env["AWS_BATCH_JOB_ARRAY_SIZE"] for launch in world.engine.launches} == {"3"}
    world.engine.end(f"{array}:1", 1)
    await world.ended(f"{array}:1")
    assert await world.summary(array) == {"RUNNING": 2, "FAILED": 1}  # a failure stops no sibling
    for part in (0, 2):
        world.engine.end(f"{array}:{part}")
    assert await world.ended(array, f"{array}:0", f"{array}:1") == [("FAILED", CHILD), SUCCEEDED, FAILED]
    assert await world.events(array) == ["EXPANDED", "CHILDREN_FAILED"]


async def test_each_child_has_its_own_attempts(world: World) -> None:  # 4.24
    seen: list[str] = []

    def fate(launch) -> int:
        seen.append(launch.job_id)
        return 1 if seen.count(launch.job_id) == 1 else 0

    world.engine.fate = fate
    array = await world.submit(size=3, retryStrategy={"attempts": 2})
    assert await world.ended(array) == [("SUCCEEDED", None)]
    assert sorted(seen) == sorted([f"{array}:{part}" for part in range(3)] * 2)
    assert len((await world.job(f"{array}:2"))["attempts"]) == 2
    assert (await world.job(array))["attempts"] == []  # 4.23


async def test_a_job_waits_for_a_whole_array(world: World) -> None:  # 3.51
    array = await world.submit(size=2)
    after = await world.submit(on=array)
    for part in range(2):
        await world.until(f"{array}:{part}", "RUNNING")
    world.engine.end(f"{array}:0")
    await world.ended(f"{array}:0")
    assert (await world.job(after))["status"] == "PENDING"
    world.engine.end(f"{array}:1")
    await world.until(after, "RUNNING")


async def test_a_job_waits_for_one_child(world: World) -> None:  # 3.51
    array = await world.submit(size=3)
    after = await world.submit(on=f"{array}:1")
    await world.until(f"{array}:2", "RUNNING")
    world.engine.end(f"{array}:1")
    await world.until(after, "RUNNING")
    assert (await world.job(array))["status"] == "PENDING"


async def test_a_child_that_will_never_be_made_has_failed(world: World) -> None:
    a = await world.submit()
    array = await world.submit(on=a, size=3)
    after = await world.submit(on=f"{array}:1")
    await world.until(after, "PENDING")
    await world.until(a, "RUNNING")
    world.engine.end(a, 1)
    late = await world.submit(on=f"{array}:2")
    assert await world.ended(array, after, late) == [("FAILED", DEPENDENT)] * 3


async def test_an_array_waits_as_a_whole(world: World) -> None:  # 3.54
    a = await world.submit()
    array = await world.submit(on=a, size=2)
    await world.until(array, "PENDING")
    assert await world.summary(array) == {"SUBMITTED": 2}
    assert (await world.job(f"{array}:1"))["status"] == "SUBMITTED"  # not made, and answered all the same
    await world.until(a, "RUNNING")
    world.later(5)
    world.engine.end(a)
    child = await world.until(f"{array}:1", "RUNNING")
    assert child["createdAt"] == (await world.job(array))["createdAt"] + 5000  # 4.10
    assert await world.events(array) == ["HELD", "EXPANDED"]


# -- N_TO_N (3.53)


async def test_n_to_n(world: World) -> None:
    a = await world.submit(size=2)
    b = await world.submit(on=f"N_TO_N={a}", size=2)
    for part in range(2):
        await world.until(f"{a}:{part}", "RUNNING")
        await world.until(f"{b}:{part}", "PENDING")  # made at once (3.54)
    world.engine.end(f"{a}:1")
    await world.until(f"{b}:1", "RUNNING")
    assert (await world.job(f"{b}:0"))["status"] == "PENDING"
    world.engine.end(f"{b}:1")
    world.engine.end(f"{a}:0")
    await world.until(f"{b}:0", "RUNNING")
    world.engine.end(f"{b}:0")
    assert await world.ended(a, b) == [("SUCCEEDED", None)] * 2


async def test_n_to_n_fails_only_the_matching_child(world: World) -> None:  # 3.56
    world.engine.fate = lambda launch: int(launch.job_id.endswith(":1"))
    a = await world.submit(size=3)
    b = await world.submit(on=f"N_TO_N={a}", size=3)
    assert await world.ended(a) == [("FAILED", CHILD)]
    world.engine.fate = lambda _launch: 0
    assert await world.ended(b) == [("FAILED", CHILD)]
    assert await world.ended(*(f"{b}:{part}" for part in range(3))) == [SUCCEEDED, ("FAILED", DEPENDENT), SUCCEEDED]


async def test_n_to_n_on_two_arrays(world: World) -> None:  # 3.53: of each such entry
    a, b = await world.submit(size=2), await world.submit(size=2)
    c = await world.submit(on=f"N_TO_N={a} N_TO_N={b}", size=2)
    for array in (a, b):
        for part in range(2):
            await world.until(f"{array}:{part}", "RUNNING")
    world.engine.end(f"{a}:0")
    world.engine.end(f"{b}:1")
    await world.ended(f"{a}:0", f"{b}:1")
    assert await world.summary(c) == {"PENDING": 2}
    world.engine.end(f"{b}:0")
    await world.until(f"{c}:0", "RUNNING")
    assert (await world.job(f"{c}:1"))["status"] == "PENDING"


async def test_n_to_n_on_an_array_that_has_ended(world: World) -> None:  # 3.57
    world.engine.fate = lambda launch: int(launch.job_id.endswith(":0"))
    a = await world.submit(size=2)
    await world.ended(a)
    b = await world.submit(on=f"N_TO_N={a}", size=2)
    assert await world.ended(b, f"{b}:0", f"{b}:1") == [("FAILED", CHILD), ("FAILED", DEPENDENT), SUCCEEDED]


async def test_n_to_n_on_an_array_that_never_had_children(world: World) -> None:
    a = await world.submit()
    first = await world.submit(on=a, size=2)
    early = await world.submit(on=f"N_TO_N={first}", size=2)
    await world.until(f"{early}:1", "PENDING")
    await world.until(a, "RUNNING")
    world.engine.end(a, 1)
    await world.ended(first)
    late = await world.submit(on=f"N_TO_N={first}", size=2)
    for array in (early, late):
        assert await world.ended(array, f"{array}:0") == [("FAILED", CHILD), ("FAILED", DEPENDENT)]


# -- SEQUENTIAL (3.52)


async def test_sequential(world: World) -> None:
    array = await world.submit(on="SEQUENTIAL", size=3)
    for part in range(3):
        await world.until(f"{array}:{part}", "RUNNING")
        assert await world.summary(array) == (
            {status: n for status, n in (("SUCCEEDED", part), ("RUNNING", 1), ("PENDING", 2 - part)) if n}
        )
        world.engine.end(f"{array}:{part}")
    assert await world.ended(array) == [("SUCCEEDED", None)]
    assert world.engine.order() == [f"{array}:{part}" for part in range(3)]


async def test_sequential_fails_all_that_come_later(world: World) -> None:  # 3.56
    world.engine.fate = lambda launch: int(launch.job_id.endswith(":1"))
    array = await world.submit(on="SEQUENTIAL", size=500)
    assert await world.ended(array) == [("FAILED", CHILD)]
    assert await world.summary(array) == {"SUCCEEDED": 1, "FAILED": 499}
    assert await world.ended(f"{array}:1", f"{array}:2", f"{array}:499") == [FAILED, *[("FAILED", DEPENDENT)] * 2]
    assert len(world.engine.launches) == 2


async def test_a_long_chain_fails_in_few_turns(world: World) -> None:
    """Child by child it would take a turn each: hours for a million children."""
    array = await world.submit(on="SEQUENTIAL", size=10_000)
    await world.until(f"{array}:0", "RUNNING")
    await world.until(f"{array}:9999", "PENDING")
    world.engine.end(f"{array}:0", 1)
    assert await world.ended(array) == [("FAILED", CHILD)]
    assert await world.summary(array) == {"FAILED": 10_000}


async def test_sequential_with_another_array_and_a_plain_one(world: World) -> None:  # 3.52: usable together
    plain, other = await world.submit(), await world.submit(size=2)
    array = await world.submit(on=f"{plain} SEQUENTIAL N_TO_N={other}", size=2)
    await world.until(f"{other}:1", "RUNNING")
    world.engine.end(f"{other}:0")
    world.engine.end(plain)
    await world.until(f"{array}:0", "RUNNING")
    world.engine.end(f"{other}:1")
    await world.ended(f"{other}:1")
    assert (await world.job(f"{array}:1"))["status"] == "PENDING"
    world.engine.end(f"{array}:0")
    await world.until(f"{array}:1", "RUNNING")


# -- many


async def test_ten_thousand_children_are_made_in_pieces(world: World) -> None:  # 3.40
    array = await world.submit(size=10_000)
    await world.until(f"{array}:0", "RUNNABLE", "STARTING", "RUNNING")
    assert (await world.job(f"{array}:9999"))["status"] == "SUBMITTED"  # the first piece is there before the last
    await world.until(f"{array}:9999", "RUNNABLE")
    summary = await world.summary(array)
    assert sum(summary.values()) == 10_000
    assert summary["RUNNABLE"] >= 9996


async def test_a_thousand_children_one_after_the_other(tmp_path) -> None:
    async with a_world(tmp_path, vcpus=64) as world:
        world.engine.fate = lambda _launch: 0
        array = await world.submit(size=1000)
        assert await world.ended(array) == [("SUCCEEDED", None)]
        assert world.engine.order() == [f"{array}:{part}" for part in range(1000)]  # 9.10: in index order
