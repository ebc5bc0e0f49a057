"""CancelJob, TerminateJob and their bulk forms: requests are recorded, the loops carry them out (BEHAVIOUR 4.5)."""

from __future__ import annotations

from collections.abc import Sequence

from batchyard.api.batch import (
    CancelJobRequest,
    CancelJobResponse,
    CancelJobsErrorDetail,
    CancelJobsRequest,
    CancelJobsResponse,
    TerminateJobRequest,
    TerminateJobResponse,
    TerminateJobsErrorDetail,
    TerminateJobsRequest,
    TerminateJobsResponse,
)
from batchyard.domain.arns import JobId
from batchyard.domain.errors import Invalid
from batchyard.domain.jobs import Request
from batchyard.handlers.base import Context
from batchyard.handlers.describe_jobs import job_id
from batchyard.store.base import Tx

_MOST = 50
_REASON_CHARS = 1024


async def cancel_job(context: Context, request: CancelJobRequest) -> CancelJobResponse:
    """End a job that does not run yet; 200 also for one that runs, has ended or is unknown (4.41)."""
    await _ask(context, [request.jobId], Request.CANCEL, request.reason)
    return CancelJobResponse()


async def terminate_job(context: Context, request: TerminateJobRequest) -> TerminateJobResponse:
    """End a job in whatever state it is (4.41)."""
    await _ask(context, [request.jobId], Request.TERMINATE, request.reason)
    return TerminateJobResponse()


async def cancel_jobs(context: Context, request: CancelJobsRequest) -> CancelJobsResponse:
    """CancelJob of up to 50 (4.46)."""
    good, bad = _sorted(request.jobs)
    await _ask(context, good, Request.CANCEL, request.reason)
    errors = [CancelJobsErrorDetail(job=job, code="ValidationException", message=_malformed(job)) for job in bad]
    return CancelJobsResponse(successful=good, errors=errors)


async def terminate_jobs(context: Context, request: TerminateJobsRequest) -> TerminateJobsResponse:
    """TerminateJob of up to 50 (4.46)."""
    good, bad = _sorted(request.jobs)
    await _ask(context, good, Request.TERMINATE, request.reason)
    errors = [TerminateJobsErrorDetail(job=job, code="ValidationException", message=_malformed(job)) for job in bad]
    return TerminateJobsResponse(successful=good, errors=errors)


def _sorted(jobs: Sequence[str]) -> tuple[list[str], list[str]]:
    if not 1 <= len(jobs) <= _MOST:
        raise Invalid(f"jobs must have 1 to {_MOST} ids, got {len(jobs)}.")
    good = [job for job in jobs if JobId.parse(job.rpartition("/")[2]) is not None]
    return good, [job for job in jobs if job not in good]


def _malformed(job: str) -> str:
    return f"{job} is not a job id: a lower-case UUID, with :index for an array's child."


async def _ask(context: Context, ids: Sequence[str], request: Request, reason: str) -> None:
    if len(reason) > _REASON_CHARS:
        raise Invalid(f"reason can have at most {_REASON_CHARS} characters, got {len(reason)}.")
    wanted = [parsed for text in ids if (parsed := job_id(text, context.identity)) is not None]

    def ask(tx: Tx) -> None:
        for each in wanted:
            job = tx.jobs.get(each)
            if job is None and each.part >= 0:
                _ask_early(tx, each, request, reason)
            if job is None or job.status.final or (request is Request.CANCEL and job.status.active):
                continue
            tx.jobs.ask([job.pk], request, reason)
            tx.wake("admission" if job.status.waiting else "execution")

    await context.store.write(ask)


def _ask_early(tx: Tx, child: JobId, request: Request, reason: str) -> None:
    """Record what is asked of a child that its array has not made yet (3.40): it is born ended."""
    parent = tx.jobs.get(JobId(child.uuid))
    array = None if parent is None else tx.jobs.arrays([parent.pk]).get(parent.pk)
    if parent is not None and array is not None and child.part < array.size and not parent.status.final:
        tx.jobs.ask_early(parent.pk, child.part, request, reason)
