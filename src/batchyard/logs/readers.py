"""Reading one stream's file, forward or backward from a position: an attempt's output, or a written stream.

Both yield `Entry`s. A position is where an event begins or ends; every reader that starts from a position that an
earlier one gave finds the same events, also while the file grows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import msgspec

from batchyard.logs import lines
from batchyard.logs.base import EVENT_BYTES, QUIET_MS, LogEvent
from batchyard.logs.times import Times

_SLACK_MS = 50
"""A pause is shown a little later than it counts as one, so that what was shown as a line stays one."""
_GONE_MS = 10_000
"""After that long without a record, whoever kept the records is taken to be gone."""


class Entry(NamedTuple):
    """An event, the position behind it, and the time that orders it (that of a late event is its predecessor's)."""

    key_ms: int
    event: LogEvent
    end: int


def cost(entry: Entry) -> int:
    """Bytes that the event counts in a page (12.31)."""
    return entry.end - entry.event.position + EVENT_BYTES


class Reader(Protocol):
    """An open stream, seen as it is now. `size` is the position behind all of it."""

    size: int
    sorted: bool
    """Whether an event's own time is the one that orders it."""

    def forward(self, position: int) -> Iterator[Entry]:
        """Events from `position` on."""
        ...

    def backward(self, position: int) -> Iterator[Entry]:
        """Events that end at or before `position`, the last one first."""
        ...

    def seek(self, ms: int) -> int:
        """The position of the first event whose key is at least `ms`, the end if there is none."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class _File:
    """An open file, as a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        status = os.fstat(self._file)
        self._bytes, self._modified_ms = status.st_size, status.st_mtime_ns // 1_000_000

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


class AttemptReader(_File):
    """An attempt's output. A line's time is that of the first record that covers all of it.

    What no record covers yet is not seen, unless none came for a while (who kept them is gone). A last line
    without newline is held back until the attempt ended or was quiet for `QUIET_MS`; what follows such a pause, which
    the records show, is a line of its own for every reader, so nobody sees half a line twice.
    """

    sorted = True

    def __init__(self, path: Path, now_ms: int) -> None:
        self._times = Times(path)  # before the file: what the records say is then in it
        try:
            super().__init__(path)
        except BaseException:
            self._times.close()
            raise
        ended, limited = self._times.ended, self._times.limited_ms is not None
        covered, covered_ms = self._times.last or (0, self._modified_ms)
        still = now_ms - max(self._modified_ms, covered_ms) >= _GONE_MS
        if limited or not (ended or still):
            self._bytes = min(self._bytes, covered)
        self._tail_ms = self._modified_ms if self._bytes > covered else covered_ms
        self._complete = ended or limited or now_ms - self._tail_ms >= QUIET_MS + _SLACK_MS
        self.size = self._bytes + limited

    def __exit__(self, *_: object) -> None:
        self._times.close()
        super().__exit__()

    def forward(self, position: int) -> Iterator[Entry]:
        """Events from `position` on."""
        index = self._times.beyond(position)
        covers, ms = self._record(index)
        for start, end, text in lines.forward(self._file, position, self._bytes):
            while end > covers:
                index += 1
                until, since_ms = covers, ms
                covers, ms = self._record(index)
                if start < until and ms - since_ms >= QUIET_MS:
                    if self._shows(start, text[: until - start]):
                        yield _line(start, until, text[: until - start], since_ms)
                    start, text = until, text[until - start :]
            if self._is_held(start, end, text):
                return
            if self._shows(start, text):
                yield _line(start, end, text, ms)
        if self._times.limited_ms is not None and position <= self._bytes:
            yield self._notice(self._times.limited_ms)

    def backward(self, position: int) -> Iterator[Entry]:
        """Events that end at or before `position`, the last one first."""
        if self._times.limited_ms is not None and position > self._bytes:
            yield self._notice(self._times.limited_ms)
        position = min(position, self._bytes)
        index = self._times.covering(position)
        later_ms = current_ms = self._record(index)[1]
        index = min(index, len(self._times) - 1)
        for start, until, content in lines.backward(self._file, position):
            end, text, ms = until, content, current_ms
            held = self._is_held(start, end, text)
            while index >= 0 and self._times[index][0] > start:
                covers, covers_ms = self._times[index]
                if covers >= end:
                    ms = covers_ms
                elif later_ms - covers_ms >= QUIET_MS:
                    if not held and self._shows(covers, text[covers - start :]):
                        yield _line(covers, end, text[covers - start :], ms)
                    end, text, ms, held = covers, text[: covers - start], covers_ms, False
                later_ms = current_ms = covers_ms
                index -= 1
            if not held and self._shows(start, text):
                yield _line(start, end, text, ms)

    def seek(self, ms: int) -> int:
        """The position of the first event whose key is at least `ms`."""
        index = self._times.at(ms)
        if index == len(self._times) and self._tail_ms < ms:
            limited_ms = self._times.limited_ms
            return self.size if limited_ms is not None and limited_ms < ms else self._bytes
        if index == 0:
            return 0
        position, before_ms = self._times[index - 1]
        if self._record(index)[1] - before_ms >= QUIET_MS or lines.is_edge(self._file, position):
            return position
        last = next(self.backward(position), None)
        return last.event.position if last is not None and last.end == position else position

    def _record(self, index: int) -> tuple[int, int]:
        """(size, ms) of a record; behind the last one, of what no record covers."""
        return self._times[index] if index < len(self._times) else (1 << 62, self._tail_ms)

    def _is_held(self, start: int, end: int, text: bytes) -> bool:
        """Whether this is a last line that may go on."""
        return not self._complete and end == self._bytes and len(text) == end - start

    def _shows(self, start: int, text: bytes) -> bool:
        """Whether there is something to show: an empty line is an event, an empty rest of a line is none."""
        return text not in {b"", b"\r"} or start == 0 or os.pread(self._file, 1, start - 1) == b"\n"

    def _notice(self, ms: int) -> Entry:
        text = (
            f"[batchyard] The log reached the limit of {self._bytes} bytes per attempt (jobs.log_limit_bytes); "
            "later output was dropped."
        )
        return Entry(ms, LogEvent(ms, text, self._bytes), self._bytes + 1)


class Line(msgspec.Struct, omit_defaults=True):
    """One event of a written stream in its file, as a line of JSON: t(ime), m(essage), k(ey) when later than t."""

    t: int
    m: str
    k: int = 0


_decode = msgspec.json.Decoder(Line).decode


class WrittenReader(_File):
    """A written stream, in the order in which it was written. Lines that cannot be read are left out."""

    sorted = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.size = self._bytes

    def forward(self, position: int) -> Iterator[Entry]:
        """Events from `position` on."""
        for start, end, text in lines.forward(self._file, position, self._bytes, cut=False):
            entry = _written(start, end, text)
            if entry is not None:
                yield entry

    def backward(self, position: int) -> Iterator[Entry]:
        """Events that end at or before `position`, the last one first."""
        for start, end, text in lines.backward(self._file, min(position, self._bytes), cut=False):
            entry = _written(start, end, text)
            if entry is not None:
                yield entry

    def seek(self, ms: int) -> int:
        """The position of the first event whose key is at least `ms`."""
        low, high = 0, self._bytes
        while high - low > lines.BLOCK:
            middle = (low + high) // 2
            entry = next(self.forward(middle), None)  # what is left of the line in the middle cannot be read
            if entry is not None and entry.key_ms < ms:
                low = entry.event.position
            else:
                high = middle
        return next((entry.event.position for entry in self.forward(low) if entry.key_ms >= ms), self._bytes)


def _line(start: int, end: int, text: bytes, ms: int) -> Entry:
    return Entry(ms, LogEvent(ms, text.removesuffix(b"\r").decode(errors="replace"), start), end)


def _written(start: int, end: int, text: bytes) -> Entry | None:
    if len(text) == end - start:
        return None  # being written, or torn by a crash
    try:
        line = _decode(text)
    except msgspec.DecodeError:
        return None
    return Entry(max(line.k, line.t), LogEvent(line.t, line.m, start), end)
