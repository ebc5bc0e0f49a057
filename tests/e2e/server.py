"""A real server that runs real processes, and what a client does with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from batchyard.server.keys import admin_key

BIN = Path(sys.executable).parent
FINAL = {"SUCCEEDED", "FAILED"}
SMALL = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
QUEUE = "default"
GROUP = "/aws/batch/job"


class RunningYard:
    """One server: its address, the environment that clients need, and its log."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        key = admin_key(folder / "data")
        self.keys = (key.access_key_id, key.secret_access_key)
        self._clients: dict[tuple[str, ...], Any] = {}
        self._names = 0

    @property
    def environ(self) -> dict[str, str]:
        """What a shell has after the yard's exports, and nothing else of AWS."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BATCHYARD_"))}
        return ours | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.keys[0],
            "AWS_SECRET_ACCESS_KEY": self.keys[1],
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(self.folder),
        }

    def client(self, service: str, access_key_id: str = "", secret: str = "") -> Any:
        """A client of boto3, by default the administrator's."""
        keys = (access_key_id, secret) if access_key_id else self.keys
        found = self._clients.get((service, *keys))
        if found is None:
            found = boto3.client(
                service,
                endpoint_url=self.url,
                region_name="us-east-1",
                aws_access_key_id=keys[0],
                aws_secret_access_key=keys[1],
                config=Config(
                    retries={"total_max_attempts": 1}, inject_host_prefix=False, s3={"addressing_style": "path"}
                ),
            )
            self._clients[service, *keys] = found
        return found

    @property
    def batch(self) -> Any:
        """The administrator's client of Batch."""
        return self.client("batch")

    @property
    def logs(self) -> Any:
        """The administrator's client of CloudWatch Logs."""
        return self.client("logs")

    def name(self, word: str = "job") -> str:
        """A name that no other test of this server has."""
        self._names += 1
        return f"{word}-{self._names}"

    def define(self, *command: str, name: str = "", **members: Any) -> str:
        """Register a definition; `name:revision`."""
        container = {"image": "any", "resourceRequirements": SMALL, **members.pop("container", {})}
        if command:
            container["command"] = list(command)
        made = self.batch.register_job_definition(
            jobDefinitionName=name or self.name("def"), type="container", containerProperties=container, **members
        )
        return f"{made['jobDefinitionName']}:{made['revision']}"

    def submit(self, definition: str, **members: Any) -> str:
        """Submit a job to the default queue; its id."""
        request = {"jobName": self.name(), "jobQueue": QUEUE, "jobDefinition": definition, **members}
        return self.batch.submit_job(**request)["jobId"]

    def job(self, job_id: str) -> dict[str, Any]:
        """The job as DescribeJobs shows it."""
        return self.batch.describe_jobs(jobs=[job_id])["jobs"][0]

    def wait(self, job_id: str, *statuses: str, timeout_s: float = 30) -> dict[str, Any]:
        """The job once it has one of these statuses, or by default a final one."""
        end = time.monotonic() + timeout_s
        while (job := self.job(job_id))["status"] not in (statuses or FINAL):
            told = f"{job['status']} {job.get('statusReason')}"
            assert time.monotonic() < end and not (statuses and job["status"] in FINAL), told
            time.sleep(0.02)
        return job

    def run(self, *command: str, container: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        """Run a shell's or another command to its end; the job."""
        words = ("sh", "-c", *command) if len(command) == 1 else command
        return self.wait(self.submit(self.define(*words, container=dict(container or {})), **members))

    def lines(self, job: Mapping[str, Any], group: str = GROUP) -> list[str]:
        """The log of a job's last attempt."""
        stream = job["container"]["logStreamName"]
        page = self.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
        return [event["message"] for event in page["events"]]

    def close(self) -> None:
        """Close the clients' connections."""
        for client in self._clients.values():
            client.close()


@contextlib.contextmanager
def running(settings: str = "") -> Iterator[RunningYard]:
    """A server with these settings (TOML), on a free port and with a data folder of its own."""
    # Not pytest's folder, which other users cannot enter: jobs run as one where the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="yard-"))
    folder.chmod(0o755)
    (folder / "batchyard.toml").write_text(settings)
    command = [BIN / "batchyard", "up", "--port", "0", "--data-dir", folder / "data", "--config", "batchyard.toml"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BATCHYARD_"))}
    server = subprocess.Popen(command, env=environ, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        ready = server.stdout.readline() if server.stdout else ""
        assert "ready on http://" in ready, f"the server ended before it was ready: {ready}"
        yard = RunningYard(ready.split()[-1], folder)
        yield yard
        yard.close()
    finally:
        server.terminate()
        server.communicate(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)
    assert server.returncode == 0, "the server did not stop cleanly"
