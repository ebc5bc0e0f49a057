"""A real server for one measurement, and a client as thin as can be: keep-alive connections, signed requests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from batchyard.kit import sigv4
from batchyard.server.keys import AdminKey

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class BenchYard:
    """A server process with a data folder of its own."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self._env = {**os.environ, **{f"BATCHYARD_{name}": value for name, value in settings.items()}}
        self.start()

    def start(self) -> None:
        """Start the server on a free port and wait for its ready line."""
        program = Path(sys.executable).with_name("batchyard")
        command = [program, "up", "--port", "0", "--data-dir", self.folder]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=self._env, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.port = int(line.strip().rpartition(":")[2])
        self.key = msgspec.json.decode((self.folder / "credentials.json").read_bytes(), type=AdminKey)

    def stop(self) -> None:
        """Stop server and supervisor."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def rss_mib(self) -> float:
        """Resident memory of the server process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def cpu_s(self) -> float:
        """CPU seconds that the server process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """One keep-alive connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Client(self, reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


class Client:
    """Signed requests on one connection, one after another."""

    def __init__(self, yard: BenchYard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = f"127.0.0.1:{yard.port}"
        self._key = yard.key
        self._reader, self._writer = reader, writer

    async def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """POST /v1/<operation>; the decoded answer. Raises RuntimeError on anything but 200."""
        body = msgspec.json.encode(request)
        path = f"/v1/{operation}"
        headers = sigv4.sign(
            "POST",
            f"http://{self._host}{path}",
            {},
            body,
            key=self._key.access_key_id,
            secret=self._key.secret_access_key,
            region="us-east-1",
            service="batch",
            at=time.time(),
        )
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(answer)
        content = await self._reader.readexactly(int(found[1])) if found else b""
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{answer.partition(b' ')[2][:30]!r} {content!r}")
        return msgspec.json.decode(content) if content else {}

    async def register(self, name: str, command: list[str], vcpus: int = 1) -> None:
        """Register a definition of one command."""
        needs = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": "64"}]
        container = {"image": "bench", "command": command, "resourceRequirements": needs}
        await self.call(
            "registerjobdefinition",
            {"jobDefinitionName": name, "type": "container", "containerProperties": container},
        )

    async def submit(self, definition: str, array: int | None = None) -> str:
        """Submit; the job's id."""
        request: dict[str, Any] = {"jobName": "bench", "jobQueue": "default", "jobDefinition": definition}
        if array is not None:
            request["arrayProperties"] = {"size": array}
        return (await self.call("submitjob", request))["jobId"]

    async def describe(self, *ids: str) -> list[dict[str, Any]]:
        """DescribeJobs."""
        return (await self.call("describejobs", {"jobs": list(ids)}))["jobs"]

    async def wait(self, job_id: str, pause_s: float = 0.02) -> dict[str, Any]:
        """Ask until the job is final."""
        while True:
            job = (await self.describe(job_id))[0]
            if job["status"] in {"SUCCEEDED", "FAILED"}:
                return job
            await asyncio.sleep(pause_s)
