"""What the operations on logs look up: the group or stream that a request names, and which streams it searches."""

from __future__ import annotations

from collections.abc import Sequence

from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.log_streams import ATTEMPT, LogGroup, LogStream
from batchyard.domain.logs import check_group_name, check_stream_name
from batchyard.handlers.base import Context
from batchyard.store.base import Tx

_CHUNK = 5000
"""Streams read from the catalogue at once."""
_LATE_MS = 5_000
_FUTURE_MS = 2 * 3600_000
"""How far an attempt's records, and events that clients put (12.70), may be ahead of their file's last change."""


def group_name(context: Context, name: str | None, identifier: str | None) -> str:
    """The name of the group that a request gives by name or by identifier, a name or ARN (12.21)."""
    if (name is None) == (identifier is None):
        raise Invalid("Either logGroupName or logGroupIdentifier must be given, but not both.")
    found = name if name is not None else named(context, identifier or "")
    check_group_name(found)
    return found


def named(context: Context, identifier: str) -> str:
    """The name in a group's name or ARN. Raises NotFound for the ARN of another account or Region."""
    if not identifier.startswith("arn:"):
        return identifier
    prefix = group_arn(context, "")
    if not identifier.startswith(prefix):
        raise no_group()
    return identifier.removeprefix(prefix).removesuffix(":*")


def group_arn(context: Context, name: str) -> str:
    """The ARN of a log group."""
    identity = context.identity
    return f"arn:{identity.partition}:logs:{identity.region}:{identity.account}:log-group:{name}"


def no_group() -> NotFound:
    """The group is not there (12.20)."""
    return NotFound("The specified log group does not exist.")


def get_group(tx: Tx, name: str) -> LogGroup:
    """This group. Raises NotFound."""
    group = tx.logs.group(name)
    if group is None:
        raise no_group()
    return group


def get_stream(tx: Tx, group: str, name: str) -> LogStream:
    """This stream. Raises NotFound."""
    check_stream_name(name)
    get_group(tx, group)
    stream = tx.logs.stream(group, name)
    if stream is None:
        raise NotFound("The specified log stream does not exist.")
    return stream


async def all_streams(context: Context, group: str) -> list[LogStream]:
    """Every stream of a group, oldest first. Raises NotFound."""
    await context.store.read(lambda tx: get_group(tx, group))
    chunk = await _by_age(context, group, (-1.0, 0))
    streams = list(chunk)
    while len(chunk) == _CHUNK:
        chunk = await _by_age(context, group, (chunk[-1].created_at, chunk[-1].pk))
        streams += chunk
    return streams


async def _by_age(context: Context, group: str, after: tuple[float, int]) -> list[LogStream]:
    return await context.store.read(lambda tx: tx.logs.by_age(group, _CHUNK, after))


async def streams_to_search(
    context: Context, group: str, names: Sequence[str] | None, prefixes: Sequence[str] | None, since_ms: int
) -> list[LogStream]:
    """The streams of a group with these names or prefixes (all, with neither) that changed since then.

    Raises NotFound for the group, or a name, that does not exist.
    """
    if names:
        streams = await context.store.read(lambda tx: [get_stream(tx, group, name) for name in dict.fromkeys(names)])
    elif prefixes:
        streams = await _with_prefixes(context, group, prefixes)
    else:
        streams = await all_streams(context, group)
    changed = await context.logs.modified([context.logs.path(stream) for stream in streams])
    return [
        stream
        for stream, ms in zip(streams, changed, strict=True)
        if ms is not None and ms + (_LATE_MS if stream.kind == ATTEMPT else _FUTURE_MS) >= since_ms
    ]


async def _with_prefixes(context: Context, group: str, prefixes: Sequence[str]) -> list[LogStream]:
    await context.store.read(lambda tx: get_group(tx, group))
    streams: dict[int, LogStream] = {}
    for prefix in prefixes:
        check_stream_name(prefix)
        chunk = await _by_name(context, group, prefix, None)
        streams.update((stream.pk, stream) for stream in chunk)
        while len(chunk) == _CHUNK:
            chunk = await _by_name(context, group, prefix, chunk[-1].name)
            streams.update((stream.pk, stream) for stream in chunk)
    return list(streams.values())


async def _by_name(context: Context, group: str, prefix: str, after: str | None) -> list[LogStream]:
    return await context.store.read(lambda tx: tx.logs.by_name(group, _CHUNK, prefix, after))
