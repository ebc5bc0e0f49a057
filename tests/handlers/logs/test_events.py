"""Reading logs, and the catalogue of groups and streams (BEHAVIOUR 12.2)."""

from __future__ import annotations

from typing import Any

import pytest

from batchyard.domain.errors import BatchyardError, Invalid, NotFound

NOW_MS = 1_700_000_000_000
GROUP = "/aws/batch/job"


def texts(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


# --- GetLogEvents ---


async def test_without_a_token_comes_the_newest_page_in_ascending_order(yard: Any) -> None:
    stream = await yard.attempt("a", *((n, f"{n}\n") for n in range(5)))
    newest = await yard("GetLogEvents", logGroupName=GROUP, logStreamName=stream, limit=2)
    assert texts(newest) == ["3", "4"]  # 12.32
    assert newest["events"][0] == {"timestamp": NOW_MS + 3, "message": "3", "ingestionTime": NOW_MS + 3}
    first = await yard("GetLogEvents", logGroupName=GROUP, logStreamName=stream, limit=2, startFromHead=True)
    assert texts(first) == ["0", "1"]


async def test_paging_both_ways_ends_with_the_token_that_was_sent(yard: Any) -> None:
    stream = await yard.attempt("a", *((n, f"{n}\n") for n in range(5)))
    for token, head in (("nextForwardToken", True), ("nextBackwardToken", False)):
        seen: list[list[str]] = []
        answer = await yard("GetLogEvents", logGroupName=GROUP, logStreamName=stream, limit=2, startFromHead=head)
        while texts(answer):
            seen.append(texts(answer))
            sent = answer[token]
            answer = await yard(
                "GetLogEvents", logGroupName=GROUP, logStreamName=stream, limit=2, startFromHead=head, nextToken=sent
            )
        assert answer[token] == sent  # 12.33, and 12.35: equal and empty
        assert sorted(text for page in seen for text in page) == list("01234")
        assert {len(answer["nextForwardToken"]), len(answer["nextBackwardToken"])} == {58}


async def test_the_same_token_follows_a_growing_stream(yard: Any) -> None:
    stream = await yard.attempt("a", (0, "one\ntw"), ended=False)
    yard.clock.at += 0.1
    answer = await yard("GetLogEvents", logGroupName=GROUP, logStreamName=stream, startFromHead=True)
    assert texts(answer) == ["one"]
    yard.write(stream, (200, "o\nthree\n"))
    more = await yard("GetLogEvents", logGroupName=GROUP, logStreamName=stream, nextToken=answer["nextForwardToken"])
    assert texts(more) == ["two", "three"]


async def test_start_is_inclusive_and_end_exclusive(yard: Any) -> None:
    stream = await yard.attempt("a", *((n, f"{n}\n") for n in range(5)))
    for head in (True, False):
        answer = await yard(
            "GetLogEvents",
            logGroupName=GROUP,
            logStreamName=stream,
            startTime=NOW_MS + 1,
            endTime=NOW_MS + 3,
            startFromHead=head,
        )
        assert texts(answer) == ["1", "2"]  # 12.30


async def test_a_stream_without_output_is_empty_with_tokens(yard: Any) -> None:
    stream = await yard.attempt("a")
    yard.path(stream).unlink()
    answer = await yard("GetLogEvents", logGroupName=GROUP, logStreamName=stream)
    assert answer["events"] == [] and answer["nextForwardToken"] and answer["nextBackwardToken"]


async def test_a_token_of_another_stream_is_refused(yard: Any) -> None:
    one, two = await yard.attempt("a", (0, "x\n")), await yard.attempt("bb", (0, "x\n"))
    token = (await yard("GetLogEvents", logGroupName=GROUP, logStreamName=one))["nextForwardToken"]
    for wrong in (token, "f/1", "junk"):
        with pytest.raises(Invalid, match="nextToken"):
            await yard("GetLogEvents", logGroupName=GROUP, logStreamName=two, nextToken=wrong)  # 12.34


@pytest.mark.parametrize(
    ("members", "error", "text"),
    [
        ({"logGroupName": "none", "logStreamName": "s"}, NotFound, "The specified log group does not exist."),
        ({"logGroupName": GROUP, "logStreamName": "s"}, NotFound, "The specified log stream does not exist."),
        ({"logGroupName": GROUP, "logStreamName": "a:b"}, Invalid, "logStreamName"),
        ({"logGroupName": "no spaces", "logStreamName": "s"}, Invalid, "logGroupName"),
        ({"logStreamName": "s"}, Invalid, "logGroupIdentifier"),
        ({"logGroupName": GROUP, "logGroupIdentifier": GROUP, "logStreamName": "s"}, Invalid, "not both"),
        ({"logGroupName": GROUP, "logStreamName": "s", "limit": 0}, Invalid, "limit"),
        ({"logGroupName": GROUP, "logStreamName": "s", "limit": 10_001}, Invalid, "limit"),
    ],
)
async def test_what_get_log_events_refuses(
    yard: Any, members: dict[str, Any], error: type[BatchyardError], text: str
) -> None:
    with pytest.raises(error, match=text):
        await yard("GetLogEvents", **members)


@pytest.mark.parametrize("tail", ["", ":*"])
async def test_a_group_by_its_arn(yard: Any, tail: str) -> None:
    stream = await yard.attempt("a", (0, "x\n"))
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}{tail}"
    assert texts(await yard("GetLogEvents", logGroupIdentifier=arn, logStreamName=stream)) == ["x"]
    with pytest.raises(NotFound):
        await yard("GetLogEvents", logGroupIdentifier=arn.replace("us-east-1", "eu-west-1"), logStreamName=stream)


# --- FilterLogEvents ---


async def filtered(yard: Any, **members: Any) -> list[dict[str, Any]]:
    """All pages."""
    events: list[dict[str, Any]] = []
    answer = await yard("FilterLogEvents", logGroupName=GROUP, **members)
    while True:
        assert answer["searchedLogStreams"] == []
        events += answer["events"]
        if "nextToken" not in answer:
            return events
        answer = await yard("FilterLogEvents", logGroupName=GROUP, nextToken=answer["nextToken"], **members)


@pytest.mark.parametrize("limit", [1, 2, 3, 10_000])
@pytest.mark.parametrize("head", [True, False])
async def test_streams_are_interleaved_by_time(yard: Any, limit: int, head: bool) -> None:
    await yard.attempt("a", (1, "a1\n"), (5, "a5\n"), (5, "a5 again\n"), (9, "a9\n"))
    await yard.attempt("bb", (2, "b2\n"), (5, "b5\n"), (8, "b8\n"))
    await yard.attempt("ccc")
    events = await filtered(yard, limit=limit, startFromHead=head)
    wanted = ["a1", "b2", "a5", "a5 again", "b5", "b8", "a9"]
    assert [event["message"] for event in events] == (wanted if head else wanted[::-1])  # 12.41
    ids = [event["eventId"] for event in events]
    assert len(set(ids)) == len(ids) and all(each.isdigit() for each in ids)
    assert sorted(ids) == sorted(event["eventId"] for event in await filtered(yard))  # stable (C.7)


async def test_both_ends_of_the_time_are_inclusive(yard: Any) -> None:
    await yard.attempt("a", *((n, f"{n}\n") for n in range(5)))
    for head in (True, False):
        events = await filtered(yard, startTime=NOW_MS + 1, endTime=NOW_MS + 3, startFromHead=head)
        assert sorted(event["message"] for event in events) == ["1", "2", "3"]  # 12.40


async def test_streams_by_name_or_prefix(yard: Any) -> None:
    one, two = await yard.attempt("a", (0, "1\n")), await yard.attempt("ab", (0, "2\n"))
    await yard.attempt("b", (0, "3\n"))
    assert [e["logStreamName"] for e in await filtered(yard, logStreamNames=[two])] == [two]
    assert [e["logStreamName"] for e in await filtered(yard, logStreamNamePrefix="a")] == [one, two]
    with pytest.raises(Invalid):
        await filtered(yard, logStreamNames=[one], logStreamNamePrefix="a")
    with pytest.raises(NotFound, match="log stream does not exist"):
        await filtered(yard, logStreamNames=["gone"])


async def test_the_pattern_chooses(yard: Any) -> None:
    await yard.attempt("a", (0, "ERROR disk full\n"), (1, "error\n"), (2, "ERROR net\n"))
    assert [e["message"] for e in await filtered(yard, filterPattern="ERROR -net", limit=1)] == ["ERROR disk full"]
    with pytest.raises(Invalid, match="filter pattern"):
        await filtered(yard, filterPattern="{ $.a ")


async def test_a_malformed_filter_token_is_refused(yard: Any) -> None:
    with pytest.raises(Invalid, match="nextToken"):
        await yard("FilterLogEvents", logGroupName=GROUP, nextToken="x")


async def test_a_tailer_that_polls_by_time_sees_every_event_once(yard: Any) -> None:
    """As `aws logs tail --follow` does (C.7): from the newest time seen, leaving out the eventIds it has had."""
    one, two = await yard.attempt("a", ended=False), await yard.attempt("bb", ended=False)
    seen: dict[str, str] = {}
    newest = NOW_MS
    for turn in range(6):
        yard.write(one, (turn * 100, f"one {turn}\nhalf of"))
        if turn % 2:
            yard.write(two, (turn * 100, f"two {turn}\n"))
        yard.clock.at = (NOW_MS + turn * 100 + 50) / 1000
        for event in await filtered(yard, startTime=newest, limit=2):
            seen.setdefault(event["eventId"], event["message"])
            newest = max(newest, event["timestamp"])
        yard.write(one, (turn * 100 + 60, f" line {turn}\n"))
    assert list(seen.values()) == [
        "one 0", "half of line 0", "one 1", "two 1", "half of line 1", "one 2", "half of line 2",
        "one 3", "two 3", "half of line 3", "one 4", "half of line 4", "one 5", "two 5",
    ]  # fmt: skip
