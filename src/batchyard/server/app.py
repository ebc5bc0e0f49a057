"""The HTTP application: request id, body limit, signature, then the API that is called (1.07, 1.13).

Plain ASGI, so that a SubmitJob pays for no layer that it does not need. The service comes from the signature's scope:
`batch`, `logs` and `sts` are answered here, others are forwarded. Routes of our own live under `/_batchyard/`, are
signed as `batch`, and find their `Context` in `request.state.context`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from starlette.responses import StreamingResponse
from starlette.routing import BaseRoute, Router
from starlette.types import Message, Receive, Scope, Send

from batchyard.api.errors import WireError
from batchyard.config import seconds
from batchyard.handlers.base import Caller, Context, Handler
from batchyard.kit import sigv4 as signing
from batchyard.server import dispatch, faults, health, sigv4
from batchyard.server.awsjson import AwsJson
from batchyard.server.dispatch import Wire
from batchyard.server.forward import Forward
from batchyard.server.messages import Disconnected, Reply, Request, read_body
from batchyard.server.query import Query
from batchyard.server.restjson import RestJson

OWN = b"/_batchyard/"
OWN_SERVICE = "batch"
_ANYBODY = Caller(name="admin", role="admin")


class App:
    """The ASGI application of one yard."""

    def __init__(
        self,
        context: Context,
        keys: Mapping[str, sigv4.Key],
        handlers: Mapping[str, Mapping[str, Handler]],
        routes: Sequence[BaseRoute],
    ) -> None:
        self._context = context
        self._keys = keys
        self._auth = context.settings.auth
        self._skew_s = seconds(self._auth.clock_skew)
        self._body_limit = context.settings.server.body_limit
        self._wires: dict[str, Wire] = {
            "batch": RestJson(handlers["batch"]),
            "logs": AwsJson(handlers["logs"]),
            "sts": Query(handlers["sts"]),
        }
        self._forward = Forward(context.settings.forward)
        self._own = Router(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection's request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._exchange(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._forward.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(
            id=self._context.ids.uuid(),
            method=scope["method"],
            path=scope["raw_path"],
            query=scope["query_string"],
            headers=signing.joined(scope["headers"]),
        )
        sender = _Sender(send, request.id)
        service = ""
        try:
            if request.path == health.PATH:
                await sender.reply(health.reply(), scope, receive)
                return
            claim = self._claim(request)
            service = claim.service if claim else _guess(request)
            if request.path.startswith(OWN):
                await self._answer_own(claim, request, scope, receive, sender)
                return
            wire = self._wires.get(service)
            if wire is None:
                await self._pass_on(service, claim, request, scope, receive, sender)
                return
            request.body = await read_body(request.headers, receive, self._body_limit)
            reply = await dispatch.answer(wire, request, self._context_of(claim, request))
        except Disconnected:
            return
        except Exception as error:
            if sender.started:
                raise
            reply = self._refuse(OWN_SERVICE if request.path.startswith(OWN) else service, error, request)
        await sender.reply(reply, scope, receive)

    def _claim(self, request: Request) -> sigv4.Claim | None:
        """What the request says of its signature, if it has one; nonsense matters only while calls must be signed."""
        try:
            return sigv4.claim(request.headers, request.query)
        except WireError:
            if self._auth.enabled:
                raise
            return None

    def _context_of(self, claim: sigv4.Claim | None, request: Request) -> Context:
        """The parts of the yard, and the caller that the signature proves."""
        if not self._auth.enabled:
            caller = _ANYBODY
        elif claim is None:
            raise WireError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
        else:
            caller = self._verify(claim, request, sigv4.checked_hash(request.headers, request.body))
        return msgspec.structs.replace(self._context, caller=caller)

    def _verify(self, claim: sigv4.Claim, request: Request, payload: str) -> Caller:
        key, now = self._keys.get(claim.access_key_id), self._context.clock.now()
        return sigv4.verify(claim, request.method, request.path, request.headers, payload, key, now, self._skew_s)

    async def _answer_own(
        self, claim: sigv4.Claim | None, request: Request, scope: Scope, receive: Receive, sender: _Sender
    ) -> None:
        """One of our own routes."""
        if self._auth.enabled and claim is not None and claim.service != OWN_SERVICE:
            raise WireError(
                "InvalidSignatureException", f"Credential should be scoped to correct service: '{OWN_SERVICE}'.", 403
            )
        request.body = await read_body(request.headers, receive, self._body_limit)
        state = {**scope.get("state", {}), "context": self._context_of(claim, request)}
        await self._own({**scope, "state": state}, _replayed(request.body, receive), sender)

    async def _pass_on(
        self,
        service: str,
        claim: sigv4.Claim | None,
        request: Request,
        scope: Scope,
        receive: Receive,
        sender: _Sender,
    ) -> None:
        """A call for another service.

        Clients sign it with the keys of the store that it is for, and that store verifies them; only a signature by one
        of our keys is verified here. A body is read here only where its hash is not in a header.
        """
        self._forward.endpoint(service)
        if self._auth.enabled and claim is not None and claim.access_key_id in self._keys:
            payload = request.headers.get(b"x-amz-content-sha256", b"").decode("latin-1")
            if not payload and service == "s3" and claim.expires_s is not None:
                payload = "UNSIGNED-PAYLOAD"
            if not payload:
                body = await read_body(request.headers, receive, self._body_limit)
                payload, receive = signing.body_hash(body), _replayed(body, receive)
            self._verify(claim, request, payload)
        await self._forward.send(service, request, scope, receive, sender)

    def _refuse(self, service: str, error: Exception, request: Request) -> Reply:
        """An error in the form of the API that was called."""
        service = service or _guess(request)
        wire = self._wires.get(service)
        if wire is None:
            return self._forward.refuse(service, faults.of_handler(error, self._forward.codes, request.id), request)
        return wire.refuse(faults.of_handler(error, wire.codes, request.id), request)


class _Sender:
    """Sends an answer with the request's id in it, and knows whether it began."""

    __slots__ = ("_id", "_send", "started")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._id = request_id
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers: list[tuple[bytes, bytes]] = list(message["headers"])
            if not any(name == b"x-amzn-requestid" for name, _ in headers):
                message["headers"] = [*headers, (b"x-amzn-requestid", self._id.encode())]
        await self._send(message)

    async def reply(self, reply: Reply, scope: Scope, receive: Receive) -> None:
        """Send a whole answer."""
        headers = reply.headers(self._id)
        if reply.stream is not None:
            response = StreamingResponse(reply.stream, status_code=reply.status)
            response.raw_headers = headers
            await response(scope, receive, self._send)
            return
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": reply.body})


def _guess(request: Request) -> str:
    """The service of a call without signature (of version 4), by what only that service's clients send."""
    if b"AWSAccessKeyId=" in request.query:
        return "s3"  # presigned by version 2, as boto3 still does unless told otherwise
    if request.headers.get(b"x-amz-target", b"").startswith(b"Logs_"):
        return "logs"
    form = request.headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded")
    return "sts" if request.path == b"/" and (form or b"Action=" in request.query) else "batch"


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body again that was read already, then goes on."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def build_app(
    context: Context,
    keys: Mapping[str, sigv4.Key],
    handlers: Mapping[str, Mapping[str, Handler]],
    routes: Sequence[BaseRoute] = (),
) -> App:
    """The application of one yard.

    `context` has the yard's parts (its caller is replaced for each request), `keys` is by access key id, `handlers` is
    what `handlers.collect.collect()` gives, `routes` are our own, each path beginning with `/_batchyard/`.
    """
    return App(context, keys, handlers, routes)
