"""What endings mean to the jobs that wait for them (BEHAVIOUR 3.51-3.56): each touches only its own dependants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from batchyard.domain.arns import JobId
from batchyard.domain.dependencies import FAILED_REASON, Dependency, Tie, dependant
from batchyard.domain.jobs import Job, Kind, Request, Step
from batchyard.domain.states import Event, Status
from batchyard.store.base import Tx

_CHAIN = 5000

_ALL = 1 << 30

Ending = tuple[int, str, int, Status]


def settle(tx: Tx, ended: Sequence[Ending], now: float) -> bool:
    """Tell dependants of these endings; whether there were any."""
    outcomes: dict[str, dict[int, bool]] = defaultdict(dict)
    for _, uuid, part, status in ended:
        outcomes[uuid][part] = status is Status.SUCCEEDED
    met: dict[int, int] = defaultdict(int)
    failed: set[int] = set()
    jobs: dict[int, Job] = {}
    plain: list[Dependency] = []
    for dependency in tx.dependencies.on(outcomes):
        parts = outcomes[dependency.on_uuid]
        if dependency.tie is Tie.PLAIN:
            if dependency.on_part in parts or parts.get(-1) is False:
                plain.append(dependency)
            continue
        if parts.get(-1) is False and tx.jobs.get(JobId(dependency.on_uuid, ":", 0)) is None:
            # The array ended before its children were made (3.55, 4.41): what waits for them waits for nothing.
            pending = tx.waiting.children(dependency.job_pk, Status.PENDING, Status.PENDING, _ALL)
            jobs |= {child.pk: child for child in pending}
            failed |= {child.pk for child in pending}
            continue
        told = {dependant(dependency, part): good for part, good in parts.items() if part >= 0}
        children = tx.dependencies.children(dependency.job_pk, [part for part in told if part is not None])
        for part, child in children.items():
            jobs[child.pk] = child
            _count(child.pk, told[part], met, failed)
        for child in _doomed(tx, dependency, parts):
            jobs[child.pk] = child
            failed.add(child.pk)
    jobs |= tx.jobs.by_pk({dependency.job_pk for dependency in plain})
    for dependency in plain:
        # One still in SUBMITTED is looked at by `admit`, with the statuses as they are then.
        if jobs[dependency.job_pk].status is Status.PENDING:
            tx.dependencies.met([dependency.pk])
            good = outcomes[dependency.on_uuid].get(dependency.on_part, False)  # a child that will never be made
            _count(dependency.job_pk, good, met, failed)
    pending = [jobs[pk] for pk in {*met, *failed} if jobs[pk].status is Status.PENDING]
    _apply(tx, pending, met, failed, now)
    return bool(pending)


def _doomed(tx: Tx, dependency: Dependency, parts: Mapping[int, bool]) -> Sequence[Job]:
    """Children that wait behind one that failed in a SEQUENTIAL array: all of them fail (3.56), many at a time.

    The ending of the last of them brings the next ones here.
    """
    bad = [part for part, good in parts.items() if part >= 0 and not good]
    if dependency.tie is not Tie.SEQUENTIAL or not bad:
        return ()
    return tx.listing.children(dependency.job_pk, Status.PENDING, min(bad), _CHAIN)


def _count(pk: int, good: bool, met: dict[int, int], failed: set[int]) -> None:
    if good:
        met[pk] += 1
    else:
        failed.add(pk)


def _apply(tx: Tx, pending: Sequence[Job], met: dict[int, int], failed: set[int], now: float) -> None:
    steps: list[Step] = []
    still_open: list[tuple[int, int]] = []
    for job in pending:
        left = job.open - met[job.pk]
        asked = job.request is not Request.NONE
        if job.pk in failed:
            reason = job.request_reason if asked else FAILED_REASON
            steps.append(job.step(Event.DEPENDENCY_FAILED, now, status_reason=reason))
        elif left > 0:
            still_open.append((job.pk, left))
        elif asked:  # 4.41: a cancelled job fails when what it waited for has ended
            steps.append(job.step(Event.CANCELLED, now, open=0, status_reason=job.request_reason))
        elif job.kind is Kind.ARRAY:
            tx.jobs.expand(job.step(Event.EXPANDED, now, open=0))
        else:
            steps.append(job.step(Event.DEPENDENCIES_MET, now, open=0))
    tx.dependencies.set_open(still_open)
    tx.jobs.advance(steps)
