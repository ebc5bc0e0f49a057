"""DescribeJobs (BEHAVIOUR 1.29, 3.71, 4.19). The members of a description are tested with the domain."""

from __future__ import annotations

import re

import pytest
from tests.builders import uuid_of
from tests.handlers.jobs import ARN, Yard

from batchyard.domain.errors import Invalid
from batchyard.domain.states import Status


async def test_in_the_order_asked_and_as_often(yard: Yard) -> None:  # 4.19
    a, b = await yard.submit(), await yard.submit()
    assert await yard.jobs(b, a, b) == [b, a, b]


async def test_by_arn(yard: Yard) -> None:
    array = await yard.submit(size=2)
    assert await yard.jobs(f"{ARN}job/{array}", f"{ARN}job/{array}:1") == [array, f"{array}:1"]


@pytest.mark.parametrize(
    "text",
    [
        uuid_of("gone"),
        f"{uuid_of('gone')}:0",
        "{a}:0",  # no array
        "{array}:2",  # beyond its size
        "{array}:01",
        "{array}#0",
        "{array}:",
        "not-an-id",
        "",
        ARN.replace("us-east-1", "eu-west-1") + "job/{a}",
        ARN + "job-queue/{a}",
    ],
)
async def test_what_is_unknown_is_left_out(yard: Yard, text: str) -> None:  # 3.71
    ids = {"a": await yard.submit(), "array": await yard.submit(size=2)}
    assert await yard.jobs(text.format(**ids), ids["a"]) == [ids["a"]]


async def test_ninety_nine_unknown_ids(yard: Yard) -> None:  # airflow
    assert await yard.jobs(*(uuid_of(str(n)) for n in range(99))) == []


async def test_at_most_a_hundred(yard: Yard) -> None:  # 1.29
    job = await yard.submit()
    assert await yard.jobs(*[job] * 100) == [job] * 100
    with pytest.raises(Invalid, match=re.escape("Maximum number of jobs supported is  100 .")):
        await yard.jobs(*[job] * 101)


async def test_children_before_and_after_they_are_made(yard: Yard) -> None:
    array = await yard.submit(size=3)
    before = await yard.job(f"{array}:2")
    assert (before["status"], before["arrayProperties"]) == ("SUBMITTED", {"index": 2})
    assert (await yard.job(array))["arrayProperties"]["statusSummary"]["SUBMITTED"] == 3
    await yard.look()
    after = await yard.job(f"{array}:2")
    assert (after["status"], after["arrayProperties"]) == ("RUNNABLE", {"index": 2})
    assert {**before, "status": "RUNNABLE"} == after


async def test_over_a_life(yard: Yard) -> None:  # 4.1, 4.13
    job = await yard.submit(tags={"a": "b"})
    seen: list[tuple[str, bool, bool, bool]] = []
    for status in (Status.RUNNABLE, Status.STARTING, Status.RUNNING, Status.SUCCEEDED):
        other = await yard.submit(tags={"a": "b"})
        await yard.lead(other, status)
        found = await yard.job(other)
        assert found["tags"] == {"a": "b"}
        shown = ("logStreamName" in found["container"], "startedAt" in found, "stoppedAt" in found)
        seen.append((found["status"], *shown))
    assert seen == [
        ("RUNNABLE", False, False, False),
        ("STARTING", True, False, False),
        ("RUNNING", True, True, False),
        ("SUCCEEDED", True, True, True),
    ]
    assert (await yard.job(job))["status"] == "SUBMITTED"


async def test_jobs_of_a_queue_and_an_environment_that_are_gone(yard: Yard) -> None:
    await yard.queue("q")
    job = await yard.submit(jobQueue="q")
    await yard.lead(job, Status.SUCCEEDED)
    for name in ("q", "default"):
        await yard.call("UpdateJobQueue", jobQueue=name, state="DISABLED")
        await yard.call("DeleteJobQueue", jobQueue=name)
    await yard.call("UpdateComputeEnvironment", computeEnvironment="local", state="DISABLED")
    await yard.call("DeleteComputeEnvironment", computeEnvironment="local")
    found = await yard.job(job)
    assert found["jobQueue"] == f"{ARN}job-queue/q"
    assert "/local_Batch_" in found["container"]["taskArn"]
