"""An attempt's log as events: what a line is, when it was written, what becomes of the last one (BEHAVIOUR 12.01)."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from batchyard.logs.base import ENDED, LIMIT, LogEvent
from batchyard.logs.files import LogFiles
from batchyard.logs.times import times_path

START = 1_000_000


class Now:
    """A clock that a test sets."""

    at = START / 1000

    def now(self) -> float:
        return self.at


class Attempt:
    """Writes an attempt's files as its engine does."""

    def __init__(self, folder: Path) -> None:
        self.clock = Now()
        self.logs = LogFiles(folder, self.clock)
        self.path = self.logs.attempt_path("ab" * 16)

    def write(self, data: bytes, ms: int | None = None) -> None:
        """Append, and record it at `ms` after the start."""
        with self.path.open("ab") as file:
            file.write(data)
        os.utime(self.path, (self.clock.at, self.clock.at))
        if ms is not None:
            self.record(self.path.stat().st_size, ms)

    def record(self, size: int, ms: int) -> None:
        with times_path(self.path).open("ab") as times:
            times.write(struct.pack("<QQ", size, START + ms))

    async def events(self) -> list[LogEvent]:
        page = await self.logs.forward(self.path, 0, 10_000)
        assert (await self.logs.backward(self.path, None, 10_000)).events == page.events
        return page.events

    async def lines(self) -> list[str]:
        return [event.message for event in await self.events()]


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    return Attempt(tmp_path)


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a\nb\n", ["a", "b"]),
        (b"a\n\nb\n", ["a", "", "b"]),
        (b"no end", ["no end"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"10%\r20%\r\n", ["10%\r20%"]),
        (b"\x00\xff\n\x01", ["\x00\ufffd", "\x01"]),
        ("naïve €\n".encode(), ["naïve €"]),
    ],
)
async def test_lines_of_an_ended_attempt(attempt: Attempt, data: bytes, lines: list[str]) -> None:
    attempt.write(data, 1)
    attempt.record(ENDED, 2)
    assert await attempt.lines() == lines


async def test_a_line_was_written_when_a_record_first_covers_it(attempt: Attempt) -> None:
    attempt.write(b"one\ntwo\nthr", 100)
    attempt.write(b"ee\n", 200)
    attempt.write(b"four\n", 900)
    events = [(event.timestamp_ms - START, event.message, event.position) for event in await attempt.events()]
    assert events == [(100, "one", 0), (100, "two", 4), (200, "three", 8), (900, "four", 14)]


async def test_what_no_record_covers_waits_for_one(attempt: Attempt) -> None:
    attempt.write(b"seen\n", 100)
    attempt.write(b"not yet\n")
    assert await attempt.lines() == ["seen"]
    attempt.clock.at += 11  # whoever kept the records is gone
    assert await attempt.lines() == ["seen", "not yet"]


async def test_the_beginning_of_a_line_is_held_back_until_it_is_quiet(attempt: Attempt) -> None:
    attempt.write(b"a prompt: ", 0)
    assert await attempt.lines() == []
    attempt.clock.at += 1.2
    page = await attempt.logs.forward(attempt.path, 0, 10)
    assert [event.message for event in page.events] == ["a prompt: "]
    attempt.write(b"answer\n", 1300)
    more = await attempt.logs.forward(attempt.path, page.end, 10)
    assert [event.message for event in more.events] == ["answer"]
    assert await attempt.lines() == ["a prompt: ", "answer"]  # for who comes later, too


async def test_a_newline_after_a_pause_is_no_empty_line(attempt: Attempt) -> None:
    attempt.write(b"slow", 0)
    attempt.write(b"\nnext\n", 5000)
    assert await attempt.lines() == ["slow", "next"]


async def test_a_log_that_reached_its_limit_says_so_last(attempt: Attempt) -> None:
    attempt.write(b"one\ntwo", 100)
    attempt.record(LIMIT, 100)
    attempt.write(b" dropped\n")  # not cut off yet
    events = await attempt.events()
    notice = "The log reached the limit of 7 bytes per attempt (jobs.log_limit_bytes); later output was dropped."
    assert [event.message for event in events] == ["one", "two", f"[batchyard] {notice}"]
    assert (events[-1].position, events[-1].timestamp_ms) == (7, START + 100)
    end = (await attempt.logs.backward(attempt.path, None, 1)).end
    assert await attempt.logs.forward(attempt.path, end, 10) == await attempt.logs.forward(attempt.path, end, 10)
    assert (await attempt.logs.forward(attempt.path, end, 10)).end == end


async def test_a_line_without_end_is_cut(attempt: Attempt) -> None:
    attempt.write(b"short\n" + b"x" * 1_000_000 + b"\nshort\n", 1)
    events = await attempt.events()
    assert "".join(event.message for event in events[1:-1]) == "x" * 1_000_000
    assert max(len(event.message) for event in events) <= 256 * 1024


async def test_lines_up_to_128_kib_are_whole(attempt: Attempt) -> None:
    attempt.write(b"\n".join(bytes([65 + n]) * (128 * 1024 - 1 - n) for n in range(20)) + b"\n", 1)
    lengths: list[int] = []
    page = await attempt.logs.forward(attempt.path, 0, 10_000)
    while page.events:
        lengths += [len(event.message) for event in page.events]
        page = await attempt.logs.forward(attempt.path, page.end, 10_000)
    assert lengths == [128 * 1024 - 1 - n for n in range(20)]


async def test_a_page_holds_a_mebibyte(attempt: Attempt) -> None:
    attempt.write((b"x" * 973 + b"\n") * 3000, 1)  # 1,000 bytes each with the 26 that an event counts (12.31)
    assert len((await attempt.logs.forward(attempt.path, 0, 10_000)).events) == 1048
    assert len((await attempt.logs.backward(attempt.path, None, 10_000)).events) == 1048


async def test_spans(attempt: Attempt) -> None:
    attempt.write(b"a\n", 10)
    attempt.write(b"b\n", 20)
    missing = attempt.logs.attempt_path("cd" * 16)
    assert await attempt.logs.spans([attempt.path, missing]) == [(START + 10, START + 20), (None, None)]
    assert (await attempt.logs.modified([missing])) == [None]


async def test_deleting_removes_both_files_and_may_be_repeated(attempt: Attempt) -> None:
    attempt.write(b"a\n", 10)
    for _ in range(2):
        await attempt.logs.delete([attempt.path])
        assert list(attempt.path.parent.iterdir()) == []
    assert await attempt.lines() == []
