"""Looks at new jobs, at endings that others wait for, at arrays to expand and at requests to end what does not run yet.

One transaction a turn. Endings are read from the event log behind a cursor that is written with what they lead to, so
each counts once, whatever crashes. Children are made only when the cursor has caught up: then a new child's partners
are exactly as the endings so far have left them.
"""

from __future__ import annotations

from batchyard.domain.dependencies import FAILED_REASON, Tie
from batchyard.domain.jobs import Job, Kind, Request, Step
from batchyard.domain.states import Event, Status
from batchyard.loops.base import AGAIN, Parts
from batchyard.loops.dependants import settle
from batchyard.loops.expansion import expand
from batchyard.loops.requests import carry_out, end_queues
from batchyard.store.base import Tx

_CURSOR = "admission_cursor"
_NEW = 2000
_ENDINGS = 5000
# While nobody waits for anybody the cursor need not be written at every turn. To read an ending again is harmless: who
# was submitted after it is looked at with the statuses as they are, and has no children yet.
_UNREAD = 10_000


class Admission:
    """The admission loop's turns."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._clock = parts.clock

    async def turn(self) -> float | None:
        """One pass over all that is new."""
        return AGAIN if await self._store.write(self._pass) else None

    def _pass(self, tx: Tx) -> bool:
        now = self._clock.now()
        worked, caught_up = self._endings(tx, now)
        worked |= carry_out(tx, now)
        worked |= end_queues(tx)
        if caught_up:
            worked |= admit(tx, tx.waiting.new(_NEW), now)
            worked |= expand(tx, now)
        if worked:
            for loop in ("scheduling", "execution"):
                tx.wake(loop)
        return worked

    def _endings(self, tx: Tx, now: float) -> tuple[bool, bool]:
        cursor = int(tx.meta.get(_CURSOR) or 0)
        last = tx.dependencies.last_event()
        somebody = tx.dependencies.any()
        if last == cursor or (not somebody and last - cursor < _UNREAD):
            return False, True
        ended = tx.dependencies.ended(cursor, last, _ENDINGS) if somebody else []
        caught_up = len(ended) < _ENDINGS
        tx.meta.put(_CURSOR, str(last if caught_up else ended[-1][0]))
        return (settle(tx, ended, now) if ended else False) or not caught_up, caught_up


def admit(tx: Tx, jobs: list[Job], now: float) -> bool:
    """First look at submitted jobs: ready, waiting, or failed with what they depend on (4.03, 3.57)."""
    steps: list[Step] = []
    for job in jobs:
        if job.request is not Request.NONE:
            steps.append(job.step(Event.CANCELLED, now, status_reason=job.request_reason))
            continue
        open_now, failed = _look(tx, job) if job.open else (0, False)
        if failed:
            steps.append(job.step(Event.DEPENDENCY_FAILED, now, status_reason=FAILED_REASON))
        elif open_now:
            steps.append(job.step(Event.HELD, now, open=open_now))
        elif job.kind is Kind.ARRAY:
            tx.jobs.expand(job.step(Event.EXPANDED, now, open=0))
        else:
            steps.append(job.step(Event.ACCEPTED, now, open=0))
    tx.jobs.advance(steps)
    return bool(jobs)


def _look(tx: Tx, job: Job) -> tuple[int, bool]:
    """How many plain dependencies of a new job are open, and whether one has failed already."""
    open_now = 0
    for dependency in tx.dependencies.of(job.pk):
        if dependency.tie is not Tie.PLAIN:
            continue
        status = tx.jobs.status_of(dependency.on_uuid, dependency.on_part)
        if status is Status.FAILED:
            return 0, True
        if status is Status.SUCCEEDED:
            tx.dependencies.met([dependency.pk])
        else:
            open_now += 1
    return open_now, False
