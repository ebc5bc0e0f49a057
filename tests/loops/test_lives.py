"""Whole lives of jobs: from SubmitJob to the end, by the loops (BEHAVIOUR 4, 5, 9.1)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.loops.world import HOST, World, a_stopped_world, a_world

EXITED = "Essential container in task exited"
LIFE = ["ACCEPTED", "PLACED", "STARTED"]


async def test_a_job_that_succeeds(world: World) -> None:  # 4.01
    job = await world.submit()
    await world.until(job, "RUNNING")
    world.engine.end(job)
    assert await world.ended(job) == [("SUCCEEDED", EXITED)]
    assert await world.events(job) == [*LIFE, "SUCCEEDED"]
    found = await world.job(job)
    assert found["container"]["exitCode"] == found["attempts"][0]["container"]["exitCode"] == 0


async def test_the_launch(world: World) -> None:  # 6.2
    await world.define("other", command="echo hello", vcpus=2, memory_mib=300)
    job = await world.submit(jobDefinition="other", containerOverrides={"environment": [{"name": "A", "value": "b"}]})
    await world.until(job, "RUNNING")
    (launch,) = world.engine.launches
    assert (launch.job_id, launch.host, launch.command) == (job, HOST, ("echo", "hello"))
    assert (launch.vcpus, launch.memory_mib, launch.image) == (2.0, 300, "busybox")
    assert launch.env == {
        "A": "b",
        "AWS_BATCH_CE_NAME": "local",
        "AWS_BATCH_JQ_NAME": "default",
        "AWS_BATCH_JOB_ID": job,
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
    }
    assert launch.log.parent.is_dir()


async def test_a_job_that_fails(world: World) -> None:
    job = await world.submit()
    await world.until(job, "RUNNING")
    world.engine.end(job, 3)
    assert await world.ended(job) == [("FAILED", EXITED)]
    assert (await world.job(job))["container"]["exitCode"] == 3


async def test_a_program_that_cannot_be_started(world: World) -> None:  # 4.03
    await world.define("empty", command="")
    job = await world.submit(jobDefinition="empty")
    assert await world.ended(job) == [("FAILED", "Task failed to start")]
    found = await world.job(job)
    assert found["container"]["reason"].startswith("CannotCreateContainerError: no command specified")
    assert "startedAt" not in found["attempts"][0]  # 4.15
    assert world.engine.launches == []


async def test_a_job_that_ends_at_once(world: World) -> None:
    world.engine.fate = lambda _launch: 0
    jobs = [await world.submit() for _ in range(20)]
    assert await world.ended(*jobs) == [("SUCCEEDED", EXITED)] * 20
    assert world.engine.order() == jobs
    assert await world.engine.keys() == []  # nothing is left in the engine for a finished job


# -- attempts (5.1)


def running(*, attempts: int) -> Callable[[dict[str, Any]], bool]:
    """Whether it runs, after so many attempts that ended."""
    return lambda found: found["status"] == "RUNNING" and len(found["attempts"]) == attempts


async def test_retries(world: World) -> None:  # 5.01, 5.05
    job = await world.submit(retryStrategy={"attempts": 3})
    for attempt in (1, 2, 3):
        found = await world.when(
            job, lambda found, n=attempt: found["status"] == "RUNNING" and len(found["attempts"]) == n - 1
        )
        assert world.engine.launches[-1].env["AWS_BATCH_JOB_ATTEMPT"] == str(attempt)
        world.later(1)
        world.engine.end(job, attempt)
    assert await world.ended(job) == [("FAILED", EXITED)]
    found = await world.job(job)
    assert [each["container"]["exitCode"] for each in found["attempts"]] == [1, 2, 3]
    assert len({each["container"]["logStreamName"] for each in found["attempts"]}) == 3
    assert await world.events(job) == [*LIFE, "RETRIED", "PLACED", "STARTED", "RETRIED", "PLACED", "STARTED", "FAILED"]


async def test_a_retry_goes_to_the_front(world: World) -> None:  # 5.04
    first = await world.submit(retryStrategy={"attempts": 2}, containerOverrides=vcpus(4))
    await world.until(first, "RUNNING")
    second = await world.submit(containerOverrides=vcpus(4))
    await world.until(second, "RUNNABLE")
    world.engine.end(first, 1)
    await world.when(first, running(attempts=1))
    assert (await world.job(second))["status"] == "RUNNABLE"
    world.engine.end(first)
    await world.until(second, "RUNNING")
    assert world.engine.order() == [first, first, second]


def vcpus(n: int) -> dict[str, Any]:
    return {"resourceRequirements": [{"type": "VCPU", "value": str(n)}]}


async def test_a_host_that_is_lost(world: World) -> None:  # 5.20
    job = await world.submit(retryStrategy={"attempts": 2})
    await world.until(job, "RUNNING")
    world.engine.lose(job)
    await world.when(job, running(attempts=1))
    world.engine.end(job)
    assert await world.ended(job) == [("SUCCEEDED", EXITED)]
    (lost, _) = (await world.job(job))["attempts"]
    assert lost["statusReason"] == f"Host EC2 (instance {HOST}) terminated."
    assert "exitCode" not in lost["container"]


# -- timeouts (5.4)


async def test_a_job_that_runs_too_long(world: World) -> None:  # 5.30, 5.31
    job = await world.submit(timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 5})
    await world.until(job, "RUNNING")
    world.later(59)
    assert world.engine.stops == []
    world.later(1)
    assert await world.ended(job) == [("FAILED", "Job attempt duration exceeded timeout")]
    found = await world.job(job)
    assert found["attempts"][-1]["statusReason"] == "Job attempt duration exceeded timeout"
    assert found["attempts"][-1]["container"]["exitCode"] == 143
    assert [grace.total_seconds() for _, grace in world.engine.stops] == [30.0]
    assert len(world.engine.launches) == 1  # no retry


async def test_exit_code_zero_after_the_limit_is_no_success(world: World) -> None:  # 5.33
    world.engine.on_stop = 0
    job = await world.submit(timeout={"attemptDurationSeconds": 60})
    await world.until(job, "RUNNING")
    world.later(60)
    assert await world.ended(job) == [("FAILED", "Job attempt duration exceeded timeout")]


async def test_a_limit_is_kept_when_another_job_ends_in_the_same_turn(world: World) -> None:
    other = await world.submit()
    await world.until(other, "RUNNING")
    world.engine.fate = lambda _launch: world.engine.end(other)  # rung together with the start of the next
    job = await world.submit(timeout={"attemptDurationSeconds": 60})
    await world.until(job, "RUNNING")
    await world.ended(other)
    world.clock.at += 61
    world.yard.loops["deadlines"].wake()
    assert await world.ended(job) == [("FAILED", "Job attempt duration exceeded timeout")]


async def test_each_retry_starts_its_time_anew(world: World) -> None:  # 5.30
    job = await world.submit(timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 2})
    await world.until(job, "RUNNING")
    world.later(50)
    world.engine.end(job, 1)
    await world.when(job, running(attempts=1))
    world.later(50)
    world.engine.end(job)
    assert await world.ended(job) == [("SUCCEEDED", EXITED)]


# -- the queue (8.3, 9.1)


async def test_two_queues_by_priority(world: World) -> None:  # 9.01, 9.03
    for name, priority in (("low", 1), ("high", 10)):
        order = [{"order": 1, "computeEnvironment": "local"}]
        await world.call("CreateJobQueue", jobQueueName=name, priority=priority, computeEnvironmentOrder=order)
    busy = await world.submit(containerOverrides=vcpus(4))
    await world.until(busy, "RUNNING")
    low = [await world.submit(queue="low", containerOverrides=vcpus(2)) for _ in range(2)]
    high = [await world.submit(queue="high", containerOverrides=vcpus(2)) for _ in range(2)]
    for job in (*low, *high):
        await world.until(job, "RUNNABLE")
    world.engine.end(busy)
    for job in high:
        await world.until(job, "RUNNING")
        world.engine.end(job)
    for job in low:
        await world.until(job, "RUNNING")
    assert world.engine.order() == [busy, *high, *low]


async def test_max_vcpus_is_obeyed(world: World) -> None:  # 9.02
    await world.call("UpdateComputeEnvironment", computeEnvironment="local", computeResources={"maxvCpus": 2})
    jobs = [await world.submit() for _ in range(3)]
    await world.until(jobs[1], "RUNNING")
    await world.until(jobs[2], "RUNNABLE")
    world.engine.end(jobs[0])
    await world.until(jobs[2], "RUNNING")


async def test_an_impossible_job_says_why_and_a_possible_one_takes_it_back(world: World) -> None:  # 8.31, 8.40-8.42
    await world.call("UpdateComputeEnvironment", computeEnvironment="local", computeResources={"maxvCpus": 2})
    job = await world.submit(containerOverrides=vcpus(3))
    found = await world.when(job, lambda found: "statusReason" in found)
    assert found["status"] == "RUNNABLE"
    assert found["statusReason"] == (
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU "
        "requirement of the job. (needs 3 vCPUs; maxvCpus of local is 2)"
    )
    await world.call("UpdateComputeEnvironment", computeEnvironment="local", computeResources={"maxvCpus": 4})
    await world.until(job, "RUNNING")
    assert "statusReason" not in await world.job(job)
    assert await world.events(job) == ["ACCEPTED", "BLOCKED", "PLACED", "STARTED"]


async def test_a_reason_that_is_true_no_more_is_taken_back(world: World) -> None:  # 8.42
    busy = await world.submit()
    await world.until(busy, "RUNNING")
    await world.call("UpdateComputeEnvironment", computeEnvironment="local", computeResources={"maxvCpus": 2})
    job = await world.submit(containerOverrides=vcpus(4))
    await world.when(job, lambda found: "statusReason" in found)
    await world.call("UpdateComputeEnvironment", computeEnvironment="local", computeResources={"maxvCpus": 4})
    found = await world.when(job, lambda found: "statusReason" not in found)
    assert found["status"] == "RUNNABLE"
    assert await world.events(job) == ["ACCEPTED", "BLOCKED", "UNBLOCKED"]


async def test_a_disabled_environment_starts_nothing_new(world: World) -> None:  # 9.05, 10.77
    runs = await world.submit()
    await world.until(runs, "RUNNING")
    await world.call("UpdateComputeEnvironment", computeEnvironment="local", state="DISABLED")
    job = await world.submit()
    found = await world.when(job, lambda found: "statusReason" in found)
    assert "compute environment local is DISABLED" in found["statusReason"]
    world.engine.end(runs)
    assert await world.ended(runs) == [("SUCCEEDED", EXITED)]
    await world.call("UpdateComputeEnvironment", computeEnvironment="local", state="ENABLED")
    await world.until(job, "RUNNING")


async def test_a_disabled_queue_carries_on_with_what_it_has(world: World) -> None:  # 3.10, 8.22
    jobs = [await world.submit(containerOverrides=vcpus(4)) for _ in range(2)]
    await world.until(jobs[0], "RUNNING")
    await world.call("UpdateJobQueue", jobQueue="default", state="DISABLED")
    world.engine.end(jobs[0])
    await world.until(jobs[1], "RUNNING")


async def test_what_is_only_found_out_at_dispatch(world: World) -> None:  # 3.04
    environment = [{"name": f"V{n}", "value": "x" * 100} for n in range(80)]
    job = await world.submit(containerOverrides={"environment": environment})
    behind = await world.submit(containerOverrides=vcpus(4))
    assert await world.ended(job) == [("FAILED", "Container Overrides length must be at most 8192")]
    assert (await world.job(job))["attempts"] == []
    await world.until(behind, "RUNNING")  # at once: nothing was taken by the one that failed


@pytest.mark.parametrize("status", ["RUNNING", "RUNNABLE", "PENDING"])
async def test_deleting_a_queue_ends_its_jobs(world: World, status: str) -> None:  # 8.23
    order = [{"order": 1, "computeEnvironment": "local"}]
    await world.call("CreateJobQueue", jobQueueName="q", priority=9, computeEnvironmentOrder=order)
    other = await world.submit(containerOverrides=vcpus(4))
    await world.until(other, "RUNNING")
    on = ""
    if status == "RUNNING":
        world.engine.end(other)
        await world.ended(other)
    elif status == "PENDING":
        on = other
    jobs = [await world.submit(queue="q", on=on, retryStrategy={"attempts": 9})]
    array = await world.submit(queue="q", on=on, size=3)
    await world.until(jobs[0], status)
    await world.call("UpdateJobQueue", jobQueue="q", state="DISABLED")
    await world.call("DeleteJobQueue", jobQueue="q")
    jobs += [array, f"{array}:0", f"{array}:2"]
    assert await world.ended(*jobs) == [("FAILED", "JobQueue deleted")] * 4
    await world.soon(lambda: gone(world, "q"))
    assert (await world.job(jobs[0]))["jobQueue"].endswith("job-queue/q")  # its jobs still name it
    if status != "RUNNING":
        assert (await world.job(other))["status"] == "RUNNING"


async def test_deleting_a_queue_whose_jobs_were_cancelled_before(world: World) -> None:
    """A cancel that waits for dependencies, and one that came too late for running children, hold no queue."""
    order = [{"order": 1, "computeEnvironment": "local"}]
    await world.call("CreateJobQueue", jobQueueName="q", priority=9, computeEnvironmentOrder=order)
    other = await world.submit()
    await world.until(other, "RUNNING")
    waits = await world.submit(queue="q", on=other)
    array = await world.submit(queue="q", size=2)
    await world.until(waits, "PENDING")
    await world.until(f"{array}:1", "RUNNING")
    for job in (waits, array):
        await world.call("CancelJob", jobId=job, reason="never mind")
    await world.soon(lambda: cancelled(world, f"{array}:1"))
    await world.call("UpdateJobQueue", jobQueue="q", state="DISABLED")
    await world.call("DeleteJobQueue", jobQueue="q")
    assert await world.ended(waits, f"{array}:0", f"{array}:1") == [("FAILED", "JobQueue deleted")] * 3
    assert (await world.job(other))["status"] == "RUNNING"


async def gone(world: World, queue: str) -> bool:
    return not (await world.call("DescribeJobQueues", jobQueues=[queue]))["jobQueues"]


async def cancelled(world: World, job: str) -> bool:
    return (await world.job(job))["isCancelled"]


# -- restarts


async def test_a_new_server_goes_on_where_the_old_one_stopped(tmp_path: Path) -> None:
    async with a_stopped_world(tmp_path) as world:
        async with world.yard.running():
            ends, runs = [await world.submit() for _ in range(2)]
            waits = await world.submit(containerOverrides=vcpus(3))
            for job in (ends, runs):
                await world.until(job, "RUNNING")
            await world.until(waits, "RUNNABLE")
        world.engine.end(ends)  # nobody hears it
        array = await world.submit(size=2)  # nobody looks at it
        again = world.again()
        async with again.yard.running():
            assert await again.ended(ends) == [("SUCCEEDED", EXITED)]
            await again.until(waits, "RUNNING")
            await again.until(f"{array}:1", "RUNNABLE")
            assert (await again.job(runs))["status"] == "RUNNING"
        assert world.engine.order() == [ends, runs, waits]  # each once


async def test_an_attempt_that_the_engine_does_not_know_any_more_was_lost(tmp_path: Path) -> None:  # 5.20
    async with a_stopped_world(tmp_path) as world:
        async with world.yard.running():
            job = await world.submit()
            await world.until(job, "RUNNING")
        await world.engine.forget([world.engine.key(job)])
        again = world.again()
        async with again.yard.running():
            assert await again.ended(job) == [("FAILED", f"Host EC2 (instance {HOST}) terminated.")]


async def test_finished_jobs_are_forgotten_when_their_time_has_come(tmp_path: Path) -> None:  # 3.70, 3.71
    async with a_world(tmp_path, jobs={"retention": "1d"}) as world:
        world.engine.fate = lambda _launch: 0
        job, array = await world.submit(), await world.submit(size=3)
        await world.ended(job, array)
        world.engine.fate = lambda _launch: None
        runs = await world.submit()
        await world.until(runs, "RUNNING")
        world.later(86_401)
        await world.soon(lambda: forgotten(world, job, array, f"{array}:1"))
        assert (await world.job(runs))["status"] == "RUNNING"


async def forgotten(world: World, *jobs: str) -> bool:
    return not (await world.call("DescribeJobs", jobs=list(jobs)))["jobs"]
