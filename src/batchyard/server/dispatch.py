"""From a request to its handler and back: the same steps for every protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import msgspec

from batchyard.api.errors import WireError
from batchyard.api.shape import Operation
from batchyard.domain.errors import Unsupported
from batchyard.handlers.base import Context, Handler
from batchyard.handlers.support import unsupported
from batchyard.server import access, faults
from batchyard.server.messages import Reply, Request


class Route(msgspec.Struct, frozen=True):
    """An operation with what answers it (None: nothing yet) and what decodes its body."""

    operation: Operation
    handler: Handler | None
    decoder: msgspec.json.Decoder[Any]


def routes(operations: Mapping[str, Operation], handlers: Mapping[str, Handler]) -> list[Route]:
    """A route for each operation."""
    return [
        Route(operation, handlers.get(operation.name), msgspec.json.Decoder(operation.request_type))
        for operation in operations.values()
    ]


class Wire(Protocol):
    """How one AWS API travels: its protocol's routing, decoding, encoding and form of errors."""

    name: str
    codes: ClassVar[faults.Codes]

    def find(self, request: Request) -> Route:
        """The operation that is called. Raises WireError when there is none."""
        ...

    def decode(self, route: Route, request: Request) -> Any:
        """The request's shape. Raises Invalid, naming the member, or WireError."""
        ...

    def encode(self, route: Route, answer: Any, request: Request) -> Reply:
        """The handler's answer on the wire."""
        ...

    def refuse(self, error: WireError, request: Request) -> Reply:
        """An error on the wire."""
        ...


async def answer(wire: Wire, request: Request, context: Context) -> Reply:
    """Find, allow, decode, handle, encode. Raises what any of these raise."""
    route = wire.find(request)
    access.check(context, wire.name, route.operation.name)
    if route.handler is None:
        raise Unsupported(unsupported(route.operation.name))
    return wire.encode(route, await route.handler(context, wire.decode(route, request)), request)


def decode_json(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """A JSON body; an empty one stands for `{}`. Raises Invalid, naming the member, or WireError (1.16, 1.17)."""
    try:
        return decoder.decode(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise faults.of_body(error) from error
