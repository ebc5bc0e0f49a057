"""The query protocol of STS: a form with `Action` comes, XML goes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import msgspec

from batchyard.api import sts
from batchyard.api.errors import WireError, query_body
from batchyard.domain.errors import BatchyardError, Denied
from batchyard.handlers.base import Handler
from batchyard.server import faults
from batchyard.server.dispatch import Route, routes
from batchyard.server.messages import Reply, Request

_XML = b"text/xml"
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
# The query protocol has its own names for the faults of a signature.
_NAMES = {
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "IncompleteSignatureException": "IncompleteSignature",
}


class Query:
    """STS on the wire."""

    name = "sts"
    codes: ClassVar[faults.Codes] = {
        BatchyardError: "ValidationError",
        Denied: "AccessDenied",
        Exception: "InternalFailure",
    }

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._routes = {route.operation.name: route for route in routes(sts.OPERATIONS, handlers)}

    def find(self, request: Request) -> Route:
        """The operation that `Action` names, in the form or (as presigned calls have it) in the query."""
        form = (request.body if request.method == "POST" and request.body else request.query).decode("latin-1")
        action = parse_qs(form).get("Action", [""])[0]
        route = self._routes.get(action)
        if route is None:
            raise WireError("InvalidAction", f"Could not find operation {action} for version 2011-06-15")
        return route

    def decode(self, route: Route, request: Request) -> Any:
        """The request's shape; none of the operations here has members."""
        del request
        return route.operation.request_type()

    def encode(self, route: Route, answer: Any, request: Request) -> Reply:
        """The answer's members as elements."""
        name = route.operation.name
        members = "".join(
            f"<{key}>{escape(value)}</{key}>"
            for key, value in msgspec.structs.asdict(answer).items()
            if value is not None
        )
        text = (
            f'<{name}Response xmlns="{_NAMESPACE}"><{name}Result>{members}</{name}Result>'
            f"<ResponseMetadata><RequestId>{request.id}</RequestId></ResponseMetadata></{name}Response>"
        )
        return Reply(content_type=_XML, body=text.encode())

    def refuse(self, error: WireError, request: Request) -> Reply:
        """An `ErrorResponse`."""
        named = WireError(_NAMES.get(error.code, error.code), error.message, error.status)
        return Reply(status=error.status, content_type=_XML, body=query_body(named, request.id))
