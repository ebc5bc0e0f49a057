"""The state machine of a job: seven statuses, the events that happen to it, and one table (BEHAVIOUR 4.03).

A job begins in SUBMITTED. Only an event changes its status, only by this table, and each event is written in the same
transaction as the row: replaying the events from SUBMITTED gives the row's status.
"""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """AWS's seven; the numbers are stored and grow with the job's life."""

    SUBMITTED = 0
    PENDING = 1
    RUNNABLE = 2
    STARTING = 3
    RUNNING = 4
    SUCCEEDED = 5
    FAILED = 6

    @property
    def final(self) -> bool:
        """Whether nothing can happen to the job any more."""
        return self >= Status.SUCCEEDED

    @property
    def waiting(self) -> bool:
        """Whether nothing of the job runs or is being started yet."""
        return self <= Status.RUNNABLE

    @property
    def active(self) -> bool:
        """Whether the job holds a place on a host."""
        return self in {Status.STARTING, Status.RUNNING}


class Event(enum.IntEnum):
    """What happened to a job, in the past tense; the numbers are stored."""

    ACCEPTED = 1  # nothing to wait for: it may be placed
    HELD = 2  # it waits for other jobs
    EXPANDED = 3  # an array whose children begin to be made
    DEPENDENCIES_MET = 4
    DEPENDENCY_FAILED = 5
    BLOCKED = 6  # first in its queue, and it cannot be placed as things are
    UNBLOCKED = 16  # what blocked it is gone: it only waits for room now
    PLACED = 7  # a host was chosen
    STARTED = 8  # the engine saw it run
    PLACEMENT_LOST = 9  # the host went before the start: costs no attempt
    RETRIED = 10  # an attempt failed, and another is due
    SUCCEEDED = 11
    FAILED = 12
    CANCELLED = 13  # ended by request before it was placed
    CHILDREN_SUCCEEDED = 14
    CHILDREN_FAILED = 15


TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (Status.SUBMITTED, Event.ACCEPTED): Status.RUNNABLE,
    (Status.SUBMITTED, Event.HELD): Status.PENDING,
    (Status.SUBMITTED, Event.EXPANDED): Status.PENDING,
    (Status.SUBMITTED, Event.DEPENDENCY_FAILED): Status.FAILED,
    (Status.SUBMITTED, Event.CANCELLED): Status.FAILED,
    (Status.PENDING, Event.EXPANDED): Status.PENDING,
    (Status.PENDING, Event.DEPENDENCIES_MET): Status.RUNNABLE,
    (Status.PENDING, Event.DEPENDENCY_FAILED): Status.FAILED,
    (Status.PENDING, Event.CANCELLED): Status.FAILED,
    (Status.PENDING, Event.CHILDREN_SUCCEEDED): Status.SUCCEEDED,
    (Status.PENDING, Event.CHILDREN_FAILED): Status.FAILED,
    (Status.RUNNABLE, Event.BLOCKED): Status.RUNNABLE,
    (Status.RUNNABLE, Event.UNBLOCKED): Status.RUNNABLE,
    (Status.RUNNABLE, Event.PLACED): Status.STARTING,
    (Status.RUNNABLE, Event.FAILED): Status.FAILED,
    (Status.RUNNABLE, Event.CANCELLED): Status.FAILED,
    (Status.STARTING, Event.STARTED): Status.RUNNING,
    (Status.STARTING, Event.PLACEMENT_LOST): Status.RUNNABLE,
    (Status.STARTING, Event.RETRIED): Status.RUNNABLE,
    (Status.STARTING, Event.FAILED): Status.FAILED,
    (Status.RUNNING, Event.RETRIED): Status.RUNNABLE,
    (Status.RUNNING, Event.SUCCEEDED): Status.SUCCEEDED,
    (Status.RUNNING, Event.FAILED): Status.FAILED,
}


class InvalidTransition(Exception):
    """An event that cannot happen in this status: a fault of the program, never of a caller."""


def after(status: Status, event: Event) -> Status:
    """The status after `event`; raises InvalidTransition for a pair that the table lacks."""
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise InvalidTransition(f"{event.name} cannot happen to a job in {status.name}") from None
