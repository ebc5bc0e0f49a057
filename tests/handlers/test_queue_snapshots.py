"""GetJobQueueSnapshot: the front of a queue and what it uses (BEHAVIOUR 8.6)."""

from __future__ import annotations

import pytest
from tests.builders import T0
from tests.handlers.jobs import ARN, Yard

from batchyard.domain.errors import NotFound
from batchyard.domain.states import Status

AT_MS = int(T0 * 1000)


async def front(yard: Yard, queue: str = "default") -> list[str]:
    answer = await yard.call("GetJobQueueSnapshot", jobQueue=queue)
    return [job["jobArn"].removeprefix(f"{ARN}job/") for job in answer["frontOfQueue"]["jobs"]]


async def test_an_empty_queue(yard: Yard) -> None:  # 8.61
    assert await yard.call("GetJobQueueSnapshot", jobQueue=f"{ARN}job-queue/default") == {
        "frontOfQueue": {"jobs": [], "lastUpdatedAt": AT_MS},
        "queueUtilization": {
            "totalCapacityUsage": [{"capacityUnit": "VCPU", "quantity": 0.0}],
            "lastUpdatedAt": AT_MS,
        },
    }


async def test_runnable_jobs_in_the_order_of_dispatch(yard: Yard) -> None:  # 8.60
    first, runs, second = [await yard.submit() for _ in range(3)]
    await yard.lead(second, Status.RUNNABLE)
    await yard.lead(first, Status.RUNNABLE)
    await yard.lead(runs, Status.RUNNING)
    await yard.submit()  # SUBMITTED
    assert await front(yard) == [first, second]


async def test_children_appear_and_their_parents_do_not(yard: Yard) -> None:  # 8.61
    array = await yard.submit(size=2)
    await yard.look()
    assert await front(yard) == [f"{array}:0", f"{array}:1"]


async def test_at_most_a_hundred(yard: Yard) -> None:
    array = await yard.submit(size=150)
    await yard.look()
    assert await front(yard) == [f"{array}:{part}" for part in range(100)]


async def test_since_when(yard: Yard) -> None:
    await yard.lead(await yard.submit(), Status.RUNNABLE)
    (job,) = (await yard.call("GetJobQueueSnapshot", jobQueue="default"))["frontOfQueue"]["jobs"]
    assert job["earliestTimeAtPosition"] == AT_MS


async def test_what_active_jobs_hold(yard: Yard) -> None:
    await yard.define("two", vcpus=2)
    await yard.queue("q")
    for status in (Status.STARTING, Status.RUNNING, Status.RUNNABLE, Status.FAILED):
        await yard.lead(await yard.submit(jobDefinition="two"), status)
    await yard.lead(await yard.submit(jobQueue="q"), Status.RUNNING)
    answer = await yard.call("GetJobQueueSnapshot", jobQueue="default")
    assert answer["queueUtilization"]["totalCapacityUsage"] == [{"capacityUnit": "VCPU", "quantity": 4.0}]


async def test_an_unknown_queue(yard: Yard) -> None:
    with pytest.raises(NotFound, match="JobQueue x not found"):
        await front(yard, "x")
