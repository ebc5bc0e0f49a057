"""The change feed: committed events of jobs in order, read from the event log by its number."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, func, select

from batchyard.domain.arns import JobId
from batchyard.domain.states import Event, Status
from batchyard.store import tables
from batchyard.store.sql import Connection, Row, Statement

_E = tables.events.c
_J = tables.jobs.c
_COLUMNS = (_E.seq, _J.uuid, _J.part, _E.at, _E.event, _E.status, _E.placement, _E.detail)
_AFTER = Statement(
    select(*_COLUMNS)
    .join(tables.jobs, _J.pk == _E.job_pk)
    .where(_E.seq > bindparam("after"))
    .order_by(_E.seq)
    .limit(bindparam("limit"))
)
_OF_JOB = Statement(
    select(*_COLUMNS)
    .join(tables.jobs, _J.pk == _E.job_pk)
    .where(_E.job_pk == bindparam("job_pk"))
    .order_by(_E.seq)
    .limit(bindparam("limit"))
)
_LAST = Statement(select(func.max(_E.seq)))


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a job; `seq` is the feed's cursor, times are UTC seconds."""

    seq: int
    job_id: str
    at: float
    event: str
    status: str
    placement: int
    detail: str | None


def _change(row: Row) -> Change:
    seq, uuid, part, at, event, status, placement, detail = row
    return Change(
        seq=seq,
        job_id=str(JobId(uuid, ":", part)),
        at=at,
        event=Event(event).name,
        status=Status(status).name,
        placement=placement,
        detail=detail,
    )


class Feed:
    """The event log of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def after(self, seq: int, limit: int) -> list[Change]:
        """Events behind `seq`."""
        return [_change(row) for row in self._connection.rows(_AFTER, after=seq, limit=limit)]

    def of_job(self, job_pk: int, limit: int = 1000) -> list[Change]:
        """One job's history, oldest first."""
        return [_change(row) for row in self._connection.rows(_OF_JOB, job_pk=job_pk, limit=limit)]

    def last(self) -> int:
        """The newest event's number."""
        return self._connection.rows(_LAST)[0][0] or 0
