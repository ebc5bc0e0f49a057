"""Whether a failed attempt is followed by another one (BEHAVIOUR 2.22, 5.1, 5.2).

What ends a job for good whatever its strategy says (timeout, cancel, terminate: 5.03) never gets here.
"""

from __future__ import annotations

import enum
import re

from batchyard.api.batch import RETRY_ACTION_VALUES, EvaluateOnExit, RetryStrategy
from batchyard.domain.checks import not_longer, one_of, within
from batchyard.domain.errors import Invalid

_EXIT_CODE = re.compile(r"[0-9]+\*?|\*")
_MAX_ENTRIES = 5
_MAX_PATTERN = 512


class Verdict(enum.Enum):
    """What follows a failed attempt."""

    RETRY = "retry"
    FAIL = "fail"


def check_retry(retry: RetryStrategy, attempts_limit: int) -> None:
    """Refuse a strategy that breaks 2.22 or 5.12."""
    entries = retry.evaluateOnExit or []
    if entries and retry.attempts is None:
        raise Invalid("RetryAttempts must be provided with retry strategy.")
    within(retry.attempts, 1, attempts_limit, "retryStrategy.attempts")
    not_longer(entries, _MAX_ENTRIES, "retryStrategy.evaluateOnExit")
    for entry in entries:
        one_of(entry.action.upper(), RETRY_ACTION_VALUES, "evaluateOnExit.action")
        patterns = {
            "onStatusReason": entry.onStatusReason,
            "onReason": entry.onReason,
            "onExitCode": entry.onExitCode,
        }
        if all(pattern is None for pattern in patterns.values()):
            raise Invalid("evaluateOnExit needs at least one of onStatusReason, onReason and onExitCode in each entry.")
        for member, pattern in patterns.items():
            if pattern is not None and len(pattern) > _MAX_PATTERN:
                raise Invalid(f"{member} can have at most {_MAX_PATTERN} characters, got {len(pattern)}.")
        if entry.onExitCode is not None and _EXIT_CODE.fullmatch(entry.onExitCode) is None:
            raise Invalid(f"onExitCode must be digits with an optional * at the end, got {entry.onExitCode}.")


def decide(
    retry: RetryStrategy, attempt: int, exit_code: int | None, reason: str | None, status_reason: str | None
) -> Verdict:
    """What follows the failure of attempt number `attempt` (the first is 1; 5.01).

    `reason` is the container's, `status_reason` the attempt's (5.11). The first entry whose conditions all match
    decides; none matching is as if none were given (5.10).
    """
    if attempt >= (retry.attempts or 1):
        return Verdict.FAIL
    code = "" if exit_code is None else str(exit_code)
    for entry in retry.evaluateOnExit or ():
        if _applies(entry, code, reason or "", status_reason or ""):
            return Verdict.RETRY if entry.action.upper() == "RETRY" else Verdict.FAIL
    return Verdict.RETRY


def _applies(entry: EvaluateOnExit, code: str, reason: str, status_reason: str) -> bool:
    return (
        _matches(entry.onExitCode, code)
        and _matches(entry.onReason, reason)
        and _matches(entry.onStatusReason, status_reason)
    )


def _matches(pattern: str | None, text: str) -> bool:
    """Equal, or a prefix when the pattern ends in `*` (5.12); what is missing is the empty text (5.13)."""
    if pattern is None:
        return True
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
