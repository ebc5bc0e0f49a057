"""SubmitJob: what needs the store to be answered (BEHAVIOUR 3). Form and merging are tested with the domain."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.builders import uuid_of
from tests.handlers.jobs import ARN, Yard

from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.jobs import Kind
from batchyard.domain.states import Status

GONE = uuid_of("gone")
ELSEWHERE = ARN.replace("us-east-1", "eu-west-1")


async def refused(yard: Yard, error: type[Exception], text: str, **members: Any) -> None:
    """The request is refused with this text, and nothing is created."""
    before = (await yard.call("ListJobs", jobQueue="default", jobStatus="SUBMITTED"))["jobSummaryList"]
    with pytest.raises(error, match=f"^{re.escape(text)}"):
        await yard.submit(**members)
    assert (await yard.call("ListJobs", jobQueue="default", jobStatus="SUBMITTED"))["jobSummaryList"] == before


async def test_the_answer(yard: Yard, woken: list[str]) -> None:  # 3.02
    answer = await yard.call("SubmitJob", jobName="sim", jobQueue="default", jobDefinition="d")
    assert answer == {"jobArn": f"{ARN}job/{answer['jobId']}", "jobName": "sim", "jobId": answer["jobId"]}
    assert (await yard.job(answer["jobId"]))["status"] == "SUBMITTED"  # airflow asks at once
    assert "admission" in woken


async def test_what_the_scheduler_will_see(yard: Yard) -> None:
    await yard.define("big", vcpus=2, memory_mib=300)
    row = await yard.row(await yard.submit(jobDefinition="big"))
    assert (row.kind, row.status, row.rank) == (Kind.SINGLE, Status.SUBMITTED, row.pk)
    assert (row.vcpus, row.memory_mib, row.gpus) == (2000, 300, 0)


@pytest.mark.parametrize("queue", ["default", f"{ARN}job-queue/default"])
@pytest.mark.parametrize("definition", ["d", "d:1", f"{ARN}job-definition/d:1", f"{ARN}job-definition/d"])
async def test_names_and_arns(yard: Yard, queue: str, definition: str) -> None:  # 3.01
    job = await yard.job(await yard.submit(jobQueue=queue, jobDefinition=definition))
    assert (job["jobQueue"], job["jobDefinition"]) == (f"{ARN}job-queue/default", f"{ARN}job-definition/d:1")


async def test_without_revision_the_newest_active_one(yard: Yard) -> None:  # 3.01
    for _ in range(2):
        await yard.define("d")
    await yard.call("DeregisterJobDefinition", jobDefinition="d:3")
    assert (await yard.job(await yard.submit()))["jobDefinition"].endswith("d:2")


async def test_a_definition_may_go_once_its_job_was_submitted(yard: Yard) -> None:
    job = await yard.submit()
    await yard.call("DeregisterJobDefinition", jobDefinition="d:1")
    assert (await yard.job(job))["container"]["image"] == "busybox"


@pytest.mark.parametrize(
    ("members", "error", "text"),
    [
        ({"jobQueue": "x"}, NotFound, "JobQueue x not found."),
        ({"jobQueue": f"{ARN}job-queue/x"}, NotFound, f"JobQueue {ARN}job-queue/x not found."),
        ({"jobQueue": f"{ELSEWHERE}job-queue/default"}, NotFound, f"JobQueue {ELSEWHERE}job-queue/default not found."),
        ({"jobDefinition": "x"}, NotFound, "Job definition x does not exist"),
        ({"jobDefinition": "d:2"}, NotFound, "Job definition d:2 does not exist"),
        ({"jobName": "no spaces"}, Invalid, "Job name should match valid pattern"),
        ({"parameters": {"p": "x" * 31_000}}, Invalid, "Job size must be less than 30 KiB, got 31 KiB"),
        ({"arrayProperties": {"size": 1}}, Invalid, "arrayProperties.size"),
        ({"arrayProperties": {"size": 10_001}}, Invalid, "arrayProperties.size"),
        ({"shareIdentifier": "s"}, Invalid, "Job with shareIdentifier or schedulingPriority can onlybe submitted"),
        ({"schedulingPriorityOverride": 1}, Invalid, "Job with shareIdentifier or schedulingPriority can onlybe"),
        ({"dependsOn": [{"jobId": GONE}]}, NotFound, f"Job {GONE} not found"),  # 3.58
        ({"dependsOn": [{"jobId": "a-name"}]}, NotFound, "Job a-name not found"),  # 3.50: names are not accepted
        ({"dependsOn": [{"jobId": GONE}] * 21}, Invalid, "Job cannot have more than 20 dependencies"),
        ({"dependsOn": [{"type": "SEQUENTIAL"}]}, Invalid, "dependsOn: type SEQUENTIAL is only for array jobs."),
    ],
)
async def test_what_is_refused(yard: Yard, members: dict[str, Any], error: type[Exception], text: str) -> None:  # 3.03
    await refused(yard, error, text, **members)


async def test_a_deregistered_definition(yard: Yard) -> None:
    await yard.call("DeregisterJobDefinition", jobDefinition="d:1")
    await refused(yard, NotFound, "Job definition d does not exist")
    await refused(yard, Invalid, "Job definition d:1 does not exist in status ACTIVE", jobDefinition="d:1")


async def test_a_platform_that_the_queue_does_not_have(yard: Yard) -> None:  # 3.03
    await yard.call(
        "RegisterJobDefinition",
        jobDefinitionName="f",
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties={
            "image": "i",
            "executionRoleArn": "arn:aws:iam::123456789012:role/r",
            "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
        },
    )
    text = "Job Queue is attached to Compute Environment that can not run Jobs with capability FARGATE"
    await refused(yard, Invalid, text, jobDefinition="f")


# -- the queue's state (3.2)


async def test_a_disabled_queue(yard: Yard) -> None:  # 3.10
    await yard.call("UpdateJobQueue", jobQueue="default", state="DISABLED")
    await refused(yard, Invalid, "Job Queue default is not in ENABLED state")


async def test_a_queue_that_is_being_deleted_is_not_there(yard: Yard) -> None:  # 3.11
    await yard.queue("q")
    await yard.submit(jobQueue="q")
    await yard.call("UpdateJobQueue", jobQueue="q", state="DISABLED")
    await yard.call("DeleteJobQueue", jobQueue="q")
    await refused(yard, NotFound, "JobQueue q not found.", jobQueue="q")


@pytest.mark.parametrize("change", [{"state": "DISABLED"}, {"computeResources": {"maxvCpus": 0}}])
async def test_whether_it_can_ever_run_is_not_asked(yard: Yard, change: dict[str, Any]) -> None:  # 3.05
    await yard.call("UpdateComputeEnvironment", computeEnvironment="local", **change)
    await yard.submit(containerOverrides={"resourceRequirements": [{"type": "VCPU", "value": "1000"}]})


# -- shares (3.3)


async def test_shares(yard: Yard, overrides: dict[str, Any]) -> None:
    policy = (await yard.call("CreateSchedulingPolicy", name="p"))["arn"]
    await yard.queue("fair", schedulingPolicyArn=policy)
    with pytest.raises(Invalid, match=r"^shareIdentifier is required"):  # 3.20
        await yard.submit(jobQueue="fair")
    with pytest.raises(Invalid, match=r"^shareIdentifier"):  # 3.21
        await yard.submit(jobQueue="fair", shareIdentifier="a*")
    job = await yard.submit(jobQueue="fair", shareIdentifier="blue", schedulingPriorityOverride=7)
    found = await yard.job(job)
    assert (found["shareIdentifier"], found["schedulingPriority"]) == ("blue", 7)
    row = await yard.row(job)
    assert (row.share, row.priority) == ("blue", 7)
    overrides["limits"] = {"active_shares": 1}  # 3.22
    await yard.submit(jobQueue="fair", shareIdentifier="blue")
    with pytest.raises(Invalid, match="1 active share identifiers, the limit"):
        await yard.submit(jobQueue="fair", shareIdentifier="red")


async def test_a_share_whose_jobs_have_ended_does_not_count(yard: Yard, overrides: dict[str, Any]) -> None:  # 9.28
    policy = (await yard.call("CreateSchedulingPolicy", name="p"))["arn"]
    await yard.queue("fair", schedulingPolicyArn=policy)
    overrides["limits"] = {"active_shares": 1}
    await yard.lead(await yard.submit(jobQueue="fair", shareIdentifier="blue"), Status.SUCCEEDED)
    await yard.submit(jobQueue="fair", shareIdentifier="red")


async def test_the_quota_of_submitted_jobs(yard: Yard, overrides: dict[str, Any]) -> None:  # 14.2, 3.41
    overrides["limits"] = {"submitted_jobs": 2}
    await yard.submit()
    await yard.submit(size=1000)  # counts as one
    with pytest.raises(Invalid, match="2 jobs in SUBMITTED, which is the limit"):
        await yard.submit()
    await yard.look()
    await yard.submit()


# -- arrays and dependencies (3.5, 3.6)


async def test_an_array(yard: Yard) -> None:  # 3.40
    array = await yard.submit(size=3, timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 2})
    assert (await yard.row(array)).kind is Kind.ARRAY
    await yard.look()
    parent, child = await yard.job(array), await yard.job(f"{array}:2")
    for member in ("jobName", "jobQueue", "jobDefinition", "parameters", "retryStrategy", "timeout"):
        assert child[member] == parent[member]


@pytest.mark.parametrize("given", [{}, {"arrayProperties": {}, "dependsOn": [], "parameters": {}, "tags": {}}])
async def test_what_clients_send_empty(yard: Yard, given: dict[str, Any]) -> None:
    job = await yard.submit(**given)
    assert (await yard.row(job)).kind is Kind.SINGLE
    assert (await yard.job(job))["dependsOn"] == []


async def test_dependencies_come_back_as_they_were_given(yard: Yard) -> None:  # 3.60
    a, array = await yard.submit(), await yard.submit(size=2)
    on = [{"jobId": a}, {"jobId": f"{array}:1"}, {"jobId": array, "type": "N_TO_N"}, {"type": "SEQUENTIAL"}]
    job = await yard.submit(size=2, dependsOn=on)
    assert (await yard.job(job))["dependsOn"] == on
    assert (await yard.row(job)).open == 2  # those that the parent itself waits for (3.54)


@pytest.mark.parametrize(
    ("size", "on", "error", "text"),
    [
        (None, "{a}:0", NotFound, "Job {a}:0 not found"),  # no array
        (None, "{array}:2", NotFound, "Job {array}:2 not found"),  # beyond its size
        (None, "{array}#0", Invalid, "dependsOn: {array}#0 is one node"),
        (None, "N_TO_N={array}", Invalid, "dependsOn: type N_TO_N is only for array jobs."),
        (3, "N_TO_N={array}", Invalid, "N_TO_N dependency on {array}, an array of 2, needs an array of the same size"),
        (2, "N_TO_N={a}", Invalid, "N_TO_N dependency on {a}, no array, needs an array of the same size"),
        (2, "N_TO_N={array}:1", Invalid, "dependsOn: type N_TO_N needs the id of an array job"),
        (2, "SEQUENTIAL={a}", Invalid, "dependsOn: type SEQUENTIAL takes no jobId"),
    ],
)
async def test_dependencies_that_cannot_be(
    yard: Yard, size: int | None, on: str, error: type[Exception], text: str
) -> None:  # 3.51-3.53
    ids = {"a": await yard.submit(), "array": await yard.submit(size=2)}
    await refused(yard, error, text.format(**ids), size=size, on=on.format(**ids))
