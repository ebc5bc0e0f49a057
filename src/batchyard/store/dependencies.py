"""Who waits for whom: a row per submission and dependency, found from the job that is waited for (BEHAVIOUR 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, func, insert, literal_column, select, update

from batchyard.domain.dependencies import Dependency, Tie
from batchyard.domain.jobs import Job
from batchyard.domain.states import Status
from batchyard.store import tables
from batchyard.store.jobs import JOB_COLUMNS, job_of
from batchyard.store.sql import Connection, Row, Statement, any_of

_D = tables.dependencies.c
_J = tables.jobs.c
_P = tables.jobs.alias("parent").c
_ADD = Statement(
    insert(tables.dependencies).values(
        {"met": literal_column("0")} | {n: bindparam(n) for n in ("job_pk", "on_uuid", "on_part", "tie")}
    )
)
_COLUMNS = (_D.pk, _D.job_pk, _D.on_uuid, _D.on_part, _D.tie)
_ON = Statement(select(*_COLUMNS).where(any_of(_D.on_uuid, "uuids"), _D.met == literal_column("0")))
_OF = Statement(select(*_COLUMNS).where(_D.job_pk == bindparam("b_pk")))
_ANY = Statement(select(_D.pk).limit(literal_column("1")))
_MET = Statement(update(tables.dependencies).where(_D.pk == bindparam("b_pk")).values(met=literal_column("1")))
_ENDED = Statement(
    select(tables.events.c.seq, _J.uuid, _J.part, tables.events.c.status)
    .join(tables.jobs, _J.pk == tables.events.c.job_pk)
    .where(
        tables.events.c.seq > bindparam("after"),
        tables.events.c.seq <= bindparam("last"),
        tables.events.c.status >= literal_column("5"),
    )
    .order_by(tables.events.c.seq)
    .limit(bindparam("limit"))
)
_LAST_SEQ = Statement(select(func.max(tables.events.c.seq)))
_CHILDREN = Statement(  # by (uuid, part): the index by parent would be read from end to end
    select(*JOB_COLUMNS).where(
        _J.uuid == select(_P.uuid).where(_P.pk == bindparam("parent_pk")).scalar_subquery(), any_of(_J.part, "parts")
    )
)
_CHILDREN_OF = Statement(select(*JOB_COLUMNS).where(_J.uuid == bindparam("uuid"), any_of(_J.part, "parts")))
_WAIT = Statement(update(tables.jobs).where(_J.pk == bindparam("b_pk")).values(open=bindparam("n")))


def _dependency(row: Row) -> Dependency:
    return Dependency(pk=row[0], job_pk=row[1], on_uuid=row[2], on_part=row[3], tie=Tie(row[4]))


class Dependencies:
    """The dependencies of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, dependencies: Sequence[Dependency]) -> None:
        """Add unmet dependencies; of plain ones the job's `open` is the caller's to set."""
        self._connection.many(
            _ADD,
            ({"job_pk": d.job_pk, "on_uuid": d.on_uuid, "on_part": d.on_part, "tie": int(d.tie)} for d in dependencies),
        )

    def any(self) -> bool:
        """Whether anybody waits, or ever waited, for another job."""
        return self._connection.row(_ANY) is not None

    def on(self, uuids: Iterable[str]) -> list[Dependency]:
        """Unmet dependencies on these jobs or children of theirs."""
        return [_dependency(row) for row in self._connection.rows(_ON, uuids=list(uuids))]

    def of(self, job_pk: int) -> list[Dependency]:
        """What one submission waits for, met or not."""
        return [_dependency(row) for row in self._connection.rows(_OF, b_pk=job_pk)]

    def met(self, pks: Iterable[int]) -> None:
        """These plain dependencies are met, once and for all."""
        self._connection.many(_MET, ({"b_pk": pk} for pk in pks))

    def last_event(self) -> int:
        """The number of the newest event."""
        return self._connection.rows(_LAST_SEQ)[0][0] or 0

    def ended(self, after: int, last: int, limit: int) -> list[tuple[int, str, int, Status]]:
        """Endings among the events in (after, last]: (event number, uuid, part, final status)."""
        rows = self._connection.rows(_ENDED, after=after, last=last, limit=limit)
        return [(seq, uuid, part, Status(status)) for seq, uuid, part, status in rows]

    def children(self, parent_pk: int, parts: Iterable[int]) -> dict[int, Job]:
        """Children of an array by index, those that exist."""
        rows = self._connection.rows(_CHILDREN, parent_pk=parent_pk, parts=list(parts))
        return {job.part: job for job in map(job_of, rows)}

    def children_of(self, uuid: str, parts: Iterable[int]) -> dict[int, Job]:
        """Children of an array by the parent's uuid."""
        rows = self._connection.rows(_CHILDREN_OF, uuid=uuid, parts=list(parts))
        return {job.part: job for job in map(job_of, rows)}

    def set_open(self, counts: Iterable[tuple[int, int]]) -> None:
        """Set how many dependencies of these jobs are still open."""
        self._connection.many(_WAIT, ({"b_pk": pk, "n": n} for pk, n in counts))
