"""A time limit, for once at its real length: 60 seconds are the least that may be asked for (2.23)."""

from __future__ import annotations

from tests.e2e.server import RunningYard


def test_a_job_that_takes_too_long_is_stopped(yard: RunningYard) -> None:  # 5.31, and what redun compares
    definition = yard.define("sh", "-c", "trap 'exit 0' TERM; echo begun; sleep 300 & wait")
    limit = {"attemptDurationSeconds": 60}
    job = yard.wait(yard.submit(definition, timeout=limit, retryStrategy={"attempts": 3}), timeout_s=75)
    assert (job["status"], job["statusReason"]) == ("FAILED", "Job attempt duration exceeded timeout")
    assert [attempt["statusReason"] for attempt in job["attempts"]] == ["Job attempt duration exceeded timeout"]
    assert 60_000 <= job["stoppedAt"] - job["startedAt"] <= 65_000
    assert job["attempts"][0]["container"]["exitCode"] == 0  # 5.33
    assert yard.lines(job) == ["begun"]
