"""A job as the yard reasons about it. What it runs (its `Spec`) is stored once per submission and only passed on."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from batchyard.domain.arns import JobId
from batchyard.domain.states import Event, Status, after


class Kind(enum.IntEnum):
    """What sort of job a row is; the numbers are stored."""

    SINGLE = 0
    ARRAY = 1
    CHILD = 2


class Request(enum.IntEnum):
    """What somebody asked of a job: recorded by handlers and by the deadlines loop, carried out by the loops."""

    NONE = 0
    CANCEL = 1
    TERMINATE = 2
    TIMEOUT = 3
    DELETE_QUEUE = 4


class Job(msgspec.Struct, frozen=True):
    """One row. Times are UTC seconds; `vcpus` is in thousandths, so that Fargate's quarters stay whole numbers.

    `rank` orders the dispatch of a queue: a retried job keeps its own and so stands before newer ones (5.04).
    `open` counts the dependencies not met yet. `placement` counts the hosts it was ever placed on and names the attempt
    to the engine; `tries` counts the attempts that ended (5.01): a lost placement adds to the first only.
    """

    uuid: str
    spec_pk: int
    queue_pk: int
    vcpus: int
    memory_mib: int
    created_at: float
    pk: int = 0
    part: int = -1
    kind: Kind = Kind.SINGLE
    parent_pk: int | None = None
    share: str | None = None
    priority: int = 0
    rank: int = 0
    gpus: int = 0
    # What changes:
    status: Status = Status.SUBMITTED
    status_reason: str | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    open: int = 0
    placement: int = 0
    tries: int = 0
    environment_pk: int | None = None
    host: str | None = None
    deadline: float | None = None
    exit_code: int | None = None
    reason: str | None = None
    request: Request = Request.NONE
    request_reason: str | None = None

    @property
    def id(self) -> str:
        """The id that the API shows: a child's is its parent's plus the index."""
        return str(JobId(self.uuid, ":", self.part))

    @property
    def key(self) -> str:
        """What the engine calls the present attempt, for ever: unique per placement."""
        return attempt_key(self.uuid, self.part, self.placement)

    def step(self, event: Event, at: float, **changes: Any) -> Step:
        """What `event` makes of this job. Raises InvalidTransition."""
        status = after(self.status, event)
        if status.final:
            changes.setdefault("stopped_at", at)
        return Step(self, event, msgspec.structs.replace(self, status=status, **changes), at)


class Step(msgspec.Struct, frozen=True):
    """One event of one job: the row before and after it. The only thing that the store accepts as a status change."""

    before: Job
    event: Event
    after: Job
    at: float


def attempt_key(uuid: str, part: int, placement: int) -> str:
    """`uuid.part.placement`; `x` stands for the part of a job that is nobody's child."""
    return f"{uuid}.{part if part >= 0 else 'x'}.{placement}"


def parse_attempt_key(key: str) -> tuple[str, int, int] | None:
    """`attempt_key` read back; None when it is something else."""
    parts = key.split(".")
    if len(parts) != 3 or not parts[2].isdigit() or not (parts[1] == "x" or parts[1].isdigit()):
        return None
    return parts[0], -1 if parts[1] == "x" else int(parts[1]), int(parts[2])


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One ended attempt (4.14), as it stays in the job's history. `number` counts from 1."""

    number: int
    placement: int
    environment_pk: int | None
    host: str | None
    started_at: float | None
    stopped_at: float
    exit_code: int | None
    reason: str | None
    status_reason: str
    peak_memory_bytes: int = 0
    cpu_s: float = 0.0
