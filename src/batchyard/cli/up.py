"""`batchyard up`: the server in the foreground, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator

import uvicorn

from batchyard.config import ConfigError, Settings
from batchyard.handlers.base import Caller
from batchyard.handlers.collect import collect
from batchyard.server import own
from batchyard.server.app import build_app
from batchyard.server.keys import all_keys
from batchyard.yard import Yard, open_yard

_SYSTEM = Caller(name="system", role="admin")


class _Uvicorn(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: asyncio.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


def bind(settings: Settings) -> socket.socket:
    """The listening socket; raises ConfigError when address or port cannot be had."""
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from error
    listening.listen(1024)
    return listening


@contextlib.asynccontextmanager
async def serving(settings: Settings, listening: socket.socket) -> AsyncGenerator[tuple[Yard, uvicorn.Server]]:
    """A running yard that answers on this socket."""
    async with open_yard(settings) as yard:
        app = build_app(yard.context(_SYSTEM), all_keys(settings), collect(), own.routes())
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", server_header=False, loop="uvloop"
        )
        ready = asyncio.Event()
        server = _Uvicorn(config, ready)
        async with yard.running():
            serve = asyncio.create_task(server.serve(sockets=[listening]))
            await ready.wait()
            try:
                yield yard, server
            finally:
                server.should_exit = True
                await serve


async def up(settings: Settings) -> None:
    """Serve until told to stop."""
    listening = bind(settings)
    host, port = listening.getsockname()[:2]
    async with serving(settings, listening) as (_, server):
        shown = f"[{host}]" if ":" in host else host
        print(f"Batchyard is ready on http://{shown}:{port}", flush=True)
        while not server.should_exit:
            await asyncio.sleep(0.2)
