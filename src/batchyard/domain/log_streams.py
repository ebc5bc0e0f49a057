"""Log groups and their streams: what the catalogue keeps of them, and how they may be named (BEHAVIOUR 12.1, 12.21)."""

from __future__ import annotations

import msgspec

from batchyard.domain.logs import DEFAULT_GROUP

ATTEMPT, WRITTEN = 0, 1
"""Kinds of streams: an attempt's output, and what clients put."""


class LogGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group. `created_at` in UTC seconds; events older than `retention_days` go, None keeps them (12.08)."""

    name: str
    created_at: float = 0.0
    retention_days: int | None = None


class LogStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream. `file_id` names its file: an attempt's task id, or the id that a written stream was given."""

    pk: int
    group: str
    name: str
    file_id: str
    kind: int
    created_at: float


def is_built_in(name: str) -> bool:
    """Whether this group always exists (12.03)."""
    return name == DEFAULT_GROUP
