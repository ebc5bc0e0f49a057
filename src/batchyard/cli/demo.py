"""`batchyard demo`: a server of its own, driven by boto3; pi by a hundred children and one that puts them together."""

from __future__ import annotations

import contextlib
import math
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from batchyard.cli.client import SERVER_FILE, Client, Server, local_connection
from batchyard.cli.common import app, told
from batchyard.cli.output import err, jobs_table, out
from batchyard.cli.progress import wait
from batchyard.config import Settings, load

_CHILDREN = 100
_SAMPLES = 20_000
_START_S = 15.0
_FAILED = 1

# awk is on every machine, and an unprivileged user can run it.
_THROW = """
BEGIN {
  srand(ENVIRON["AWS_BATCH_JOB_ARRAY_INDEX"] + 1)
  for (i = 0; i < n; i++) { x = rand(); y = rand(); if (x * x + y * y <= 1) hits++ }
  printf "%d %d\\n", hits, n > (folder "/" ENVIRON["AWS_BATCH_JOB_ARRAY_INDEX"])
  printf "%d of %d throws are inside\\n", hits, n
}"""
_COMBINE = """{ hits += $1; n += $2 } END { p = hits / n; printf "%.6f %.6f\\n", 4 * p, 4 * sqrt(p * (1 - p) / n) }"""


@app.command()
def demo() -> None:
    """Estimate pi on this machine: an array job of 100 children and one that combines their results."""
    began = time.monotonic()
    try:
        import boto3
    except ModuleNotFoundError:
        err.print(
            'batchyard: the demonstration drives the server with boto3: pip install "batchyard[demo]"', markup=False
        )
        raise typer.Exit(2) from None
    with told(), tempfile.TemporaryDirectory(prefix="batchyard-demo-") as folder:
        Path(folder).chmod(0o755)
        shared = Path(folder) / "shared"
        shared.mkdir()
        shared.chmod(0o1777)  # the jobs run as another user when we are root
        settings = load(None, {}, {"data_dir": f"{folder}/yard"})
        with _server(settings) as server:
            err.print(f"A server with a fresh data folder listens on {server.url}", markup=False)
            where = local_connection(settings)
            session = boto3.Session(
                aws_access_key_id=where.access_key_id,
                aws_secret_access_key=where.secret_access_key,
                region_name=where.region,
            )
            clients = {name: session.client(name, endpoint_url=where.url) for name in ("batch", "logs")}
            with Client(where) as pushed:
                good = _pi(clients["batch"], clients["logs"], pushed, shared)
    out.print(f"Done in {time.monotonic() - began:.1f} s; the server is stopped and its folder removed.")
    raise typer.Exit(0 if good else _FAILED)


def _pi(batch: Any, logs: Any, pushed: Client, shared: Path) -> bool:
    """Register, submit, wait, print; whether pi is what it should be."""
    throw = _register(batch, "throw", ["awk", "-v", "n=Ref::samples", "-v", "folder=Ref::folder", _THROW])
    combine = _register(batch, "combine", ["sh", "-c", "cat Ref::folder/* | awk '" + _COMBINE + "'"])
    parameters = {"samples": str(_SAMPLES), "folder": str(shared)}
    array = batch.submit_job(
        jobName="throw",
        jobQueue="default",
        jobDefinition=throw,
        arrayProperties={"size": _CHILDREN},
        parameters=parameters,
    )["jobId"]
    last = batch.submit_job(
        jobName="combine",
        jobQueue="default",
        jobDefinition=combine,
        dependsOn=[{"jobId": array}],
        parameters={"folder": str(shared)},
    )["jobId"]
    err.print(f"Submitted an array of {_CHILDREN} children, and a job that waits for all of them", markup=False)
    _bar(pushed, array)
    wait(pushed, last)
    jobs = batch.describe_jobs(jobs=[array, last])["jobs"]
    out.print(jobs_table(jobs))
    if jobs[1]["status"] != "SUCCEEDED":
        err.print(f"batchyard: the last job ended {jobs[1]['status']}: {jobs[1].get('statusReason')}", markup=False)
        return False
    stream = jobs[1]["container"]["logStreamName"]
    events = logs.get_log_events(logGroupName="/aws/batch/job", logStreamName=stream, startFromHead=True)["events"]
    pi, error = (float(word) for word in events[-1]["message"].split())
    off = abs(pi - math.pi)
    out.print(f"\npi = {pi:.6f} ± {error:.6f} from {_CHILDREN * _SAMPLES:,} throws; it is off by {off:.6f}\n")
    return off < 5 * error


def _register(batch: Any, name: str, command: list[str]) -> str:
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
    answer = batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={"image": "none", "command": command, "resourceRequirements": needs},
    )
    return answer["jobDefinitionArn"]


def _bar(pushed: Client, array: str) -> None:
    """The array's children as they end, from its statusSummary."""
    columns = (TextColumn("children"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[running]} running"))
    with Progress(*columns, TimeElapsedColumn(), console=err, disable=not err.is_terminal) as progress:
        bar = progress.add_task("", total=_CHILDREN, running=0)

        def seen(job: dict[str, Any]) -> None:
            summary = job["arrayProperties"]["statusSummary"]
            ended = summary["SUCCEEDED"] + summary["FAILED"]
            progress.update(bar, completed=ended, running=summary["RUNNING"] + summary["STARTING"])

        wait(pushed, array, seen)


@contextlib.contextmanager
def _server(settings: Settings) -> Generator[Server]:
    """`batchyard up` on a free port, as a process of its own."""
    command = [sys.executable, "-m", "batchyard.cli", "up", "--port", "0", "--data-dir", str(settings.folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            err.print("batchyard: the server did not start; what it said is above", markup=False)
            raise typer.Exit(_FAILED)
        yield msgspec.json.decode((settings.folder / SERVER_FILE).read_bytes(), type=Server)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
