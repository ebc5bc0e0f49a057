"""Makes the children of arrays, some thousands a turn, never inside the request that submitted them (3.40)."""

from __future__ import annotations

from batchyard.domain.dependencies import FAILED_REASON, Tie, child_state, partner
from batchyard.domain.jobs import Job, Kind, Request, Step
from batchyard.domain.states import Event, Status
from batchyard.store.base import Tx

_ARRAYS = 4
_CHUNK = 2000


def expand(tx: Tx, now: float) -> bool:
    """Make the next children of the oldest arrays that lack some; whether any were made."""
    room = _CHUNK
    for parent, size, made in tx.waiting.expanding(_ARRAYS):
        upto = min(size, made + room)
        steps = _children(tx, parent, made, upto, now)
        tx.jobs.add_children(parent.pk, steps, upto, size, now)
        room -= upto - made
        if room <= 0:
            break
    return room < _CHUNK


def _children(tx: Tx, parent: Job, low: int, high: int, now: float) -> list[Step]:
    ties = [dependency for dependency in tx.dependencies.of(parent.pk) if dependency.tie is not Tie.PLAIN]
    known: dict[str, dict[int, Status]] = {}
    unmade: dict[str, Status | None] = {}
    for tie in ties:
        first = max(0, low - 1)
        partners = tx.dependencies.children_of(tie.on_uuid, range(first, high))
        known[tie.on_uuid] = {part: job.status for part, job in partners.items()}
        # An array that failed before its children were made will never have any.
        failed = tx.jobs.status_of(tie.on_uuid, -1) is Status.FAILED
        unmade[tie.on_uuid] = Status.FAILED if failed else None
    steps: list[Step] = []
    early = tx.jobs.early(parent.pk, low, high)
    for index in range(low, high):
        request, reason = early.get(index, (parent.request, parent.request_reason))
        child = Job(
            uuid=parent.uuid,
            part=index,
            kind=Kind.CHILD,
            parent_pk=parent.pk,
            spec_pk=parent.spec_pk,
            queue_pk=parent.queue_pk,
            share=parent.share,
            priority=parent.priority,
            rank=parent.rank,
            vcpus=parent.vcpus,
            memory_mib=parent.memory_mib,
            gpus=parent.gpus,
            created_at=now,
            request=request,
            request_reason=reason,
        )
        if request is not Request.NONE:
            step = child.step(Event.CANCELLED, now, status_reason=reason)
        else:
            waits = [(tie.on_uuid, at) for tie in ties if (at := partner(tie, index)) is not None]
            open_now, failed = child_state([known[uuid].get(at, unmade[uuid]) for uuid, at in waits])
            if failed:
                step = child.step(Event.DEPENDENCY_FAILED, now, status_reason=FAILED_REASON)
            elif open_now:
                step = child.step(Event.HELD, now, open=open_now)
            else:
                step = child.step(Event.ACCEPTED, now)
        if parent.uuid in known:  # SEQUENTIAL: the next child of this very chunk waits for this one
            known[parent.uuid][index] = step.after.status
        steps.append(step)
    return steps
