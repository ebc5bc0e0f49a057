"""What an observation means for its job (BEHAVIOUR 4.03-4.05, 4.42, 5)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.builders import T0, a_job, a_spec

from batchyard.domain.jobs import Job, Request
from batchyard.domain.outcomes import TIMED_OUT, ended, lost, started
from batchyard.domain.states import Event, Status

EXITED = "Essential container in task exited"
NOT_STARTED = "Task failed to start"
OOM = "OutOfMemoryError: Container killed due to memory usage"
NO_PULL = "CannotPullContainerError: no such image"
HOST_GONE = "Host EC2 (instance i-0123) terminated."
SPOT_ONLY = "status=Host EC2* RETRY; reason=* EXIT"  # 5.14

RUNNING = a_job(status=Status.RUNNING, placement=1, host="i-0123", environment_pk=1, started_at=T0)
STARTING = a_job(status=Status.STARTING, placement=1, host="i-0123", environment_pk=1)


def asked(job: Job, request: Request, reason: str | None) -> Job:
    return msgspec.structs.replace(job, request=request, request_reason=reason)


TERMINATED = asked(RUNNING, Request.TERMINATE, "enough")
OVERDUE = asked(RUNNING, Request.TIMEOUT, TIMED_OUT)
CANCELLED_TOO_LATE = asked(RUNNING, Request.CANCEL, "never mind")  # a running child of a cancelled array (4.44)
DELETED = asked(RUNNING, Request.DELETE_QUEUE, "JobQueue deleted")


def outcome(job: Job, *, exit_code: int | None = None, reason: str | None = None, **spec: Any) -> tuple[str, str]:
    """(event, statusReason) of an ending, having seen that job and attempt agree on it."""
    step, attempt = ended(job, a_spec(**spec), T0 + 9, stopped_at=T0 + 8, exit_code=exit_code, reason=reason)
    assert (step.after.exit_code, step.after.reason) == (attempt.exit_code, attempt.reason) == (exit_code, reason)
    assert step.after.status_reason == attempt.status_reason
    assert step.after.tries == attempt.number == job.tries + 1
    assert step.after.deadline is None
    assert step.after.stopped_at == (T0 + 8 if step.after.status.final else None)
    return step.event.name, attempt.status_reason


@pytest.mark.parametrize(
    ("exit_code", "reason", "spec", "event"),
    [
        (0, None, {}, "SUCCEEDED"),
        (0, None, {"attempts": 3}, "SUCCEEDED"),
        (1, None, {}, "FAILED"),  # the default is one attempt (5.01)
        (1, None, {"attempts": 2}, "RETRIED"),  # 5.02
        (137, OOM, {"attempts": 2}, "RETRIED"),
        (137, OOM, {}, "FAILED"),
        (137, OOM, {"attempts": 2, "on_exit": "code=137 RETRY; reason=* EXIT"}, "RETRIED"),
        (1, None, {"attempts": 2, "on_exit": "code=137 RETRY; reason=* EXIT"}, "FAILED"),
        (1, None, {"attempts": 2, "on_exit": SPOT_ONLY}, "FAILED"),
        (1, None, {"attempts": 2, "on_exit": "code=2 EXIT"}, "RETRIED"),  # none matches: as if none were given (5.10)
    ],
)
def test_a_program_that_ended(exit_code: int, reason: str | None, spec: dict[str, Any], event: str) -> None:
    # 4.04: one text for success and failure alike
    assert outcome(RUNNING, exit_code=exit_code, reason=reason, **spec) == (event, EXITED)


@pytest.mark.parametrize(
    ("spec", "event"),
    [
        ({}, "FAILED"),
        ({"attempts": 2}, "RETRIED"),  # 5.01: an attempt that dies in STARTING uses up the budget
        ({"attempts": 2, "on_exit": "reason=CannotPullContainerError:* RETRY; reason=* EXIT"}, "RETRIED"),
        ({"attempts": 2, "on_exit": "status=Task failed to start EXIT"}, "FAILED"),
    ],
)
def test_a_program_that_could_not_be_started(spec: dict[str, Any], event: str) -> None:  # 4.03, 5.14
    assert outcome(STARTING, reason=NO_PULL, **spec) == (event, NOT_STARTED)


@pytest.mark.parametrize("exit_code", [0, 1, 137, 143])
@pytest.mark.parametrize(
    ("job", "status_reason"),
    [(TERMINATED, "enough"), (OVERDUE, "Job attempt duration exceeded timeout"), (DELETED, "JobQueue deleted")],
    ids=["terminated", "overdue", "queue deleted"],
)
def test_what_was_stopped_has_failed_whatever_it_answered(job: Job, status_reason: str, exit_code: int) -> None:
    # 4.42, 5.03, 5.31; 5.33: also with exit code 0
    assert outcome(job, exit_code=exit_code, attempts=10) == ("FAILED", status_reason)


@pytest.mark.parametrize("reason", ["", EXITED])
def test_terminated_with_a_reason_that_says_nothing(reason: str) -> None:
    job = asked(RUNNING, Request.TERMINATE, reason)
    assert outcome(job, exit_code=0, attempts=10) == ("FAILED", EXITED)


@pytest.mark.parametrize(("exit_code", "event"), [(0, "SUCCEEDED"), (1, "FAILED")])
def test_what_was_cancelled_too_late_goes_on_but_is_not_tried_again(exit_code: int, event: str) -> None:  # 4.42, 4.44
    assert outcome(CANCELLED_TOO_LATE, exit_code=exit_code, attempts=10) == (event, EXITED)


def test_tries_are_counted_and_the_last_one_fails() -> None:  # 5.01
    job = RUNNING
    events: list[str] = []
    for _ in range(3):
        step, attempt = ended(job, a_spec(attempts=3), T0, stopped_at=T0, exit_code=1, reason=None)
        events.append(f"{attempt.number} {step.event.name}")
        job = msgspec.structs.replace(step.after, status=Status.RUNNING, placement=job.placement + 1)
    assert events == ["1 RETRIED", "2 RETRIED", "3 FAILED"]


def test_a_lost_host_while_running_is_a_failed_attempt() -> None:  # 5.20
    step, attempt = lost(RUNNING, a_spec(), T0 + 5)
    assert attempt is not None
    assert (step.event, step.after.status_reason) == (Event.FAILED, HOST_GONE)
    assert (attempt.status_reason, attempt.exit_code, attempt.reason, attempt.started_at) == (HOST_GONE, None, None, T0)
    assert lost(RUNNING, a_spec(attempts=2), T0)[0].event is Event.RETRIED
    assert lost(RUNNING, a_spec(attempts=2, on_exit=SPOT_ONLY), T0)[0].event is Event.RETRIED  # 5.14
    assert lost(TERMINATED, a_spec(attempts=2), T0)[0].after.status_reason == "enough"
    assert lost(CANCELLED_TOO_LATE, a_spec(attempts=2), T0)[0].event is Event.FAILED


def test_a_lost_host_before_the_start_costs_no_attempt() -> None:
    step, attempt = lost(STARTING, a_spec(), T0)
    assert attempt is None
    assert (step.after.status, step.after.tries, step.after.status_reason) == (Status.RUNNABLE, 0, None)


def test_a_lost_host_ends_what_was_to_be_stopped_anyway() -> None:  # 4.42
    step, attempt = lost(asked(STARTING, Request.TERMINATE, "enough"), a_spec(attempts=3), T0)
    assert attempt is not None
    assert (step.event, step.after.status_reason, attempt.started_at) == (Event.FAILED, "enough", None)


def test_the_time_limit_counts_from_the_start_of_the_attempt() -> None:  # 5.30
    step = started(STARTING, T0 + 3, T0 + 4, a_spec(timeout_s=60))
    assert (step.after.started_at, step.after.deadline) == (T0 + 3, T0 + 63)
    assert started(STARTING, T0 + 3, T0 + 4, a_spec()).after.deadline is None


def test_a_new_attempt_takes_the_place_of_the_last_ones_traces() -> None:  # 4.16
    first, _ = ended(RUNNING, a_spec(attempts=2), T0 + 1, stopped_at=T0 + 1, exit_code=7, reason=OOM)
    again = first.after
    assert (again.status, again.exit_code, again.reason, again.status_reason) == (Status.RUNNABLE, 7, OOM, EXITED)
    assert again.started_at == T0  # of the latest attempt that ran (4.11)
    again = msgspec.structs.replace(again, status=Status.STARTING, placement=2)
    now = started(again, T0 + 5, T0 + 5, a_spec()).after
    assert (now.started_at, now.exit_code, now.reason, now.status_reason) == (T0 + 5, None, None, None)


def test_an_attempt_that_did_not_start_has_no_start() -> None:  # 4.15
    retried = msgspec.structs.replace(STARTING, started_at=T0 - 100, tries=1)  # of the attempt before
    _, attempt = ended(retried, a_spec(), T0, stopped_at=T0, exit_code=None, reason=NO_PULL)
    assert (attempt.started_at, attempt.exit_code, attempt.number) == (None, None, 2)


def test_a_reason_is_cut_at_255_characters() -> None:  # 4.05
    step, attempt = ended(STARTING, a_spec(), T0, stopped_at=T0, exit_code=None, reason="x" * 300)
    assert step.after.reason == attempt.reason == "x" * 255


def test_what_the_attempt_used_is_kept() -> None:
    _, attempt = ended(
        RUNNING, a_spec(), T0, stopped_at=T0, exit_code=0, reason=None, peak_memory_bytes=1 << 20, cpu_s=1.5
    )
    assert (attempt.peak_memory_bytes, attempt.cpu_s) == (1 << 20, 1.5)
