"""A session of StartLiveTail: every second, what is new in some streams (BEHAVIOUR 12.60).

A caller who reads slowly gets fewer updates, each with what came since the last one, sampled: nothing is buffered here,
since the files keep the events.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from batchyard.api import logs as api
from batchyard.api.shape import Shape
from batchyard.domain.checks import not_longer
from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.log_streams import WRITTEN, LogStream
from batchyard.domain.logs import check_group_name
from batchyard.handlers.base import Context
from batchyard.handlers.log_streams import get_group, group_arn, named, streams_to_search
from batchyard.kit.clock import ms
from batchyard.logs.base import MAX_EVENTS

_SESSION_S = 3 * 3600
_EVERY_S = 1.0
_RESULTS = 500
"""Events of one update; more are sampled."""


async def start(context: Context, request: api.StartLiveTailRequest) -> AsyncIterator[Shape]:
    """Check the request and begin a session: what it yields are the events of the stream. Raises Invalid, NotFound."""
    identifiers = request.logGroupIdentifiers
    if not 1 <= len(identifiers) <= 10:
        raise Invalid(f"logGroupIdentifiers must have between 1 and 10 entries, got {len(identifiers)}.")
    if any(identifier.endswith("*") for identifier in identifiers):
        raise Invalid("logGroupIdentifiers must not end in *.")
    names, prefixes = request.logStreamNames, request.logStreamNamePrefixes
    if names and prefixes:
        raise Invalid("logStreamNames and logStreamNamePrefixes cannot both be given.")
    if (names or prefixes) and len(identifiers) > 1:
        raise Invalid("logStreamNames and logStreamNamePrefixes need exactly one log group.")
    not_longer(names, 100, "logStreamNames")
    not_longer(prefixes, 100, "logStreamNamePrefixes")
    groups = [named(context, identifier) for identifier in identifiers]
    for group in groups:
        check_group_name(group)
    await context.store.read(lambda tx: [get_group(tx, group) for group in groups])
    session = _Session(context, request, groups, context.logs.matcher(request.logEventFilterPattern or ""))
    await session.begin()
    return session.run()


class _Session:
    """Where one caller is in the streams that changed since its session began."""

    def __init__(
        self,
        context: Context,
        request: api.StartLiveTailRequest,
        groups: list[str],
        matches: Callable[[str], bool],
    ) -> None:
        self._context = context
        self._request = request
        self._groups = groups
        self._matches = matches
        self._began = context.clock.now()
        self._looked = self._began
        self._positions: dict[int, int] = {}

    async def begin(self) -> None:
        """Stand at the end of every written stream: the times of what clients put may lie before the session."""
        logs = self._context.logs
        for group in self._groups:
            for stream in await self._streams(group, 0):
                if stream.kind == WRITTEN:
                    self._positions[stream.pk] = (await logs.backward(logs.path(stream), None, 1)).end

    async def run(self) -> AsyncIterator[Shape]:
        """The start, an update every second, and the end after three hours."""
        request, ids = self._request, self._context.ids
        yield api.LiveTailSessionStart(
            requestId=ids.uuid(),
            sessionId=ids.uuid(),
            logGroupIdentifiers=request.logGroupIdentifiers,
            logStreamNames=request.logStreamNames,
            logStreamNamePrefixes=request.logStreamNamePrefixes,
            logEventFilterPattern=request.logEventFilterPattern,
        )
        clock = self._context.clock
        while clock.now() < self._began + _SESSION_S:
            await asyncio.sleep(max(0.0, self._looked + _EVERY_S - clock.now()))
            try:
                results = await self._new()
            except NotFound as error:
                yield api.SessionStreamingException(message=str(error))
                return
            sampled = len(results) > _RESULTS
            if sampled:
                results = [results[index * len(results) // _RESULTS] for index in range(_RESULTS)]
            yield api.LiveTailSessionUpdate(
                sessionMetadata=api.LiveTailSessionMetadata(sampled=sampled), sessionResults=results
            )
        yield api.SessionTimeoutException(message="The live tail session ended: it was open for three hours.")

    async def _streams(self, group: str, since_ms: int) -> list[LogStream]:
        names, prefixes = self._request.logStreamNames, self._request.logStreamNamePrefixes
        return await streams_to_search(self._context, group, names, prefixes, since_ms)

    async def _new(self) -> list[api.LiveTailSessionLogEvent]:
        """The matching events since the last look, in order of time."""
        context, since = self._context, self._looked
        self._looked = context.clock.now()
        results: list[api.LiveTailSessionLogEvent] = []
        for group in self._groups:
            arn = group_arn(context, group)
            # Once more a little before: the last lines of a stream may have been held back.
            for stream in await self._streams(group, ms(since) - 5_000):
                position = self._positions.get(stream.pk)
                start_ms = ms(self._began) if position is None else None
                page = await context.logs.forward(context.logs.path(stream), position or 0, MAX_EVENTS, start_ms)
                if page.events or position is not None:
                    self._positions[stream.pk] = page.end
                results += [
                    api.LiveTailSessionLogEvent(
                        logStreamName=stream.name,
                        logGroupIdentifier=arn,
                        message=event.message,
                        timestamp=event.timestamp_ms,
                        ingestionTime=event.timestamp_ms,
                    )
                    for event in page.events
                    if self._matches(event.message)
                ]
        results.sort(key=lambda event: event.timestamp or 0)
        return results
