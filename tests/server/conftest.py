"""A real uvicorn on a free port in front of the app, with the handlers that a test gives."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import httpx
import pytest
import uvicorn
from botocore.config import Config

from batchyard.config import load
from batchyard.domain.arns import Identity
from batchyard.handlers.base import Caller, Context
from batchyard.kit.clock import SystemClock
from batchyard.kit.ids import RandomIds
from batchyard.kit.sigv4 import sign
from batchyard.server.app import App, build_app
from batchyard.server.sigv4 import Key

KEYS = {
    "AKADMIN": Key(secret="s1", caller=Caller(name="ann", role="admin", access_key_id="AKADMIN")),
    "AKSUBMIT": Key(secret="s2", token="t2", caller=Caller(name="sue", role="submitter", access_key_id="AKSUBMIT")),
    "AKREAD": Key(secret="s3", caller=Caller(name="rob", role="reader", access_key_id="AKREAD")),
}


def _an_app(handlers: Mapping[str, Mapping[str, Any]] | None = None, routes=(), **settings: Any) -> App:
    context = Context(
        caller=Caller(name="nobody", role="reader"),
        settings=load(overrides=settings),
        identity=Identity(),
        clock=SystemClock(),
        ids=RandomIds(),
        store=None,
        logs=None,
    )
    return build_app(context, KEYS, {"batch": {}, "logs": {}, "sts": {}, **(handlers or {})}, routes)


@pytest.fixture(scope="session")
def an_app() -> Callable[..., App]:
    return _an_app


class Served:
    """The server's address, and clients for it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def boto(self, service: str, key: str = "AKADMIN", *, secret: str | None = None, **config: Any):
        known = KEYS.get(key)
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="eu-west-3",
            aws_access_key_id=key,
            aws_secret_access_key=secret or known.secret,
            aws_session_token=(known.token if known else "") or None,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def call(
        self,
        path: str = "/v1/submitjob",
        body: bytes = b"{}",
        method: str = "POST",
        service: str = "batch",
        key: str = "AKADMIN",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A signed request, sent as it is."""
        known = KEYS[key]
        url = self.url + path
        signed = sign(
            method, url, headers or {}, body, key=key, secret=known.secret, token=known.token, region="us-east-1",
            service=service, at=time.time(),
        )  # fmt: skip
        return httpx.request(method, url, content=body, headers=signed)


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Any], Served]]:
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Any) -> Served:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running.append((server, thread))
        return Served(f"http://127.0.0.1:{listener.getsockname()[1]}")

    yield start
    for server, _ in running:
        server.should_exit = True
    for _, thread in running:
        thread.join()
