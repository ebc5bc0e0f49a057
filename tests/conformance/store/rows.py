"""Rows for the suite: jobs and arrays led to a status by events."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.builders import T0, a_job, a_spec, uuid_of, way_to

from batchyard.domain.jobs import Job, Kind
from batchyard.domain.states import Event, Status
from batchyard.store.base import Tx


def add_job(tx: Tx, name: str = "job", status: Status = Status.SUBMITTED, size: int | None = None, **given: Any) -> Job:
    """Submit a job and lead it to `status` by events; `size` makes it an array."""
    kind = Kind.SINGLE if size is None else Kind.ARRAY
    job = a_job(name, kind=kind, **given)
    job = msgspec.structs.replace(job, spec_pk=tx.jobs.add_spec(name, a_spec(array_size=size), {}))
    job = tx.jobs.add(job, name, "d:1", size)
    for number, event in enumerate(way_to(status)):
        step = job.step(event, T0 + number)
        tx.jobs.advance([step])
        job = step.after
    return job


def add_array(tx: Tx, size: int, name: str = "array") -> Job:
    """An array whose children are all made, RUNNABLE."""
    parent = add_job(tx, name, size=size)
    tx.jobs.expand(parent.step(Event.EXPANDED, T0))
    children = [
        msgspec.structs.replace(parent, pk=0, kind=Kind.CHILD, part=part, parent_pk=parent.pk) for part in range(size)
    ]
    tx.jobs.add_children(parent.pk, [child.step(Event.ACCEPTED, T0) for child in children], size, size, T0)
    return tx.jobs.by_pk([parent.pk])[parent.pk]


def children_of(tx: Tx, name: str = "array") -> list[Job]:
    """Children by index."""
    found = tx.dependencies.children_of(uuid_of(name), range(100))
    return [found[part] for part in sorted(found)]
