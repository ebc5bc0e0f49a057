"""The contract of a log store: groups of streams of events, as CloudWatch Logs has them (BEHAVIOUR 12).

Two kinds of streams: an *attempt's*, a plain file that a process appends to while it runs, beside which a times file is
kept; and a *written* one, made by CreateLogStream and filled by PutLogEvents. Readers see no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec


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


class LogStore(Protocol):
    """Files of log events. All reading is bounded by `limit` events and one MiB, whatever the file's size."""

    def attempt_path(self, task_id: str) -> Path:
        """The file for an attempt's output; its directory exists afterwards."""
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

    async def append(self, path: Path, events: Sequence[tuple[int, str]]) -> None:
        """Add (timestamp_ms, message) pairs to a written stream."""
        ...

    async def delete(self, paths: Sequence[Path]) -> None:
        """Remove streams' files; missing ones are no fault."""
        ...

    async def span(self, path: Path) -> tuple[int | None, int | None]:
        """Timestamps in ms of the first and last event, None where there is none."""
        ...
