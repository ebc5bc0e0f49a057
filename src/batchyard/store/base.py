"""The contract of the store: a transaction is a plain function, so it cannot be left open and cannot await.

`read` gives a consistent view. `write` joins the writers that wait into one database transaction (a savepoint each) and
returns only after its commit is on disk. A `Tx` holds one class per resource; `wake` names loops that should look soon.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import cached_property
from typing import Protocol, TypeVar

from sqlalchemy import bindparam, select, text

from batchyard.store import tables
from batchyard.store.definitions import Definitions
from batchyard.store.dependencies import Dependencies
from batchyard.store.environments import Environments
from batchyard.store.feed import Change, Feed
from batchyard.store.jobs import Jobs
from batchyard.store.listing import Listing
from batchyard.store.logs import Logs
from batchyard.store.policies import Policies
from batchyard.store.queues import Queues
from batchyard.store.sql import Connection, Statement
from batchyard.store.waiting import Waiting

T = TypeVar("T")


_META_GET = Statement(select(tables.meta.c.value).where(tables.meta.c.name == bindparam("name")))
_META_PUT = Statement(
    text(
        "INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    )
)


class Meta:
    """Single values by name: cursors, marks of what was done once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> str | None:
        """The value, None when it was never put."""
        row = self._connection.row(_META_GET, name=name)
        return row[0] if row else None

    def put(self, name: str, value: str) -> None:
        """Set the value."""
        self._connection.run(_META_PUT, name=name, value=value)


class Tx:
    """One transaction: a class per resource. Those that change something fail on a read-only connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.woken: set[str] = set()

    def wake(self, loop: str) -> None:
        """Ask for a turn of this loop after the commit; a hint."""
        self.woken.add(loop)

    @cached_property
    def meta(self) -> Meta:
        """Single values by name."""
        return Meta(self.connection)

    @cached_property
    def definitions(self) -> Definitions:
        """Job definitions."""
        return Definitions(self.connection)

    @cached_property
    def queues(self) -> Queues:
        """Job queues."""
        return Queues(self.connection)

    @cached_property
    def environments(self) -> Environments:
        """Compute environments."""
        return Environments(self.connection)

    @cached_property
    def policies(self) -> Policies:
        """Scheduling policies."""
        return Policies(self.connection)

    @cached_property
    def jobs(self) -> Jobs:
        """Jobs: adding, changing statuses, reading by id."""
        return Jobs(self.connection)

    @cached_property
    def waiting(self) -> Waiting:
        """What the scheduler asks: who waits, what is in use."""
        return Waiting(self.connection)

    @cached_property
    def listing(self) -> Listing:
        """What ListJobs asks."""
        return Listing(self.connection)

    @cached_property
    def dependencies(self) -> Dependencies:
        """Who waits for whom."""
        return Dependencies(self.connection)

    @cached_property
    def feed(self) -> Feed:
        """The event log of jobs."""
        return Feed(self.connection)

    @cached_property
    def logs(self) -> Logs:
        """The catalogue of log groups and streams."""
        return Logs(self.connection)


class Store(Protocol):
    """Runs transactions. `on_wake` is told, after each commit, which loops the transaction woke."""

    on_wake: Callable[[str], None]

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run `fn` on a consistent view."""
        ...

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Run `fn` and commit; `fn` may run again after a Conflict, so it has no side effects."""
        ...

    def changes(self, after: int) -> AsyncIterator[Sequence[Change]]:
        """Committed events behind `after`, in order, for ever: nothing missed, nothing twice."""
        ...

    async def close(self) -> None:
        """Finish what was taken on and let go of the database."""
        ...
