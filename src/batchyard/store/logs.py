"""The catalogue of log groups and streams; the events themselves are files (BEHAVIOUR 12).

The group of all jobs always exists (12.03): it has a row only once it was given a retention. Names are in order of
their characters' numbers, as AWS sorts them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, or_, select, text, update

from batchyard.domain.log_streams import ATTEMPT, LogGroup, LogStream, is_built_in
from batchyard.domain.logs import DEFAULT_GROUP
from batchyard.store import tables
from batchyard.store.sql import Connection, Row, Statement, any_of

_G, _S = tables.log_groups.c, tables.log_streams.c
_END = "\U0010ffff"
"""Sorts behind whatever may follow a prefix."""

_GROUPS = Statement(select(_G.name, _G.created_at, _G.retention_days).order_by(_G.name))
_GROUP = Statement(select(_G.name, _G.created_at, _G.retention_days).where(_G.name == bindparam("b_name")))
_ADD_GROUP = Statement(
    insert(tables.log_groups).values({name: bindparam(name) for name in ("name", "created_at", "retention_days")})
)
_SET_RETENTION = Statement(
    update(tables.log_groups).where(_G.name == bindparam("b_name")).values(retention_days=bindparam("retention_days"))
)
_DELETE_GROUP = Statement(delete(tables.log_groups).where(_G.name == bindparam("b_name")))

_IN_GROUP = _S.group_name == bindparam("group_name")
_STREAMS = select(_S.pk, _S.group_name, _S.name, _S.path, _S.kind, _S.created_at).where(_IN_GROUP)
_STREAM = Statement(_STREAMS.where(_S.name == bindparam("b_name")))
_NAMED = Statement(_STREAMS.where(any_of(_S.name, "names")).order_by(_S.pk))
_BY_NAME = Statement(
    _STREAMS.where(_S.name >= bindparam("first"), _S.name > bindparam("after"), _S.name < bindparam("before"))
    .order_by(_S.name)
    .limit(bindparam("limit"))
)
_BY_NAME_BACK = Statement(
    _STREAMS.where(_S.name >= bindparam("first"), _S.name < bindparam("before"))
    .order_by(_S.name.desc())
    .limit(bindparam("limit"))
)
_BY_AGE = Statement(
    _STREAMS.where(
        _S.created_at >= bindparam("since"),
        or_(_S.created_at > bindparam("since"), _S.pk > bindparam("after")),
        _S.created_at <= bindparam("until"),
    )
    .order_by(_S.created_at, _S.pk)
    .limit(bindparam("limit"))
)
_ADDED = ("group_name", "name", "path", "kind", "created_at")
_ADD_STREAM = Statement(insert(tables.log_streams).values({name: bindparam(name) for name in _ADDED}))
_ADD_ATTEMPT = Statement(
    text(
        "INSERT INTO log_streams (group_name, name, path, kind, created_at) "
        "VALUES (:group_name, :name, :path, :kind, :created_at) ON CONFLICT (group_name, name) DO NOTHING"
    )
)
_DELETE_STREAMS = Statement(delete(tables.log_streams).where(any_of(_S.pk, "pks")))


class Logs:
    """The log groups and streams of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def groups(self) -> list[LogGroup]:
        """All groups in order of their names: few."""
        groups = [_group(row) for row in self._connection.rows(_GROUPS)]
        if not any(is_built_in(group.name) for group in groups):
            groups.append(LogGroup(name=DEFAULT_GROUP))
        return sorted(groups, key=lambda group: group.name)

    def group(self, name: str) -> LogGroup | None:
        """This group."""
        row = self._connection.row(_GROUP, b_name=name)
        return _group(row) if row else LogGroup(name=DEFAULT_GROUP) if is_built_in(name) else None

    def add_group(self, group: LogGroup) -> None:
        """A new group; the caller has looked that there is none of its name."""
        self._connection.run(
            _ADD_GROUP, name=group.name, created_at=group.created_at, retention_days=group.retention_days
        )

    def set_retention(self, name: str, days: int | None) -> None:
        """How long an existing group keeps events; None: for ever."""
        if not self._connection.run(_SET_RETENTION, b_name=name, retention_days=days):
            self.add_group(LogGroup(name=name, retention_days=days))

    def delete_group(self, name: str) -> None:
        """Forget the group; the caller has deleted its streams."""
        self._connection.run(_DELETE_GROUP, b_name=name)

    def stream(self, group: str, name: str) -> LogStream | None:
        """This stream."""
        row = self._connection.row(_STREAM, group_name=group, b_name=name)
        return _stream(row) if row else None

    def named(self, group: str, names: Sequence[str]) -> list[LogStream]:
        """Those of these streams that exist, oldest first."""
        return [_stream(row) for row in self._connection.rows(_NAMED, group_name=group, names=list(names))]

    def by_name(
        self, group: str, limit: int, prefix: str = "", after: str | None = None, descending: bool = False
    ) -> list[LogStream]:
        """Streams whose name has the prefix, in order of their names, behind `after`."""
        end = prefix + _END
        if descending:
            params = {"first": prefix, "before": end if after is None else min(after, end)}
            rows = self._connection.rows(_BY_NAME_BACK, group_name=group, limit=limit, **params)
        else:
            params = {"first": prefix, "after": after or "", "before": end}
            rows = self._connection.rows(_BY_NAME, group_name=group, limit=limit, **params)
        return [_stream(row) for row in rows]

    def by_age(
        self, group: str, limit: int, after: tuple[float, int] = (-1.0, 0), until: float = 1e300
    ) -> list[LogStream]:
        """Streams made until then, oldest first, behind the one of this (created_at, pk)."""
        params = {"since": after[0], "after": after[1], "until": until, "limit": limit}
        return [_stream(row) for row in self._connection.rows(_BY_AGE, group_name=group, **params)]

    def add_stream(self, group: str, name: str, file_id: str, kind: int, created_at: float) -> None:
        """A new stream; the caller has looked that there is none of its name."""
        self._connection.run(_ADD_STREAM, group_name=group, name=name, path=file_id, kind=kind, created_at=created_at)

    def add_attempts(self, streams: Sequence[tuple[str, str, str, float]]) -> None:
        """Streams of attempts: (group, stream, task id, created_at); one that is there already stays as it is."""
        self._connection.many(
            _ADD_ATTEMPT,
            [
                {"group_name": group, "name": name, "path": task_id, "kind": ATTEMPT, "created_at": created_at}
                for group, name, task_id, created_at in streams
            ],
        )

    def delete_streams(self, pks: Sequence[int]) -> None:
        """Forget these streams."""
        self._connection.run(_DELETE_STREAMS, pks=list(pks))


def _group(row: Row) -> LogGroup:
    return LogGroup(name=row[0], created_at=row[1], retention_days=row[2])


def _stream(row: Row) -> LogStream:
    return LogStream(pk=row[0], group=row[1], name=row[2], file_id=row[3], kind=row[4], created_at=row[5])
