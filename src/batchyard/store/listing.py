"""What ListJobs asks (BEHAVIOUR 14.1): pages of one queue's or one array's jobs, newest first, by key.

A page starts below the key of the last row seen, so its cost does not grow with how far a caller has paged.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, bindparam, literal_column, select

from batchyard.domain.jobs import Job
from batchyard.domain.states import Status
from batchyard.store import tables
from batchyard.store.jobs import JOB_COLUMNS, job_of
from batchyard.store.sql import Connection, Statement

_T = tables.jobs.c
_FIRST = 1 << 62

_TOP = literal_column("part < 0")
_BELOW = _T.pk < bindparam("below")
_IN_QUEUE = _T.queue_pk == bindparam("queue_pk")

_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "name": _T.name_key == bindparam("value"),
    "name_prefix": (_T.name_key >= bindparam("value")) & (_T.name_key < bindparam("end")),
    "definition": (_T.definition >= bindparam("value")) & (_T.definition < bindparam("end")),
    "revision": _T.definition == bindparam("value"),
    "before": _T.created_at < bindparam("value"),
    "after": _T.created_at > bindparam("value"),
    "share": (_T.share == bindparam("value")) & (_T.status == bindparam("status")),
    "status": _T.status == bindparam("status"),
}
_BY = {
    kind: Statement(
        select(*JOB_COLUMNS).where(_IN_QUEUE, _TOP, condition, _BELOW).order_by(_T.pk.desc()).limit(bindparam("limit"))
    )
    for kind, condition in _CONDITIONS.items()
}
_CHILDREN = Statement(
    select(*JOB_COLUMNS)
    .where(_T.parent_pk == bindparam("parent_pk"), _T.status == bindparam("status"), _T.part > bindparam("part"))
    .order_by(_T.part)
    .limit(bindparam("limit"))
)

_NEWEST = Statement(select(_T.uuid).where(_TOP).order_by(_T.pk.desc()).limit(literal_column("1")))
_BEGINS = Statement(
    select(_T.uuid)
    .where(_T.uuid >= bindparam("prefix"), _T.uuid < bindparam("end"), _T.part == literal_column("-1"))
    .limit(literal_column("5"))
)


class Filter(msgspec.Struct, frozen=True):
    """One condition besides the queue: a key of the table above and what it needs."""

    kind: str
    value: str | float | None = None
    end: str | None = None
    status: Status | None = None


class Listing:
    """The listings of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_queue(self, queue_pk: int, chosen: Filter, below: int | None, limit: int) -> Sequence[Job]:
        """Jobs of a queue (array parents, not children: 14.16), newest first, with keys below `below`."""
        params: dict[str, object] = {"queue_pk": queue_pk, "below": _FIRST if below is None else below, "limit": limit}
        for name in ("value", "end"):
            if getattr(chosen, name) is not None:
                params[name] = getattr(chosen, name)
        if chosen.status is not None:
            params["status"] = int(chosen.status)
        return [job_of(row) for row in self._connection.rows(_BY[chosen.kind], **params)]

    def children(self, parent_pk: int, status: Status, part: int, limit: int) -> Sequence[Job]:
        """Children of an array in one status with an index above `part`, by index."""
        rows = self._connection.rows(_CHILDREN, parent_pk=parent_pk, status=int(status), part=part, limit=limit)
        return [job_of(row) for row in rows]

    def resolve(self, short: str) -> list[str]:
        """Ids of submitted jobs that `short` may mean: `last`, or the first letters of an id; five at most."""
        if short == "last":
            rows = self._connection.rows(_NEWEST)
        else:
            rows = self._connection.rows(_BEGINS, prefix=short, end=f"{short}g")
        return [uuid for (uuid,) in rows]
