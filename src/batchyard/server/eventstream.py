"""AWS's event-stream framing: messages with typed headers and two checksums, one after the other in a body."""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import AsyncIterator

import msgspec

from batchyard.api.shape import Operation, Shape

CONTENT_TYPE = b"application/vnd.amazon.eventstream"
_STRING = 7
_log = logging.getLogger(__name__)


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message: total length, headers' length, checksum of both; headers; payload; checksum of all."""
    fields = b"".join(
        struct.pack(f"!B{len(name)}sBH", len(name), name.encode(), _STRING, len(value.encode())) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(fields) + len(payload), len(fields))
    head = prelude + struct.pack("!I", zlib.crc32(prelude)) + fields + payload
    return head + struct.pack("!I", zlib.crc32(head))


async def messages(operation: Operation, events: AsyncIterator[Shape]) -> AsyncIterator[bytes]:
    """What a handler yields (shapes of the operation's `events`) as messages, `initial-response` first.

    A shape that is an exception of the model is sent as one. A fault of ours ends the stream with an error message.
    """
    names = {shape: name for name, shape in operation.events.items()}
    yield _event("initial-response", b"{}")
    try:
        async for event in events:
            yield _event(names[type(event)], msgspec.json.encode(event))
    except Exception:
        _log.exception("the stream of %s failed", operation.name)
        yield message(
            {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "The stream failed"}, b""
        )


def _event(name: str, payload: bytes) -> bytes:
    kind = "exception" if name.endswith("Exception") else "event"
    return message({":message-type": kind, f":{kind}-type": name, ":content-type": "application/json"}, payload)
