"""CloudWatch Logs over a store in memory and real files, called as the server calls the handlers."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from batchyard.api.logs import OPERATIONS
from batchyard.config import load
from batchyard.domain.arns import Identity
from batchyard.domain.log_streams import ATTEMPT, LogStream
from batchyard.handlers.base import Caller, Context
from batchyard.handlers.collect import collect
from batchyard.kit.digests import digest
from batchyard.kit.ids import SeededIds
from batchyard.logs.base import ENDED
from batchyard.logs.files import LogFiles
from batchyard.logs.times import times_path
from batchyard.store.database import SqliteStore

NOW_MS = 1_700_000_000_000
GROUP = "/aws/batch/job"


class Now:
    """A clock that a test moves."""

    at = NOW_MS / 1000

    def now(self) -> float:
        return self.at


class Yard:
    """Handlers, store and files together."""

    def __init__(self, store: SqliteStore, folder: Path) -> None:
        self.clock = Now()
        self.store = store
        self.files = LogFiles(folder, self.clock, inline=True)
        self.handlers = collect()["logs"]
        self.context = Context(
            caller=Caller(name="tester", role="admin"),
            settings=load(),
            identity=Identity(),
            clock=self.clock,
            ids=SeededIds(1),
            store=cast("Any", store),
            logs=self.files,
        )

    async def raw(self, operation: str, **members: Any) -> Any:
        request = msgspec.convert(members, OPERATIONS[operation].request_type)
        return await self.handlers[operation](self.context, request)

    async def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        return cast("dict[str, Any]", msgspec.to_builtins(await self.raw(operation, **members)))

    async def attempt(self, name: str, *lines: tuple[int, str], group: str = GROUP, ended: bool = True) -> str:
        """An attempt's stream with these (ms after NOW_MS, text); the stream's name."""
        task = digest(name)
        stream = f"{name}/default/{task}"
        await self.store.write(lambda tx: tx.logs.add_attempts([(group, stream, task, NOW_MS / 1000)]))
        self.write(stream, *lines)
        if ended:
            with times_path(self.path(stream)).open("ab") as times:
                times.write(struct.pack("<QQ", ENDED, NOW_MS + 10_000_000))
        return stream

    def path(self, stream: str) -> Path:
        task = stream.rpartition("/")[2]
        return self.files.path(LogStream(pk=0, group="", name="", file_id=task, kind=ATTEMPT, created_at=0))

    def write(self, stream: str, *lines: tuple[int, str]) -> None:
        path = self.path(stream)
        with path.open("ab") as file, times_path(path).open("ab") as times:
            for ms, text in lines:
                file.write(text.encode())
                times.write(struct.pack("<QQ", file.tell(), NOW_MS + ms))


@pytest.fixture
def yard(store: SqliteStore, tmp_path: Path) -> Yard:
    return Yard(store, tmp_path)
