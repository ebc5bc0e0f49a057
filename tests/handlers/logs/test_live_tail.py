"""StartLiveTail: a start, an update every second, an end after three hours (BEHAVIOUR 12.60)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from batchyard.api import logs as api
from batchyard.domain.errors import BatchyardError, Invalid, NotFound

NOW_MS = 1_700_000_000_000
GROUP = "/aws/batch/job"
ARN = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"


@pytest.fixture
def slept(yard: Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleeping moves the yard's clock instead."""
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        yard.clock.at += seconds

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return naps


async def begin(yard: Any, **members: Any) -> AsyncIterator[Any]:
    session = await yard.raw("StartLiveTail", **{"logGroupIdentifiers": [ARN], **members})
    assert isinstance(await anext(session), api.LiveTailSessionStart)
    return session


def texts(update: api.LiveTailSessionUpdate) -> list[str | None]:
    return [event.message for event in update.sessionResults or []]


async def test_a_session_starts_and_tells_every_second_what_is_new(yard: Any, slept: list[float]) -> None:
    old = await yard.attempt("a", (-5000, "before\n"), ended=False)
    session = await begin(yard)
    assert texts(await anext(session)) == [] and slept == [pytest.approx(1.0)]
    yard.write(old, (1500, "one\n"))
    new = await yard.attempt("bb", (1400, "zero\n"), ended=False)
    update = await anext(session)
    assert texts(update) == ["zero", "one"] and update.sessionMetadata.sampled is False
    assert [event.logStreamName for event in update.sessionResults] == [new, old]
    assert {event.logGroupIdentifier for event in update.sessionResults} == {ARN}
    yard.write(new, (2500, "two\n"))
    assert texts(await anext(session)) == ["two"]
    assert texts(await anext(session)) == []


async def test_more_than_500_events_a_second_are_sampled(yard: Any, slept: list[float]) -> None:
    session = await begin(yard)
    await yard.attempt("a", (500, "".join(f"{n}\n" for n in range(1000))))
    update = await anext(session)
    assert len(update.sessionResults) == 500 and update.sessionMetadata.sampled is True


async def test_streams_and_pattern_choose(yard: Any, slept: list[float]) -> None:
    one, two = await yard.attempt("a", ended=False), await yard.attempt("bb", ended=False)
    by_name = await begin(yard, logStreamNames=[one], logEventFilterPattern="yes")
    by_prefix = await begin(yard, logStreamNamePrefixes=["b"])
    yard.write(one, (500, "yes\nno\n"))
    yard.write(two, (500, "other\n"))
    assert texts(await anext(by_name)) == ["yes"]
    assert texts(await anext(by_prefix)) == ["other"]


async def test_what_clients_put_is_told_whatever_its_time(yard: Any, slept: list[float]) -> None:
    await yard("CreateLogStream", logGroupName=GROUP, logStreamName="s")
    put = {"logGroupName": GROUP, "logStreamName": "s"}
    await yard("PutLogEvents", **put, logEvents=[{"timestamp": NOW_MS, "message": "before"}])
    session = await begin(yard)
    await yard("PutLogEvents", **put, logEvents=[{"timestamp": NOW_MS - 60_000, "message": "late"}])
    assert texts(await anext(session)) == ["late"]


async def test_a_session_ends_after_three_hours(yard: Any, slept: list[float]) -> None:
    session = await begin(yard)
    yard.clock.at += 3 * 3600 - 0.5
    kinds = [type(event) async for event in session]
    assert kinds == [api.LiveTailSessionUpdate, api.LiveTailSessionUpdate, api.SessionTimeoutException]


async def test_a_deleted_stream_ends_the_session(yard: Any, slept: list[float]) -> None:
    stream = await yard.attempt("a", ended=False)
    session = await begin(yard, logStreamNames=[stream])
    await yard("DeleteLogStream", logGroupName=GROUP, logStreamName=stream)
    assert [type(event) async for event in session] == [api.SessionStreamingException]


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"logGroupIdentifiers": []}, Invalid),
        ({"logGroupIdentifiers": [ARN] * 11}, Invalid),
        ({"logGroupIdentifiers": [ARN + ":*"]}, Invalid),
        ({"logGroupIdentifiers": [ARN + "/none"]}, NotFound),
        ({"logGroupIdentifiers": [ARN, ARN], "logStreamNames": ["a"]}, Invalid),
        ({"logStreamNames": ["a"], "logStreamNamePrefixes": ["b"]}, Invalid),
        ({"logStreamNames": ["none"]}, NotFound),
        ({"logEventFilterPattern": "{ $.x"}, Invalid),
    ],
)
async def test_what_is_refused(yard: Any, members: dict[str, Any], error: type[BatchyardError]) -> None:
    with pytest.raises(error):
        await yard.raw("StartLiveTail", **{"logGroupIdentifiers": [ARN], **members})
