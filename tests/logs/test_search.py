"""Searching many streams in pages gives what sorting all their events gives (BEHAVIOUR 12.40, 12.41)."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchyard.domain.log_streams import ATTEMPT, WRITTEN, LogStream
from batchyard.logs import merge
from batchyard.logs.base import LogEvent, Search
from batchyard.logs.files import LogFiles
from batchyard.logs.times import times_path


class Now:
    """A clock long after all that is written."""

    def now(self) -> float:
        return 9_000_000_000.0


def a_stream(pk: int, kind: int) -> LogStream:
    return LogStream(pk=pk, group="g", name=f"s{pk}", file_id=f"{pk:032x}", kind=kind, created_at=0.0)


STEPS = st.lists(st.integers(-2, 3), max_size=8)


@given(st.lists(st.tuples(st.sampled_from([ATTEMPT, WRITTEN]), STEPS), max_size=6), st.data())
@settings(max_examples=200, deadline=None)
async def test_pages_of_a_search(
    tmp_path_factory: pytest.TempPathFactory, plans: list[tuple[int, list[int]]], data: st.DataObject
) -> None:
    logs = LogFiles(tmp_path_factory.mktemp("logs"), Now(), inline=True)
    streams: list[LogStream] = []
    every: list[tuple[int, int, LogEvent]] = []
    for pk, (kind, steps) in enumerate(plans, 1):
        stream, at = a_stream(pk, kind), 1000
        streams.append(stream)
        path = logs.path(stream)
        path.touch()
        for number, step in enumerate(steps):
            at += step if kind == WRITTEN else abs(step)
            if kind == WRITTEN:
                await logs.append(path, [(at, f"{pk}.{number}")])
            else:
                with path.open("ab") as file, times_path(path).open("ab") as times:
                    file.write(f"{pk}.{number}\n".encode())
                    times.write(struct.pack("<QQ", file.tell(), at))
        key = 0
        for event in (await logs.forward(path, 0, 10_000)).events:
            key = max(key, event.timestamp_ms)  # a late event comes behind what was there before it
            every.append((key, pk, event))
    start, end = sorted(data.draw(st.tuples(st.integers(990, 1020), st.integers(990, 1020))))
    every.sort(key=lambda found: (found[0], found[1], found[2].position))
    wanted = [f"{pk}:{event.message}" for _, pk, event in every if start <= event.timestamp_ms < end]
    descending = data.draw(st.booleans())
    found: list[str] = []
    mark = None
    while True:
        query = Search(start_ms=start, end_ms=end, limit=data.draw(st.integers(1, 4)), mark=mark, descending=descending)
        page = await logs.search(streams, query)
        found += [f"{stream.pk}:{event.message}" for stream, event in page.events]
        mark = page.mark
        if mark is None:
            break
    assert found == (wanted[::-1] if descending else wanted)


async def test_more_streams_than_are_kept_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "_OPEN", 3)
    logs = LogFiles(tmp_path, Now())
    streams = [a_stream(pk, WRITTEN) for pk in range(10)]
    for stream in streams:
        await logs.append(logs.path(stream), [(100 * turn + stream.pk, f"{turn}.{stream.pk}") for turn in range(5)])
    found = await logs.search(streams, Search())
    assert [event.message for _, event in found.events] == [f"{turn}.{pk}" for turn in range(5) for pk in range(10)]
    assert found.mark is None


async def test_a_search_that_finds_little_pauses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """12.41: an empty page with a mark is normal: no request looks through everything."""
    monkeypatch.setattr(merge, "_SCAN_BYTES", 1000)
    logs = LogFiles(tmp_path, Now())
    stream = a_stream(1, WRITTEN)
    await logs.append(logs.path(stream), [(n, f"line {n}") for n in range(200)])
    query, pages, found = Search(pattern='"line 199"'), 0, []
    while True:
        page = await logs.search([stream], query)
        pages, found = pages + 1, found + [event.message for _, event in page.events]
        if page.mark is None:
            break
        query = Search(pattern='"line 199"', mark=page.mark)
    assert found == ["line 199"] and pages > 5


async def test_a_torn_line_of_a_written_stream_is_left_out(tmp_path: Path) -> None:
    logs = LogFiles(tmp_path, Now())
    path = logs.path(a_stream(1, WRITTEN))
    await logs.append(path, [(1, "one")])
    with path.open("ab") as file:
        file.write(b'{"t":2,"m":"to')  # a crash in the middle
    assert [event.message for event in (await logs.forward(path, 0, 10)).events] == ["one"]
    await logs.append(path, [(3, "three")])
    assert [event.message for event in (await logs.backward(path, None, 10)).events] == ["one", "three"]


async def test_a_written_stream_is_searched_by_time_without_reading_it(tmp_path: Path) -> None:
    logs = LogFiles(tmp_path, Now())
    path = logs.path(a_stream(1, WRITTEN))
    for batch in range(20):
        await logs.append(path, [(batch * 1000 + n, "x" * 90) for n in range(1000)])
    with logs.open(path) as reader:
        assert reader.size > 1_000_000
        for ms in (0, 1, 777, 10_500, 19_999):
            assert next(reader.forward(reader.seek(ms))).event.timestamp_ms == ms
        assert reader.seek(20_000) == reader.size
