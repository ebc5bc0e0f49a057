"""The contract of a log store: groups of streams of events, as CloudWatch Logs has them (BEHAVIOUR 12).

Two kinds of streams, which readers cannot tell apart:

- An *attempt's*: a plain file that the job's processes append to. Beside it lies `<file>.times`: records of two
  little-endian u64, the file's size so far and the milliseconds since 1970, appended about every 0.1 s while the file
  grew: sizes grow from record to record, times never go back. Two sizes are marks. `LIMIT`: the log reached the limit
  per attempt, and what came later was dropped (the record before it has the size that counts). `ENDED`: nothing will be
  written any more (a last line without a newline is then complete).
  The engine that runs the attempt writes both files, `ENDED` before it tells anybody that the attempt ended.
- A *written* one, made by CreateLogStream and filled by `append`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from batchyard.domain.log_streams import LogStream

LIMIT = 2**63
"""Size in a times record that says: the log limit was reached at that time."""
ENDED = 2**64 - 1
"""Size in a times record that says: the attempt ended at that time."""
QUIET_MS = 1000
"""How long a log must be still before what stands behind its last newline is shown as a line."""

MAX_EVENTS = 10_000
"""Events of one page (12.31)."""
MAX_BYTES = 1 << 20
"""Bytes of one page, counting `EVENT_BYTES` for each event (12.31, 12.70)."""
EVENT_BYTES = 26
"""What an event counts besides its message."""


class LogEvent(msgspec.Struct, frozen=True):
    """One line. `position` is its byte offset in the stream's file: unique in the stream and stable."""

    timestamp_ms: int
    message: str
    position: int


class LogPage(msgspec.Struct, frozen=True):
    """Events in ascending order, and the positions before the first and behind the last of them."""

    events: list[LogEvent]
    start: int
    end: int


class Mark(msgspec.Struct, frozen=True):
    """Where a search goes on: the stream's number, the position in it, and the time that ordered it there."""

    key_ms: int
    pk: int
    position: int


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for: start_ms <= timestamp < end_ms, a pattern (12.42); from which mark, in which direction."""

    start_ms: int | None = None
    end_ms: int | None = None
    pattern: str = ""
    limit: int = MAX_EVENTS
    mark: Mark | None = None
    descending: bool = False


class Found(msgspec.Struct, frozen=True):
    """Events with their streams, in order of time, and the mark to go on from; None when all was searched."""

    events: list[tuple[LogStream, LogEvent]]
    mark: Mark | None


class LogStore(Protocol):
    """Files of log events. All reading is bounded by `limit` events and one MiB, whatever the file's size."""

    def attempt_path(self, task_id: str) -> Path:
        """The file for an attempt's output; its directory exists afterwards."""
        ...

    def path(self, stream: LogStream) -> Path:
        """The file of a stream of either kind; its directory exists afterwards."""
        ...

    def matcher(self, pattern: str) -> Callable[[str], bool]:
        """What tells whether a message matches a filter pattern (12.42). Raises Invalid."""
        ...

    async def forward(
        self, path: Path, position: int, limit: int, start_ms: int | None = None, end_ms: int | None = None
    ) -> LogPage:
        """Events from `position` on with start_ms <= timestamp < end_ms."""
        ...

    async def backward(
        self, path: Path, position: int | None, limit: int, start_ms: int | None = None, end_ms: int | None = None
    ) -> LogPage:
        """The last events before `position` (None: the end), still in ascending order."""
        ...

    async def search(self, streams: Sequence[LogStream], search: Search) -> Found:
        """Events of many streams in order of time; a page may be partly full or empty and still have a mark.

        Raises Invalid for a pattern that cannot be read.
        """
        ...

    async def append(self, path: Path, events: Sequence[tuple[int, str]]) -> None:
        """Add (timestamp_ms, message) pairs to a written stream."""
        ...

    async def delete(self, paths: Sequence[Path]) -> None:
        """Remove streams' files; missing ones are no fault."""
        ...

    async def spans(self, paths: Sequence[Path]) -> list[tuple[int | None, int | None]]:
        """For each stream the timestamps in ms of the first and last event, None where there is none."""
        ...

    async def modified(self, paths: Sequence[Path]) -> list[int | None]:
        """For each stream the time in ms of its file's last change, None where there is no file."""
        ...
