"""Whether a failed attempt is followed by another one (BEHAVIOUR 5.1, 5.2)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from batchyard.api.batch import RetryStrategy
from batchyard.domain.retries import Verdict, decide

SPOT_ONLY = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
CODE_137 = [{"onExitCode": "137", "action": "RETRY"}]
NO_PULL = [{"onReason": "CannotPullContainerError:*", "action": "RETRY"}, {"onExitCode": "*", "action": "EXIT"}]
NO_START = [{"onStatusReason": "Task failed to start", "action": "retry"}, {"onReason": "*", "action": "exit"}]
BOTH = [{"onExitCode": "1*", "onReason": "Out*", "action": "EXIT"}]
TEXT = [{"onReason": "a*c", "action": "EXIT"}]
EMPTY = [{"onReason": "", "action": "EXIT"}]
ENDED = "Essential container in task exited"
LOST = "Host EC2 (instance i-0123456789abcdef0) terminated."
OOM = "OutOfMemoryError: Container killed due to memory usage"
PULL = "CannotPullContainerError: Error response from daemon: manifest unknown"


@pytest.mark.parametrize(
    ("rule", "entries", "attempt", "exit_code", "reason", "status_reason", "verdict"),
    [
        ("5.02", [], 1, 1, None, ENDED, Verdict.RETRY),
        ("5.02", [], 3, 1, None, ENDED, Verdict.FAIL),
        ("5.02", [], 2, None, None, LOST, Verdict.RETRY),
        ("5.14", SPOT_ONLY, 1, None, None, LOST, Verdict.RETRY),
        ("5.14", SPOT_ONLY, 3, None, None, LOST, Verdict.FAIL),
        ("5.13", SPOT_ONLY, 1, 1, None, ENDED, Verdict.FAIL),
        ("5.13", SPOT_ONLY, 1, 137, OOM, ENDED, Verdict.FAIL),
        ("5.14", CODE_137, 1, 137, OOM, ENDED, Verdict.RETRY),
        ("5.10", CODE_137, 1, 1, None, ENDED, Verdict.RETRY),
        ("5.14", NO_PULL, 1, None, PULL, "Task failed to start", Verdict.RETRY),
        ("5.14", NO_PULL, 1, 1, None, ENDED, Verdict.FAIL),
        ("5.14", NO_START, 1, None, PULL, "Task failed to start", Verdict.RETRY),
        ("5.14", NO_START, 1, 0, None, ENDED, Verdict.FAIL),
        ("5.10", BOTH, 1, 137, OOM, ENDED, Verdict.FAIL),
        ("5.10", BOTH, 1, 137, None, ENDED, Verdict.RETRY),
        ("5.10", BOTH, 1, 2, OOM, ENDED, Verdict.RETRY),
        ("5.12", TEXT, 1, 1, "abc", ENDED, Verdict.RETRY),
        ("5.12", TEXT, 1, 1, "a*c", ENDED, Verdict.FAIL),
        ("5.12", TEXT, 1, 1, "A*C", ENDED, Verdict.RETRY),
        ("5.13", EMPTY, 1, 1, None, ENDED, Verdict.FAIL),
        ("5.13", EMPTY, 1, 1, OOM, ENDED, Verdict.RETRY),
    ],
)
def test_what_follows_a_failed_attempt(
    rule: str,
    entries: list[dict[str, Any]],
    attempt: int,
    exit_code: int | None,
    reason: str | None,
    status_reason: str,
    verdict: Verdict,
) -> None:
    retry = msgspec.convert({"attempts": 3, "evaluateOnExit": entries}, RetryStrategy)
    assert decide(retry, attempt, exit_code, reason, status_reason) is verdict, rule


def test_there_is_one_attempt_unless_more_are_asked_for() -> None:  # 5.01
    assert decide(RetryStrategy(), 1, 1, None, ENDED) is Verdict.FAIL
