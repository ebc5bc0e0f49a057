"""What sort of ending an attempt or a job had: a short word to filter and count by."""

from __future__ import annotations

from batchyard.domain.dependencies import FAILED_REASON
from batchyard.domain.jobs import Request
from batchyard.domain.outcomes import TIMED_OUT

_HOST = "Host EC2"
_NEVER_RAN = {
    Request.CANCEL: "CANCELLED",
    Request.TERMINATE: "TERMINATED",
    Request.DELETE_QUEUE: "QUEUE_DELETED",
}


def of_attempt(exit_code: int | None, reason: str | None, status_reason: str, request: Request) -> str:
    """`SUCCEEDED`, `OOM`, `TIMEOUT`, `TERMINATED`, `HOST_LOST`, `NOT_STARTED`, `SIGNAL n` or `EXIT n`."""
    if status_reason == TIMED_OUT:
        return "TIMEOUT"
    if request in {Request.TERMINATE, Request.DELETE_QUEUE}:
        return _NEVER_RAN[request]
    if (reason or "").startswith("OutOfMemoryError"):
        return "OOM"
    if exit_code is None:
        return "HOST_LOST" if status_reason.startswith(_HOST) else "NOT_STARTED"
    if exit_code == 0:
        return "SUCCEEDED"
    return f"SIGNAL {exit_code - 128}" if 128 < exit_code <= 192 else f"EXIT {exit_code}"


def of_ending(status_reason: str | None, request: Request) -> str:
    """A job that ended without an attempt: `DEPENDENCY`, `CANCELLED`, `TERMINATED`, `QUEUE_DELETED` or `REFUSED`."""
    if status_reason == FAILED_REASON:
        return "DEPENDENCY"
    return _NEVER_RAN.get(request, "REFUSED")
