"""The operations of job queues, over a store, and what the first start makes (BEHAVIOUR 8, C.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from batchyard.config import Settings
from batchyard.domain.arns import Identity
from batchyard.domain.errors import Conflicting, Invalid, NotFound, Unsupported
from batchyard.domain.jobs import Job
from batchyard.domain.states import Status
from batchyard.handlers.defaults import make_defaults
from batchyard.store.base import Tx
from batchyard.store.database import SqliteStore

Call = Callable[..., Awaitable[dict[str, Any]]]

ARN = "arn:aws:batch:us-east-1:123456789012:job-queue/"
ORDER = [{"order": 1, "computeEnvironment": "local"}]


def first_start(tx: Tx) -> None:
    make_defaults(tx, Settings(), Identity(), now=1.0, uuid="u", host_vcpus=2)


@pytest.fixture(autouse=True)
async def started(store: SqliteStore) -> None:
    await store.write(first_start)


async def create(call: Call, name: str, **members: Any) -> dict[str, Any]:
    return await call(
        "CreateJobQueue", **{"jobQueueName": name, "priority": 1, "computeEnvironmentOrder": ORDER, **members}
    )


async def shown(call: Call, *names: str) -> list[dict[str, Any]]:
    return (await call("DescribeJobQueues", jobQueues=list(names)))["jobQueues"]


async def add_job(store: SqliteStore, queue: str, status: Status) -> None:
    def write(tx: Tx) -> None:
        found = tx.queues.get(queue)
        assert found is not None
        job = Job(uuid=f"{queue}-{status}", spec_pk=1, queue_pk=found.pk, vcpus=1000, memory_mib=4, created_at=1.0)
        tx.jobs.add(msgspec.structs.replace(job, status=status), "j", "d:1")

    await store.write(write)


async def test_the_first_start_makes_a_queue_that_takes_jobs(call: Call) -> None:
    (queue,) = await shown(call, "default")
    assert (queue["state"], queue["status"]) == ("ENABLED", "VALID")
    (environment,) = (await call("DescribeComputeEnvironments"))["computeEnvironments"]
    assert queue["computeEnvironmentOrder"] == [
        {"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}
    ]
    assert environment["computeResources"]["maxvCpus"] == 2


async def test_a_later_start_makes_nothing_again(call: Call, store: SqliteStore) -> None:
    await call("UpdateJobQueue", jobQueue="default", state="DISABLED")
    await call("DeleteJobQueue", jobQueue="default")
    await store.write(first_start)
    assert await shown(call) == []


async def test_terraform_creates_updates_and_destroys(call: Call, woken: list[str]) -> None:  # C.1
    assert await create(call, "q", state="ENABLED", tags={"a": "b"}) == {"jobQueueName": "q", "jobQueueArn": ARN + "q"}
    (first,) = await shown(call, ARN + "q")
    assert (first["status"], first["statusReason"], first["tags"]) == ("VALID", "JobQueue Healthy", {"a": "b"})
    answer = await call("UpdateJobQueue", jobQueue="q", priority=5, computeEnvironmentOrder=ORDER)
    assert answer == {"jobQueueName": "q", "jobQueueArn": ARN + "q"}
    assert await shown(call, "q") == [{**first, "priority": 5}]
    with pytest.raises(Invalid, match="state must be DISABLED"):
        await call("DeleteJobQueue", jobQueue="q")  # 8.23
    await call("UpdateJobQueue", jobQueue="q", state="DISABLED")
    assert await call("DeleteJobQueue", jobQueue="q") == {}
    assert await shown(call, "q") == []
    assert set(woken) == {"scheduling"}


@pytest.mark.parametrize("operation", ["UpdateJobQueue", "DeleteJobQueue"])
@pytest.mark.parametrize("name", ["gone", "#1", ARN + "gone", "arn:aws:batch:eu-west-1:123456789012:job-queue/default"])
async def test_an_unknown_queue(call: Call, operation: str, name: str) -> None:  # 8.23, 1.18
    with pytest.raises(NotFound, match=f"^{name} does not exist$"):
        await call(operation, jobQueue=name)


async def test_a_queue_with_jobs_is_deleting_until_they_ended(
    call: Call, store: SqliteStore, woken: list[str]
) -> None:  # 8.23, 1.36
    await create(call, "q", state="DISABLED")
    await add_job(store, "q", Status.SUCCEEDED)
    await add_job(store, "q", Status.RUNNABLE)
    assert await call("DeleteJobQueue", jobQueue="q") == {}
    assert (await shown(call, "q"))[0]["status"] == "DELETING"
    assert woken == ["admission"]
    with pytest.raises(Conflicting, match="q already exists: its deletion has not ended yet"):
        await create(call, "q")
    with pytest.raises(Conflicting, match="resource is being modified"):
        await call("UpdateJobQueue", jobQueue="q", state="ENABLED")
    assert await call("DeleteJobQueue", jobQueue="q") == {}


async def test_finished_jobs_do_not_hold_a_queue(call: Call, store: SqliteStore) -> None:
    await create(call, "q", state="DISABLED")
    await add_job(store, "q", Status.SUCCEEDED)
    before = await store.read(lambda tx: tx.queues.get("q"))
    assert before is not None
    await call("DeleteJobQueue", jobQueue="q")
    await create(call, "q")
    after = await store.read(lambda tx: tx.queues.get("q"))
    assert after is not None
    assert after.pk != before.pk  # the new queue does not inherit the old one's jobs
    assert await store.read(lambda tx: tx.queues.get(f"#{before.pk}")) is None
    assert await store.read(lambda tx: tx.waiting.totals(after.pk)) == {}


async def test_a_name_that_is_taken(call: Call) -> None:  # 1.35
    with pytest.raises(Conflicting, match=r"^default already exists$"):
        await create(call, "default")


async def test_the_quota(call: Call, overrides: dict[str, Any]) -> None:  # 8.25
    overrides["limits"] = {"job_queues": 1}
    with pytest.raises(Invalid, match="limit of 1 job queues"):
        await create(call, "q")


async def test_pages(call: Call) -> None:  # 1.25
    await create(call, "a")
    first = await call("DescribeJobQueues", maxResults=1)
    second = await call("DescribeJobQueues", maxResults=1, nextToken=first["nextToken"])
    assert [each["jobQueueName"] for each in first["jobQueues"] + second["jobQueues"]] == ["a", "default"]
    assert "nextToken" not in second


async def test_service_environments_are_refused(call: Call) -> None:
    service = [{"order": 1, "serviceEnvironment": "s"}]
    with pytest.raises(Unsupported, match="Service environments are not supported"):
        await create(call, "q", jobQueueType="SAGEMAKER_TRAINING", serviceEnvironmentOrder=service)


async def test_what_is_read_again_is_what_is_written(call: Call, store: SqliteStore) -> None:
    """The cache of decoded rows must follow a change that was undone."""

    def undone(tx: Tx) -> None:
        queue = tx.queues.get("default")
        assert queue is not None
        changed = tx.queues.put(msgspec.structs.replace(queue, priority=999))
        assert tx.queues.get("default") == changed
        raise Invalid("no")

    with pytest.raises(Invalid):
        await store.write(undone)
    assert (await shown(call, "default"))[0]["priority"] == 1
    await call("UpdateJobQueue", jobQueue="default", priority=7)  # the same version number as the change undone
    assert (await shown(call, "default"))[0]["priority"] == 7
