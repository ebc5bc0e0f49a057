"""Batchyard's own endpoints, beside AWS's: a job's history, why it waits, ids in short, and a stream of changes.

All are signed like calls of Batch and need the role of a reader. Times are milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from batchyard.domain.errors import Invalid
from batchyard.handlers.base import Context
from batchyard.handlers.explain import explain
from batchyard.handlers.follow import End, follow, job_of
from batchyard.handlers.histories import history
from batchyard.handlers.short_ids import resolve
from batchyard.kit.clock import ms
from batchyard.server import access
from batchyard.store.feed import Change

_KEEP_ALIVE_S = 15.0
_LONGEST_GAP_MS = 60_000
_MOST_DIGITS = 18
"""Of an event's number."""


def routes() -> list[Route]:
    """The endpoints, for `build_app`."""
    return [
        Route("/_batchyard/events", _events),
        Route("/_batchyard/jobs/{id:path}", _history),
        Route("/_batchyard/explain/{id:path}", _explain),
        Route("/_batchyard/logs/{id:path}", _log),
        Route("/_batchyard/resolve", _resolve),
    ]


def _context(request: Request, action: str) -> Context:
    context: Context = request.state.context
    access.require(context, "reader", f"batchyard:{action}")
    return context


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


async def _history(request: Request) -> Response:
    return _json(await history(_context(request, "GetJobHistory"), request.path_params["id"]))


async def _explain(request: Request) -> Response:
    return _json(await explain(_context(request, "ExplainJob"), request.path_params["id"]))


async def _resolve(request: Request) -> Response:
    """The whole id of a job that is named in short."""
    context = _context(request, "ResolveJob")
    return _json({"jobId": await resolve(context, request.query_params.get("id", ""))})


async def _log(request: Request) -> Response:
    """A job's log as server-sent events: `line` for each line, at last one `end`."""
    context, job_id, query = _context(request, "ReadLog"), request.path_params["id"], request.query_params
    await job_of(context, job_id)
    lines = follow(context, job_id, to_the_end="follow" in query, all_attempts="all" in query)

    async def text() -> AsyncGenerator[bytes, None]:
        async for each in lines:
            name = b"end" if isinstance(each, End) else b"line"
            yield b"event: %s\ndata: %s\n\n" % (name, msgspec.json.encode(each))

    return StreamingResponse(text(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _events(request: Request) -> Response:
    """Server-sent events: one for each change of a job, its number as the event's id.

    `after` is the number to begin behind, or "now"; `Last-Event-ID` wins over it. `job` (repeated) asks for some jobs
    only. `gap` is how many milliseconds must lie between two deliveries, so that a busy yard does not flood a reader.
    A comment `: at N` ends each delivery: all up to event N was told.
    """
    context, query = _context(request, "StreamEvents"), request.query_params
    text, gap = request.headers.get("last-event-id") or query.get("after", "now"), query.get("gap", "0")
    if text != "now" and not (text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise Invalid(f'after must be "now" or the number of an event, got "{text}".')
    if not (gap.isdecimal() and len(gap) <= _MOST_DIGITS) or int(gap) > _LONGEST_GAP_MS:
        raise Invalid(f"gap must be a number of milliseconds up to {_LONGEST_GAP_MS}, got {gap}.")
    after = int(text) if text != "now" else await context.store.read(lambda tx: tx.feed.last())
    stream = _stream(context, after, frozenset(query.getlist("job")), int(gap) / 1000)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _stream(context: Context, after: int, wanted: frozenset[str], gap_s: float) -> AsyncGenerator[bytes, None]:
    """Pages of the change feed as text, and a comment when it was quiet: so a lost connection is noticed."""
    pages = context.store.changes(after)
    pending: asyncio.Future[Sequence[Change]] | None = None
    loop = asyncio.get_running_loop()
    try:
        yield _at(after)
        told_at = loop.time()
        while True:
            pending = pending or asyncio.ensure_future(anext(pages))
            await asyncio.wait({pending}, timeout=_KEEP_ALIVE_S)
            text = b""
            if pending.done():
                page, pending = pending.result(), None
                after = page[-1].seq
                text = b"".join(_event(change) for change in page if _is_wanted(change, wanted))
            if text or loop.time() - told_at >= _KEEP_ALIVE_S:
                yield text + _at(after)
                told_at = loop.time()
            if pending is None:
                await asyncio.sleep(gap_s)
    finally:
        if pending is not None:
            pending.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await pending


def _at(seq: int) -> bytes:
    return b": at %d\n\n" % seq


def _is_wanted(change: Change, wanted: frozenset[str]) -> bool:
    """Whether somebody asked for this job, or for the array that it is a child of."""
    return not wanted or change.job_id in wanted or change.job_id.partition(":")[0] in wanted


def _event(change: Change) -> bytes:
    data = msgspec.json.encode(
        {
            "jobId": change.job_id,
            "at": ms(change.at),
            "event": change.event,
            "status": change.status,
            "detail": change.detail,
        }
    )
    return b"id: %d\nevent: job\ndata: %s\n\n" % (change.seq, data)
