"""The rest-json protocol of AWS Batch: the operation is in method and path (1.01 - 1.04)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote_to_bytes

import msgspec

from batchyard.api import batch
from batchyard.api.errors import ACCESS_DENIED, CLIENT, SERVER, WireError, json_body
from batchyard.domain.errors import BatchyardError, Denied
from batchyard.handlers.base import Handler
from batchyard.server import faults
from batchyard.server.dispatch import Route, decode_json, routes
from batchyard.server.messages import Reply, Request

_TAGS = b"/v1/tags/"
_encode = msgspec.json.Encoder().encode
_any_object = msgspec.json.Decoder(dict[str, Any])


class RestJson:
    """AWS Batch on the wire."""

    name = "batch"
    codes: ClassVar[faults.Codes] = {BatchyardError: CLIENT, Denied: ACCESS_DENIED, Exception: SERVER}

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        table = routes(batch.OPERATIONS, handlers)
        self._posts = {route.operation.path.encode(): route for route in table if "{" not in route.operation.path}
        self._tags = {route.operation.method: route for route in table if "{" in route.operation.path}

    def find(self, request: Request) -> Route:
        """45 operations are a POST to their own path, three are methods of a path that ends in an ARN (1.02, 1.03)."""
        if request.path.startswith(_TAGS):
            route = self._tags.get(request.method)
        else:
            route = self._posts.get(request.path) if request.method == "POST" else None
        if route is None:
            called = f"{request.method} {request.path.decode('latin-1')}"
            raise WireError("UnknownOperationException", f"{called} is not an operation of AWS Batch", 404)
        return route

    def decode(self, route: Route, request: Request) -> Any:
        """The body, with what stands in path and query (1.03; the ARN may be percent-encoded or not: 1.04)."""
        if not request.path.startswith(_TAGS):
            return decode_json(route.decoder, request.body)
        members = decode_json(_any_object, request.body)
        members["resourceArn"] = unquote_to_bytes(request.path.removeprefix(_TAGS)).decode(errors="replace")
        given = parse_qs(request.query.decode("latin-1"), keep_blank_values=True)
        members |= {name: given[name] for name in route.operation.query if name in given}
        try:
            return msgspec.convert(members, route.operation.request_type)
        except msgspec.ValidationError as error:
            raise faults.of_body(error) from error

    def encode(self, route: Route, answer: Any, request: Request) -> Reply:
        """The answer as JSON; members without a value are left out (1.06, 1.08)."""
        del route, request
        return Reply(body=_encode(answer))

    def refuse(self, error: WireError, request: Request) -> Reply:
        """Header and body both name the type (1.11)."""
        del request
        return Reply(status=error.status, body=json_body(error), error_type=error.code)
