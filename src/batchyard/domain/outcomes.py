"""What an observation of an attempt means for its job: started, succeeded, retried or failed (BEHAVIOUR 4.03, 5)."""

from __future__ import annotations

from batchyard.domain.jobs import Attempt, Job, Request, Step
from batchyard.domain.retries import Verdict, decide
from batchyard.domain.states import Event, Status
from batchyard.domain.submissions import Spec

ENDED = "Essential container in task exited"
NOT_STARTED = "Task failed to start"
TIMED_OUT = "Job attempt duration exceeded timeout"
_REASON_CHARS = 255


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
    why = ENDED if exit_code is not None else NOT_STARTED
    reason = reason and reason[:_REASON_CHARS]
    if job.request in {Request.TERMINATE, Request.DELETE_QUEUE, Request.TIMEOUT}:
        why = job.request_reason or why
    good = exit_code == 0 and why is ENDED
    step = _after(job, spec, now, good=good, stopped_at=stopped_at, why=why, exit_code=exit_code, reason=reason)
    attempt = Attempt(
        number=job.tries + 1,
        placement=job.placement,
        environment_pk=job.environment_pk,
        host=job.host,
        started_at=job.started_at if job.status is Status.RUNNING else None,
        stopped_at=stopped_at,
        exit_code=exit_code,
        reason=reason,
        status_reason=why,
        peak_memory_bytes=peak_memory_bytes,
        cpu_s=cpu_s,
    )
    return step, attempt


def lost(job: Job, spec: Spec, now: float) -> tuple[Step, Attempt | None]:
    """The host went: before the start that costs no attempt, later it is a failed one (5.20)."""
    why = host_lost(job.host)
    if job.status is Status.STARTING and job.request is Request.NONE:
        return job.step(Event.PLACEMENT_LOST, now, status_reason=None), None
    if job.request in {Request.TERMINATE, Request.DELETE_QUEUE, Request.TIMEOUT}:
        why = job.request_reason or why
    attempt = Attempt(
        number=job.tries + 1,
        placement=job.placement,
        environment_pk=job.environment_pk,
        host=job.host,
        started_at=job.started_at if job.status is Status.RUNNING else None,
        stopped_at=now,
        exit_code=None,
        reason=None,
        status_reason=why,
    )
    return _after(job, spec, now, good=False, stopped_at=now, why=why, exit_code=None, reason=None), attempt


def _after(
    job: Job,
    spec: Spec,
    now: float,
    *,
    good: bool,
    stopped_at: float,
    why: str,
    exit_code: int | None,
    reason: str | None,
) -> Step:
    if good:
        event = Event.SUCCEEDED
    elif job.request is not Request.NONE:  # 4.42, 5.03: what was asked to end is not tried again
        event = Event.FAILED
    else:
        verdict = decide(spec.retry, job.tries + 1, exit_code, reason, why)
        event = Event.RETRIED if verdict is Verdict.RETRY else Event.FAILED
    changes = {} if event is Event.RETRIED else {"stopped_at": stopped_at}
    return job.step(
        event, now, status_reason=why, exit_code=exit_code, reason=reason, tries=job.tries + 1, deadline=None, **changes
    )
