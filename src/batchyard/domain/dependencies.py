"""What a job waits for, and what the end of one job means to those that wait (BEHAVIOUR 3.6).

A plain dependency is kept per job. SEQUENTIAL and N_TO_N are kept once per array: which child waits for which follows
from the index, so a million children need no rows of their own.
"""

from __future__ import annotations

import enum

import msgspec

from batchyard.domain.states import Status

FAILED_REASON = "Dependent Job failed"


class Tie(enum.IntEnum):
    """How a job depends on another; the numbers are stored."""

    PLAIN = 0
    N_TO_N = 1
    SEQUENTIAL = 2


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    """`job_pk` waits for the job (uuid, part). For N_TO_N and SEQUENTIAL `job_pk` is an array parent."""

    pk: int = 0
    job_pk: int
    on_uuid: str
    on_part: int = -1
    tie: Tie = Tie.PLAIN


def partner(dependency: Dependency, index: int) -> int | None:
    """The index of the child of `dependency.on_uuid` that child `index` waits for; None when it waits for nothing."""
    if dependency.tie is Tie.N_TO_N:
        return index
    if dependency.tie is Tie.SEQUENTIAL and index > 0:
        return index - 1
    return None


def dependant(dependency: Dependency, ended_part: int) -> int | None:
    """The index of the dependant array's child that waited for child `ended_part`; None for a plain dependency."""
    if dependency.tie is Tie.N_TO_N:
        return ended_part if ended_part >= 0 else None
    if dependency.tie is Tie.SEQUENTIAL:
        return ended_part + 1 if ended_part >= 0 else None
    return None


def child_state(partners: list[Status | None]) -> tuple[int, bool]:
    """For a new child whose partners are in these statuses (None: not made yet): (open dependencies, one failed)."""
    failed = any(status is Status.FAILED for status in partners)
    return sum(status is not Status.SUCCEEDED for status in partners), failed
