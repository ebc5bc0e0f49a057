"""Statements are built with SQLAlchemy Core, compiled once per database, and run on the driver's own cursor.

Core's execution path costs more per statement than SQLite itself; its compiler costs nothing once. So a `Statement`
keeps the compiled text and the order of its parameters, and everything typed happens where rows become Structs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, cast

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
    type = types.Integer()  # type: ignore[assignment] # of a Boolean SQLite's dialect asks "= 1": no index is used

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
        self._compiled: dict[str, _Compiled] = {}

    def compile(self, dialect: Dialect) -> _Compiled:
        """The text and how its parameters are handed over."""
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled = cast("SQLCompiler", cast("Any", self._clause).compile(dialect=dialect))
            constants = {name: value for name, value in compiled.params.items() if value is not None}
            pick = _picker(compiled.positiontup) if compiled.positiontup is not None else dict
            found = self._compiled[dialect.name] = _Compiled(compiled.string, pick, constants)
        return found


class _Compiled(NamedTuple):
    """A statement's text, what makes the driver's parameters of a mapping, and constants among them."""

    sql: str
    pick: Callable[[Params], Any]
    constants: dict[str, Any]


def _picker(order: Sequence[str]) -> Callable[[Params], Any]:
    """Values in the order of the text's question marks; `itemgetter` does it in C, but not for fewer than two."""
    if len(order) > 1:
        return itemgetter(*order)
    return lambda params: tuple(params[name] for name in order)


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
        self._execute(statement, params)
        return cast("list[Row]", self._cursor.fetchall())

    def row(self, statement: Statement, **params: Any) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(statement, **params)
        return found[0] if found else None

    def run(self, statement: Statement, **params: Any) -> int:
        """Run a change; how many rows it touched."""
        self._execute(statement, params)
        return cast("int", self._cursor.rowcount)

    def insert(self, statement: Statement, **params: Any) -> int:
        """Run an INSERT … RETURNING of one row's key."""
        return cast("int", self.rows(statement, **params)[0][0])

    def many(self, statement: Statement, params: Iterable[Params]) -> int:
        """Run a change once per mapping; how many rows it touched in all."""
        sql, pick, constants = statement.compile(self._dialect)
        bound = [pick({**constants, **each}) for each in params] if constants else list(map(pick, params))
        if not bound:
            return 0
        self._cursor.executemany(sql, bound)
        return cast("int", self._cursor.rowcount)

    def _execute(self, statement: Statement, params: dict[str, Any]) -> None:
        sql, pick, constants = statement.compile(self._dialect)
        if self._json_lists:
            for name, value in params.items():
                if type(value) is list:
                    params[name] = msgspec.json.encode(value).decode()
        self._cursor.execute(sql, pick({**constants, **params} if constants else params))
