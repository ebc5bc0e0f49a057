"""One HTTP exchange as values: what came, what goes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.types import Receive

from batchyard.api.errors import CLIENT, WireError

JSON = b"application/json"


class Request(msgspec.Struct, kw_only=True):
    """A request. `path` is as it was sent, not decoded (1.04); header names are lower-case, repeated ones joined."""

    id: str
    method: str
    path: bytes
    query: bytes
    headers: dict[bytes, bytes]
    body: bytes = b""


class Reply(msgspec.Struct, kw_only=True):
    """An answer. `error_type` becomes `x-amzn-ErrorType` (1.11); with `stream` the body comes piece by piece."""

    status: int = 200
    content_type: bytes = JSON
    body: bytes = b""
    error_type: str = ""
    stream: AsyncIterator[bytes] | None = None

    def headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        """Its headers; every answer has the request's id (1.07)."""
        headers = [(b"content-type", self.content_type), (b"x-amzn-requestid", request_id.encode())]
        if self.stream is None:
            headers.append((b"content-length", b"%d" % len(self.body)))
        if self.error_type:
            headers.append((b"x-amzn-errortype", self.error_type.encode()))
        return headers


class Disconnected(Exception):
    """The caller went away before its body was complete: there is nobody to answer."""


async def read_body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body. Raises WireError when it is longer than `limit` bytes, and Disconnected."""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    message: Any = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        pieces = bytearray(body)
        while message.get("more_body") and len(pieces) <= limit:
            message = await receive()
            pieces += message.get("body", b"")
        body = bytes(pieces)
    if message["type"] == "http.disconnect":
        raise Disconnected
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> WireError:
    return WireError(CLIENT, f"The request's body is larger than {limit} bytes, the limit of [server] body_limit", 413)
