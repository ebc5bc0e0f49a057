"""Job definitions: a row per revision. What was registered never changes, status and tags do (BEHAVIOUR 2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import bindparam, delete, insert, select, text, update

from batchyard.api.batch import RegisterJobDefinitionRequest
from batchyard.domain.definitions import ACTIVE, INACTIVE, Definition
from batchyard.store import tables
from batchyard.store.sql import Connection, Row, Statement

_T = tables.definitions.c
_FIRST = 1 << 62

_NEXT_REVISION = Statement(
    text(
        "INSERT INTO definition_names (name, last_revision) VALUES (:name, 1) "
        "ON CONFLICT (name) DO UPDATE SET last_revision = definition_names.last_revision + 1 RETURNING last_revision"
    )
)
_ADDED = ("name", "revision", "status", "body", "tags", "created_at")
_ADD = Statement(insert(tables.definitions).values({name: bindparam(name) for name in _ADDED}).returning(_T.pk))
_ALL = select(_T.pk, _T.name, _T.revision, _T.status, _T.body, _T.tags, _T.created_at, _T.deregistered_at)
_REVISION = Statement(_ALL.where(_T.name == bindparam("name"), _T.revision == bindparam("revision")))
_NEWEST = Statement(_ALL.where(_T.name == bindparam("name"), _T.status == ACTIVE).order_by(_T.revision.desc()).limit(1))
_LISTED: dict[tuple[str, ...], Statement] = {
    given: Statement(
        _ALL.where(_T.pk < bindparam("below"), *(_T[column] == bindparam(column) for column in given))
        .order_by(_T.pk.desc())
        .limit(bindparam("limit"))
    )
    for given in ((), ("name",), ("status",), ("name", "status"))
}
_DEREGISTER = Statement(
    update(tables.definitions)
    .where(_T.pk == bindparam("b_pk"), _T.status == ACTIVE)
    .values(status=INACTIVE, deregistered_at=bindparam("at"))
)
_SET_TAGS = Statement(update(tables.definitions).where(_T.pk == bindparam("b_pk")).values(tags=bindparam("tags")))
_PURGE = Statement(delete(tables.definitions).where(_T.status == INACTIVE, _T.deregistered_at < bindparam("before")))


class Definitions:
    """The job definitions of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, registration: RegisterJobDefinitionRequest, at: float) -> Definition:
        """A new revision: one more than the name ever had (2.02), whatever became of the earlier ones."""
        name, tags = registration.jobDefinitionName, registration.tags or {}
        registration = msgspec.structs.replace(registration, tags=None)
        revision = self._connection.insert(_NEXT_REVISION, name=name)
        pk = self._connection.insert(
            _ADD,
            name=name,
            revision=revision,
            status=ACTIVE,
            body=msgspec.msgpack.encode(registration),
            tags=_text(tags),
            created_at=at,
        )
        return Definition(
            pk=pk,
            name=name,
            revision=revision,
            status=ACTIVE,
            registration=registration,
            tags=tags,
            created_at=at,
        )

    def get(self, name: str, revision: int | None = None) -> Definition | None:
        """This revision, or the newest ACTIVE one (3.01)."""
        if revision is None:
            row = self._connection.row(_NEWEST, name=name)
        else:
            row = self._connection.row(_REVISION, name=name, revision=revision)
        return self._definition(row) if row else None

    def named(self, references: Iterable[tuple[str, int | None]]) -> list[Definition]:
        """Those of `references` (name, revision) that exist, in this order, each once."""
        found = (self.get(name, revision) for name, revision in references)
        return list({definition.pk: definition for definition in found if definition}.values())

    def listed(self, *, name: str | None, status: str | None, below: int | None, limit: int) -> list[Definition]:
        """Definitions, newest first, with keys below `below`; of one name that is newest revision first (2.08)."""
        given = {column: value for column, value in (("name", name), ("status", status)) if value is not None}
        start = _FIRST if below is None else below
        rows = self._connection.rows(_LISTED[tuple(given)], below=start, limit=limit, **given)
        return [self._definition(row) for row in rows]

    def deregister(self, definition: Definition, at: float) -> None:
        """Make it INACTIVE; one that is so already keeps its time (2.04)."""
        self._connection.run(_DEREGISTER, b_pk=definition.pk, at=at)

    def set_tags(self, definition: Definition, tags: Mapping[str, str]) -> None:
        """Replace its tags."""
        self._connection.run(_SET_TAGS, b_pk=definition.pk, tags=_text(tags))

    def purge(self, before: float) -> int:
        """Delete what was deregistered before this time (2.03); how many. Their revision numbers stay used."""
        return self._connection.run(_PURGE, before=before)

    def _definition(self, row: Row) -> Definition:
        pk, name, revision, status, body, tags, created_at, deregistered_at = row
        # With the time in it, a key that a rolled back insert gave out is not mistaken for its next owner's.
        cache, key = self._connection.caches["definitions"], (pk, created_at)
        registration = cache.get(key)
        if registration is None:
            registration = msgspec.msgpack.decode(body, type=RegisterJobDefinitionRequest)
            cache.put(key, registration)
        return Definition(
            pk=pk,
            name=name,
            revision=revision,
            status=status,
            registration=registration,
            tags=msgspec.json.decode(tags, type=dict[str, str]),
            created_at=created_at,
            deregistered_at=deregistered_at,
        )


def _text(tags: Mapping[str, str]) -> str:
    return msgspec.json.encode(tags).decode()
