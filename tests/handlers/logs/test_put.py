"""PutLogEvents: what a batch must be, and what of it is kept (BEHAVIOUR 12.70)."""

from __future__ import annotations

from typing import Any

import pytest

from batchyard.domain.errors import BatchyardError, Conflicting, Invalid, NotFound

NOW_MS = 1_700_000_000_000
DAY_MS = 86_400_000


@pytest.fixture
async def put(yard: Any):
    """`await put((ms, text), …)` into the stream `s` of the group `own`; ms count from now."""
    await yard("CreateLogGroup", logGroupName="own")
    await yard("CreateLogStream", logGroupName="own", logStreamName="s")

    async def run(*events: tuple[int, str]) -> dict[str, Any]:
        batch = [{"timestamp": NOW_MS + ms, "message": text} for ms, text in events]
        return await yard("PutLogEvents", logGroupName="own", logStreamName="s", logEvents=batch, sequenceToken="any")

    return run


async def got(yard: Any, **members: Any) -> list[tuple[int, str]]:
    answer = await yard("GetLogEvents", logGroupName="own", logStreamName="s", startFromHead=True, **members)
    return [(event["timestamp"] - NOW_MS, event["message"]) for event in answer["events"]]


async def test_what_was_put_is_read_back(yard: Any, put: Any) -> None:
    events = [(-5, "two\nlines\r\n"), (-5, 'quo"te \\ € \x00'), (0, " ")]
    answer = await put(*events)
    assert answer["nextSequenceToken"] and "rejectedLogEventsInfo" not in answer
    assert await got(yard) == events
    newest = await yard("GetLogEvents", logGroupName="own", logStreamName="s", limit=1)
    assert [event["message"] for event in newest["events"]] == [" "]


async def test_late_events_are_read_in_the_order_they_came(yard: Any, put: Any) -> None:
    await put((0, "first"), (10, "second"))
    await put((-50, "late"), (20, "third"))
    assert [text for _, text in await got(yard)] == ["first", "second", "late", "third"]
    assert await got(yard, startTime=NOW_MS - 100, endTime=NOW_MS) == [(-50, "late")]
    assert await got(yard, startTime=NOW_MS + 5) == [(10, "second"), (20, "third")]
    for head in (True, False):
        answer = await yard("FilterLogEvents", logGroupName="own", startTime=NOW_MS, startFromHead=head)
        texts = [event["message"] for event in answer["events"]]
        assert texts == (["first", "second", "third"] if head else ["third", "second", "first"])


async def test_a_follower_of_a_written_stream_misses_nothing(yard: Any, put: Any) -> None:
    token = (await yard("GetLogEvents", logGroupName="own", logStreamName="s"))["nextForwardToken"]
    for text in ("a", "b"):
        await put((0, text))
        answer = await yard("GetLogEvents", logGroupName="own", logStreamName="s", nextToken=token)
        assert [event["message"] for event in answer["events"]] == [text]
        token = answer["nextForwardToken"]


async def test_too_old_and_too_new_events_are_left_out_and_told(yard: Any, put: Any) -> None:
    answer = await put((-15 * DAY_MS, "old"), (-10, "kept"), (0, "kept too"), (3 * 3_600_000, "new"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 3}
    assert [text for _, text in await got(yard)] == ["kept", "kept too"]


async def test_expired_events_are_left_out(yard: Any, put: Any) -> None:
    await yard("PutRetentionPolicy", logGroupName="own", retentionInDays=1)
    answer = await put((-25 * 3_600_000, "expired"), (0, "kept"))
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert [text for _, text in await got(yard)] == ["kept"]


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([], "between 1 and 10000"),
        ([(0, "x")] * 10_001, "between 1 and 10000"),
        ([(0, "x" * (1_048_576 - 25))], "exceeds limit of 1048576"),
        ([(1, "x"), (0, "y")], "chronological order"),
        ([(0, "")], "at least 1 character"),
        ([(-NOW_MS - 1, "x")], "timestamp must be at least 0"),
        ([(-25 * 3_600_000, "x"), (0, "y")], "cannot span more than 24 hours"),
    ],
)
async def test_a_batch_that_is_refused_leaves_nothing(yard: Any, put: Any, events: Any, text: str) -> None:
    with pytest.raises(Invalid, match=text):
        await put(*events)
    assert await got(yard) == []


async def test_the_largest_batch_fits(yard: Any, put: Any) -> None:
    await put((0, "x" * (1_048_576 - 26)))
    assert len((await got(yard))[0][1]) == 1_048_576 - 26


@pytest.mark.parametrize(
    ("group", "stream", "error"),
    [("none", "s", NotFound), ("own", "none", NotFound), ("own", "*", Invalid), ("own", "", Invalid)],
)
async def test_where_nothing_can_be_put(
    yard: Any, put: Any, group: str, stream: str, error: type[BatchyardError]
) -> None:
    with pytest.raises(error):
        event = {"timestamp": NOW_MS, "message": "x"}
        await yard("PutLogEvents", logGroupName=group, logStreamName=stream, logEvents=[event])


async def test_an_attempts_stream_takes_no_events(yard: Any) -> None:
    stream = await yard.attempt("a", (0, "x\n"))
    with pytest.raises(Invalid, match="output of a job"):
        event = {"timestamp": NOW_MS, "message": "x"}
        await yard("PutLogEvents", logGroupName="/aws/batch/job", logStreamName=stream, logEvents=[event])


async def test_a_stream_exists_once(yard: Any, put: Any) -> None:
    with pytest.raises(Conflicting, match="already exists"):
        await yard("CreateLogStream", logGroupName="own", logStreamName="s")
    with pytest.raises(NotFound):
        await yard("CreateLogStream", logGroupName="none", logStreamName="s")
