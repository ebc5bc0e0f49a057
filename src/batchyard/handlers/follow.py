"""A job's log as it grows, attempt after attempt, until the job is final."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.jobs import Job, Kind, attempt_key
from batchyard.handlers.base import Context
from batchyard.handlers.describe_jobs import find, job_id
from batchyard.kit.digests import digest

_PAGE = 1000
_LOOK_S = 0.2


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an attempt's output. `timestamp` is milliseconds; `placement` tells attempts apart."""

    timestamp: int
    message: str
    placement: int


class End(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing more will come."""

    status: str
    statusReason: str | None  # noqa: N815 - the API's spelling
    exitCode: int | None  # noqa: N815


async def job_of(context: Context, text: str) -> Job:
    """The job whose log is wanted. Raises NotFound, and Invalid for one that has no log of its own."""
    parsed = job_id(text, context.identity)
    found = [] if parsed is None else await context.store.read(lambda tx: find(tx, [parsed]))
    if not found:
        raise NotFound(f"Job {text} does not exist.")
    if found[0].kind is Kind.ARRAY:
        raise Invalid(f"Job {text} is an array, which has no log of its own: add the index of a child, {text}:0.")
    return found[0]


async def follow(context: Context, text: str, *, to_the_end: bool, all_attempts: bool) -> AsyncGenerator[Line | End]:
    """Lines in order; without `to_the_end` those that are there now. Ends with an End."""
    job = await job_of(context, text)
    placement, position = (1 if all_attempts else max(1, job.placement)), 0
    while True:
        job = await job_of(context, text)
        path = context.logs.attempt_path(digest(attempt_key(job.uuid, job.part, placement)))
        page = await context.logs.forward(path, position, _PAGE)
        position = page.end
        for event in page.events:
            yield Line(timestamp=event.timestamp_ms, message=event.message, placement=placement)
        if page.events:
            continue
        if placement < job.placement:
            placement, position = placement + 1, 0
        elif job.status.final or not to_the_end:
            yield End(status=job.status.name, statusReason=job.status_reason, exitCode=job.exit_code)
            return
        else:
            await asyncio.sleep(_LOOK_S)
