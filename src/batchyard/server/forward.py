"""Calls for services that this yard is not: passed on to the endpoint that the settings name, or refused saying which.

Bodies stream both ways, and the request is passed on byte by byte, `Host` included, so that the other store can verify
the signature itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import ClassVar, cast

import httpx
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from batchyard.api.errors import CLIENT, WireError, json_body, s3_body
from batchyard.domain.errors import BatchyardError, Denied
from batchyard.server import faults
from batchyard.server.messages import Disconnected, Reply, Request

_TIMEOUT = httpx.Timeout(connect=10, read=300, write=300, pool=None)
# Those of one connection, which the next connection makes for itself (RFC 9110, 7.6.1).
_HOP_BY_HOP = frozenset(
    b"connection expect keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)

_SET_BY_OUR_SERVER = frozenset((b"date", b"server"))


class Forward:
    """Passes calls on. `endpoints` is `settings.forward`: signing name → URL."""

    codes: ClassVar[faults.Codes] = {
        BatchyardError: CLIENT,
        Denied: "AccessDeniedException",
        Exception: "ServerException",
    }

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        self._endpoints = endpoints
        self._transport = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None, keepalive_expiry=30))

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._transport.aclose()

    def endpoint(self, service: str) -> str:
        """Where a service is. Raises WireError that names the setting when there is none."""
        endpoint = self._endpoints.get(service)
        if endpoint is None:
            raise WireError(
                CLIENT, f'This yard does not answer {service}: name one that does, [forward] {service} = "http://…"'
            )
        return endpoint

    async def send(self, service: str, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one call on and its answer back. Raises WireError when the endpoint cannot be reached."""
        endpoint = httpx.URL(self.endpoint(service))
        target = request.path + (b"?" + request.query if request.query else b"")
        has_body = b"content-length" in request.headers or b"transfer-encoding" in request.headers
        call = httpx.Request(
            request.method,
            endpoint,
            headers=[pair for pair in scope["headers"] if pair[0] not in _HOP_BY_HOP],
            content=_pieces(receive) if has_body else None,
            extensions={"timeout": _TIMEOUT.as_dict(), "target": endpoint.raw_path.rstrip(b"/") + target},
        )
        try:
            answer = await self._transport.handle_async_request(call)
        except httpx.TransportError as error:
            text = (
                f"The endpoint of [forward] {service}, {endpoint}, cannot be reached: {error or type(error).__name__}"
            )
            raise WireError("ServiceUnavailableException", text) from error
        try:
            reply = StreamingResponse(answer.aiter_raw(), status_code=answer.status_code)
            headers = ((name.lower(), value) for name, value in answer.headers.raw)
            reply.raw_headers = [pair for pair in headers if pair[0] not in _HOP_BY_HOP | _SET_BY_OUR_SERVER]
            await reply(scope, receive, send)
        finally:
            await answer.aclose()

    def refuse(self, service: str, error: WireError, request: Request) -> Reply:
        """XML for clients of S3, JSON with the type in header and body for all others."""
        if service == "s3":
            return Reply(status=error.status, content_type=b"application/xml", body=s3_body(error, request.id))
        return Reply(status=error.status, body=json_body(error), error_type=error.code)


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        yield cast("bytes", message.get("body", b""))
        more = message.get("more_body", False)
