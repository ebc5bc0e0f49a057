"""The tables. Integer keys inside, uuids outside; what is only passed on is one blob; what is asked for is a column.

Partial indexes keep the hot questions flat: "who waits, in order" and "who is active" never look at finished jobs,
however many there are. Numbers of statuses and events are those of `domain.states`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

# SQLite gives row ids only to a column that is exactly INTEGER.
_Key = BigInteger().with_variant(Integer, "sqlite")


def _key(name: str = "pk") -> Column[int]:
    return Column(name, _Key, primary_key=True, autoincrement=True)


meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))


def _documents(name: str) -> Table:
    """A table of few rows, each one domain Struct as msgpack; `version` grows with each change."""
    return Table(
        name,
        metadata,
        _key(),
        Column("name", Text, nullable=False, unique=True),
        Column("version", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
    )


queues = _documents("queues")
environments = _documents("environments")
policies = _documents("policies")

definition_names = Table(
    "definition_names",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last_revision", Integer, nullable=False),
)

definitions = Table(
    "definitions",
    metadata,
    _key(),
    Column("name", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("tags", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("deregistered_at", Float),
    UniqueConstraint("name", "revision"),
    sqlite_autoincrement=True,  # keys of purged rows are cached, so they are never given out again
)

specs = Table(
    "specs",
    metadata,
    _key(),
    Column("name", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("tags", Text, nullable=False),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    _key(),
    Column("uuid", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("parent_pk", _Key),
    Column("spec_pk", _Key, nullable=False),
    Column("queue_pk", _Key, nullable=False),
    # For the filters of ListJobs; empty for children, which no filter reaches (14.12).
    Column("name_key", Text),
    Column("definition", Text),
    Column("share", Text),
    Column("priority", Integer, nullable=False),
    Column("rank", _Key, nullable=False),
    Column("vcpus", Integer, nullable=False),
    Column("memory_mib", Integer, nullable=False),
    Column("gpus", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("status_reason", Text),
    Column("started_at", Float),
    Column("stopped_at", Float),
    Column("open", Integer, nullable=False),
    Column("placement", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("environment_pk", _Key),
    Column("host", Text),
    Column("deadline", Float),
    Column("exit_code", Integer),
    Column("reason", Text),
    Column("request", SmallInteger, nullable=False),
    Column("request_seen", SmallInteger, nullable=False),
    Column("request_reason", Text),
    UniqueConstraint("uuid", "part"),
)


def _index(name: str, *columns: str | ColumnElement[Any], where: str) -> None:
    expressions = (jobs.c[column] if isinstance(column, str) else column for column in columns)
    Index(name, *expressions, sqlite_where=text(where), postgresql_where=text(where))


# Each begins with a column that its query compares: SQLite prefers walking the table to a partial index on the key.
_index("jobs_new", "status", "pk", where="status = 0")
_index("jobs_waiting", "queue_pk", "rank", "pk", where="status = 2 AND request = 0")
_index(
    "jobs_waiting_by_share",
    "queue_pk",
    "share",
    jobs.c.priority.desc(),
    "rank",
    "pk",
    where="status = 2 AND request = 0 AND share IS NOT NULL",
)
_index(
    "jobs_active",
    "host",
    "environment_pk",
    "vcpus",
    "memory_mib",
    "gpus",
    "queue_pk",
    "status",  # SQLite evaluates the condition again, and would read the row for it
    where="status IN (3, 4)",
)
_index("jobs_starting", "status", "pk", where="status = 3")
_index("jobs_deadline", "deadline", where="status = 4 AND deadline IS NOT NULL AND request < 2")
_index("jobs_requested", "request_seen", "pk", where="request <> 0 AND request_seen = 0 AND status < 5")
_index("jobs_listed", "queue_pk", "status", "pk", where="part < 0")
_index("jobs_of_queue", "queue_pk", "pk", where="part < 0")
_index("jobs_children", "parent_pk", "status", "part", where="parent_pk IS NOT NULL")
_index("jobs_ended", "stopped_at", where="status >= 5 AND part < 0")

arrays = Table(
    "arrays",
    metadata,
    Column("job_pk", _Key, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("made", Integer, nullable=False),
    # 1 while children are to be made: nothing is open any more, and not all exist.
    Column("expanding", SmallInteger, nullable=False),
    *(Column(f"n{status}", Integer, nullable=False) for status in range(7)),
    Column("updated_at", Float, nullable=False),
)
Index(
    "arrays_expanding",
    arrays.c.expanding,
    arrays.c.job_pk,
    sqlite_where=text("expanding = 1"),
    postgresql_where=text("expanding = 1"),
)

# What was asked of children that are not made yet: they are born with it.
early_requests = Table(
    "early_requests",
    metadata,
    Column("job_pk", _Key, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("request", SmallInteger, nullable=False),
    Column("request_reason", Text),
)

totals = Table(
    "totals",
    metadata,
    Column("queue_pk", _Key, primary_key=True, autoincrement=False),
    Column("share", Text, primary_key=True),
    Column("status", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
)

dependencies = Table(
    "dependencies",
    metadata,
    _key(),
    Column("job_pk", _Key, nullable=False, index=True),
    Column("on_uuid", Text, nullable=False, index=True),
    Column("on_part", Integer, nullable=False),
    Column("tie", SmallInteger, nullable=False),
    Column("met", SmallInteger, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("job_pk", _Key, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("placement", Integer, nullable=False),
    Column("environment_pk", _Key),
    Column("host", Text),
    Column("started_at", Float),
    Column("stopped_at", Float, nullable=False),
    Column("exit_code", Integer),
    Column("reason", Text),
    Column("status_reason", Text, nullable=False),
    Column("peak_memory_bytes", BigInteger, nullable=False),
    Column("cpu_s", Float, nullable=False),
)

events = Table(
    "events",
    metadata,
    _key("seq"),
    Column("job_pk", _Key, nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("event", SmallInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("placement", Integer, nullable=False),
    Column("detail", Text),
    sqlite_autoincrement=True,  # cursors of readers outlive the newest events, when those are purged
)

log_groups = Table(
    "log_groups",
    metadata,
    Column("name", Text, primary_key=True),
    Column("created_at", Float, nullable=False),
    Column("retention_days", Integer),
)

log_streams = Table(
    "log_streams",
    metadata,
    _key(),
    Column("group_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("group_name", "name"),
)
Index("log_streams_by_age", log_streams.c.group_name, log_streams.c.created_at)
