"""A real server that is killed again and again, its witnesses, and what they say together at the end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from batchyard.cli.client import Client, ClientError, Connection
from batchyard.domain.states import Event, Status, after
from batchyard.engines.process.procfs import YARD_VARIABLE
from batchyard.kit.digests import digest
from batchyard.server.keys import admin_key

BIN = Path(sys.executable).parent
FINAL = {"SUCCEEDED", "FAILED"}
# One line at the start and one at the end, each in one write; in between it works for as long as it is told.
JOB = """
say() { printf '%s %s %s %s\\n' "$1" "$AWS_BATCH_JOB_ID" "$AWS_BATCH_JOB_ATTEMPT" "$(date +%s%N)" >> "$WITNESS"; }
echo first; say start; sleep "$PAUSE"
[ "$AWS_BATCH_JOB_ATTEMPT" -gt "${FAILS:-0}" ] || { say end; exit 1; }
say end; echo last
"""
_VCPUS = "16"
_START_S = 20.0


class Victim:
    """The server of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.witness = folder, folder / "witness"
        self.witness.touch()
        self.witness.chmod(0o666)
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
        command = [BIN / "batchyard", "up", "--port", str(self._port), "--data-dir", self.folder / "data"]
        self.server = subprocess.Popen(command, env=self._environ, stdout=subprocess.PIPE, text=True)
        ready = self.server.stdout.readline() if self.server.stdout else ""
        assert "ready on http://" in ready, f"the server did not come back: {ready!r}"
        key = admin_key(self.folder / "data")
        self._where = Connection(
            url=ready.split()[-1], access_key_id=key.access_key_id, secret_access_key=key.secret_access_key
        )
        self.client = self.connect()

    def connect(self) -> Client:
        """A client of its own, for a thread."""
        return Client(self._where)

    def kill_server(self) -> None:
        """`kill -9` of the server; another starts at once."""
        self.server.kill()
        self.end()
        self.start()

    def kill_supervisor(self) -> None:
        """`kill -9` of the process that runs the jobs."""
        for pid in self._supervisors():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _supervisors(self) -> list[int]:
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
        *,
        pause_s: float,
        fails: int = 0,
        array: int | None = None,
        on: str | None = None,
        client: Client | None = None,
    ) -> str | None:
        """Submit; the id, None when no answer came: then the job may exist or not, and nobody counts on it."""
        environment = {"WITNESS": str(self.witness), "PAUSE": f"{pause_s:.3f}", "FAILS": str(fails)}
        request: dict[str, Any] = {
            "jobName": "job",
            "jobQueue": "default",
            "jobDefinition": "job",
            "containerOverrides": {"environment": [{"name": k, "value": v} for k, v in environment.items()]},
            "retryStrategy": {"attempts": 10},
            "arrayProperties": {"size": array} if array else None,
            "dependsOn": [{"jobId": on}] if on else None,
        }
        with contextlib.suppress(ClientError):
            return (client or self.client).call("SubmitJob", **request)["jobId"]
        return None

    def rest(self, timeout_s: float) -> None:
        """Wait until no job at all is on its way: also those whose answer was lost."""
        give_up = time.monotonic() + timeout_s
        for status in Status:
            while not status.final and self._listed(status):
                assert time.monotonic() < give_up, f"still {status.name}: {self._listed(status)[:3]}"
                time.sleep(0.1)

    def _listed(self, status: Status) -> list[dict[str, Any]]:
        return self.client.call("ListJobs", jobQueue="default", jobStatus=status.name)["jobSummaryList"]

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

    def runs(self) -> dict[str, list[tuple[int, int | None, int]]]:
        """By job: (start ns, end ns or None when it was killed, attempt), as the processes themselves wrote it."""
        found: dict[str, list[tuple[int, int | None, int]]] = defaultdict(list)
        for line in self.witness.read_text().splitlines():
            word, job, attempt, at = line.split()
            if word == "start":
                found[job].append((int(at), None, int(attempt)))
            else:
                start, _, number = found[job][-1]
                assert number == int(attempt), f"{job}: the end of attempt {attempt} came after the start of {number}"
                found[job][-1] = (start, int(at), number)
        return found

    def database(self) -> sqlite3.Connection:
        """The store's file, after the server's end."""
        return sqlite3.connect(f"file:{self.folder}/data/batchyard.db?mode=ro", uri=True)

    def left_behind(self) -> list[str]:
        """Processes that carry this yard's mark, and control groups named by it."""
        mark = f"{YARD_VARIABLE}={self.mark}".encode()
        processes = [f"{pid} {_read(pid, 'cmdline')!r}" for pid in _pids() if mark in _environ(pid)]
        return processes + [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/batchyard-{self.mark}/*/")]


def replayed(database: sqlite3.Connection) -> list[str]:
    """Jobs whose events, replayed from SUBMITTED through the table of transitions, do not give their row."""
    statuses: dict[int, Status] = defaultdict(lambda: Status.SUBMITTED)
    for pk, event in database.execute("SELECT job_pk, event FROM events ORDER BY seq"):
        statuses[pk] = after(statuses[pk], Event(event))
    rows = database.execute("SELECT pk, uuid, part, status FROM jobs")
    return [f"{uuid}:{part}" for pk, uuid, part, status in rows if statuses[pk] != status]


def miscounted(database: sqlite3.Connection) -> list[object]:
    """Totals of queues and arrays that are not what counting gives."""
    kept = set(database.execute("SELECT queue_pk, share, status, n FROM totals WHERE n <> 0"))
    counted = set(database.execute("SELECT queue_pk, COALESCE(share, ''), status, COUNT(*) FROM jobs GROUP BY 1, 2, 3"))
    wrong: list[object] = [*(kept ^ counted)]
    for pk, made, *totals in database.execute("SELECT job_pk, made, n0, n1, n2, n3, n4, n5, n6 FROM arrays"):
        rows = dict(database.execute("SELECT status, COUNT(*) FROM jobs WHERE parent_pk = ? GROUP BY 1", (pk,)))
        if totals != [rows.get(status, 0) for status in range(7)] or made != sum(totals):
            wrong.append((pk, totals, rows))
    return wrong


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
