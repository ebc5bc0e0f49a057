"""A real server that is killed again and again, and the program that its jobs run."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from batchyard.cli.client import Client, ClientError, Connection
from batchyard.engines.process.procfs import YARD_VARIABLE
from batchyard.kit.digests import digest
from batchyard.server.keys import admin_key

BIN = Path(sys.executable).parent
FINAL = {"SUCCEEDED", "FAILED"}
# One line at the start and one at the end, each in one write; in between it works for as long as it is told. The lock
# of its job is held by all of its processes until the last is gone, so one that is still there is met by the next.
JOB = """
say() { echo "$1 $BATCHYARD_ATTEMPT $AWS_BATCH_JOB_ATTEMPT $(date +%s%N) ${2:--}" >> "$WITNESS/runs"; }
exec 9> "$WITNESS/$AWS_BATCH_JOB_ID"
flock -n 9 || say met
echo first
say start
sleep "$PAUSE"
code=$(( AWS_BATCH_JOB_ATTEMPT <= FAILS ))
echo last
say end $code
exit $code
"""
_GROUPS = Path("/sys/fs/cgroup")
_VCPUS = "16"
_START_S = 20.0


class Victim:
    """The server of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.witness = folder, folder / "witness"
        self.witness.mkdir()
        self.witness.chmod(0o777)
        (self.witness / "runs").touch()
        (self.witness / "runs").chmod(0o666)
        self.kills = 0
        self.cut: list[str] = []
        """Names of submissions whose connection broke before the answer: each job is there, or is not."""
        self._sending = threading.Event()
        # The same port after each start, so that a client in the middle of something meets the next server. Not one of
        # those that the system gives to clients: one of them could take it while no server is there.
        self._port = next(port for port in range(20000 + os.getpid() % 10000, 32000) if _is_free(port))
        self.mark = digest(str((folder / "data" / "process").resolve()), 16)
        self._environ = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "BATCHYARD_"))} | {
            "BATCHYARD_PROVIDERS__LOCAL__VCPUS": _VCPUS,
            "BATCHYARD_PROVIDERS__LOCAL__MEMORY_MIB": "32000",
        }
        self.start()

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        self._launch()
        ready = self.server.stdout.readline() if self.server.stdout else ""
        assert "ready on http://" in ready, f"the server did not come back: {ready!r}"
        key = admin_key(self.folder / "data")
        self._where = Connection(
            url=ready.split()[-1], access_key_id=key.access_key_id, secret_access_key=key.secret_access_key
        )
        self.client = self.connect()

    def _launch(self) -> None:
        command = [BIN / "batchyard", "up", "--port", str(self._port), "--data-dir", self.folder / "data"]
        with (self.folder / "stderr").open("ab") as words:
            self.server = subprocess.Popen(command, env=self._environ, stdout=subprocess.PIPE, stderr=words, text=True)

    def connect(self) -> Client:
        """A client of its own, for a thread."""
        return Client(self._where)

    def kill_server(self, after_s: float) -> None:
        """`kill -9` of the server, this long after somebody has begun to submit; another starts at once."""
        self._sending.clear()
        assert self._sending.wait(_START_S), "nobody submits"
        time.sleep(after_s)
        self._kill()
        self.start()

    def kill_starting(self, after_s: float) -> None:
        """`kill -9` of the server, and of the next one on its way up."""
        self._kill()
        self._launch()
        time.sleep(after_s)
        self._kill()
        self.start()

    def kill_both(self) -> None:
        """`kill -9` of supervisor and server in one moment; another server starts at once."""
        self.kill_supervisor()
        self._kill()
        self.start()

    def _kill(self) -> None:
        self.server.kill()
        self.end()
        self.kills += 1

    def kill_supervisor(self) -> None:
        """`kill -9` of the process that runs the jobs, as soon as there is one."""
        give_up = time.monotonic() + _START_S
        while not (pids := self.supervisors()):
            assert time.monotonic() < give_up, "no supervisor came back"
            time.sleep(0.01)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.kills += 1

    def supervisors(self) -> list[int]:
        """Process ids of this yard's: one, and for a moment a second that finds the folder taken."""
        mark = f"--folder\0{self.folder}/data/process\0".encode()
        return [pid for pid in _pids() if mark in _read(pid, "cmdline")]

    def terminate(self) -> int:
        """A clean stop; the exit code."""
        self.server.send_signal(signal.SIGTERM)
        return self.end()

    def end(self) -> int:
        """Wait for the server's end."""
        code = self.server.wait(_START_S)
        self.client.__exit__(None, None, None)
        if self.server.stdout:
            self.server.stdout.close()
        return code

    def define(self) -> None:
        """The one definition that all jobs have."""
        needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
        container = {"image": "any", "command": ["sh", "-c", JOB], "resourceRequirements": needs}
        self.client.call(
            "RegisterJobDefinition", jobDefinitionName="job", type="container", containerProperties=container
        )

    def submit(
        self,
        name: str,
        *,
        pause_s: float,
        fails: int = 0,
        attempts: int = 1,
        array: int | None = None,
        after: dict[str, str] | None = None,
        client: Client | None = None,
    ) -> str | None:
        """Submit; the id, None when no answer came: then the job may exist or not."""
        environment = {"WITNESS": str(self.witness), "PAUSE": f"{pause_s:.3f}", "FAILS": str(fails)}
        request: dict[str, Any] = {
            "jobName": name,
            "jobQueue": "default",
            "jobDefinition": "job",
            "containerOverrides": {"environment": [{"name": k, "value": v} for k, v in environment.items()]},
            "retryStrategy": {"attempts": attempts},
            "arrayProperties": {"size": array} if array else None,
            "dependsOn": [after] if after else None,
        }
        self._sending.set()
        try:
            return (client or self.client).call("SubmitJob", **request)["jobId"]
        except ClientError as error:
            assert self._where.url in str(error), f"an answer, and not the one that was expected: {error}"
            if not isinstance(error.__context__, httpx.ConnectError):
                self.cut.append(name)
            return None

    def rest(self, timeout_s: float) -> None:
        """Wait until no job at all is on its way: also those whose answer was lost."""
        give_up = time.monotonic() + timeout_s
        with contextlib.closing(self.database()) as database:
            while left := database.execute("SELECT uuid, part, status FROM jobs WHERE status < 5").fetchall():
                assert time.monotonic() < give_up, f"{len(left)} jobs do not end: {left[:3]}"
                time.sleep(0.1)

    def settle(self, jobs: list[str], timeout_s: float) -> dict[str, dict[str, Any]]:
        """Wait until all these are final; their descriptions."""
        give_up = time.monotonic() + timeout_s
        while True:
            found: dict[str, dict[str, Any]] = {}
            for at in range(0, len(jobs), 100):
                page = self.client.call("DescribeJobs", jobs=jobs[at : at + 100])["jobs"]
                found |= {job["jobId"]: job for job in page}
            left = [f"{job['jobId']} {job['status']}" for job in found.values() if job["status"] not in FINAL]
            if not left:
                return found
            assert time.monotonic() < give_up, f"not final: {left[:5]} of {len(left)}"
            time.sleep(0.1)

    def database(self) -> sqlite3.Connection:
        """The store's file, to be read only."""
        return sqlite3.connect(f"file:{self.folder}/data/batchyard.db?mode=ro", uri=True)

    def complaints(self) -> list[str]:
        """What servers and supervisors said that nobody should have to read: faults of their own."""
        told = [self.folder / "stderr", self.folder / "data" / "process" / "supervisor.log"]
        lines = [line for file in told for line in file.read_text().splitlines()]
        return [line for line in lines if " ERROR " in line or "Error" in line or line.startswith("Traceback")]

    def marked(self) -> list[str]:
        """Processes that carry this yard's mark: its jobs'."""
        mark = f"{YARD_VARIABLE}={self.mark}".encode()
        return [f"{pid} {_read(pid, 'cmdline')!r}" for pid in _pids() if mark in _environ(pid)]

    def left_behind(self) -> list[str]:
        """What is there of this yard: its jobs' processes, its supervisor, its control groups."""
        supervisors = [f"supervisor {pid}" for pid in self.supervisors()]
        return self.marked() + supervisors + [str(path) for path in _GROUPS.glob(f"**/batchyard-{self.mark}")]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _read(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""


def _environ(pid: int) -> set[bytes]:
    return set(_read(pid, "environ").split(b"\0"))
