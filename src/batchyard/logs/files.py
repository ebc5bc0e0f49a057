"""The log store: a folder of files, read in threads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec

from batchyard.domain.log_streams import WRITTEN, LogStream
from batchyard.kit.clock import Clock, ms
from batchyard.logs import merge, patterns
from batchyard.logs.base import MAX_BYTES, Found, LogEvent, LogPage, Search
from batchyard.logs.readers import AttemptReader, Line, WrittenReader, cost
from batchyard.logs.times import times_path

_SCAN_BYTES = 64 << 20
"""Bytes looked through for one page."""

P = ParamSpec("P")
T = TypeVar("T")


class LogFiles:
    """Attempts' logs below `folder`/attempts, written streams below `folder`/written, by the first digits of their id.

    `inline=True` does all on the caller's thread: on virtual time there are no others.
    """

    def __init__(self, folder: Path, clock: Clock, *, inline: bool = False) -> None:
        self._attempts, self._written = folder / "attempts", folder / "written"
        self._clock = clock
        self._inline = inline
        self._made: dict[tuple[Path, str], Path] = {}
        self._appending = threading.Lock()

    def attempt_path(self, task_id: str) -> Path:
        """The file for an attempt's output; its directory exists afterwards."""
        return self._place(self._attempts, task_id)

    def path(self, stream: LogStream) -> Path:
        """The file of a stream of either kind; its directory exists afterwards."""
        return self._place(self._written if stream.kind == WRITTEN else self._attempts, stream.file_id)

    def matcher(self, pattern: str) -> Callable[[str], bool]:
        """What tells whether a message matches a filter pattern (12.42). Raises Invalid."""
        return patterns.compile_pattern(pattern)

    async def forward(
        self, path: Path, position: int, limit: int, start_ms: int | None = None, end_ms: int | None = None
    ) -> LogPage:
        """Events from `position` on with start_ms <= timestamp < end_ms."""
        return await self._run(self._forward, path, position, limit, start_ms, end_ms)

    async def backward(
        self, path: Path, position: int | None, limit: int, start_ms: int | None = None, end_ms: int | None = None
    ) -> LogPage:
        """The last events before `position` (None: the end), still in ascending order."""
        return await self._run(self._backward, path, position, limit, start_ms, end_ms)

    async def search(self, streams: Sequence[LogStream], search: Search) -> Found:
        """Events of many streams in order of time; a page may be partly full or empty and still have a mark."""
        return await self._run(merge.search, lambda stream: self.open(self.path(stream)), streams, search)

    async def append(self, path: Path, events: Sequence[tuple[int, str]]) -> None:
        """Add (timestamp_ms, message) pairs to a written stream."""
        await self._run(self._append, path, events)

    async def delete(self, paths: Sequence[Path]) -> None:
        """Remove streams' files; missing ones are no fault."""
        await self._run(_delete, paths)

    async def spans(self, paths: Sequence[Path]) -> list[tuple[int | None, int | None]]:
        """For each stream the timestamps in ms of the first and last event, None where there is none."""
        return await self._run(lambda: [self._span(path) for path in paths])

    async def modified(self, paths: Sequence[Path]) -> list[int | None]:
        """For each stream the time in ms of its file's last change, None where there is no file."""
        return await self._run(lambda: [_modified(path) for path in paths])

    def open(self, path: Path) -> AttemptReader | WrittenReader:
        """A reader of the stream as it is now. Raises FileNotFoundError."""
        if path.is_relative_to(self._written):
            return WrittenReader(path)
        return AttemptReader(path, ms(self._clock.now()))

    async def _run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return fn(*args, **kwargs) if self._inline else await asyncio.to_thread(fn, *args, **kwargs)

    def _place(self, folder: Path, file_id: str) -> Path:
        place = (folder, file_id[:2])
        made = self._made.get(place)
        if made is None:
            made = self._made[place] = folder / place[1]
            made.mkdir(parents=True, exist_ok=True, mode=0o700)
        return made / f"{file_id}.log"

    def _forward(self, path: Path, position: int, limit: int, start_ms: int | None, end_ms: int | None) -> LogPage:
        events: list[LogEvent] = []
        size, end = 0, position
        with contextlib.suppress(FileNotFoundError), self.open(path) as reader:
            begin = position if start_ms is None else max(position, reader.seek(start_ms))
            for entry in reader.forward(begin):
                stamp = entry.event.timestamp_ms
                if end_ms is not None and stamp >= end_ms and reader.sorted:
                    break
                if (start_ms is None or stamp >= start_ms) and (end_ms is None or stamp < end_ms):
                    size += cost(entry)
                    if events and (size > MAX_BYTES or len(events) >= limit):
                        break
                    events.append(entry.event)
                end = entry.end
                if end - begin >= _SCAN_BYTES:
                    break
        return LogPage(events, events[0].position if events else position, end)

    def _backward(
        self, path: Path, position: int | None, limit: int, start_ms: int | None, end_ms: int | None
    ) -> LogPage:
        events: list[LogEvent] = []
        size, start, end = 0, position, position
        with contextlib.suppress(FileNotFoundError), self.open(path) as reader:
            begin = reader.size if position is None else min(position, reader.size)
            if end_ms is not None and reader.sorted:
                begin = min(begin, reader.seek(end_ms))
            for entry in reader.backward(begin):
                if end is None:
                    start = end = entry.end
                if start_ms is not None and entry.key_ms < start_ms:
                    break
                if (start_ms or 0) <= entry.event.timestamp_ms and (
                    end_ms is None or entry.event.timestamp_ms < end_ms
                ):
                    size += cost(entry)
                    if events and (size > MAX_BYTES or len(events) >= limit):
                        break
                    events.append(entry.event)
                start = entry.event.position
                if begin - start >= _SCAN_BYTES:
                    break
        events.reverse()
        return LogPage(events, start or 0, end or 0)

    def _append(self, path: Path, events: Sequence[tuple[int, str]]) -> None:
        with self._appending, path.open("ab+") as file:
            key = 0
            with WrittenReader(path) as reader:
                last = next(reader.backward(reader.size), None)
                key = last.key_ms if last is not None else 0
            data = bytearray()
            if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                data += b"\n"  # a crash tore the last line
            for stamp, message in events:
                key = max(key, stamp)
                data += msgspec.json.encode(Line(t=stamp, m=message, k=key if key > stamp else 0)) + b"\n"
            file.write(data)

    def _span(self, path: Path) -> tuple[int | None, int | None]:
        with contextlib.suppress(FileNotFoundError), self.open(path) as reader:
            first, last = next(reader.forward(0), None), next(reader.backward(reader.size), None)
            if first is not None and last is not None:
                return first.event.timestamp_ms, last.event.timestamp_ms
        return None, None


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
        times_path(path).unlink(missing_ok=True)


def _modified(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns // 1_000_000
    except FileNotFoundError:
        return None
