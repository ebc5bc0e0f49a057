"""Carries out what was asked of jobs that do not run yet: cancel, terminate, deletion of their queue (4.5, 8.23).

What runs is the execution loop's: there a request becomes a stop. An array's children are ended in chunks, so a million
of them cost the caller nothing and no other turn waits long.
"""

from __future__ import annotations

from batchyard.domain.jobs import Job, Kind, Request, Step
from batchyard.domain.states import Event, Status
from batchyard.store.base import Tx

_CHUNK = 5000
QUEUE_DELETED = "JobQueue deleted"


def carry_out(tx: Tx, now: float) -> bool:
    """Look at new requests of jobs that are waiting; whether any was carried out."""
    requested = tx.waiting.requested(active=False, limit=_CHUNK)
    steps: list[Step] = []
    seen: list[int] = []
    arrays: list[Job] = []
    for job in requested:
        if job.kind is Kind.ARRAY and job.status is Status.PENDING:
            arrays.append(job)
        elif job.status is Status.PENDING and job.request is Request.CANCEL:
            seen.append(job.pk)  # 4.41: marked now, failed when its dependencies have ended
        elif job.status is not Status.SUBMITTED:
            steps.append(job.step(Event.CANCELLED, now, status_reason=job.request_reason))
    tx.jobs.advance(steps)
    tx.jobs.seen(seen)
    # After the single jobs, among which may be children of these: each is ended once.
    worked = [_array(tx, parent, now) for parent in arrays]
    return bool(steps) or any(worked)


def _array(tx: Tx, parent: Job, now: float) -> bool:
    """End the next children of an asked-for array (4.43, 4.44). Those not made yet are born cancelled (expansion)."""
    array = tx.jobs.arrays([parent.pk])[parent.pk]
    if parent.open:
        if parent.request is Request.CANCEL:
            tx.jobs.seen([parent.pk])
        else:
            tx.jobs.advance([parent.step(Event.CANCELLED, now, status_reason=parent.request_reason)])
        return True
    waiting = tx.waiting.children(parent.pk, Status.SUBMITTED, Status.RUNNABLE, _CHUNK)
    if waiting:
        tx.jobs.advance([child.step(Event.CANCELLED, now, status_reason=parent.request_reason) for child in waiting])
        return True
    if array.made < array.size:
        return False
    # The running ones: a terminated array stops them; of a cancelled one they go on, but are not tried again (4.42).
    active = tx.waiting.children(parent.pk, Status.STARTING, Status.RUNNING, array.size)
    tx.jobs.ask([child.pk for child in active], parent.request, parent.request_reason)
    tx.jobs.seen([parent.pk])
    return True


def end_queues(tx: Tx) -> bool:
    """End the jobs of queues that are being deleted, and remove those that have none left."""
    worked = False
    for queue in tx.queues.all().values():
        if queue.status != "DELETING":
            continue
        pk = queue.pk
        left = [job.pk for job in tx.waiting.of_queue(pk, [s for s in Status if not s.final], _CHUNK)]
        if left:
            worked |= tx.jobs.ask(left, Request.DELETE_QUEUE, QUEUE_DELETED) > 0
        elif not any(n for status, n in tx.waiting.totals(pk).items() if not status.final):
            tx.queues.remove(pk)
            worked = True
    return worked
