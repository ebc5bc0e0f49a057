"""All that the scheduler may ask for."""

from __future__ import annotations

import msgspec

from batchyard.domain.jobs import Job


class Placement(msgspec.Struct, frozen=True):
    """This job on this host, for this environment."""

    job: Job
    environment_pk: int
    host: str


class Hold(msgspec.Struct, frozen=True):
    """Looked at and not now. `code` is AWS's text for a job that is blocked (8.40), None while it merely waits (8.42).

    `why` says what lacks, with numbers.
    """

    job: Job
    code: str | None
    why: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn decided: what starts where, and why the first of each queue that does not start waits."""

    places: tuple[Placement, ...] = ()
    holds: tuple[Hold, ...] = ()
