"""`batchyard logs`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from batchyard.cli.client import Client
from batchyard.cli.common import DataDir, JobArgument, Json, app, opened
from batchyard.cli.output import as_json, err, when


@app.command()
def logs(
    job: JobArgument,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job is final; exit with its code.")
    ] = False,
    timestamps: Annotated[bool, typer.Option("--timestamps", "-t", help="Put the time before each line.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Print the log of a job's last attempt; with --follow, of what comes."""
    with opened(data_dir) as client:
        job_id = client.resolve(job)
        if json:
            as_json([line for name, line in client.log(job_id, follow=follow) if name == "line"])
        else:
            code = show_log(client, job_id, follow, timestamps=timestamps)
            raise typer.Exit(code if follow else 0)


def show_log(client: Client, job_id: str, follow: bool, *, timestamps: bool = False) -> int:
    """Print a log as it comes; the job's exit code at its end, 1 for a job that failed without one."""
    placement = None
    for name, each in client.log(job_id, follow=follow, all_attempts=follow):
        if name == "end":
            if each["status"] == "FAILED":
                code: int | None = each.get("exitCode")
                err.print(f"FAILED: {f'exit code {code}; ' if code else ''}{each.get('statusReason')}", markup=False)
                return code or 1
            return 0
        if placement not in (None, each["placement"]):
            err.print("the job was tried again", markup=False)
        placement = each["placement"]
        stamp = f"{when(each['timestamp'])} " if timestamps else ""
        sys.stdout.write(f"{stamp}{each['message']}\n")
        sys.stdout.flush()
    return 1
