"""`batchyard jobs`, `job`, `cancel`, `terminate`, `explain`: looking at jobs and ending them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.live import Live

from batchyard.cli.client import Client
from batchyard.cli.common import DataDir, JobArgument, Json, app, opened
from batchyard.cli.output import as_json, duration, err, jobs_table, out, size, status, table, when

_STATUSES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
_DESCRIBED = 100


@app.command()
def jobs(
    queue: Annotated[str, typer.Option(help="Job queue.")] = "default",
    status: Annotated[list[str] | None, typer.Option(help="Only jobs in this status; may be repeated.")] = None,
    category: Annotated[str | None, typer.Option(help="Only endings of this sort: OOM, TIMEOUT, EXIT 3 …")] = None,
    array: Annotated[str | None, typer.Option(metavar="ID", help="The children of this array instead.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most, newest first.")] = 50,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay, and show what changes.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """List jobs, newest first."""
    chosen = [each.upper() for each in status or _STATUSES]
    with opened(data_dir) as client:
        place = {"arrayJobId": client.resolve(array)} if array else {"jobQueue": queue}
        if watch:
            _watch(client, place, chosen, limit)
            return
        found = _listed(client, place, chosen, limit)
        if category:
            found = [job for job in found if client.own("jobs", job["jobId"]).get("category") == category.upper()]
        if json:
            as_json(found)
        elif found:
            out.print(jobs_table(found))
        else:
            err.print("no jobs")


def _listed(client: Client, place: dict[str, str], statuses: list[str], limit: int) -> list[dict[str, Any]]:
    """The newest jobs of a place: each status is a list of its own (14.11)."""
    found: list[dict[str, Any]] = []
    for each in statuses:
        found += client.call("ListJobs", **place, jobStatus=each, maxResults=limit)["jobSummaryList"]
    return sorted(found, key=_age)[:limit]


def _age(job: dict[str, Any]) -> tuple[int, int]:
    return -job["createdAt"], (job.get("arrayProperties") or {}).get("index", 0)


def _watch(client: Client, place: dict[str, str], statuses: list[str], limit: int) -> None:
    """Show the table and put into it what the server pushes."""
    shown: list[dict[str, Any]] = []
    with Live(console=out, auto_refresh=False) as live:
        for change in client.changes():
            known = {job["jobId"] for job in shown}
            if change is None or change["jobId"] in known or ":" not in change["jobId"]:
                shown = _listed(client, place, statuses, limit)
                live.update(jobs_table(shown), refresh=True)


@app.command()
def job(job: JobArgument, data_dir: DataDir = None, json: Json = False) -> None:
    """Show one job: what it is, what happened to it, what it used."""
    with opened(data_dir) as client:
        history = client.own("jobs", client.resolve(job))
    if json:
        as_json(history)
        return
    detail = history["job"]
    out.print(status(detail["status"]), f"{detail['jobName']}  {detail['jobId']}")
    facts = [
        ("queue", detail["jobQueue"].rpartition("/")[2]),
        ("definition", detail["jobDefinition"].rpartition("/")[2]),
        ("command", " ".join((detail.get("container") or {}).get("command") or [])),
        ("reason", detail.get("statusReason") or ""),
        ("container", (detail.get("container") or {}).get("reason") or ""),
        ("category", history.get("category") or ""),
        ("log", (detail.get("container") or {}).get("logStreamName") or ""),
    ]
    out.print(table(["", ""], [fact for fact in facts if fact[1]]), markup=False)
    out.print("\n", _timeline(history["timeline"]), sep="")
    if history["usage"]:
        out.print("\n", _usage(history["usage"]), sep="")
    for note in history["notes"]:
        err.print(f"note: {note}", markup=False)


def _timeline(moments: list[dict[str, Any]]) -> Any:
    began = moments[0]["at"]
    rows = (
        [when(each["at"]), f"+{(each['at'] - began) / 1000:.3f} s", each["event"], each.get("detail") or ""]
        for each in moments
    )
    return table(["time", "", "event", "detail"], rows)


def _usage(used: list[dict[str, Any]]) -> Any:
    rows = (
        [
            str(each["attempt"]),
            each["category"],
            duration(each["wall_s"]),
            duration(each["cpu_s"]),
            size(each["peak_memory_bytes"]),
        ]
        for each in used
    )
    return table(["attempt", "ended", "wall", "CPU", "peak memory"], rows)


Reason = Annotated[str, typer.Option(help="Why; it becomes the job's statusReason.")]


def _end(operation: str, ids: list[str], reason: str, data_dir: DataDir) -> None:
    with opened(data_dir) as client:
        for short in ids:
            client.call(operation, jobId=client.resolve(short), reason=reason)


Jobs = Annotated[list[str], typer.Argument(metavar="ID...", help="Job ids, their first letters, or `last`.")]


@app.command()
def cancel(ids: Jobs, reason: Reason = "cancelled by batchyard cancel", data_dir: DataDir = None) -> None:
    """End jobs that do not run yet; those that run go on."""
    _end("CancelJob", ids, reason, data_dir)


@app.command()
def terminate(ids: Jobs, reason: Reason = "terminated by batchyard terminate", data_dir: DataDir = None) -> None:
    """End jobs in whatever state they are: SIGTERM, and SIGKILL after 30 seconds."""
    _end("TerminateJob", ids, reason, data_dir)


@app.command()
def explain(job: JobArgument, data_dir: DataDir = None, json: Json = False) -> None:
    """Say why a job is where it is, with numbers, and what to change."""
    with opened(data_dir) as client:
        told = client.own("explain", client.resolve(job))
    if json:
        as_json(told)
        return
    out.print(status(told["status"]), f"since {when(told['since'])}  {told['jobId']}")
    out.print(told["summary"], markup=False)
    for line in _details(told):
        out.print(f"  {line}", markup=False)
    if told.get("suggestion"):
        out.print(f"What to do: {told['suggestion']}", markup=False)
    for note in told["notes"]:
        err.print(f"note: {note}", markup=False)


def _details(told: dict[str, Any]) -> Iterator[str]:
    if told.get("position"):
        yield f"position {told['position'] + 1} in queue {told['queue']}; in front: {', '.join(told['ahead'])}"
    for each in told["dependencies"]:
        kind = f" ({each['type']})" if each.get("type") else ""
        yield f"depends on {each['jobId']}{kind}: {each['status']}"
    if told.get("lacks") and told.get("position"):
        yield f"were it first: {told['lacks']}"
