"""What an observation of an attempt means for its job: started, succeeded, retried or failed (BEHAVIOUR 4.03, 5)."""

from __future__ import annotations

import msgspec

from batchyard.domain.jobs import Attempt, Job, Request, Step
from batchyard.domain.retries import Verdict, decide
from batchyard.domain.states import Event, Status
from batchyard.domain.submissions import Spec

ENDED = "Essential container in task exited"
NOT_STARTED = "Task failed to start"
TIMED_OUT = "Job attempt duration exceeded timeout"
_REASON_CHARS = 255
_STOPS = {Request.TERMINATE, Request.TIMEOUT, Request.DELETE_QUEUE}
"""Requests that stop what runs; a cancel does not (4.41)."""


def host_lost(host: str | None) -> str:
    """The statusReason of an attempt whose host went (5.20)."""
    return f"Host EC2 (instance {host}) terminated."


def started(job: Job, started_at: float, now: float, spec: Spec) -> Step:
    """The attempt runs; its time limit counts from here (5.30)."""
    limit = spec.timeout.attemptDurationSeconds if spec.timeout is not None else None
    deadline = None if limit is None else started_at + limit
    return job.step(
        Event.STARTED, now, started_at=started_at, deadline=deadline, exit_code=None, reason=None, status_reason=None
    )


def ended(
    job: Job,
    spec: Spec,
    now: float,
    *,
    stopped_at: float,
    exit_code: int | None,
    reason: str | None,
    peak_memory_bytes: int = 0,
    cpu_s: float = 0.0,
) -> tuple[Step, Attempt]:
    """The attempt ended by itself, was stopped, or (no exit code) could not be started."""
    why = _why(job, ENDED if exit_code is not None else NOT_STARTED)
    good = exit_code == 0 and job.request not in _STOPS  # 5.33
    attempt = _attempt(job, stopped_at, why, exit_code=exit_code, reason=reason and reason[:_REASON_CHARS])
    attempt = msgspec.structs.replace(attempt, peak_memory_bytes=peak_memory_bytes, cpu_s=cpu_s)
    return _after(job, spec, now, attempt, good=good), attempt


def lost(job: Job, spec: Spec, now: float) -> tuple[Step, Attempt | None]:
    """The host went: before the start that costs no attempt, later it is a failed one (5.20)."""
    if job.status is Status.STARTING and job.request is Request.NONE:
        return job.step(Event.PLACEMENT_LOST, now, status_reason=None), None
    attempt = _attempt(job, now, _why(job, host_lost(job.host)))
    return _after(job, spec, now, attempt, good=False), attempt


def _why(job: Job, otherwise: str) -> str:
    """The attempt's statusReason: of what stopped it, if somebody did."""
    return (job.request_reason or otherwise) if job.request in _STOPS else otherwise


def _attempt(
    job: Job, stopped_at: float, why: str, *, exit_code: int | None = None, reason: str | None = None
) -> Attempt:
    return Attempt(
        number=job.tries + 1,
        placement=job.placement,
        environment_pk=job.environment_pk,
        host=job.host,
        started_at=job.started_at if job.status is Status.RUNNING else None,  # 4.15
        stopped_at=stopped_at,
        exit_code=exit_code,
        reason=reason,
        status_reason=why,
    )


def _after(job: Job, spec: Spec, now: float, attempt: Attempt, *, good: bool) -> Step:
    if good:
        event = Event.SUCCEEDED
    elif job.request is not Request.NONE:  # 4.42, 5.03: what was asked to end is not tried again
        event = Event.FAILED
    else:
        verdict = decide(spec.retry, attempt.number, attempt.exit_code, attempt.reason, attempt.status_reason)
        event = Event.RETRIED if verdict is Verdict.RETRY else Event.FAILED
    return job.step(
        event,
        now,
        status_reason=attempt.status_reason,
        exit_code=attempt.exit_code,
        reason=attempt.reason,
        tries=attempt.number,
        deadline=None,
        stopped_at=None if event is Event.RETRIED else attempt.stopped_at,
    )
