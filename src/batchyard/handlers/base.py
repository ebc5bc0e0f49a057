"""What every handler is given: who asks, and the yard's parts that an answer may need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from batchyard.config import Settings
from batchyard.domain.arns import Identity
from batchyard.domain.hosts import Host
from batchyard.kit.clock import Clock
from batchyard.kit.ids import Ids

if TYPE_CHECKING:
    from batchyard.logs.base import LogStore
    from batchyard.store.base import Store


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed the request: the principal's name, its role and access key id."""

    name: str
    role: str
    access_key_id: str = ""


HostsOf = Callable[[], Awaitable[Mapping[str, Sequence[Host]]]]
"""Asks every provider for the hosts it has up."""


async def no_hosts() -> Mapping[str, Sequence[Host]]:
    """A yard without hosts."""
    return {}


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a yard that handlers use, and the caller of this one request."""

    caller: Caller
    settings: Settings
    identity: Identity
    clock: Clock
    ids: Ids
    store: Store
    logs: LogStore
    hosts: HostsOf = no_hosts


Handler = Callable[[Context, Any], Awaitable[Any]]
"""`async def submit_job(context, request: SubmitJobRequest) -> SubmitJobResponse`; raises `domain.errors`."""
