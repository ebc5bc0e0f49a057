"""ListJobs: places, statuses, filters, pages (BEHAVIOUR 14.1)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import T0, uuid_of
from tests.handlers.jobs import ARN, Yard

from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.states import Status

AT_MS = int(T0 * 1000)


async def listed(yard: Yard, **members: Any) -> list[str]:
    place = {} if {"jobQueue", "arrayJobId", "multiNodeJobId"} & members.keys() else {"jobQueue": "default"}
    return [row["jobId"] for row in (await yard.call("ListJobs", **place, **members))["jobSummaryList"]]


def by(name: str, *values: str) -> list[dict[str, Any]]:
    return [{"name": name, "values": list(values)}]


@pytest.mark.parametrize(
    "members",
    [{}, {"jobQueue": ""}, {"jobQueue": "default", "arrayJobId": "x"}, {"arrayJobId": "x", "multiNodeJobId": "x"}],
)
async def test_exactly_one_place(yard: Yard, members: dict[str, Any]) -> None:  # 14.10
    with pytest.raises(Invalid, match="Exactly one of jobQueue, arrayJobId and multiNodeJobId"):
        await yard.call("ListJobs", **members)


async def test_only_running_ones_unless_asked(yard: Yard) -> None:  # 14.11
    jobs = {}
    for status in Status:
        jobs[status] = await yard.submit()
        await yard.lead(jobs[status], status)
    assert await listed(yard) == [jobs[Status.RUNNING]]
    for status in Status:
        assert await listed(yard, jobStatus=status.name) == [jobs[status]]


async def test_a_queue_by_arn_and_an_unknown_one(yard: Yard) -> None:  # 14.17
    job = await yard.submit()
    assert await listed(yard, jobQueue=f"{ARN}job-queue/default", jobStatus="SUBMITTED") == [job]
    with pytest.raises(NotFound, match="JobQueue x not found"):
        await listed(yard, jobQueue="x")


async def test_a_queue_that_is_being_deleted_still_shows_its_jobs(yard: Yard) -> None:  # 8.23
    job = await yard.submit()
    await yard.call("UpdateJobQueue", jobQueue="default", state="DISABLED")
    await yard.call("DeleteJobQueue", jobQueue="default")
    assert await listed(yard, jobStatus="SUBMITTED") == [job]


async def test_newest_first(yard: Yard) -> None:  # 14.14
    jobs = [await yard.submit() for _ in range(3)]
    assert await listed(yard, jobStatus="SUBMITTED") == jobs[::-1]


async def test_a_status_that_is_none(yard: Yard) -> None:  # 14.18
    with pytest.raises(Invalid, match=r"Job status is not one of SUBMITTED \| PENDING \| RUNNABLE"):
        await listed(yard, jobStatus="running")


# -- arrays (14.16)


async def test_parents_are_in_the_queue_and_children_in_the_array(yard: Yard) -> None:
    array = await yard.submit(size=4)
    await yard.look()
    await yard.lead(f"{array}:1", Status.RUNNING)
    assert await listed(yard, jobStatus="RUNNABLE") == []
    assert await listed(yard, jobStatus="PENDING") == [array]
    assert await listed(yard, arrayJobId=array) == [f"{array}:1"]  # 14.11: RUNNING here too
    children = [f"{array}:{part}" for part in (0, 2, 3)]
    assert await listed(yard, arrayJobId=array, jobStatus="RUNNABLE") == children
    assert await listed(yard, arrayJobId=f"{ARN}job/{array}", jobStatus="RUNNABLE") == children


async def test_unknown_parents_have_no_children(yard: Yard) -> None:  # 14.17
    job = await yard.submit()
    for each in (uuid_of("gone"), "not-an-id", job):
        assert await listed(yard, arrayJobId=each, jobStatus="SUBMITTED") == []
        assert await listed(yard, multiNodeJobId=each, jobStatus="SUBMITTED") == []


async def test_pages_of_children(yard: Yard) -> None:
    array = await yard.submit(size=5)
    await yard.look()
    found = await pages(yard, arrayJobId=array, jobStatus="RUNNABLE", maxResults=2)
    assert found == [[f"{array}:0", f"{array}:1"], [f"{array}:2", f"{array}:3"], [f"{array}:4"]]


# -- filters (14.12)


async def test_with_a_filter_the_status_does_not_count(yard: Yard) -> None:
    runs, fails = await yard.submit(jobName="a"), await yard.submit(jobName="a")
    await yard.lead(runs, Status.RUNNING)
    await yard.lead(fails, Status.FAILED)
    assert await listed(yard, filters=by("JOB_NAME", "a"), jobStatus="RUNNING") == [fails, runs]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("sim", ["sim"]),
        ("SIM", ["sim"]),  # case-insensitive
        ("sim*", ["sim-2", "Sim-1", "sim"]),
        ("sim-*", ["sim-2", "Sim-1"]),
        ("*", ["other", "sim-2", "Sim-1", "sim"]),
        ("si", []),
        ("s*m", []),  # only a trailing * is special
        ("nobody*", []),
    ],
)
async def test_by_name(yard: Yard, value: str, names: list[str]) -> None:
    jobs = {await yard.submit(jobName=name): name for name in ("sim", "Sim-1", "sim-2", "other")}
    assert [jobs[each] for each in await listed(yard, filters=by("JOB_NAME", value))] == names


@pytest.mark.parametrize(
    ("value", "definitions"),
    [
        ("sim", ["sim:2", "sim:1"]),  # any revision
        ("SIM", []),  # case-sensitive
        ("sim*", ["simple:1", "sim:2", "sim:1"]),
        ("si", []),
        (f"{ARN}job-definition/sim:1", ["sim:1"]),  # that revision only
        (f"{ARN}job-definition/sim:*", []),
        (f"{ARN}job-definition/sim", []),
        (ARN.replace("us-east-1", "eu-west-1") + "job-definition/sim:1", []),
    ],
)
async def test_by_definition(yard: Yard, value: str, definitions: list[str]) -> None:
    jobs = {}
    for name, revision in (("sim", 1), ("sim", 2), ("simple", 1)):
        await yard.define(name)
        jobs[await yard.submit(jobDefinition=name)] = f"{name}:{revision}"
    assert [jobs[each] for each in await listed(yard, filters=by("JOB_DEFINITION", value))] == definitions


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("AFTER_CREATED_AT", AT_MS - 1, True),
        ("AFTER_CREATED_AT", AT_MS, False),  # strict
        ("BEFORE_CREATED_AT", AT_MS + 1, True),
        ("BEFORE_CREATED_AT", AT_MS, False),
    ],
)
async def test_by_time(yard: Yard, name: str, value: int, found: bool) -> None:
    job = await yard.submit()
    assert await listed(yard, filters=by(name, str(value))) == ([job] if found else [])


async def test_by_share_the_status_counts(yard: Yard) -> None:
    policy = (await yard.call("CreateSchedulingPolicy", name="p"))["arn"]
    await yard.queue("fair", schedulingPolicyArn=policy)
    blue, runs, red = [await yard.submit(jobQueue="fair", shareIdentifier=share) for share in ("blue", "blue", "red")]
    await yard.lead(runs, Status.RUNNING)
    where = {"jobQueue": "fair", "filters": by("SHARE_IDENTIFIER", "blue")}
    assert await listed(yard, **where) == [runs]
    assert await listed(yard, **where, jobStatus="SUBMITTED") == [blue]
    assert red not in await listed(yard, **where, jobStatus="SUBMITTED")


async def test_filters_do_not_reach_into_arrays(yard: Yard) -> None:
    array = await yard.submit(size=2, jobName="a")
    await yard.look()
    assert await listed(yard, filters=by("JOB_NAME", "a")) == [array]


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        (by("JOB_NAME", "a") * 2, "Exactly one filter"),
        (by("JOB_NAME"), "exactly one value"),
        (by("JOB_NAME", "a", "b"), "exactly one value"),
        (by("job_name", "a"), "filters.*must be one of JOB_NAME"),  # case-sensitive
        (by("AFTER_CREATED_AT", "yesterday"), "AFTER_CREATED_AT takes milliseconds since 1970"),
        (by("BEFORE_CREATED_AT", "²"), "BEFORE_CREATED_AT takes milliseconds since 1970"),
    ],
)
async def test_filters_that_cannot_be(yard: Yard, filters: list[dict[str, Any]], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        await listed(yard, filters=filters)


# -- pages (14.13)


async def pages(yard: Yard, **members: Any) -> list[list[str]]:
    found: list[list[str]] = []
    token = ""  # pcluster sends an empty one first
    while True:
        answer = await yard.call("ListJobs", **members, nextToken=token)
        found.append([row["jobId"] for row in answer["jobSummaryList"]])
        token = answer.get("nextToken")
        if token is None:
            return found


@pytest.mark.parametrize("members", [{"jobStatus": "SUBMITTED"}, {"filters": by("JOB_NAME", "*")}])
async def test_pages_miss_nothing_and_repeat_nothing(yard: Yard, members: dict[str, Any]) -> None:
    jobs = [await yard.submit() for _ in range(4)]
    found = await pages(yard, jobQueue="default", maxResults=2, **members)
    assert found == [[jobs[3], jobs[2]], [jobs[1], jobs[0]]]  # no empty page at the end


async def test_pages_with_a_filter_have_at_most_a_hundred(yard: Yard) -> None:
    for _ in range(101):
        await yard.submit()
    assert [
        len(page) for page in await pages(yard, jobQueue="default", maxResults=500, filters=by("JOB_NAME", "*"))
    ] == ([100, 1])
    assert [len(page) for page in await pages(yard, jobQueue="default", jobStatus="SUBMITTED")] == [101]


@pytest.mark.parametrize("token", ["x", "AAAA", "é"])
async def test_a_token_that_is_none(yard: Yard, token: str) -> None:  # 1.25
    with pytest.raises(Invalid, match="nextToken must be one that ListJobs answered"):
        await listed(yard, nextToken=token)


async def test_the_least_page(yard: Yard) -> None:
    with pytest.raises(Invalid, match="maxResults must be at least 1, got 0"):
        await listed(yard, maxResults=0)
