"""The engine that runs attempts as processes: the server's side of the supervisor.

It keeps one connection. Every request stays pending until it is answered; when the connection breaks, because the
supervisor was killed, a new supervisor is started, which kills what the dead one has left before it answers, then the
wakeup is rung for every attempt that was lost, and pending requests are sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from batchyard.config import Process
from batchyard.engines.base import Launch, Observed, Phase, Wakeup
from batchyard.engines.process import wire
from batchyard.engines.process.procfs import KEY_VARIABLE, YARD_VARIABLE
from batchyard.kit.digests import digest

_T = TypeVar("_T")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,199}")
_ORDERS_A_FRAME = 256
_OPEN_S = 60.0
_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 2.0
_log = logging.getLogger(__name__)


class EngineUnavailable(Exception):
    """The supervisor cannot be started or refuses; the text says why."""


class ProcessEngine:
    """Implements `engines.base.Engine` on this machine. `folder` holds the supervisor's files and working folders.

    When the server is root, jobs run as another user, who must be able to pass through `folder` and all above it.
    """

    def __init__(self, folder: Path, settings: Process, log_limit_bytes: int) -> None:
        self.hello: wire.Hello | None = None
        """Who answers, once open: the supervisor's process id and what it can do with control groups."""
        root = os.geteuid() == 0
        self._rules = wire.Rules(
            user=settings.user or ("nobody" if root else ""),
            root=settings.user.partition(":")[0] in ("root", "0"),
            path=settings.path,
            cgroups=settings.cgroups == "auto",
            log_limit_bytes=log_limit_bytes,
        )
        self._folder = folder.absolute()
        self._yard = digest(os.path.realpath(folder), 16)
        self._wakeup: Wakeup | None = None
        self._live: set[str] = set()
        self._pending: dict[int, tuple[bytes, asyncio.Future[msgspec.Raw]]] = {}
        self._number = 0
        self._link: _Link | None = None
        self._mending: asyncio.Task[None] | None = None
        self._child: int | None = None

    # --- engines.base.Engine ---

    async def open(self, wakeup: Wakeup) -> None:
        """Connect to the living supervisor or start one. Raises EngineUnavailable."""
        self._wakeup = wakeup
        self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        try:
            async with asyncio.timeout(_OPEN_S):
                await self._connect()
        except TimeoutError:
            await self.close()
            raise EngineUnavailable(f"the supervisor did not answer in {_OPEN_S:.0f} s: {self._last_words()}") from None
        except EngineUnavailable:
            await self.close()
            raise
        self._live.update(await self.keys())

    async def close(self) -> None:
        """Disconnect; attempts go on."""
        self._wakeup = None
        if self._mending is not None:
            self._mending.cancel()
            await asyncio.gather(self._mending, return_exceptions=True)
        if self._link is not None:
            link, self._link = self._link, None
            link.transport.close()
            await link.lost
        for _, future in self._pending.values():
            future.cancel()
        self._pending.clear()

    async def start(self, launches: Sequence[Launch]) -> None:
        """Start what is not started yet; every key is in the supervisor's journal when this returns."""
        for launch in launches:
            if not _KEY.fullmatch(launch.key):
                raise ValueError(f'key "{launch.key}" must be 1 to 200 letters, digits, "." and "-"')
        self._live.update(launch.key for launch in launches)
        orders = [_order(launch) for launch in launches]
        chunks = [orders[at : at + _ORDERS_A_FRAME] for at in range(0, len(orders), _ORDERS_A_FRAME)]
        await asyncio.gather(*(self._ask("start", wire.Batch(self._rules, chunk), None) for chunk in chunks))

    async def observe(self, keys: Sequence[str]) -> Mapping[str, Observed]:
        """What is known of these keys."""
        return {seen.key: seen for seen in await self._ask("observe", list(keys), list[Observed])}

    async def keys(self) -> Sequence[str]:
        """Every key not forgotten."""
        return await self._ask("keys", None, list[str])

    async def stop(self, keys: Sequence[str], grace: timedelta) -> None:
        """SIGTERM now, SIGKILL after `grace`; of several calls the earliest SIGKILL counts."""
        await self._ask("stop", (list(keys), grace.total_seconds()), None)

    async def forget(self, keys: Sequence[str]) -> None:
        """Remove results and working folders of those that have ended."""
        await self._ask("forget", list(keys), None)
        self._live.difference_update(keys)

    # --- requests and news ---

    async def _ask(self, verb: str, body: Any, kind: type[_T] | None) -> _T:
        self._number += 1
        number = self._number
        data = wire.frame(wire.Request(number, verb, msgspec.Raw(_pack(body))))
        future: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._pending[number] = data, future
        if self._link is not None:
            self._link.transport.write(data)
        try:
            return msgspec.msgpack.decode(await future, type=kind)
        finally:
            self._pending.pop(number, None)

    def received(self, messages: list[bytes]) -> None:
        """Messages from the supervisor: answers to requests, and news."""
        news: list[Observed] = []
        for message in messages:
            answer = _decode_answer(message)
            if answer.number == 0:
                news += _decode_news(answer.body)
            elif (waiting := self._pending.get(answer.number)) is not None and not waiting[1].done():
                if answer.error is None:
                    waiting[1].set_result(answer.body)
                else:
                    waiting[1].set_exception(EngineUnavailable(f"the supervisor says: {answer.error}"))
        if news:
            self._ring(news)

    def _ring(self, news: list[Observed]) -> None:
        self._live.difference_update(seen.key for seen in news if seen.phase in (Phase.ENDED, Phase.LOST))
        if self._wakeup is not None:
            self._wakeup(news)

    # --- the connection ---

    def disconnected(self, link: _Link) -> None:
        """The connection has ended. If we did not end it, the supervisor is dead; `_connect` sees that by itself."""
        if self._link is link:
            self._link = None
            if link.greeted and self._wakeup is not None:
                self._mending = asyncio.ensure_future(self._mend())

    async def _mend(self) -> None:
        await self._connect()
        seen = list((await self.observe(list(self._live))).values())
        lost = sum(observed.phase is Phase.LOST for observed in seen)
        _log.warning("the supervisor of %s was gone; %d attempts are lost, another supervisor runs", self._folder, lost)
        if seen:
            self._ring(seen)

    async def _connect(self) -> None:
        """Connect, greet, and send again what is pending. Goes on trying until it is cancelled."""
        pause_s = _PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            while (connection := self._try()) is None:
                self._start_supervisor()
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 1.2, _LONGEST_PAUSE_S)
            _, link = await loop.create_unix_connection(lambda: _Link(self), sock=connection)
            pending = [data for data, _ in self._pending.values()]
            self._link = link
            greeting = asyncio.ensure_future(self._ask("hello", wire.VERSION, wire.Hello))
            await asyncio.wait({greeting, link.lost}, return_when=asyncio.FIRST_COMPLETED)
            if not link.lost.done():
                break
            greeting.cancel()  # it died before it answered
        self.hello = hello = await greeting
        if hello.version != wire.VERSION:
            raise EngineUnavailable(
                f"the supervisor (process {hello.pid}) is of another version of Batchyard ({hello.version}, not "
                f"{wire.VERSION}): let the version that started it finish its jobs, or end the process"
            )
        link.greeted = True
        for data in pending:
            link.transport.write(data)

    def _try(self) -> socket.socket | None:
        """A connection to the living supervisor; None when there is none. The path may be longer than a socket's."""
        opened = os.open(self._folder, os.O_RDONLY)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(f"/proc/self/fd/{opened}/{wire.SOCKET}")
        except OSError:
            connection.close()
            return None
        finally:
            os.close(opened)
        connection.setblocking(False)
        return connection

    def _start_supervisor(self) -> None:
        """Start one in a session of its own, unless the one started before is still coming up."""
        if self._child is not None:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(self._child, os.WNOHANG) == (0, 0):
                    return
        command = [sys.executable, "-X", "utf8", "-m", "batchyard.engines.process.supervisor"]
        output = os.open(self._folder / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._child = os.posix_spawn(
                sys.executable,
                [*command, "--folder", str(self._folder), "--yard", self._yard],
                {name: value for name, value in os.environ.items() if name not in (KEY_VARIABLE, YARD_VARIABLE)},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output, 1),
                    (os.POSIX_SPAWN_DUP2, output, 2),
                ],
                setsid=True,
                setsigmask=[],
            )
        finally:
            os.close(output)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            return (self._folder / "supervisor.log").read_text(errors="replace")[-2000:].strip() or "it says nothing"
        return "it left no log"


class _Link(asyncio.Protocol):
    """One connection to a supervisor."""

    transport: asyncio.Transport

    def __init__(self, engine: ProcessEngine) -> None:
        self._engine = engine
        self._frames = wire.Frames()
        self.greeted = False
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by class

    def data_received(self, data: bytes) -> None:
        messages = self._frames.feed(data)
        if messages:
            self._engine.received(messages)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(None)
        self._engine.disconnected(self)


_decode_answer = msgspec.msgpack.Decoder(wire.Answer).decode
_decode_news = msgspec.msgpack.Decoder(list[Observed]).decode


def _order(launch: Launch) -> wire.Order:
    folder = launch.spec.get("workingFolder")
    return wire.Order(
        key=launch.key,
        command=list(launch.command),
        env=launch.env,
        vcpus=launch.vcpus,
        memory_mib=launch.memory_mib,
        user=launch.user or "",
        log=str(launch.log),
        folder=str(folder) if folder else None,
    )


def _pack(body: Any) -> bytes:
    """As msgpack. Half characters (lone surrogates), which no program could be given, become question marks."""
    try:
        return wire.pack(body)
    except UnicodeEncodeError:
        return wire.pack(_whole(msgspec.to_builtins(body)))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value
