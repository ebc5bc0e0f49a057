"""Jobs: rows, their events, their attempts, and the totals kept beside them in the same transaction.

`advance` is the only way to change a status. Together with the row it writes the event, the queue's totals and, for a
child, the totals of its parent; and when those say that the last child ended, the parent's own ending (4.22).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

import msgspec
from sqlalchemy import and_, bindparam, delete, func, insert, literal_column, select, text, update

from batchyard.domain.arns import JobId
from batchyard.domain.arrays import CHILD_FAILED, Array
from batchyard.domain.jobs import Attempt, Job, Kind, Request, Step
from batchyard.domain.states import Event, Status
from batchyard.domain.submissions import Spec
from batchyard.store import tables
from batchyard.store.errors import Conflict
from batchyard.store.sql import Connection, Row, Statement, any_of

_T = tables.jobs.c
_FIELDS = tuple(Job.__struct_fields__)
_MUTABLE = (
    "status",
    "status_reason",
    "started_at",
    "stopped_at",
    "open",
    "placement",
    "tries",
    "environment_pk",
    "host",
    "deadline",
    "exit_code",
    "reason",
)
_changed = attrgetter(*_MUTABLE)
JOB_COLUMNS = tuple(_T[name] for name in _FIELDS)

_INSERTED = (*(name for name in _FIELDS if name != "pk"), "name_key", "definition", "request_seen")
# One writer at a time: the next key is known, and a rank that equals it needs no second statement.
_NEXT = select(func.coalesce(func.max(_T.pk), literal_column("0")) + literal_column("1")).scalar_subquery()
_ADD = Statement(
    insert(tables.jobs)
    .values({name: bindparam(name) for name in _INSERTED if name != "rank"} | {"rank": _NEXT})
    .returning(_T.pk, _T.rank)
)
_ADD_CHILD = Statement(insert(tables.jobs).values({name: bindparam(name) for name in ("pk", *_INSERTED)}))
_LAST_PK = Statement(select(_T.pk).order_by(_T.pk.desc()).limit(literal_column("1")))
_UPDATE = Statement(
    update(tables.jobs)
    .where(
        and_(
            _T.pk == bindparam("b_pk"),
            _T.status == bindparam("was_status"),
            _T.placement == bindparam("was_placement"),
            _T.request == bindparam("was_request"),
        )
    )
    .values({name: bindparam(name) for name in _MUTABLE})
)
_EVENT = ("job_pk", "at", "event", "status", "placement", "detail")
_ADD_EVENT = Statement(insert(tables.events).values({name: bindparam(name) for name in _EVENT}))
_ADD_ARRAY = Statement(insert(tables.arrays).values({c.name: bindparam(c.name) for c in tables.arrays.c}))
_ADD_SPEC = Statement(
    insert(tables.specs).values({n: bindparam(n) for n in ("name", "body", "tags")}).returning(tables.specs.c.pk)
)
_SPEC = Statement(
    select(tables.specs.c.body, tables.specs.c.name, tables.specs.c.tags).where(tables.specs.c.pk == bindparam("b_pk"))
)
_SET_TAGS = Statement(
    update(tables.specs)
    .where(
        tables.specs.c.pk
        == select(_T.spec_pk).where(_T.uuid == bindparam("uuid"), _T.part == literal_column("-1")).scalar_subquery()
    )
    .values(tags=bindparam("tags"))
)
_TOTALS = Statement(
    text(
        "INSERT INTO totals (queue_pk, share, status, n) VALUES (:queue_pk, :share, :status, :n) "
        "ON CONFLICT (queue_pk, share, status) DO UPDATE SET n = totals.n + excluded.n"
    )
)
_ARRAY_TOTALS = Statement(
    update(tables.arrays)
    .where(tables.arrays.c.job_pk == bindparam("b_pk"))
    .values(
        {f"n{s.value}": tables.arrays.c[f"n{s.value}"] + bindparam(f"d{s.value}") for s in Status}
        | {"updated_at": bindparam("updated_at")}
    )
)
_ARRAYS = Statement(
    select(
        tables.arrays.c.job_pk,
        tables.arrays.c.size,
        tables.arrays.c.made,
        *(tables.arrays.c[f"n{s.value}"] for s in Status),
        tables.arrays.c.updated_at,
    ).where(any_of(tables.arrays.c.job_pk, "pks"))
)
_MADE = Statement(
    update(tables.arrays)
    .where(tables.arrays.c.job_pk == bindparam("b_pk"))
    .values(made=bindparam("made"), expanding=bindparam("expanding"))
)
_BY_PK = Statement(select(*JOB_COLUMNS).where(any_of(_T.pk, "pks")))
_BY_ID = Statement(select(*JOB_COLUMNS).where(_T.uuid == bindparam("uuid"), _T.part == bindparam("part")))
_REQUEST = Statement(
    update(tables.jobs)
    .where(_T.pk == bindparam("b_pk"), literal_column("request < 2"), _T.request < bindparam("asked"))
    .values(request=bindparam("asked"), request_reason=bindparam("reason"), request_seen=literal_column("0"))
)
_E = tables.early_requests.c
_ASK_EARLY = Statement(
    text(
        "INSERT INTO early_requests (job_pk, part, request, request_reason) "
        "VALUES (:job_pk, :part, :request, :request_reason) ON CONFLICT (job_pk, part) DO NOTHING"
    )
)
_EARLY = Statement(
    select(_E.part, _E.request, _E.request_reason).where(
        _E.job_pk == bindparam("job_pk"), _E.part >= bindparam("low"), _E.part < bindparam("high")
    )
)
_SEEN = Statement(update(tables.jobs).where(_T.pk == bindparam("b_pk")).values(request_seen=literal_column("1")))
_ADD_ATTEMPT = Statement(insert(tables.attempts).values({c.name: bindparam(c.name) for c in tables.attempts.c}))
_ATTEMPT_FIELDS = tuple(Attempt.__struct_fields__)
_ATTEMPTS = Statement(
    select(tables.attempts.c.job_pk, *(tables.attempts.c[name] for name in _ATTEMPT_FIELDS))
    .where(any_of(tables.attempts.c.job_pk, "pks"))
    .order_by(tables.attempts.c.job_pk, tables.attempts.c.number)
)

_EXPIRED = Statement(
    select(_T.pk)
    .where(_T.stopped_at < bindparam("before"), literal_column("status >= 5 AND part < 0"))
    .order_by(_T.stopped_at)
    .limit(bindparam("limit"))
)
_CHILDREN_OF = Statement(select(_T.pk).where(any_of(_T.parent_pk, "tops")).limit(bindparam("limit")))
_COUNTED = Statement(
    select(_T.queue_pk, func.coalesce(_T.share, literal_column("''")), _T.status, func.count())
    .where(any_of(_T.pk, "pks"))
    .group_by(_T.queue_pk, _T.share, _T.status)
)
_PURGE_JOBS = tuple(
    Statement(delete(table).where(any_of(table.c[key], "pks")))
    for table, key in ((tables.events, "job_pk"), (tables.attempts, "job_pk"), (tables.jobs, "pk"))
)
_PURGE_TOPS = (
    *(
        Statement(delete(table).where(any_of(table.c.job_pk, "pks")))
        for table in (tables.arrays, tables.dependencies, tables.early_requests)
    ),
    Statement(delete(tables.specs).where(tables.specs.c.pk.in_(select(_T.spec_pk).where(any_of(_T.pk, "pks"))))),
)


_KINDS, _STATUSES, _REQUESTS = tuple(Kind), tuple(Status), tuple(Request)
_KIND, _STATUS, _REQUEST_AT = (_FIELDS.index(name) for name in ("kind", "status", "request"))


def job_of(row: Row) -> Job:
    """A row of JOB_COLUMNS as a Job."""
    values = list(row)
    values[_KIND] = _KINDS[values[_KIND]]
    values[_STATUS] = _STATUSES[values[_STATUS]]
    values[_REQUEST_AT] = _REQUESTS[values[_REQUEST_AT]]
    return Job(*values)


class Jobs:
    """The jobs of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- adding

    def add_spec(self, name: str, spec: Spec, tags: Mapping[str, str]) -> int:
        """Store what a submission runs; its key."""
        body = msgspec.msgpack.encode(spec)
        return self._connection.insert(_ADD_SPEC, name=name, body=body, tags=msgspec.json.encode(tags).decode())

    def add(self, job: Job, name: str, definition: str, array_size: int | None = None) -> Job:
        """Add a submitted job; its rank is its own key."""
        row = msgspec.structs.asdict(job) | {"name_key": name.lower(), "definition": definition, "request_seen": 0}
        pk, rank = self._connection.rows(_ADD, **row)[0]
        if array_size is not None:
            empty = {f"n{status.value}": 0 for status in Status}
            array = {"job_pk": pk, "size": array_size, "made": 0, "expanding": 0, "updated_at": job.created_at}
            self._connection.run(_ADD_ARRAY, **array, **empty)
        self._add_totals({(job.queue_pk, job.share or "", job.status): 1})
        return msgspec.structs.replace(job, pk=pk, rank=rank)

    def add_children(self, parent_pk: int, children: Sequence[Step], made: int, size: int, at: float) -> None:
        """Add children, each with the one event that it begins with; `made` is how many exist afterwards."""
        extra = {"name_key": None, "definition": None, "request_seen": 0}
        first = self._connection.rows(_LAST_PK)[0][0] + 1
        rows = [{**msgspec.structs.asdict(step.after), "pk": first + n, **extra} for n, step in enumerate(children)]
        self._connection.many(_ADD_CHILD, rows)
        self._add_events(
            (first + n, step.at, step.event, step.after.status, 0, step.after.status_reason)
            for n, step in enumerate(children)
        )
        deltas: dict[tuple[int, str, Status], int] = defaultdict(int)
        for step in children:
            deltas[step.after.queue_pk, step.after.share or "", step.after.status] += 1
        self._add_totals(deltas)
        self._connection.run(_MADE, b_pk=parent_pk, made=made, expanding=int(made < size))
        by_status: dict[Status, int] = defaultdict(int)
        for (_, _, status), n in deltas.items():
            by_status[status] += n
        self._summarise({parent_pk: by_status}, at)

    def expand(self, parent: Step) -> None:
        """Record EXPANDED of an array: its children are to be made from now on."""
        self.advance([parent])
        self._connection.run(_MADE, b_pk=parent.after.pk, made=0, expanding=1)

    # -- changing

    def advance(self, steps: Sequence[Step]) -> None:
        """Write steps, in order; several of one job follow one another.

        Raises Conflict when a row is no longer what its step started from: then nothing of the transaction holds.
        """
        if not steps:
            return
        net: dict[int, tuple[Job, Job]] = {}
        for step in steps:
            first = net.get(step.before.pk)
            net[step.before.pk] = (first[0] if first else step.before, step.after)
        touched = self._connection.many(_UPDATE, (_update(before, after) for before, after in net.values()))
        if touched != len(net):
            raise Conflict(f"{len(net) - touched} of {len(net)} jobs changed meanwhile")
        self._add_events(
            (s.before.pk, s.at, s.event, s.after.status, s.after.placement, s.after.status_reason) for s in steps
        )
        totals: dict[tuple[int, str, Status], int] = defaultdict(int)
        parents: dict[int, dict[Status, int]] = defaultdict(lambda: defaultdict(int))
        for before, after in net.values():
            if before.status is after.status:
                continue
            share = before.share or ""
            totals[before.queue_pk, share, before.status] -= 1
            totals[before.queue_pk, share, after.status] += 1
            if before.parent_pk is not None:
                parents[before.parent_pk][before.status] -= 1
                parents[before.parent_pk][after.status] += 1
        self._add_totals(totals)
        self._summarise(parents, steps[-1].at)

    def ask(self, pks: Iterable[int], request: Request, reason: str | None) -> int:
        """Record a request of these jobs; how many were asked. A cancel gives way to others, else the first stays."""
        return self._connection.many(_REQUEST, ({"b_pk": pk, "asked": int(request), "reason": reason} for pk in pks))

    def ask_early(self, parent_pk: int, part: int, request: Request, reason: str | None) -> None:
        """Record a request of a child that is not made yet."""
        self._connection.run(_ASK_EARLY, job_pk=parent_pk, part=part, request=int(request), request_reason=reason)

    def early(self, parent_pk: int, low: int, high: int) -> dict[int, tuple[Request, str | None]]:
        """What was asked of children in [low, high) before they were made, by index."""
        rows = self._connection.rows(_EARLY, job_pk=parent_pk, low=low, high=high)
        return {part: (_REQUESTS[request], reason) for part, request, reason in rows}

    def seen(self, pks: Iterable[int]) -> None:
        """The requests of these jobs were looked at and need no further turn by themselves."""
        self._connection.many(_SEEN, ({"b_pk": pk} for pk in pks))

    def set_tags(self, uuid: str, tags: Mapping[str, str]) -> bool:
        """Replace a job's tags; whether there is such a job."""
        return self._connection.run(_SET_TAGS, uuid=uuid, tags=msgspec.json.encode(tags).decode()) > 0

    def add_attempts(self, attempts: Iterable[tuple[int, Attempt]]) -> None:
        """Add ended attempts of jobs, by key."""
        self._connection.many(_ADD_ATTEMPT, ({"job_pk": pk, **msgspec.structs.asdict(a)} for pk, a in attempts))

    def purge(self, before: float, limit: int) -> int:
        """Remove up to `limit` rows of submissions that ended before a time, with all that is kept of them.

        Children go before their parents, which answer for them meanwhile. How many rows went; 0 when none is left.
        """
        tops = [row[0] for row in self._connection.rows(_EXPIRED, before=before, limit=limit)]
        children = [row[0] for row in self._connection.rows(_CHILDREN_OF, tops=tops, limit=limit)]
        gone = children or tops
        counted = self._connection.rows(_COUNTED, pks=gone)
        self._add_totals({(queue, share, _STATUSES[status]): -n for queue, share, status, n in counted})
        for statement in _PURGE_JOBS if children else (*_PURGE_TOPS, *_PURGE_JOBS):
            self._connection.run(statement, pks=gone)
        return len(gone)

    # -- reading

    def get(self, job_id: JobId) -> Job | None:
        """The row of an id; None also for a child whose row is not made yet."""
        row = self._connection.row(_BY_ID, uuid=job_id.uuid, part=job_id.part)
        return job_of(row) if row else None

    def by_id(self, ids: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Job]:
        """Jobs by (uuid, part)."""
        found: dict[tuple[str, int], Job] = {}
        for uuid, part in ids:
            row = self._connection.row(_BY_ID, uuid=uuid, part=part)
            if row is not None:
                found[uuid, part] = job_of(row)
        return found

    def status_of(self, uuid: str, part: int) -> Status | None:
        """The status of a job or child: None for a child that is not made yet, FAILED for one that never will be.

        FAILED also when the submission is gone.
        """
        job = self.get(JobId(uuid, ":", part))
        if job is not None:
            return job.status
        parent = self.get(JobId(uuid)) if part >= 0 else None
        return None if parent is not None and not parent.status.final else Status.FAILED

    def by_pk(self, pks: Iterable[int]) -> dict[int, Job]:
        """Jobs by key."""
        jobs = (job_of(row) for row in self._connection.rows(_BY_PK, pks=list(pks)))
        return {job.pk: job for job in jobs}

    def arrays(self, pks: Iterable[int]) -> dict[int, Array]:
        """What array parents have beyond their rows, by key."""
        rows = self._connection.rows(_ARRAYS, pks=list(pks))
        return {r[0]: Array(size=r[1], made=r[2], totals=tuple(r[3:10]), updated_at=r[10]) for r in rows}

    def attempts(self, pks: Iterable[int]) -> dict[int, list[Attempt]]:
        """Ended attempts by job, oldest first."""
        found: dict[int, list[Attempt]] = defaultdict(list)
        for row in self._connection.rows(_ATTEMPTS, pks=list(pks)):
            found[row[0]].append(Attempt(**dict(zip(_ATTEMPT_FIELDS, row[1:], strict=True))))
        return found

    def spec(self, pk: int) -> Spec:
        """What a submission runs."""
        cache = self._connection.caches["specs"]
        spec = cache.get(pk)
        if spec is None:
            row = self._connection.rows(_SPEC, b_pk=pk)[0]
            spec = msgspec.msgpack.decode(row[0], type=Spec)
            cache.put(pk, spec)
        return spec

    def label(self, spec_pk: int) -> tuple[str, dict[str, str]]:
        """Name and tags of a submission."""
        row = self._connection.rows(_SPEC, b_pk=spec_pk)[0]
        return row[1], msgspec.json.decode(row[2], type=dict[str, str])

    def tags(self, uuid: str) -> dict[str, str] | None:
        """A job's tags, None when there is no such job."""
        job = self.get(JobId(uuid))
        return None if job is None else self.label(job.spec_pk)[1]

    # -- kept beside

    def _add_events(self, rows: Iterable[tuple[int, float, Event, Status, int, str | None]]) -> None:
        self._connection.many(_ADD_EVENT, (dict(zip(_EVENT, row, strict=True)) for row in rows))

    def _add_totals(self, deltas: Mapping[tuple[int, str, Status], int]) -> None:
        self._connection.many(
            _TOTALS,
            (
                {"queue_pk": queue, "share": share, "status": int(status), "n": n}
                for (queue, share, status), n in deltas.items()
                if n
            ),
        )

    def _summarise(self, parents: Mapping[int, Mapping[Status, int]], at: float) -> None:
        if not parents:
            return
        self._connection.many(
            _ARRAY_TOTALS,
            (
                {"b_pk": pk, "updated_at": at, **{f"d{s.value}": delta.get(s, 0) for s in Status}}
                for pk, delta in parents.items()
            ),
        )
        outcomes = {pk: array.outcome for pk, array in self.arrays(parents).items() if array.outcome is not None}
        if not outcomes:
            return
        ended: list[Step] = []
        for pk, job in self.by_pk(outcomes).items():
            event = outcomes[pk]
            assert event is not None
            failed = event is Event.CHILDREN_FAILED
            reason = (job.request_reason or CHILD_FAILED) if failed else None
            ended.append(job.step(event, at, status_reason=reason))
        self.advance(ended)


def _update(before: Job, after: Job) -> dict[str, object]:
    row: dict[str, object] = dict(zip(_MUTABLE, _changed(after), strict=True))
    row["b_pk"] = before.pk
    row["was_status"], row["was_placement"], row["was_request"] = before.status, before.placement, before.request
    return row
