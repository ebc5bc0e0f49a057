"""`batchyard jobs`, `job`, `cancel`, `terminate`, `explain`: looking at jobs and ending them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import msgspec
import typer
from rich.live import Live
from rich.text import Text

from batchyard.cli.client import Client, ClientError
from batchyard.cli.common import DataDir, JobArgument, Json, app, opened
from batchyard.cli.output import as_json, children, duration, err, jobs_table, out, size, status, table, when

_STATUSES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
_ENDED = {"SUCCEEDED", "FAILED"}
_PAGE = 100
_WATCH_GAP_MS = 250


@app.command()
def jobs(
    queue: Annotated[str, typer.Option(help="Job queue.")] = "default",
    status: Annotated[list[str] | None, typer.Option(help="Only jobs in this status; may be repeated.")] = None,
    category: Annotated[str | None, typer.Option(help="Only endings of this sort: OOM, TIMEOUT, EXIT 3 …")] = None,
    array: Annotated[str | None, typer.Option(metavar="ID", help="The children of this array instead.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, newest first.")] = 50,
    watch: Annotated[
        bool,
        typer.Option("--watch", "-w", help="Stay, and show what changes; with --json a line for each, of all queues."),
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """List jobs, newest first."""
    chosen = [each.upper() for each in status or _STATUSES]
    with opened(data_dir) as client:
        place = {"arrayJobId": client.resolve(array)} if array else {"jobQueue": queue}
        if watch and not json and not out.is_terminal:
            raise ClientError("--watch shows a table on a terminal; elsewhere add --json for a line for each change")
        if watch and category:
            raise ClientError("--category is for jobs that have ended: leave out --watch")
        if watch and json:
            for change in (each for page in client.changes(_watched(place)) for each in page):
                if change["status"] in chosen:
                    typer.echo(msgspec.json.encode(change))
        if watch:
            _watch(client, place, chosen, limit)
        found = _listed(client, place, chosen, limit, category and category.upper())
        if json:
            as_json(found)
        elif found:
            out.print(jobs_table(found))
        else:
            err.print("no jobs")


def _listed(
    client: Client, place: dict[str, str], statuses: list[str], limit: int, category: str | None = None
) -> list[dict[str, Any]]:
    """The newest jobs of a place: each status is a list of its own (14.11). Only what has ended has a category."""
    found: list[dict[str, Any]] = []
    for each in statuses if category is None else _ENDED & set(statuses):
        listed = client.pages("ListJobs", "jobSummaryList", **place, jobStatus=each, maxResults=min(limit, _PAGE))
        kept = (job for job in listed if category in (None, client.own("jobs", job["jobId"])["category"]))
        found += islice(kept, limit)
    return sorted(found, key=_age)[:limit]


def _age(job: dict[str, Any]) -> tuple[int, int]:
    return -job["createdAt"], (job.get("arrayProperties") or {}).get("index", 0)


def _watch(client: Client, place: dict[str, str], statuses: list[str], limit: int) -> None:
    """Show the table anew when the server pushes that something changed."""
    with Live(console=out, auto_refresh=False) as live:
        for _ in client.changes(_watched(place), _WATCH_GAP_MS):
            rows = max(1, min(limit, out.height - 2))  # what does not fit is not worth asking for
            live.update(jobs_table(_listed(client, place, statuses, rows)), refresh=True)


def _watched(place: dict[str, str]) -> tuple[str, ...]:
    return (place["arrayJobId"],) if "arrayJobId" in place else ()


@app.command()
def job(job: JobArgument, data_dir: DataDir = None, json: Json = False) -> None:
    """Show one job: what it is, what happened to it, what it used."""
    with opened(data_dir) as client:
        history = client.own("jobs", client.resolve(job))
    if json:
        as_json(history)
        return
    detail = history["job"]
    container, array = detail.get("container") or {}, detail.get("arrayProperties") or {}
    facts = {
        "job": detail["jobId"],
        "name": detail["jobName"],
        "queue": detail["jobQueue"].rpartition("/")[2],
        "definition": detail["jobDefinition"].rpartition("/")[2],
        "command": shlex.join(container.get("command") or []),
        "status": detail["status"],
        "reason": detail.get("statusReason"),
        "container": container.get("reason"),
        "ended": history.get("category"),
        "children": children(array["statusSummary"]) if "statusSummary" in array else None,
        "log": container.get("logStreamName"),
    }
    for name, fact in facts.items():
        if fact:
            out.print(f"[bold]{name:<10}[/]  ", status(fact) if name == "status" else Text(fact), sep="")
    out.print()
    out.print(_timeline(history["timeline"]))
    if history["usage"]:
        out.print()
        out.print(_usage(history["usage"]))
    for note in history["notes"]:
        err.print(f"note: {note}", markup=False)


def _timeline(moments: list[dict[str, Any]]) -> Any:
    began = moments[0]["at"]
    rows = (
        [when(each["at"]), f"+{(each['at'] - began) / 1000:.3f} s", each["event"], each.get("detail") or ""]
        for each in moments
    )
    return table(["time", "after", "event", "detail"], rows)


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


def _end(operation: str, ids: list[str], reason: str, data_dir: DataDir, json: bool) -> None:
    """Ask it for all of them, and say for which."""
    with opened(data_dir) as client:
        whole = [client.resolve(short) for short in ids]
        for job_id in whole:
            client.call(operation, jobId=job_id, reason=reason)
    if json:
        as_json([{"jobId": job_id} for job_id in whole])
    else:
        err.print(f"asked to {operation.removesuffix('Job').lower()} {', '.join(whole)}", markup=False)


Jobs = Annotated[list[str], typer.Argument(metavar="ID...", help="Job ids, their first letters, or `last`.")]


@app.command()
def cancel(
    ids: Jobs, reason: Reason = "cancelled by batchyard cancel", data_dir: DataDir = None, json: Json = False
) -> None:
    """End jobs that do not run yet; those that run go on."""
    _end("CancelJob", ids, reason, data_dir, json)


@app.command()
def terminate(
    ids: Jobs, reason: Reason = "terminated by batchyard terminate", data_dir: DataDir = None, json: Json = False
) -> None:
    """End jobs in whatever state they are: SIGTERM, and SIGKILL after 30 seconds."""
    _end("TerminateJob", ids, reason, data_dir, json)


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
