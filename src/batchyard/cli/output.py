"""How answers are shown: tables for people, JSON for programs. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from batchyard.kit.clock import SystemClock

# Long lines are left whole: a terminal wraps them by itself, and a program that reads them must not find them cut.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_ORDINARY = "Essential container in task exited"
_COLOURS = {
    "SUCCEEDED": "green",
    "FAILED": "red",
    "RUNNING": "cyan",
    "STARTING": "cyan",
    "VALID": "green",
    "INVALID": "red",
}


def is_terminal() -> bool:
    """Whether somebody looks at stdout."""
    return sys.stdout.isatty()


def as_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def status(word: str) -> Text:
    """A status in its colour."""
    return Text(word, style=_COLOURS.get(word, ""))


def when(at_ms: int | None) -> str:
    """A time of today as hours, minutes and seconds, an older one with its date; local time."""
    if at_ms is None:
        return ""
    moment = datetime.fromtimestamp(at_ms / 1000).astimezone()
    today = datetime.fromtimestamp(SystemClock().now()).astimezone().date()
    return moment.strftime("%H:%M:%S" if moment.date() == today else "%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """`3.2 s`, `4 m 10 s`, `2 h 5 m`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest} s"
    return f"{minutes // 60} h {minutes % 60} m"


def size(count: int) -> str:
    """Bytes in the largest unit that keeps a whole number in front."""
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """A plain table: a header line and rows, no frame."""
    made = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in {"job", "status", "started", "took"})
    for row in rows:
        made.add_row(*row)
    return made


def short(job_id: str) -> str:
    """The beginning of an id that every command accepts, with a child's index."""
    uuid, colon, index = job_id.partition(":")
    return f"{uuid[:8]}{colon}{index}"


def jobs_table(jobs: Sequence[dict[str, Any]]) -> Table:
    """Jobs as ListJobs or DescribeJobs gives them."""
    return table(["job", "name", "status", "started", "took", "detail"], [_job_row(job) for job in jobs])


def children(summary: dict[str, int]) -> str:
    """An array's totals in words: `3 SUCCEEDED, 1 FAILED`."""
    return ", ".join(f"{n:,} {name}" for name, n in summary.items() if n)


def _job_row(job: dict[str, Any]) -> Sequence[str | Text]:
    started, stopped = job.get("startedAt"), job.get("stoppedAt")
    took = duration((stopped - started) / 1000) if started and stopped else ""
    return [short(job["jobId"]), job["jobName"], status(job["status"]), when(started), took, _detail(job)]


def _detail(job: dict[str, Any]) -> str:
    """What the status alone does not say. AWS's reason of an ordinary end is the same for good and bad (4.04)."""
    summary = (job.get("arrayProperties") or {}).get("statusSummary")
    if summary:
        return children(summary)
    if job["status"] == "SUCCEEDED":
        return ""
    container, reason = job.get("container") or {}, job.get("statusReason") or ""
    if job["status"] == "RUNNABLE" and ". (" in reason:  # AWS's sentence is long; the numbers behind it say more (8.40)
        reason = f"cannot start: {reason.partition('. (')[2].removesuffix(')')}"
    told = [container.get("reason") or "", "" if reason == _ORDINARY else reason]
    if container.get("exitCode") is not None:
        told.insert(0, f"exit code {container['exitCode']}")
    return "; ".join(each for each in told if each)
