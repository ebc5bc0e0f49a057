"""Operations over a real store in memory, called by their names as the administrator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import msgspec
import pytest
from tests.handlers.jobs import Yard

from batchyard.api.batch import OPERATIONS
from batchyard.config import load
from batchyard.domain.arns import Identity
from batchyard.handlers.base import Caller, Context
from batchyard.handlers.collect import collect
from batchyard.kit.ids import SeededIds
from batchyard.store.database import SqliteStore


class StillClock:
    """Time that stands."""

    def now(self) -> float:
        """UTC seconds."""
        return 1_700_000_000.0


@pytest.fixture
async def store() -> AsyncIterator[SqliteStore]:
    """An empty store in memory."""
    store = SqliteStore(None, inline=True)
    yield store
    await store.close()


@pytest.fixture
def woken(store: SqliteStore) -> list[str]:
    """The loops that transactions have woken so far."""
    names: list[str] = []
    store.on_wake = names.append
    return names


@pytest.fixture
def overrides() -> dict[str, Any]:
    """Settings in place of the defaults; a test fills it before it calls."""
    return {}


@pytest.fixture
def call(store: SqliteStore, overrides: dict[str, Any]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await call("DescribeJobQueues", jobQueues=["q"])`: the operation's answer as JSON would have it."""
    handlers, ids = collect()["batch"], SeededIds(1)

    async def run(operation: str, **members: Any) -> dict[str, Any]:
        context = Context(
            caller=Caller(name="tester", role="admin"),
            settings=load(overrides=overrides),
            identity=Identity(),
            clock=StillClock(),
            ids=ids,
            store=cast("Any", store),
            logs=cast("Any", None),  # nothing that is tested here reads logs
        )
        request = msgspec.convert(members, OPERATIONS[operation].request_type)
        return cast("dict[str, Any]", msgspec.to_builtins(await handlers[operation](context, request)))

    return run


@pytest.fixture
async def yard(call: Callable[..., Awaitable[dict[str, Any]]], store: SqliteStore) -> Yard:
    """What jobs need: a queue, an environment, a definition."""
    yard = Yard(call, store)
    await yard.start()
    return yard
