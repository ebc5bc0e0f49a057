"""A supervisor that dies between the engine's connecting and its own first answer: another one takes over."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import uvloop

from batchyard.config import Process
from batchyard.engines.base import Launch, Phase
from batchyard.engines.process.engine import ProcessEngine
from batchyard.engines.process.wire import SOCKET

_DEATHS = 3
_PATIENCE_S = 10.0


def test_supervisors_that_die_before_they_answer_are_followed_by_one_that_does(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / SOCKET))
        listener.listen()
        dying = threading.Thread(target=_die, args=(listener, tmp_path / SOCKET), daemon=True)
        dying.start()
        uvloop.run(_open_and_ask(tmp_path))  # as the server: its transports refuse what is written too late
        dying.join()


def _die(listener: socket.socket, path: Path) -> None:
    for death in range(_DEATHS):
        connection, _ = listener.accept()
        connection.recv(1)
        if death == _DEATHS - 1:
            path.unlink()
        connection.close()


async def _open_and_ask(folder: Path) -> None:
    launch = Launch(
        key="early.x.1",
        job_id="early",
        host="i-1",
        image="any",
        command=("true",),
        env={},
        vcpus=1,
        memory_mib=64,
        log=folder / "log",
    )
    engine = ProcessEngine(folder, Process(cgroups="off"), 1 << 20)
    early = asyncio.create_task(engine.start([launch]))
    await asyncio.sleep(0)
    ended = asyncio.Event()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await engine.open(lambda seen: ended.set() if any(each.phase is Phase.ENDED for each in seen) else None)
            await early
            await ended.wait()
            await engine.forget([launch.key])
            assert await engine.keys() == []
    finally:
        await engine.close()
