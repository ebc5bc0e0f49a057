"""CancelJob, TerminateJob and their bulk forms: what is recorded and answered (BEHAVIOUR 4.5).

What becomes of the requests is the loops' work, and tested there.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import uuid_of
from tests.handlers.jobs import ARN, Yard

from batchyard.domain.errors import Invalid
from batchyard.domain.jobs import Request
from batchyard.domain.states import Status

BOTH = pytest.mark.parametrize(
    ("operation", "recorded"), [("CancelJob", Request.CANCEL), ("TerminateJob", Request.TERMINATE)]
)


@BOTH
@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
async def test_each_status(
    yard: Yard, woken: list[str], operation: str, recorded: Request, status: Status
) -> None:  # 4.41
    job = await yard.submit()
    await yard.lead(job, status)
    woken.clear()
    assert await yard.call(operation, jobId=job, reason="why") == {}
    row = await yard.row(job)
    taken = not status.final and not (operation == "CancelJob" and status.active)
    assert (row.request, row.request_reason) == ((recorded, "why") if taken else (Request.NONE, None))
    assert row.status is status  # only the loops change it
    assert woken == ((["execution"] if status.active else ["admission"]) if taken else [])
    found = await yard.job(job)
    assert found["isCancelled"] is (taken and operation == "CancelJob")
    assert found["isTerminated"] is (taken and operation == "TerminateJob")


@BOTH
@pytest.mark.parametrize("job", [uuid_of("gone"), f"{uuid_of('gone')}:3", "not-an-id", "", ARN + "job/x"])
async def test_an_unknown_job_is_no_fault(yard: Yard, operation: str, recorded: Request, job: str) -> None:
    assert await yard.call(operation, jobId=job, reason="why") == {}


@BOTH
async def test_by_arn_and_child(yard: Yard, operation: str, recorded: Request) -> None:  # 4.43
    array = await yard.submit(size=2)
    await yard.look()
    await yard.call(operation, jobId=f"{ARN}job/{array}:1", reason="why")
    assert (await yard.row(f"{array}:1")).request is recorded
    assert (await yard.row(f"{array}:0")).request is Request.NONE
    assert (await yard.row(array)).request is Request.NONE


@pytest.mark.parametrize("operation", ["CancelJob", "TerminateJob"])
async def test_a_reason_may_have_1024_characters(yard: Yard, operation: str) -> None:  # 4.40
    job = await yard.submit()
    with pytest.raises(Invalid, match="reason can have at most 1024 characters, got 1025"):
        await yard.call(operation, jobId=job, reason="x" * 1025)
    await yard.call(operation, jobId=job, reason="x" * 1024)
    assert (await yard.row(job)).request_reason == "x" * 1024


async def test_a_terminate_after_a_cancel_stands(yard: Yard) -> None:
    job = await yard.submit()
    await yard.call("CancelJob", jobId=job, reason="first")
    await yard.call("CancelJob", jobId=job, reason="second")
    assert (await yard.row(job)).request_reason == "first"
    await yard.call("TerminateJob", jobId=job, reason="third")
    row = await yard.row(job)
    assert (row.request, row.request_reason) == (Request.TERMINATE, "third")


# -- bulk (4.46)

BULK = pytest.mark.parametrize(
    ("operation", "recorded"), [("CancelJobs", Request.CANCEL), ("TerminateJobs", Request.TERMINATE)]
)


@BULK
async def test_many(yard: Yard, operation: str, recorded: Request) -> None:
    a, b, done = await yard.submit(), await yard.submit(size=2), await yard.submit()
    await yard.lead(done, Status.SUCCEEDED)
    unknown = uuid_of("gone")
    jobs = [a, "not-an-id", f"{ARN}job/{b}", unknown, done, f"{b}:x"]
    answer: dict[str, Any] = await yard.call(operation, jobs=jobs, reason="why")
    assert answer["successful"] == [a, f"{ARN}job/{b}", unknown, done]  # unknown ones count as successful
    assert [(each["job"], each["code"]) for each in answer["errors"]] == [
        ("not-an-id", "ValidationException"),
        (f"{b}:x", "ValidationException"),
    ]
    assert answer["errors"][0]["message"].startswith("not-an-id is not a job id")
    assert [(await yard.row(each)).request for each in (a, b, done)] == [recorded, recorded, Request.NONE]


@BULK
@pytest.mark.parametrize("count", [0, 51])
async def test_one_to_fifty(yard: Yard, operation: str, recorded: Request, count: int) -> None:
    with pytest.raises(Invalid, match=f"jobs must have 1 to 50 ids, got {count}"):
        await yard.call(operation, jobs=[uuid_of("gone")] * count, reason="why")
