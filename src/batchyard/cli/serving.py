"""The server's process: a yard that answers on one socket until it is told to stop. Jobs outlive it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import socket
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import uvicorn
import uvloop

from batchyard.cli.client import SERVER_FILE, write_server_file
from batchyard.cli.output import err
from batchyard.config import ConfigError, Settings
from batchyard.engines.process.cgroups import probe_cgroups
from batchyard.engines.process.engine import EngineUnavailable
from batchyard.handlers.base import Caller
from batchyard.handlers.collect import collect
from batchyard.server import own
from batchyard.server.app import build_app
from batchyard.server.keys import all_keys
from batchyard.yard import open_yard

_SYSTEM = Caller(name="system", role="admin")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_DRAIN_S = 1


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigError when the folder or the address cannot be had."""
    try:
        settings.folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise ConfigError(f"data folder {settings.folder}: {error.strerror}; choose another with --data-dir") from error
    with _alone(settings.folder), _bound(settings) as listening:
        for warning in _warnings(settings):
            err.print(f"warning: {warning}", markup=False)
        try:
            uvloop.run(_serve(settings, listening))
        except EngineUnavailable as error:
            raise ConfigError(str(error)) from error


_KEEP_ALIVE_S = 75  # longer than clients keep a connection, so that they are the ones who let go


class _Uvicorn(uvicorn.Server):
    """Says when it listens, and leaves signals to us: stopping on one is a clean end, with exit code 0."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Not here."""
        yield


async def _serve(settings: Settings, listening: socket.socket) -> None:
    # What is there now stays for ever; what comes dies young. So look through the young seldom, through the old hardly.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    host, port = listening.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    async with open_yard(settings) as yard, yard.running():
        answering = build_app(yard.context(_SYSTEM), all_keys(settings), collect(), own.routes())
        async with _answering(answering, listening):
            write_server_file(settings.folder, url)
            print(f"Batchyard is ready on {url}", flush=True)
            await stop.wait()
            (settings.folder / SERVER_FILE).unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def _answering(application: object, listening: socket.socket) -> AsyncGenerator[None]:
    """Answer requests for as long as the block lasts; those under way get a moment to end."""
    config = uvicorn.Config(
        application,  # pyright: ignore[reportArgumentType]
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
    server = _Uvicorn(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await asyncio.wait({serving, ready := asyncio.ensure_future(server.ready.wait())}, return_when="FIRST_COMPLETED")
    ready.cancel()
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=_DRAIN_S)
        for connection in list(server.server_state.connections):  # streams, which never end by themselves
            connection.transport.close()
        await serving


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Hold the folder: two servers on one would place the same jobs. Raises ConfigError."""
    lock = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            f"another server has the data folder {folder}: stop it, or choose one with --data-dir"
        ) from None
    else:
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def _bound(settings: Settings) -> Generator[socket.socket]:
    """The listening socket. Raises ConfigError when address or port cannot be had."""
    host, port = settings.server.host, settings.server.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
        listening.listen(1024)
        yield listening


def _warnings(settings: Settings) -> Generator[str]:
    """What somebody who starts a server should know."""
    if settings.server.host not in _LOOPBACK:
        yield f"listening on {settings.server.host}: without TLS, anybody on the network can read what is sent"
    if not settings.auth.enabled:
        yield "auth.enabled is off: every call is the administrator's"
    if settings.process.cgroups == "auto":
        support = probe_cgroups()
        if support.version is None:
            yield f"memory limits of jobs are not enforced: {support.why}"
