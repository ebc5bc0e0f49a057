"""A job with its history: what DescribeJobs shows, every event with its time, and what each attempt used."""

from __future__ import annotations

import msgspec

from batchyard.api.batch import JobDetail
from batchyard.domain import categories
from batchyard.domain.arns import JobId
from batchyard.domain.errors import NotFound
from batchyard.domain.job_details import Facts, describe
from batchyard.domain.jobs import Kind
from batchyard.domain.states import Status
from batchyard.handlers.base import Context
from batchyard.handlers.describe_jobs import find, gather, job_id
from batchyard.kit.clock import ms
from batchyard.store.base import Tx
from batchyard.store.feed import Change

_RUNS_NO_IMAGE = "The image's name is recorded and not used to run: the command runs as a process of this machine."
_NOT_PRIVILEGED = "privileged: true is accepted and without effect for processes (jobs.privileged in the settings)."


class UsedBy(msgspec.Struct, frozen=True, kw_only=True):
    """What one ended attempt used. Seconds, bytes; `wall_s` is 0 when it never ran."""

    attempt: int
    category: str
    wall_s: float
    cpu_s: float
    peak_memory_bytes: int


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the job; `at` is milliseconds."""

    at: int
    event: str
    status: str
    detail: str | None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `GET /_batchyard/jobs/{id}`."""

    job: JobDetail
    category: str | None
    timeline: list[Moment]
    usage: list[UsedBy]
    notes: list[str]


async def history(context: Context, text: str) -> History:
    """Everything that is kept of one job. Raises NotFound."""
    facts, changes = await context.store.read(lambda tx: facts_of(tx, context, text))
    return History(
        job=describe(facts, context.identity),
        category=category(facts),
        timeline=[
            Moment(at=ms(facts.job.created_at), event="SUBMITTED", status="SUBMITTED", detail=None),
            *(Moment(at=ms(c.at), event=c.event, status=c.status, detail=c.detail) for c in changes),
        ],
        usage=_usage(facts),
        notes=notes(facts),
    )


def facts_of(tx: Tx, context: Context, text: str) -> tuple[Facts, list[Change]]:
    """The facts and the events of one job by id or ARN. Raises NotFound."""
    parsed = job_id(text, context.identity) or JobId("")
    found = gather(tx, find(tx, [parsed]))
    if not found:
        raise NotFound(f"Job {text} does not exist.")
    return found[0], tx.feed.of_job(found[0].job.pk)


def category(facts: Facts) -> str | None:
    """What sort of ending the job had; None while it has none, and for an array's parent."""
    job = facts.job
    if not job.status.final or job.kind is Kind.ARRAY:
        return None
    if job.status is Status.SUCCEEDED:
        return "SUCCEEDED"
    if not facts.attempts:
        return categories.of_ending(job.status_reason, job.request)
    last = facts.attempts[-1]
    return categories.of_attempt(last.exit_code, last.reason, last.status_reason, job.request)


def _usage(facts: Facts) -> list[UsedBy]:
    final = facts.attempts[-1] if facts.attempts and facts.job.status.final else None
    used: list[UsedBy] = []
    for each in facts.attempts:
        request = facts.job.request if each is final else type(facts.job.request).NONE
        used.append(
            UsedBy(
                attempt=each.number,
                category=categories.of_attempt(each.exit_code, each.reason, each.status_reason, request),
                wall_s=round(each.stopped_at - each.started_at, 3) if each.started_at is not None else 0.0,
                cpu_s=round(each.cpu_s, 3),
                peak_memory_bytes=each.peak_memory_bytes,
            )
        )
    return used


def notes(facts: Facts) -> list[str]:
    """What of the definition is without effect here."""
    container = facts.spec.main
    if container is None:
        return []
    return [_RUNS_NO_IMAGE, *([_NOT_PRIVILEGED] if container.privileged else [])]
