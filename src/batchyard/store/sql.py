"""Statements are built with SQLAlchemy Core, compiled once per database, and run on the driver's own cursor.

Core's execution path costs more per statement than SQLite itself; its compiler costs nothing once. So a `Statement`
keeps the compiled text and the order of its parameters, and everything typed happens where rows become Structs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec
from sqlalchemy import ColumnElement, Dialect, Executable, bindparam, types
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter

Row = tuple[Any, ...]
Params = Mapping[str, Any]


class any_of(ColumnElement[bool]):  # noqa: N801 - reads as an operator
    """`column` is one of the list given as parameter `name`: one statement for every length of list."""

    inherit_cache = False
    type = types.Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.param: BindParameter[Any] = bindparam(name)


@compiles(any_of, "sqlite")
def _any_sqlite(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, param = compiler.process(element.column, **kw), compiler.process(element.param, **kw)
    return f"{column} IN (SELECT value FROM json_each({param}))"  # noqa: S608 - compiled SQL, no values


@compiles(any_of, "postgresql")
def _any_postgresql(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, param = compiler.process(element.column, **kw), compiler.process(element.param, **kw)
    return f"{column} = ANY({param})"


class Statement:
    """One SQL statement, compiled lazily per database."""

    def __init__(self, clause: Executable) -> None:
        self._clause = clause
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}

    def compile(self, dialect: Dialect) -> tuple[str, tuple[str, ...] | None, dict[str, Any]]:
        """The text, the names of the parameters in order (None: they go by name), and constants among them."""
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled = cast("SQLCompiler", cast("Any", self._clause).compile(dialect=dialect))
            constants = {name: value for name, value in compiled.params.items() if value is not None}
            order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
            found = self._compiled[dialect.name] = (compiled.string, order, constants)
        return found


class Cache:
    """What never changes once committed, by key, for one database: bounded, oldest out first.

    Fill it only from rows that another transaction wrote: a rolled back insert's key is given out again.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._values: dict[Any, Any] = {}

    def get(self, key: Any) -> Any:
        """The value, or None."""
        return self._values.get(key)

    def put(self, key: Any, value: Any) -> None:
        """Keep the value; called from several threads, each step is atomic."""
        self._values[key] = value
        while len(self._values) > self._size:
            self._values.pop(next(iter(self._values)), None)


class Connection:
    """A driver's cursor that runs Statements. Lists given as parameters become what `any_of` needs.

    `caches` is shared by all connections of one database: `connection.caches["specs"]`.
    """

    def __init__(self, raw: Any, dialect: Dialect, caches: dict[str, Cache]) -> None:
        self.caches = caches
        self._cursor = raw.cursor()
        self._dialect = dialect
        self._json_lists = dialect.name == "sqlite"

    def execute(self, sql: str) -> None:
        """Run plain text: transaction control and the like."""
        self._cursor.execute(sql)

    def rows(self, statement: Statement, **params: Any) -> list[Row]:
        """All rows of a query."""
        sql, order, constants = statement.compile(self._dialect)
        self._cursor.execute(sql, self._bind(order, constants, params))
        return cast("list[Row]", self._cursor.fetchall())

    def row(self, statement: Statement, **params: Any) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(statement, **params)
        return found[0] if found else None

    def run(self, statement: Statement, **params: Any) -> int:
        """Run a change; how many rows it touched."""
        sql, order, constants = statement.compile(self._dialect)
        self._cursor.execute(sql, self._bind(order, constants, params))
        return cast("int", self._cursor.rowcount)

    def insert(self, statement: Statement, **params: Any) -> int:
        """Run an INSERT … RETURNING of one row's key."""
        return cast("int", self.rows(statement, **params)[0][0])

    def many(self, statement: Statement, params: Iterable[Params]) -> int:
        """Run a change once per mapping; how many rows it touched in all."""
        sql, order, constants = statement.compile(self._dialect)
        bound = [self._bind(order, constants, each) for each in params]
        if not bound:
            return 0
        self._cursor.executemany(sql, bound)
        return cast("int", self._cursor.rowcount)

    def _bind(self, order: tuple[str, ...] | None, constants: Params, params: Params) -> Any:
        if self._json_lists:
            for name, value in params.items():
                if type(value) is list:
                    params = {**params, name: msgspec.json.encode(value).decode()}
        if order is None:
            return {**constants, **params} if constants else dict(params)
        if constants:
            return [params[name] if name in params else constants[name] for name in order]
        return [params[name] for name in order]


def columns(row: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    """A row as a mapping."""
    return dict(zip(names, row, strict=True))
