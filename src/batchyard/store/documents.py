"""What queues, environments and policies have in common: few rows, each one domain Struct as msgpack.

A removed row stays, nameless, under its key: finished jobs go on naming the queue and the environment they had, and a
key is never given out twice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec
from sqlalchemy import Table, bindparam, insert, select, update

from batchyard.store.errors import Conflict
from batchyard.store.sql import Connection, Row, Statement


class Document(Protocol):
    """A domain Struct with a name, and a place for what the store gives it."""

    @property
    def pk(self) -> int: ...  # noqa: D102
    @property
    def version(self) -> int: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102


T = TypeVar("T", bound=Document)


class Statements:
    """The SQL of one table of documents."""

    def __init__(self, table: Table) -> None:
        columns = (table.c.pk, table.c.version, table.c.body)
        same = (table.c.pk == bindparam("b_pk"), table.c.version == bindparam("was"))
        there = table.c.name.not_like("#%")  # what `remove` makes of a name, and no name can be
        self.all = Statement(select(*columns).where(there))
        self.by_name = Statement(select(*columns).where(there, table.c.name == bindparam("b_name")))
        self.by_pk = Statement(select(*columns).where(table.c.pk == bindparam("b_pk")))
        values = {name: bindparam(name) for name in ("name", "version", "body")}
        self.add = Statement(insert(table).values(values).returning(table.c.pk))
        self.put = Statement(update(table).where(*same).values(version=bindparam("version"), body=bindparam("body")))
        self.rename = Statement(update(table).where(table.c.pk == bindparam("b_pk")).values(name=bindparam("name")))


# By content: the key of a rolled back insert is given out again with the same version.
@lru_cache(maxsize=4096)
def _decode(kind: Any, pk: int, version: int, body: bytes) -> Any:
    return msgspec.structs.replace(msgspec.msgpack.decode(body, type=kind), pk=pk, version=version)


class Documents(Generic[T]):
    """The documents of one kind in one transaction. What it returns is shared: never change it in place."""

    statements: ClassVar[Statements]
    kind: ClassVar[type[Any]]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> dict[int, T]:
        """Everything there is by key, in order of the names."""
        found = (self._of(row) for row in self._connection.rows(self.statements.all))
        return {value.pk: value for value in sorted(found, key=lambda value: value.name)}

    def get(self, name: str) -> T | None:
        """The one with this name."""
        row = self._connection.row(self.statements.by_name, b_name=name)
        return self._of(row) if row else None

    def by_pk(self, pk: int) -> T | None:
        """The one with this key, removed or not."""
        row = self._connection.row(self.statements.by_pk, b_pk=pk)
        return self._of(row) if row else None

    def add(self, value: T) -> T:
        """Store a new one, whose name must be free; the value with its key."""
        body = msgspec.msgpack.encode(value)
        pk = self._connection.insert(self.statements.add, name=value.name, version=1, body=body)
        return self._of((pk, 1, body))

    def put(self, value: T) -> T:
        """Store a changed one; the value with its new version. Raises Conflict when it was changed meanwhile."""
        body, version = msgspec.msgpack.encode(value), value.version + 1
        changed = self._connection.run(
            self.statements.put, b_pk=value.pk, was=value.version, version=version, body=body
        )
        if not changed:
            raise Conflict(f"{self.kind.__name__} {value.name} was changed meanwhile")
        return self._of((value.pk, version, body))

    def remove(self, pk: int) -> None:
        """Take it away and free its name."""
        self._connection.run(self.statements.rename, b_pk=pk, name=f"#{pk}")

    def _of(self, row: Row) -> T:
        pk, version, body = row
        return _decode(self.kind, pk, version, bytes(body))
