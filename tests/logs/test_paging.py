"""Reading a stream in pages, forward or backward, by any limits, gives what one read gives (12.31 - 12.33)."""

from __future__ import annotations

import asyncio
import itertools
import os
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchyard.logs import lines
from batchyard.logs.base import ENDED, LIMIT, LogEvent, LogPage
from batchyard.logs.files import LogFiles
from batchyard.logs.times import times_path

TASK = "ab" + "0" * 30


class Now:
    """A clock that stands still until told."""

    def __init__(self, at: float = 2_000_000_000.0) -> None:
        self.at = at

    def now(self) -> float:
        return self.at


class Attempt:
    """Writes an attempt's files as its engine does; `records` are (size, ms), a mark or a size."""

    def __init__(self, folder: Path, now: float = 2_000_000_000.0) -> None:
        self.clock = Now(now)
        self.logs = LogFiles(folder, self.clock, inline=True)
        self.path = self.logs.attempt_path(TASK)

    def write(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)

    def record(self, ms: int, size: int | None = None) -> None:
        with times_path(self.path).open("ab") as file:
            file.write(struct.pack("<QQ", self.path.stat().st_size if size is None else size, ms))

    def age(self, seconds: float) -> None:
        """Make the file's last change that long ago."""
        os.utime(self.path, (self.clock.at - seconds, self.clock.at - seconds))

    def all(self) -> list[LogEvent]:
        return run(self.logs.forward(self.path, 0, 10_000)).events


def run(page: object) -> LogPage:
    return asyncio.run(page)  # type: ignore[arg-type]


def messages(events: list[LogEvent]) -> list[str]:
    return [event.message for event in events]


def by_pages(attempt: Attempt, limits: list[int], *, backward: bool, **times: int) -> list[LogEvent]:
    """All events by pages of these limits, in turn."""
    events: list[LogEvent] = []
    position: int | None = None if backward else 0
    for limit in itertools.cycle(limits):
        if backward:
            page = run(attempt.logs.backward(attempt.path, position, limit, **times))
            events[:0] = page.events
            following = page.start
        else:
            page = run(attempt.logs.forward(attempt.path, position or 0, limit, **times))
            events += page.events
            following = page.end
        assert len(page.events) <= limit
        if following == position:
            return events
        position = following
    raise AssertionError


def plain(text: str) -> str:
    """What is left of a text wherever it is cut."""
    return "".join(char for char in text if char < "\x80" and char not in "\r\n")


TEXT = st.lists(
    st.one_of(
        st.sampled_from([b"", b"\n", b"\r\n", b"\r", b"a", b"word ", "naïve €".encode(), b"\x00\xff\xfe", b"\xe2\x82"]),
        st.binary(max_size=8),
        st.builds(lambda n, c: c * n, st.integers(1, 40), st.sampled_from([b"x", b"\xe2\x82\xac", b"\n"])),
    ),
    max_size=30,
)
LIMITS = st.lists(st.integers(1, 7), min_size=1, max_size=4)


@pytest.fixture(autouse=True, scope="module")
def small_blocks():
    """Cuts and block edges come often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK", 16)
        yield


@given(TEXT, st.lists(st.sampled_from([1, 50, 999, 1000, 5000]), min_size=30, max_size=30), LIMITS, st.data())
@settings(max_examples=300, deadline=None)
def test_pages_give_what_one_read_gives(parts: list[bytes], gaps: list[int], limits: list[int], data: st.DataObject):
    with tempfile.TemporaryDirectory() as folder:
        attempt = Attempt(Path(folder))
        ms, recorded = 1_000_000, 0
        attempt.write(b"")
        for part, gap in zip(parts, gaps, strict=False):
            attempt.write(part)
            ms += gap
            if part and data.draw(st.booleans()):
                attempt.record(ms)
                recorded = attempt.path.stat().st_size
        if attempt.path.stat().st_size > recorded:
            attempt.record(ms + 7)
        if attempt.path.stat().st_size and data.draw(st.booleans()):
            attempt.record(ms + 7, LIMIT)
        attempt.record(ms + 7, ENDED)
        whole = attempt.all()
        assert by_pages(attempt, limits, backward=False) == whole
        assert by_pages(attempt, limits, backward=True) == whole
        start, end = sorted(data.draw(st.tuples(st.integers(0, 20_000), st.integers(0, 20_000))))
        times = {"start_ms": 1_000_000 + start, "end_ms": 1_000_000 + end}
        wanted = [event for event in whole if times["start_ms"] <= event.timestamp_ms < times["end_ms"]]
        assert by_pages(attempt, limits, backward=False, **times) == wanted
        assert by_pages(attempt, limits, backward=True, **times) == wanted
        assert [event.timestamp_ms for event in whole] == sorted(event.timestamp_ms for event in whole)
        shown = "".join(event.message for event in whole if not event.message.startswith("[batchyard]"))
        assert plain(shown) == plain(b"".join(parts).decode(errors="replace"))


@given(TEXT, st.data())
@settings(max_examples=300, deadline=None)
def test_following_loses_and_repeats_nothing(parts: list[bytes], data: st.DataObject) -> None:
    """12.33: the same token again later gives what is new; a reader from the start sees the same events."""
    with tempfile.TemporaryDirectory() as folder:
        attempt = Attempt(Path(folder), now=1000.0)
        attempt.write(b"")
        attempt.age(0)
        seen: list[LogEvent] = []
        position = size = 0
        for part in parts:
            gap = data.draw(st.sampled_from([0.01, 0.1, 0.5, 1.0, 1.04, 3.0, 20.0]))
            if gap > 0.01 and attempt.path.stat().st_size > size:  # records come soon after the file grew
                size = attempt.path.stat().st_size
                attempt.clock.at += 0.02
                attempt.record(round(attempt.clock.at * 1000))
            attempt.clock.at += gap
            for _ in range(data.draw(st.integers(0, 2))):
                page = run(attempt.logs.forward(attempt.path, position, data.draw(st.integers(1, 5))))
                seen += page.events
                position = page.end
            attempt.write(part)
            attempt.age(0)
        if attempt.path.stat().st_size > size:
            attempt.record(round(attempt.clock.at * 1000))
        attempt.record(round(attempt.clock.at * 1000), ENDED)
        while (page := run(attempt.logs.forward(attempt.path, position, 3))).end != position:
            seen += page.events
            position = page.end
        assert seen == attempt.all()
        assert by_pages(attempt, [2], backward=True) == seen
