"""`kill -9` of the real server and of its supervisor, at random moments, while arrays run.

A failure names its seed: `pytest tests/crash -k "seed-7"` runs it again (the moments are the same, the machine is not).
"""

from __future__ import annotations

import itertools
import random
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.crash.victim import Victim, miscounted, replayed

HOST_LOST = re.compile(r"Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.")
SERVER_KILLS, SUPERVISOR_KILLS = 18, 8  # twice: fifty kills and more in all
_SETTLE_S = 90.0


@pytest.fixture
def victim() -> Iterator[Victim]:
    folder = Path(tempfile.mkdtemp(prefix="crash-"))  # which the jobs' user may enter, unlike pytest's own
    folder.chmod(0o755)
    found = Victim(folder)
    yield found
    if found.server.poll() is None:
        found.terminate()
    found.kill_supervisor()
    shutil.rmtree(folder, ignore_errors=True)


class Crowd(threading.Thread):
    """Submits jobs all the while, so that servers die in the middle of requests too; `answered` is what counts."""

    def __init__(self, victim: Victim, seed: int) -> None:
        super().__init__()
        self.answered: list[tuple[str, str | None]] = []
        self._victim, self._chance = victim, random.Random(seed)
        self._enough = threading.Event()

    def run(self) -> None:
        chance = self._chance
        with self._victim.connect() as client:
            while not self._enough.wait(chance.uniform(0.0, 0.2)):
                size = chance.choice([None, None, None, chance.randint(2, 30)])
                before = self.answered[-1][0] if self.answered and chance.random() < 0.3 else None
                pause, fails = chance.uniform(0.0, 0.3), chance.choice([0, 0, 1])
                job = self._victim.submit(pause_s=pause, fails=fails, array=size, on=before, client=client)
                if job is not None:
                    self.answered.append((job, before))

    def stop(self) -> list[tuple[str, str | None]]:
        """No more; (id, what it waits for) of all that was answered."""
        self._enough.set()
        self.join()
        return self.answered


@pytest.mark.parametrize("seed", [7, 8], ids=lambda seed: f"seed-{seed}")
def test_kills_lose_nothing_and_run_nothing_twice(victim: Victim, seed: int) -> None:
    chance = random.Random(seed)
    kills = [victim.kill_server] * SERVER_KILLS + [victim.kill_supervisor] * SUPERVISOR_KILLS
    chance.shuffle(kills)
    victim.define()
    crowd = Crowd(victim, seed)
    crowd.start()
    try:
        for kill in kills:
            time.sleep(chance.uniform(0.0, 0.8))
            kill()
    finally:
        answered = crowd.stop()
    assert len(answered) > 2 * len(kills), f"seed {seed}: only {len(answered)} submissions were answered"
    victim.rest(_SETTLE_S)
    jobs = victim.settle([job for job, _ in answered], _SETTLE_S)
    told = victim.settle(children(jobs), _SETTLE_S)
    assert sorted(jobs) == sorted(job for job, _ in answered), f"seed {seed}: an answered job is lost"
    judge_runs(victim, jobs | told, seed)
    judge_order(victim, answered, jobs, seed)
    judge_logs(victim, told | {k: v for k, v in jobs.items() if "arrayProperties" not in v})
    assert victim.terminate() == 0
    assert victim.left_behind() == [], f"seed {seed}: processes or control groups were left behind"
    with victim.database() as database:
        assert replayed(database) == [], f"seed {seed}: the events do not give the rows"
        assert miscounted(database) == [], f"seed {seed}: totals are wrong"
    database.close()


def children(jobs: dict[str, Any]) -> list[str]:
    """Ids of all children of the arrays among these."""
    sizes = {job: found["arrayProperties"]["size"] for job, found in jobs.items() if "arrayProperties" in found}
    return [f"{job}:{index}" for job, size in sizes.items() for index in range(size)]


def judge_runs(victim: Victim, jobs: dict[str, Any], seed: int) -> None:
    """Each attempt ran once, one at a time, and stands in the job's history with how it ended."""
    runs = victim.runs()
    for job_id, job in jobs.items():
        if (job.get("arrayProperties") or {}).get("size"):
            continue
        seen = runs.get(job_id, [])
        for (_, end, _), (start, _, _) in itertools.pairwise(seen):
            assert end is None or end <= start, f"seed {seed}: two attempts of {job_id} at once: {seen}"
        attempts = job["attempts"]
        lost = [each for each in attempts if HOST_LOST.fullmatch(each["statusReason"])]
        others = [each for each in attempts if "exitCode" in each["container"]]
        assert len(lost) + len(others) == len(attempts), f"seed {seed}: {attempts}"
        whole = [each for each in seen if each[1] is not None]
        assert len(whole) >= len(others), f"seed {seed}: {job_id} has more attempts than runs: {attempts} {seen}"
        assert len(seen) <= len(attempts) + placements_lost(victim, job_id), f"seed {seed}: {job_id} {seen} {attempts}"
        good = job["status"] == "SUCCEEDED" or len(attempts) == 10 or job["statusReason"] == "Dependent Job failed"
        assert good, f"seed {seed}: {job_id} {job['status']} {job.get('statusReason')} {attempts}"


def placements_lost(victim: Victim, job_id: str) -> int:
    """How often the job's host went before its start was seen."""
    timeline = victim.client.own("jobs", job_id)["timeline"]
    return sum(each["event"] == "PLACEMENT_LOST" for each in timeline)


def judge_order(victim: Victim, answered: list[tuple[str, str | None]], jobs: dict[str, Any], seed: int) -> None:
    """What waits for another began after that one's end."""
    runs = victim.runs()
    for job, before in answered:
        if before is None or jobs[before]["status"] != "SUCCEEDED":
            continue
        ends = [end or 0 for name, each in runs.items() if name.partition(":")[0] == before for _, end, _ in each]
        starts = [start for name, each in runs.items() if name.partition(":")[0] == job for start, _, _ in each]
        assert not starts or min(starts) >= max(ends), f"seed {seed}: {job} began before {before} had ended"


def judge_logs(victim: Victim, jobs: dict[str, Any]) -> None:
    """The log of a succeeded attempt is whole."""
    for job_id, job in list(jobs.items())[::7]:
        if job["status"] == "SUCCEEDED":
            lines = [line["message"] for name, line in victim.client.log(job_id, follow=False) if name == "line"]
            assert (lines[0], lines[-1]) == ("first", "last"), (job_id, lines)


def test_a_clean_stop_leaves_jobs_running_and_the_next_start_finds_them(victim: Victim) -> None:
    victim.define()
    job = victim.submit(pause_s=2.5)
    assert job is not None
    while victim.client.call("DescribeJobs", jobs=[job])["jobs"][0]["status"] != "RUNNING":
        time.sleep(0.02)
    assert victim.left_behind(), "a running job carries the mark that the other test looks for"
    began = time.monotonic()
    assert victim.terminate() == 0
    assert time.monotonic() - began < 3
    victim.start()
    ended = victim.settle([job], 30.0)[job]
    assert (ended["status"], len(ended["attempts"])) == ("SUCCEEDED", 1)
    judge_logs(victim, {job: ended})
