"""Removes log streams whose last event is older than their group keeps (BEHAVIOUR 12.08)."""

from __future__ import annotations

from batchyard.domain.log_streams import LogGroup, LogStream
from batchyard.kit.clock import ms
from batchyard.kit.digests import digest
from batchyard.logs.base import LogStore
from batchyard.store.base import Store

_CHUNK = 1000
_DAY_S = 86_400.0


async def expire(store: Store, logs: LogStore, now: float) -> int:
    """One pass over all groups with a retention; how many streams went. The streams of running attempts stay."""
    groups, running = await store.read(
        lambda tx: (tx.logs.groups(), {digest(job.key) for job in tx.waiting.active()}),
    )
    return sum([await _expire(store, logs, group, running, now) for group in groups if group.retention_days])


async def _expire(store: Store, logs: LogStore, group: LogGroup, running: set[str], now: float) -> int:
    until, gone = now - (group.retention_days or 0) * _DAY_S, 0
    streams = await _older(store, group.name, (-1.0, 0), until)
    while streams:
        changed = await logs.modified([logs.path(stream) for stream in streams])
        old = [
            stream
            for stream, changed_ms in zip(streams, changed, strict=True)
            if stream.file_id not in running and (changed_ms is None or changed_ms < ms(until))
        ]
        await _delete(store, logs, old)
        gone += len(old)
        streams = await _older(store, group.name, (streams[-1].created_at, streams[-1].pk), until)
    return gone


async def _older(store: Store, group: str, after: tuple[float, int], until: float) -> list[LogStream]:
    return await store.read(lambda tx: tx.logs.by_age(group, _CHUNK, after, until))


async def _delete(store: Store, logs: LogStore, streams: list[LogStream]) -> None:
    await store.write(lambda tx: tx.logs.delete_streams([stream.pk for stream in streams]))
    await logs.delete([logs.path(stream) for stream in streams])
