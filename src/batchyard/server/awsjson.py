"""The JSON 1.1 protocol of CloudWatch Logs: the operation is in the header `X-Amz-Target` (12.20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from batchyard.api import logs
from batchyard.api.errors import ACCESS_DENIED, WireError, json_body
from batchyard.domain.errors import BatchyardError, Conflicting, Denied, NotFound
from batchyard.handlers.base import Handler
from batchyard.server import eventstream, faults
from batchyard.server.dispatch import Route, decode_json, routes
from batchyard.server.messages import Reply, Request

_JSON = b"application/x-amz-json-1.1"
_encode = msgspec.json.Encoder().encode


class AwsJson:
    """CloudWatch Logs on the wire; `stream-` and `streaming-` in front of the host make no difference (12.60)."""

    name = "logs"
    codes: ClassVar[faults.Codes] = {
        BatchyardError: "InvalidParameterException",
        NotFound: "ResourceNotFoundException",
        Conflicting: "ResourceAlreadyExistsException",
        Denied: ACCESS_DENIED,
        Exception: "ServiceUnavailableException",
    }

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        table = routes(logs.OPERATIONS, handlers)
        self._routes = {f"{logs.TARGET_PREFIX}.{route.operation.name}".encode(): route for route in table}

    def find(self, request: Request) -> Route:
        """The operation that the target names."""
        target = request.headers.get(b"x-amz-target", b"")
        route = self._routes.get(target)
        if route is None:
            text = (
                f'X-Amz-Target "{target.decode("latin-1")}" is not an operation of CloudWatch Logs that this yard has'
            )
            raise WireError("UnknownOperationException", text)
        return route

    def decode(self, route: Route, request: Request) -> Any:
        """The body."""
        return decode_json(route.decoder, request.body)

    def encode(self, route: Route, answer: Any, request: Request) -> Reply:
        """The answer as JSON, or as an event stream where the operation answers one."""
        del request
        if route.operation.events:
            return Reply(content_type=eventstream.CONTENT_TYPE, stream=eventstream.messages(route.operation, answer))
        return Reply(content_type=_JSON, body=_encode(answer))

    def refuse(self, error: WireError, request: Request) -> Reply:
        """Header and body both name the type."""
        del request
        return Reply(status=error.status, content_type=_JSON, body=json_body(error), error_type=error.code)
