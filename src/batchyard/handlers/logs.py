"""The operations of CloudWatch Logs (BEHAVIOUR 12.2). Times here are milliseconds, as on the wire."""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import AsyncIterator, Sequence

from batchyard.api import logs as api
from batchyard.api.shape import Empty, Shape
from batchyard.domain.checks import not_longer, one_of, within
from batchyard.domain.errors import Conflicting, Invalid
from batchyard.domain.log_streams import WRITTEN, LogGroup, LogStream
from batchyard.domain.logs import check_group_name, check_stream_name
from batchyard.handlers import livetail
from batchyard.handlers.base import Context
from batchyard.handlers.log_streams import (
    all_streams,
    get_group,
    get_stream,
    group_arn,
    group_name,
    named,
    streams_to_search,
)
from batchyard.handlers.paging import decode_token, encode_token
from batchyard.kit.clock import ms
from batchyard.kit.digests import digest
from batchyard.logs.base import EVENT_BYTES, MAX_BYTES, MAX_EVENTS, Mark, Search
from batchyard.store.base import Tx

_DAY_MS = 86_400_000
_RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
_TOKEN = re.compile(r"([fb])/(\d{36})(\d{20})")
_DELETED_AT_ONCE = 5000


# --- events ---


async def get_log_events(context: Context, request: api.GetLogEventsRequest) -> api.GetLogEventsResponse:
    """GetLogEvents: a page forward or backward; at the end the token that came goes back (12.30 - 12.35)."""
    within(request.limit, 1, MAX_EVENTS, "limit")
    group = group_name(context, request.logGroupName, request.logGroupIdentifier)
    stream = await context.store.read(lambda tx: get_stream(tx, group, request.logStreamName))
    of_stream = f"{int(digest(f'{group}:{stream.name}:{stream.pk}', 28), 16):036d}"
    backward, position = not request.startFromHead, None
    if request.nextToken:
        token = _TOKEN.fullmatch(request.nextToken)
        if token is None or token[2] != of_stream:
            raise Invalid("The specified nextToken is invalid.")
        backward, position = token[1] == "b", int(token[3])
    path, limit = context.logs.path(stream), request.limit or MAX_EVENTS
    if backward:
        page = await context.logs.backward(path, position, limit, request.startTime, request.endTime)
    else:
        page = await context.logs.forward(path, position or 0, limit, request.startTime, request.endTime)
    return api.GetLogEventsResponse(
        events=[
            api.OutputLogEvent(timestamp=event.timestamp_ms, message=event.message, ingestionTime=event.timestamp_ms)
            for event in page.events
        ],
        nextForwardToken=f"f/{of_stream}{page.end:020d}",
        nextBackwardToken=f"b/{of_stream}{page.start:020d}",
    )


async def filter_log_events(context: Context, request: api.FilterLogEventsRequest) -> api.FilterLogEventsResponse:
    """FilterLogEvents: events of many streams in order of time; done when there is no token (12.40 - 12.42)."""
    within(request.limit, 1, MAX_EVENTS, "limit")
    not_longer(request.logStreamNames, 100, "logStreamNames")
    if request.logStreamNames and request.logStreamNamePrefix:
        raise Invalid("logStreamNames and logStreamNamePrefix cannot both be given.")
    pattern = request.filterPattern or ""
    if len(pattern) > 1024:
        raise Invalid(f"filterPattern can have at most 1024 characters, got {len(pattern)}.")
    group = group_name(context, request.logGroupName, request.logGroupIdentifier)
    token = decode_token("FilterLogEvents", request.nextToken, tuple[bool, str, int, int, int])
    descending, mark = request.startFromHead is False, None
    if token is not None:
        descending, mark = token[0], Mark(*token[2:])
        if token[1] != group:
            raise Invalid("The specified nextToken is invalid.")
    since = max(request.startTime or 0, mark.key_ms if mark is not None and not descending else 0)
    prefixes = [request.logStreamNamePrefix] if request.logStreamNamePrefix else None
    search = Search(
        start_ms=request.startTime,
        end_ms=None if request.endTime is None else request.endTime + 1,
        pattern=pattern,
        limit=request.limit or MAX_EVENTS,
        mark=mark,
        descending=descending,
    )
    found = await context.logs.search(
        await streams_to_search(context, group, request.logStreamNames, prefixes, since), search
    )
    following = None
    if found.mark is not None:
        place = (descending, group, found.mark.key_ms, found.mark.pk, found.mark.position)
        following = encode_token("FilterLogEvents", place)
    return api.FilterLogEventsResponse(
        events=[
            api.FilteredLogEvent(
                logStreamName=stream.name,
                timestamp=event.timestamp_ms,
                message=event.message,
                ingestionTime=event.timestamp_ms,
                eventId=f"{stream.pk:036d}{event.position:020d}",
            )
            for stream, event in found.events
        ],
        searchedLogStreams=[],
        nextToken=following,
    )


async def start_live_tail(context: Context, request: api.StartLiveTailRequest) -> AsyncIterator[Shape]:
    """StartLiveTail: the new events of every second, for three hours (12.60)."""
    return await livetail.start(context, request)


async def put_log_events(context: Context, request: api.PutLogEventsRequest) -> api.PutLogEventsResponse:
    """PutLogEvents: a batch in order of time; what is too old or too new is left out and told (12.70)."""
    check_group_name(request.logGroupName)
    group, stream = await context.store.read(
        lambda tx: (
            get_group(tx, request.logGroupName),
            get_stream(tx, request.logGroupName, request.logStreamName),
        )
    )
    if stream.kind != WRITTEN:
        raise Invalid(f"The log stream {stream.name} is the output of a job: nothing can be put into it.")
    events, now = request.logEvents, ms(context.clock.now())
    _check_batch(events)
    stamps = [event.timestamp for event in events]
    expired = 0
    if group.retention_days is not None:
        expired = sum(stamp < now - group.retention_days * _DAY_MS for stamp in stamps)
    old = sum(stamp < now - 14 * _DAY_MS for stamp in stamps)
    new = sum(stamp <= now + _DAY_MS // 12 for stamp in stamps)
    valid = events[max(old, expired) : new]
    if valid and valid[-1].timestamp - valid[0].timestamp > _DAY_MS:
        raise Invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    await context.logs.append(context.logs.path(stream), [(event.timestamp, event.message) for event in valid])
    rejected = None
    if len(valid) < len(events):
        rejected = api.RejectedLogEventsInfo(
            tooOldLogEventEndIndex=old or None,
            expiredLogEventEndIndex=expired or None,
            tooNewLogEventStartIndex=new if new < len(events) else None,
        )
    return api.PutLogEventsResponse(nextSequenceToken=f"{now:056d}", rejectedLogEventsInfo=rejected)


def _check_batch(events: Sequence[api.InputLogEvent]) -> None:
    if not 1 <= len(events) <= MAX_EVENTS:
        raise Invalid(f"logEvents must have between 1 and {MAX_EVENTS} entries, got {len(events)}.")
    if any(not event.message for event in events):
        raise Invalid("logEvents.message must have at least 1 character.")
    if any(event.timestamp < 0 for event in events):
        raise Invalid("logEvents.timestamp must be at least 0.")
    size = sum(len(event.message.encode()) + EVENT_BYTES for event in events)
    if size > MAX_BYTES:
        raise Invalid(f"Upload too large: {size} bytes exceeds limit of {MAX_BYTES}")
    if any(later.timestamp < earlier.timestamp for earlier, later in itertools.pairwise(events)):
        raise Invalid("Log events in a single PutLogEvents request must be in chronological order.")


# --- streams ---


async def describe_log_streams(
    context: Context, request: api.DescribeLogStreamsRequest
) -> api.DescribeLogStreamsResponse:
    """DescribeLogStreams: by name, or by the time of the last event (12.50)."""
    within(request.limit, 1, 50, "limit")
    one_of(request.orderBy, api.ORDER_BY_VALUES, "orderBy")
    group = group_name(context, request.logGroupName, request.logGroupIdentifier)
    limit, descending = request.limit or 50, bool(request.descending)
    following: str | None = None
    if request.orderBy == "LastEventTime":
        if request.logStreamNamePrefix:
            raise Invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
        streams, following = await _by_last_event(context, group, limit, request.nextToken, descending=descending)
    else:
        prefix = request.logStreamNamePrefix or ""
        after = decode_token("DescribeLogStreams", request.nextToken, str)

        def read(tx: Tx) -> list[LogStream]:
            get_group(tx, group)
            return tx.logs.by_name(group, limit + 1, prefix, after, descending)

        streams = await context.store.read(read)
        if len(streams) > limit:
            streams = streams[:limit]
            following = encode_token("DescribeLogStreams", streams[-1].name)
    spans = await context.logs.spans([context.logs.path(stream) for stream in streams])
    return api.DescribeLogStreamsResponse(
        logStreams=[
            api.LogStream(
                logStreamName=stream.name,
                creationTime=ms(stream.created_at),
                firstEventTimestamp=first,
                lastEventTimestamp=last,
                lastIngestionTime=last,
                arn=f"{group_arn(context, group)}:log-stream:{stream.name}",
                storedBytes=0,
            )
            for stream, (first, last) in zip(streams, spans, strict=True)
        ],
        nextToken=following,
    )


async def _by_last_event(
    context: Context, group: str, limit: int, token: str | None, *, descending: bool
) -> tuple[list[LogStream], str | None]:
    """A page of streams by their last event; an attempt's is when its file last changed. Streams without come first."""
    after = decode_token("DescribeLogStreams", token, tuple[int, int])
    streams = await all_streams(context, group)
    changed = await context.logs.modified([context.logs.path(stream) for stream in streams])
    written = [stream for stream in streams if stream.kind == WRITTEN]
    spans = await context.logs.spans([context.logs.path(stream) for stream in written])
    lasts = {stream.pk: last for stream, (_, last) in zip(written, spans, strict=True)}
    sign = -1 if descending else 1
    places = [
        (sign * (lasts.get(stream.pk, last) or 0), sign * stream.pk, stream)
        for stream, last in zip(streams, changed, strict=True)
    ]
    rest = [place for place in places if after is None or place[:2] > after]
    page = heapq.nsmallest(limit, rest, key=lambda place: place[:2])
    following = encode_token("DescribeLogStreams", page[-1][:2]) if len(rest) > limit else None
    return [stream for _, _, stream in page], following


async def create_log_stream(context: Context, request: api.CreateLogStreamRequest) -> Empty:
    """CreateLogStream."""
    group, name = request.logGroupName, request.logStreamName
    check_group_name(group)
    check_stream_name(name)
    file_id, now = context.ids.uuid().replace("-", ""), context.clock.now()

    def write(tx: Tx) -> None:
        get_group(tx, group)
        if tx.logs.stream(group, name) is not None:
            raise Conflicting("The specified log stream already exists")
        tx.logs.add_stream(group, name, file_id, WRITTEN, now)

    await context.store.write(write)
    return Empty()


async def delete_log_stream(context: Context, request: api.DeleteLogStreamRequest) -> Empty:
    """DeleteLogStream, with its events."""
    check_group_name(request.logGroupName)
    stream = await context.store.read(lambda tx: get_stream(tx, request.logGroupName, request.logStreamName))
    await _delete(context, [stream])
    return Empty()


async def _delete(context: Context, streams: Sequence[LogStream]) -> None:
    await context.store.write(lambda tx: tx.logs.delete_streams([stream.pk for stream in streams]))
    await context.logs.delete([context.logs.path(stream) for stream in streams])


# --- groups ---


async def describe_log_groups(context: Context, request: api.DescribeLogGroupsRequest) -> api.DescribeLogGroupsResponse:
    """DescribeLogGroups: by prefix, or by what is in the name (12.70)."""
    within(request.limit, 1, 50, "limit")
    prefix, part = request.logGroupNamePrefix or "", request.logGroupNamePattern or ""
    if prefix and part:
        raise Invalid("logGroupNamePrefix and logGroupNamePattern cannot both be given.")
    after = decode_token("DescribeLogGroups", request.nextToken, str)
    wanted = None
    if request.logGroupIdentifiers:
        wanted = {named(context, identifier) for identifier in request.logGroupIdentifiers}
    groups = [
        group
        for group in await context.store.read(lambda tx: tx.logs.groups())
        if group.name.startswith(prefix) and part in group.name
        if (after is None or group.name > after) and (wanted is None or group.name in wanted)
    ]
    limit = request.limit or 50
    return api.DescribeLogGroupsResponse(
        logGroups=[
            api.LogGroup(
                logGroupName=group.name,
                creationTime=ms(group.created_at),
                retentionInDays=group.retention_days,
                metricFilterCount=0,
                arn=f"{group_arn(context, group.name)}:*",
                logGroupArn=group_arn(context, group.name),
                logGroupClass="STANDARD",
                storedBytes=0,
            )
            for group in groups[:limit]
        ],
        nextToken=encode_token("DescribeLogGroups", groups[limit - 1].name) if len(groups) > limit else None,
    )


async def create_log_group(context: Context, request: api.CreateLogGroupRequest) -> Empty:
    """CreateLogGroup."""
    check_group_name(request.logGroupName)
    one_of(request.logGroupClass, api.LOG_GROUP_CLASS_VALUES, "logGroupClass")
    group = LogGroup(name=request.logGroupName, created_at=context.clock.now())

    def write(tx: Tx) -> None:
        if tx.logs.group(group.name) is not None:
            raise Conflicting("The specified log group already exists")
        tx.logs.add_group(group)

    await context.store.write(write)
    return Empty()


async def delete_log_group(context: Context, request: api.DeleteLogGroupRequest) -> Empty:
    """DeleteLogGroup, with its streams. The group of all jobs is empty afterwards, and still there (12.03)."""
    check_group_name(request.logGroupName)
    streams = await all_streams(context, request.logGroupName)
    for start in range(0, len(streams), _DELETED_AT_ONCE):
        await _delete(context, streams[start : start + _DELETED_AT_ONCE])
    await context.store.write(lambda tx: tx.logs.delete_group(request.logGroupName))
    return Empty()


async def put_retention_policy(context: Context, request: api.PutRetentionPolicyRequest) -> Empty:
    """PutRetentionPolicy: streams whose last event is older go."""
    if request.retentionInDays not in _RETENTIONS:
        allowed = ", ".join(map(str, _RETENTIONS))
        raise Invalid(f"retentionInDays must be one of {allowed}, got {request.retentionInDays}.")
    await _set_retention(context, request.logGroupName, request.retentionInDays)
    return Empty()


async def delete_retention_policy(context: Context, request: api.DeleteRetentionPolicyRequest) -> Empty:
    """DeleteRetentionPolicy: events stay for ever (12.08)."""
    await _set_retention(context, request.logGroupName, None)
    return Empty()


async def _set_retention(context: Context, name: str, days: int | None) -> None:
    check_group_name(name)

    def write(tx: Tx) -> None:
        get_group(tx, name)
        tx.logs.set_retention(name, days)

    await context.store.write(write)


async def list_tags_for_resource(
    context: Context, request: api.ListTagsForResourceRequest
) -> api.ListTagsForResourceResponse:
    """ListTagsForResource: groups have no tags here."""
    await context.store.read(lambda tx: get_group(tx, named(context, request.resourceArn)))
    return api.ListTagsForResourceResponse(tags={})
