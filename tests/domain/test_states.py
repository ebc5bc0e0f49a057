"""Every (status, event) cell: what it leads to, or that it cannot happen (BEHAVIOUR 4.01-4.03)."""

from __future__ import annotations

import pytest
from tests.builders import a_job

from batchyard.domain.states import Event, InvalidTransition, Status, after

TABLE = """
SUBMITTED  HELD                PENDING     open dependencies
SUBMITTED  ACCEPTED            RUNNABLE    none open
SUBMITTED  EXPANDED            PENDING     an array parent (4.20)
SUBMITTED  DEPENDENCY_FAILED   FAILED      it had failed already (3.57)
SUBMITTED  CANCELLED           FAILED      CancelJob, TerminateJob, queue deleted
PENDING    DEPENDENCIES_MET    RUNNABLE    all met
PENDING    DEPENDENCY_FAILED   FAILED      a dependency failed
PENDING    EXPANDED            PENDING     an array parent whose own dependencies are met (3.54)
PENDING    CANCELLED           FAILED      CancelJob, TerminateJob, queue deleted
PENDING    CHILDREN_SUCCEEDED  SUCCEEDED   all children of a parent (4.22)
PENDING    CHILDREN_FAILED     FAILED      all children of a parent final, some FAILED (4.22)
RUNNABLE   BLOCKED             RUNNABLE    head of queue cannot be placed
RUNNABLE   UNBLOCKED           RUNNABLE    it merely waits again (8.42)
RUNNABLE   PLACED              STARTING    placed
RUNNABLE   FAILED              FAILED      what is found out at dispatch only (3.04)
RUNNABLE   CANCELLED           FAILED      CancelJob, TerminateJob, time limit, queue deleted
STARTING   STARTED             RUNNING     container up
STARTING   PLACEMENT_LOST      RUNNABLE    host lost before the start
STARTING   RETRIED             RUNNABLE    could not start
STARTING   FAILED              FAILED      could not start, or terminated
RUNNING    SUCCEEDED           SUCCEEDED   exit 0
RUNNING    RETRIED             RUNNABLE    attempt failed, retry due
RUNNING    FAILED              FAILED      attempt failed, none left; timeout; terminated
"""
"""4.03, written again: status, event, status after, when."""

CELLS = {(line.split()[0], line.split()[1]): line.split()[2] for line in TABLE.strip().splitlines()}


@pytest.mark.parametrize("event", Event, ids=lambda event: event.name)
@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_each_cell(status: Status, event: Event) -> None:
    expected = CELLS.get((status.name, event.name))
    if expected is None:
        with pytest.raises(InvalidTransition, match=f"{event.name} cannot happen to a job in {status.name}"):
            after(status, event)
    else:
        assert after(status, event).name == expected


def test_the_statuses_are_awss_seven() -> None:  # 4.01
    assert [status.name for status in Status] == (
        ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"]
    )


def test_what_statuses_have_in_common() -> None:
    assert [status.name for status in Status if status.final] == ["SUCCEEDED", "FAILED"]
    assert [status.name for status in Status if status.active] == ["STARTING", "RUNNING"]
    assert [status.name for status in Status if status.waiting] == ["SUBMITTED", "PENDING", "RUNNABLE"]


def test_the_stored_numbers_stay() -> None:
    assert [int(status) for status in Status] == list(range(7))
    assert {event.name: int(event) for event in Event} == {
        "ACCEPTED": 1,
        "HELD": 2,
        "EXPANDED": 3,
        "DEPENDENCIES_MET": 4,
        "DEPENDENCY_FAILED": 5,
        "BLOCKED": 6,
        "UNBLOCKED": 16,
        "PLACED": 7,
        "STARTED": 8,
        "PLACEMENT_LOST": 9,
        "RETRIED": 10,
        "SUCCEEDED": 11,
        "FAILED": 12,
        "CANCELLED": 13,
        "CHILDREN_SUCCEEDED": 14,
        "CHILDREN_FAILED": 15,
    }


def test_a_job_that_ends_stops_then() -> None:  # 4.12: also one that never ran
    step = a_job().step(Event.CANCELLED, 5.0, status_reason="no")
    assert (step.after.stopped_at, step.after.started_at, step.after.status_reason) == (5.0, None, "no")


def test_a_job_that_goes_on_does_not_stop() -> None:
    assert a_job().step(Event.ACCEPTED, 5.0).after.stopped_at is None
