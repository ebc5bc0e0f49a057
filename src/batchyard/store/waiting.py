"""What the loops ask: who is new, who waits in which order, who is active, what is used. Bounded by what can start."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select

from batchyard.domain.jobs import Job, attempt_key
from batchyard.domain.states import Status
from batchyard.store import tables
from batchyard.store.jobs import JOB_COLUMNS, job_of
from batchyard.store.sql import Connection, Row, Statement

_T = tables.jobs.c
_A = tables.arrays.c


def _n(status: Status) -> ColumnElement[int]:
    """A status as SQL text: a partial index is used only when the condition is literally its own."""
    return literal_column(str(status.value))


_LIMIT = bindparam("limit")
_MAY_BE_ASKED = literal_column("request < 2")
"""Nobody wants its end yet, but perhaps its cancellation: that gives way to any other request, and does not stop it."""


def _jobs(*where: object) -> Select[tuple[object, ...]]:
    return select(*JOB_COLUMNS).where(*where)  # pyright: ignore[reportArgumentType]


_NEW = Statement(_jobs(_T.status == _n(Status.SUBMITTED)).order_by(_T.pk).limit(_LIMIT))
_HEAD = Statement(
    _jobs(_T.status == _n(Status.RUNNABLE), _T.request == literal_column("0"), _T.queue_pk == bindparam("queue_pk"))
    .order_by(_T.rank, _T.pk)
    .limit(_LIMIT)
)
_STARTING = Statement(
    select(_T.pk, _T.uuid, _T.part, _T.placement).where(_T.status == _n(Status.STARTING)).order_by(_T.pk)
)
_ACTIVE = Statement(_jobs(literal_column("status IN (3, 4)")))
# The statuses are text here too: a parameter in a comparison with the index's own column is planned again at each run.
_REQUESTED = {
    active: Statement(
        _jobs(
            _T.request != literal_column("0"),
            _T.request_seen == literal_column("0"),
            _T.status < literal_column("5"),
            _T.status >= _n(Status.STARTING) if active else _T.status <= _n(Status.RUNNABLE),
        )
        .order_by(_T.pk)
        .limit(_LIMIT)
    )
    for active in (False, True)
}
_OVERDUE = Statement(
    _jobs(
        _T.status == _n(Status.RUNNING),
        _T.deadline.is_not(None),
        _MAY_BE_ASKED,
        _T.deadline <= bindparam("now"),
    )
    .order_by(_T.deadline)
    .limit(_LIMIT)
)
_NEXT_DEADLINE = Statement(
    select(func.min(_T.deadline)).where(_T.status == _n(Status.RUNNING), _T.deadline.is_not(None), _MAY_BE_ASKED)
)
_EXPANDING = Statement(
    select(*JOB_COLUMNS, _A.size, _A.made)
    .join(tables.arrays, _A.job_pk == _T.pk)
    .where(_A.expanding == literal_column("1"))
    .order_by(_A.job_pk)
    .limit(_LIMIT)
)
_USAGE = Statement(
    select(
        _T.host,
        _T.environment_pk,
        func.count(),
        func.sum(_T.vcpus),
        func.sum(_T.memory_mib),
        func.sum(_T.gpus),
    )
    .where(literal_column("status IN (3, 4)"))
    .group_by(_T.host, _T.environment_pk)
)
_CHILDREN = Statement(
    _jobs(_T.parent_pk == bindparam("parent_pk"), _T.status >= bindparam("low"), _T.status <= bindparam("high"))
    .order_by(_T.status, _T.part)
    .limit(_LIMIT)
)
_OF_QUEUE = Statement(
    _jobs(
        _T.queue_pk == bindparam("queue_pk"),
        _T.part < literal_column("0"),
        _T.status == bindparam("status"),
        _MAY_BE_ASKED,
    ).limit(_LIMIT)
)
_TOTALS = Statement(
    select(tables.totals.c.status, func.sum(tables.totals.c.n))
    .where(tables.totals.c.queue_pk == bindparam("queue_pk"))
    .group_by(tables.totals.c.status)
)
_BEFORE = Statement(
    select(func.count()).where(
        _T.status == _n(Status.RUNNABLE),
        _T.request == literal_column("0"),
        _T.queue_pk == bindparam("queue_pk"),
        _T.rank <= bindparam("rank"),
        (_T.rank < bindparam("rank")) | (_T.pk < bindparam("b_pk")),
    )
)

_SUBMITTED = Statement(
    select(func.coalesce(func.sum(tables.totals.c.n), literal_column("0"))).where(
        tables.totals.c.queue_pk == bindparam("queue_pk"), tables.totals.c.status == _n(Status.SUBMITTED)
    )
)
_SHARES = Statement(
    select(tables.totals.c.share)
    .where(
        tables.totals.c.queue_pk == bindparam("queue_pk"),
        tables.totals.c.n > literal_column("0"),
        tables.totals.c.status < literal_column("5"),
    )
    .distinct()
)
_USED = Statement(
    select(func.coalesce(func.sum(_T.vcpus), literal_column("0"))).where(
        literal_column("status IN (3, 4)"), _T.queue_pk == bindparam("queue_pk")
    )
)
_LAST_EVENT_AT = Statement(
    select(func.max(tables.events.c.at)).where(
        tables.events.c.job_pk == bindparam("b_pk"), tables.events.c.status == literal_column("2")
    )
)


class InUse(msgspec.Struct, frozen=True):
    """What the active jobs of one environment hold on one host; vCPUs in thousandths."""

    host: str
    environment_pk: int
    jobs: int
    vcpus: int
    memory_mib: int
    gpus: int


class Waiting:
    """The questions of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _all(self, statement: Statement, **params: object) -> list[Job]:
        return [job_of(row) for row in self._connection.rows(statement, **params)]

    def new(self, limit: int) -> list[Job]:
        """Jobs in SUBMITTED, oldest first."""
        return self._all(_NEW, limit=limit)

    def head(self, queue_pk: int, limit: int) -> list[Job]:
        """The first RUNNABLE jobs of a queue in dispatch order (9.10)."""
        return self._all(_HEAD, queue_pk=queue_pk, limit=limit)

    def position(self, job: Job) -> int:
        """How many RUNNABLE jobs of its queue stand before this one."""
        return self._connection.rows(_BEFORE, queue_pk=job.queue_pk, rank=job.rank, b_pk=job.pk)[0][0]

    def starting(self) -> dict[str, int]:
        """Jobs placed and not yet seen running: the engine's key and ours."""
        rows = self._connection.rows(_STARTING)
        return {attempt_key(uuid, part, placement): pk for pk, uuid, part, placement in rows}

    def active(self) -> list[Job]:
        """Jobs in STARTING and RUNNING."""
        return self._all(_ACTIVE)

    def requested(self, *, active: bool, limit: int) -> list[Job]:
        """Jobs that somebody asked something of, which no loop has looked at yet: those waiting, or those active."""
        return self._all(_REQUESTED[active], limit=limit)

    def overdue(self, now: float, limit: int) -> list[Job]:
        """Running jobs whose time is up, longest overdue first."""
        return self._all(_OVERDUE, now=now, limit=limit)

    def next_deadline(self) -> float | None:
        """When the next running job's time is up."""
        return self._connection.rows(_NEXT_DEADLINE)[0][0]

    def expanding(self, limit: int) -> list[tuple[Job, int, int]]:
        """Array parents whose children are to be made: (parent, size, how many exist)."""
        return [(job_of(row[:-2]), row[-2], row[-1]) for row in self._connection.rows(_EXPANDING, limit=limit)]

    def in_use(self) -> list[InUse]:
        """What the active jobs hold, by host and environment."""
        return [InUse(*self._whole(row)) for row in self._connection.rows(_USAGE)]

    def children(self, parent_pk: int, low: Status, high: Status, limit: int) -> list[Job]:
        """Children of an array in a range of statuses."""
        return self._all(_CHILDREN, parent_pk=parent_pk, low=int(low), high=int(high), limit=limit)

    def of_queue(self, queue_pk: int, statuses: Iterable[Status], limit: int) -> list[Job]:
        """Jobs of a queue in these statuses (children left out) that nobody asked anything of."""
        found: list[Job] = []
        for status in statuses:
            found += self._all(_OF_QUEUE, queue_pk=queue_pk, status=int(status), limit=limit - len(found))
        return found

    def totals(self, queue_pk: int) -> dict[Status, int]:
        """How many jobs of a queue are in which status, array parents and children both."""
        return {Status(status): int(n) for status, n in self._connection.rows(_TOTALS, queue_pk=queue_pk)}

    def submitted(self, queue_pk: int) -> int:
        """How many jobs of a queue nobody has looked at yet."""
        return int(self._connection.rows(_SUBMITTED, queue_pk=queue_pk)[0][0])

    def active_shares(self, queue_pk: int) -> set[str]:
        """Share identifiers with jobs that are not final (9.28)."""
        return {share for (share,) in self._connection.rows(_SHARES, queue_pk=queue_pk)}

    def used_vcpus(self, queue_pk: int) -> int:
        """What the active jobs of a queue hold, in thousandths."""
        return int(self._connection.rows(_USED, queue_pk=queue_pk)[0][0])

    def runnable_since(self, job: Job) -> float:
        """When a RUNNABLE job last became so, or was last found blocked."""
        return self._connection.rows(_LAST_EVENT_AT, b_pk=job.pk)[0][0] or job.created_at

    @staticmethod
    def _whole(row: Row) -> Row:
        return (row[0], *(int(value) for value in row[1:]))
