"""Waiting for an array with a progress bar on a terminal, and in silence elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from batchyard.cli.client import Client
from batchyard.cli.output import err

_FINAL = {"SUCCEEDED", "FAILED"}
_GAP_MS = 50


def wait(client: Client, job_id: str, seen: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
    """DescribeJobs of a job when it is final. The server pushes what changes; `seen` hears each state asked for."""
    for _ in client.changes((job_id,), _GAP_MS):
        job: dict[str, Any] = client.call("DescribeJobs", jobs=[job_id])["jobs"][0]
        if seen is not None:
            seen(job)
        if job["status"] in _FINAL:
            return job
    raise AssertionError("the stream of changes never ends")


def follow_array(client: Client, job_id: str) -> int:
    """Show how far an array is until it is final; 0 when all children succeeded, else 1."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]}"))
    with Progress(*columns, TimeElapsedColumn(), console=err, disable=not err.is_terminal) as progress:
        bar = progress.add_task("children", total=None, failed="")

        def seen(job: dict[str, Any]) -> None:
            array = job["arrayProperties"]
            failed = array["statusSummary"]["FAILED"]
            ended = array["statusSummary"]["SUCCEEDED"] + failed
            progress.update(bar, total=array["size"], completed=ended, failed=f"{failed} failed" if failed else "")

        job = wait(client, job_id, seen)
    summary = job["arrayProperties"]["statusSummary"]
    err.print(f"{job['status']}: {summary['SUCCEEDED']} succeeded, {summary['FAILED']} failed")
    return 0 if job["status"] == "SUCCEEDED" else 1
