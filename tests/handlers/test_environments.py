"""The operations of compute environments, over a store (BEHAVIOUR 10, C.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from batchyard.domain.errors import Conflicting, Invalid, NotFound, Unsupported
from batchyard.domain.jobs import Job
from batchyard.domain.states import Status
from batchyard.store.database import SqliteStore

Call = Callable[..., Awaitable[dict[str, Any]]]

ARN = "arn:aws:batch:us-east-1:123456789012:compute-environment/"
EC2: dict[str, Any] = {
    "type": "EC2",
    "minvCpus": 0,
    "maxvCpus": 16,
    "instanceTypes": ["optimal"],
    "subnets": ["subnet-1"],
    "securityGroupIds": ["sg-1"],
    "instanceRole": "ecsInstanceRole",
}


async def create(call: Call, name: str, **members: Any) -> dict[str, Any]:
    body = {"type": "MANAGED", "computeResources": EC2, **members}
    return await call("CreateComputeEnvironment", computeEnvironmentName=name, **body)


async def shown(call: Call, *names: str) -> list[dict[str, Any]]:
    return (await call("DescribeComputeEnvironments", computeEnvironments=list(names)))["computeEnvironments"]


async def test_terraform_creates_updates_and_destroys(call: Call, woken: list[str]) -> None:  # C.1
    assert await create(call, "ce", serviceRole="", tags={"a": "b"}, state="ENABLED") == {
        "computeEnvironmentName": "ce", "computeEnvironmentArn": ARN + "ce"
    }  # fmt: skip
    (first,) = await shown(call, "ce")
    assert (first["status"], first["statusReason"], first["tags"]) == (
        "VALID",
        "ComputeEnvironment Healthy",
        {"a": "b"},
    )
    policy = {"jobExecutionTimeoutMinutes": 30, "terminateJobsOnUpdate": False}
    await call("UpdateComputeEnvironment", computeEnvironment="ce", updatePolicy=policy)
    (second,) = await shown(call, ARN + "ce")
    assert second == {**first, "updatePolicy": policy}
    await call("UpdateComputeEnvironment", computeEnvironment=ARN + "ce", computeResources={"maxvCpus": 32})
    assert (await shown(call, "ce"))[0]["computeResources"] == {**first["computeResources"], "maxvCpus": 32}
    assert await call("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED") == {
        "computeEnvironmentName": "ce", "computeEnvironmentArn": ARN + "ce"
    }  # fmt: skip
    assert await call("DeleteComputeEnvironment", computeEnvironment="ce") == {}
    assert await shown(call, "ce") == []
    with pytest.raises(NotFound, match="ce does not exist"):
        await call("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    assert set(woken) == {"scheduling"}


async def test_a_name_is_taken_until_it_was_deleted(call: Call) -> None:  # 1.35, 1.36
    await create(call, "ce")
    (before,) = await shown(call)
    with pytest.raises(Conflicting, match="ce already exists"):
        await create(call, "ce")
    await create(call, "CE")
    await call("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    await call("DeleteComputeEnvironment", computeEnvironment="ce")
    await create(call, "ce")
    assert {each["computeEnvironmentName"] for each in await shown(call)} == {"CE", "ce"}
    assert before["state"] == "ENABLED"


async def test_a_deleted_environment_keeps_its_key(call: Call, store: SqliteStore) -> None:
    await create(call, "ce")
    first = await store.read(lambda tx: tx.environments.get("ce"))
    assert first is not None
    await call("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    await call("DeleteComputeEnvironment", computeEnvironment="ce")
    await create(call, "ce")
    second = await store.read(lambda tx: tx.environments.get("ce"))
    assert second is not None
    assert second.pk != first.pk  # finished jobs of the first one must not become the second one's
    gone = await store.read(lambda tx: tx.environments.by_pk(first.pk))
    assert gone is not None
    assert gone.name == "ce"


async def test_unknown_ones_are_left_out_and_pages_are_followed(call: Call) -> None:  # 1.25, 1.30
    for name in ("c", "a", "b"):
        await create(call, name)
    assert [each["computeEnvironmentName"] for each in await shown(call, "c", "x", ARN + "a")] == ["a", "c"]
    assert await shown(call, "arn:aws:batch:eu-west-1:123456789012:compute-environment/a") == []
    first = await call("DescribeComputeEnvironments", maxResults=2, nextToken="")
    second = await call("DescribeComputeEnvironments", maxResults=2, nextToken=first["nextToken"])
    assert [each["computeEnvironmentName"] for each in first["computeEnvironments"]] == ["a", "b"]
    assert [each["computeEnvironmentName"] for each in second["computeEnvironments"]] == ["c"]
    assert "nextToken" not in second
    with pytest.raises(Invalid, match="nextToken"):
        await call("DescribeComputeEnvironments", nextToken="x")


async def test_the_quota(call: Call, overrides: dict[str, Any]) -> None:  # 10.08
    overrides["limits"] = {"compute_environments": 1}
    await create(call, "one")
    with pytest.raises(Invalid, match="limit of 1 compute environments"):
        await create(call, "two")


async def test_a_provider_of_the_settings(call: Call, overrides: dict[str, Any]) -> None:
    overrides["providers"] = {"big": {"vcpus": 64}}
    await create(call, "ce", tags={"batchyard:provider": "big"})
    with pytest.raises(Invalid, match=r'"small", which the settings lack. Known: big, local.'):
        await create(call, "other", tags={"batchyard:provider": "small"})


async def test_eks_is_refused(call: Call) -> None:
    eks = {"eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/c", "kubernetesNamespace": "n"}
    with pytest.raises(Unsupported, match="EKS compute environments are not supported"):
        await create(call, "ce", eksConfiguration=eks)


async def test_what_a_queue_lists_cannot_be_deleted(call: Call) -> None:  # 10.90
    await create(call, "ce")
    order = [{"order": 1, "computeEnvironment": "ce"}]
    await call("CreateJobQueue", jobQueueName="q", priority=1, computeEnvironmentOrder=order)
    with pytest.raises(Invalid, match="state must be DISABLED"):
        await call("DeleteComputeEnvironment", computeEnvironment="ce")
    await call("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    with pytest.raises(Conflicting, match=r"^Cannot delete, found existing JobQueue relationship: q$"):
        await call("DeleteComputeEnvironment", computeEnvironment="ce")


async def test_nothing_is_deleted_under_running_jobs(call: Call, store: SqliteStore) -> None:  # 15.49
    await create(call, "ce")
    await call("UpdateComputeEnvironment", computeEnvironment="ce", state="DISABLED")
    environment = await store.read(lambda tx: tx.environments.get("ce"))
    assert environment is not None
    job = Job(
        uuid="u", spec_pk=1, queue_pk=1, vcpus=1000, memory_mib=4, created_at=1.0,
        status=Status.RUNNING, environment_pk=environment.pk, host="h",
    )  # fmt: skip
    await store.write(lambda tx: tx.jobs.add(job, "j", "d:1"))
    with pytest.raises(Conflicting, match="1 jobs still run there"):
        await call("DeleteComputeEnvironment", computeEnvironment="ce")
