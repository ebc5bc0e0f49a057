"""Groups and streams: made, described, deleted (BEHAVIOUR 12.50, 12.70)."""

from __future__ import annotations

import os
from typing import Any

import pytest

from batchyard.domain.errors import Conflicting, Invalid, NotFound
from batchyard.logs.times import times_path

NOW_MS = 1_700_000_000_000
GROUP = "/aws/batch/job"


async def test_describing_streams(yard: Any) -> None:
    names = [await yard.attempt(n, (t, "x\n")) for n, t in (("a", 30), ("ab", 10), ("b", 20))]
    for n, path in enumerate(map(yard.path, (names[1], names[2], names[0]))):
        os.utime(path, (NOW_MS / 1000 + n, NOW_MS / 1000 + n))

    async def listed(**members: Any) -> list[str]:
        found: list[str] = []
        answer = await yard("DescribeLogStreams", logGroupName=GROUP, limit=2, **members)
        while True:
            found += [stream["logStreamName"] for stream in answer["logStreams"]]
            if "nextToken" not in answer:
                return found
            answer = await yard(
                "DescribeLogStreams", logGroupName=GROUP, limit=2, nextToken=answer["nextToken"], **members
            )

    assert await listed() == names
    assert await listed(descending=True) == names[::-1]
    assert await listed(logStreamNamePrefix="a") == names[:2]
    assert await listed(logStreamNamePrefix="a", descending=True) == names[1::-1]
    assert await listed(orderBy="LastEventTime") == [names[1], names[2], names[0]]
    assert await listed(orderBy="LastEventTime", descending=True) == [names[0], names[2], names[1]]
    with pytest.raises(Invalid):
        await listed(orderBy="LastEventTime", logStreamNamePrefix="a")  # 12.50
    answer = await yard("DescribeLogStreams", logGroupName=GROUP, limit=1)
    assert answer["logStreams"] == [
        {
            "logStreamName": names[0],
            "creationTime": NOW_MS,
            "firstEventTimestamp": NOW_MS + 30,
            "lastEventTimestamp": NOW_MS + 30,
            "lastIngestionTime": NOW_MS + 30,
            "arn": f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:log-stream:{names[0]}",
            "storedBytes": 0,
        }
    ]


async def test_groups_live_and_die(yard: Any) -> None:
    async def names(**members: Any) -> list[str]:
        return [group["logGroupName"] for group in (await yard("DescribeLogGroups", **members))["logGroups"]]

    assert await names() == [GROUP]  # 12.03
    await yard("CreateLogGroup", logGroupName="own")
    with pytest.raises(Conflicting, match="already exists"):
        await yard("CreateLogGroup", logGroupName="own")
    with pytest.raises(Conflicting):
        await yard("CreateLogGroup", logGroupName=GROUP)
    assert await names() == [GROUP, "own"]
    assert await names(logGroupNamePrefix="o") == ["own"]
    assert await names(logGroupNamePattern="w") == [GROUP, "own"]
    with pytest.raises(Invalid, match="both"):
        await names(logGroupNamePrefix="o", logGroupNamePattern="w")
    one = await yard("DescribeLogGroups", limit=1)
    assert [g["logGroupName"] for g in one["logGroups"]] == [GROUP]
    assert await names(limit=1, nextToken=one["nextToken"]) == ["own"]
    await yard("PutRetentionPolicy", logGroupName="own", retentionInDays=7)
    (group,) = (await yard("DescribeLogGroups", logGroupNamePrefix="own"))["logGroups"]
    assert group["retentionInDays"] == 7 and group["arn"].endswith(":log-group:own:*")
    await yard("DeleteRetentionPolicy", logGroupName="own")
    (group,) = (await yard("DescribeLogGroups", logGroupNamePrefix="own"))["logGroups"]
    assert "retentionInDays" not in group
    with pytest.raises(Invalid, match="retentionInDays"):
        await yard("PutRetentionPolicy", logGroupName="own", retentionInDays=2)
    await yard("CreateLogStream", logGroupName="own", logStreamName="s")
    await yard("DeleteLogGroup", logGroupName="own")
    with pytest.raises(NotFound):
        await yard("DeleteLogGroup", logGroupName="own")
    await yard("CreateLogGroup", logGroupName="own")
    assert (await yard("DescribeLogStreams", logGroupName="own"))["logStreams"] == []


async def test_the_group_of_all_jobs_survives_its_deletion(yard: Any) -> None:
    stream = await yard.attempt("a", (0, "x\n"))
    await yard("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=1)
    await yard("DeleteLogGroup", logGroupName=GROUP)
    assert (await yard("DescribeLogGroups"))["logGroups"][0]["logGroupName"] == GROUP
    assert not yard.path(stream).exists() and not times_path(yard.path(stream)).exists()


async def test_deleting_a_stream_removes_its_events(yard: Any) -> None:
    stream = await yard.attempt("a", (0, "x\n"))
    await yard("DeleteLogStream", logGroupName=GROUP, logStreamName=stream)
    assert not yard.path(stream).exists()
    with pytest.raises(NotFound, match="log stream does not exist"):
        await yard("GetLogEvents", logGroupName=GROUP, logStreamName=stream)
