"""`kill -9` of the real server and of its supervisor, at random moments, while arrays run.

A failure names its seed: `pytest tests/crash -k seed-7` runs it again (the moments are the same, the machine is not).
"""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.crash.verdict import judge_logs, judge_order, judge_runs, judge_store, runs_of
from tests.crash.victim import Victim

_SETTLE_S = 60.0
_STOP_S = 2.0
_SHOWN = 8


@pytest.fixture
def victim() -> Iterator[Victim]:
    folder = Path(tempfile.mkdtemp(prefix="crash-"))  # which the jobs' user may enter, unlike pytest's own
    folder.chmod(0o755)
    found = Victim(folder)
    yield found
    if found.server.poll() is None:
        found.terminate()
    if found.supervisors():
        found.kill_supervisor()
    shutil.rmtree(folder, ignore_errors=True)


class Crowd(threading.Thread):
    """Submits jobs all the while, so that servers die in the middle of requests too; `answered` is what counts."""

    def __init__(self, victim: Victim, seed: int) -> None:
        super().__init__()
        self.tried: list[str] = []
        self.answered: list[tuple[str, int | None]] = []
        """(id, size if it is an array) of each submission that was answered."""
        self._victim, self._chance = victim, random.Random(seed)
        self._enough = threading.Event()

    def run(self) -> None:
        chance = self._chance
        with self._victim.connect() as client:
            while not self._enough.wait(chance.uniform(0.0, 0.2)):
                size = chance.choice([None, None, None, chance.randint(2, 30)])
                after, size = self._tie(size)
                self.tried.append(name := f"job-{len(self.tried)}")
                job = self._victim.submit(
                    name,
                    pause_s=chance.uniform(0.0, 0.3),
                    fails=chance.choice([0, 0, 0, 1, 1, 9]),
                    attempts=chance.choice([2, 10, 10, 10]),
                    array=size,
                    after=after,
                    client=client,
                )
                if job is not None:
                    self.answered.append((job, size))

    def _tie(self, size: int | None) -> tuple[dict[str, str] | None, int | None]:
        """What the next job waits for, if anything, and the size that goes with it."""
        chance = self._chance.random()
        if size is not None and chance < 0.2:
            return {"type": "SEQUENTIAL"}, min(size, 8)
        if not self.answered or chance > 0.5:
            return None, size
        before, before_size = self.answered[-1]
        if before_size is not None and chance < 0.4:
            return {"jobId": before, "type": "N_TO_N"}, before_size
        return {"jobId": before}, size

    def stop(self) -> None:
        """No more."""
        self._enough.set()
        self.join()


def deaths(victim: Victim, chance: random.Random) -> list[Callable[[], None]]:
    """Ways to die, in random order: 18 of a server, 8 of a supervisor."""
    kills: list[Callable[[], None]] = [lambda: victim.kill_server(chance.uniform(0.0, 0.005))] * 8
    kills += [lambda: victim.kill_starting(chance.uniform(0.0, 1.0))] * 3
    kills += [victim.kill_both] * 4 + [victim.kill_supervisor] * 4
    chance.shuffle(kills)
    return kills


@pytest.mark.parametrize("seed", [7, 8], ids=lambda seed: f"seed-{seed}")
def test_kills_lose_nothing_and_run_nothing_twice(victim: Victim, seed: int) -> None:
    chance = random.Random(seed)
    victim.define()
    crowd = Crowd(victim, seed)
    crowd.start()
    try:
        for kill in deaths(victim, chance):
            time.sleep(chance.uniform(0.0, 0.8))
            kill()
    finally:
        crowd.stop()
    assert victim.kills == 26
    assert len(crowd.answered) > victim.kills, f"seed {seed}: only {len(crowd.answered)} submissions were answered"
    assert victim.cut, f"seed {seed}: no server died within a request"
    victim.rest(_SETTLE_S)
    ids = [job for job, _ in crowd.answered]
    ids += [f"{job}:{index}" for job, size in crowd.answered for index in range(size or 0)]
    assert set(victim.settle(ids, _SETTLE_S)) == set(ids), f"seed {seed}: an answered job is lost"
    assert victim.terminate() == 0
    witness = (victim.witness / "runs").read_text()
    with contextlib.closing(victim.database()) as database:
        faults = [*verdict(victim, crowd, database, witness), *remains(victim), *victim.complaints()]
        told = "\n".join(faults[:_SHOWN])
        assert not faults, f"seed {seed}: pytest tests/crash -k seed-{seed}: {len(faults)} faults\n{told}"
        for name, (sql, add) in PLANTED.items():  # the net has no holes where we look for them
            with contextlib.closing(sqlite3.connect(":memory:")) as copy:
                database.backup(copy)
                planted = copy.executescript(sql) and copy.total_changes > 0
                key = next(line.split()[1] for line in witness.splitlines() if line.startswith("end"))
                told = verdict(victim, crowd, copy, witness + add.format(key=key))
                assert told or not (planted or add), f"seed {seed}: {name} is not seen"


PLANTED = {
    "a second start": ("", "start {key} 1 1 -\n"),
    "a meeting": ("", "met {key} 1 1 -\n"),
    "a run of nobody": ("", "start 0.x.1 1 1 -\n"),
    "another exit code": ("UPDATE attempts SET exit_code = 3 WHERE job_pk = (SELECT MAX(job_pk) FROM attempts)", ""),
    "a lost attempt": ("DELETE FROM attempts WHERE job_pk = (SELECT MAX(job_pk) FROM attempts)", ""),
    "another reason": ("UPDATE attempts SET status_reason = 'x' WHERE exit_code IS NULL", ""),
    "a lost event": ("DELETE FROM events WHERE seq = (SELECT MAX(seq) FROM events WHERE event = 8)", ""),
    "a lost job": ("DELETE FROM jobs WHERE pk = (SELECT MIN(pk) FROM jobs WHERE part < 0)", ""),
    "another status": ("UPDATE jobs SET status = 6 WHERE pk = (SELECT MIN(pk) FROM jobs WHERE status = 5)", ""),
    "another total": ("UPDATE totals SET n = n + 1", ""),
    "half an array": ("DELETE FROM arrays WHERE job_pk = (SELECT MIN(job_pk) FROM arrays)", ""),
    "a child too few": ("UPDATE arrays SET size = size + 1 WHERE made > 0", ""),
    "an array's wrong total": ("UPDATE arrays SET n5 = n5 - 1 WHERE n5 > 0", ""),
    "a dependency not heeded": ("UPDATE dependencies SET on_uuid = (SELECT uuid FROM jobs WHERE status = 6)", ""),
}
"""What may go wrong, as SQL on a copy of the store or as lines in the witness: the verdict must tell of each."""


def verdict(victim: Victim, crowd: Crowd, database: sqlite3.Connection, witness: str) -> list[str]:
    """All that is wrong, by the store and the witness."""
    faults: list[str] = []
    runs = runs_of(witness, faults)
    faults += judge_store(database, crowd.tried, [job for job, _ in crowd.answered])
    faults += judge_runs(database, runs)
    faults += judge_order(database, runs)
    faults += judge_logs(database, victim.folder / "data" / "logs")
    return faults


def remains(victim: Victim) -> list[str]:
    """What is left of a stopped yard whose jobs have ended: nothing, as soon as its supervisor is gone too."""
    give_up = time.monotonic() + _STOP_S
    while (left := victim.left_behind()) and time.monotonic() < give_up:
        time.sleep(0.02)
    return [f"left behind: {each}" for each in left]


def test_a_clean_stop_leaves_jobs_running_and_the_next_start_finds_them(victim: Victim) -> None:
    victim.define()
    job = victim.submit("long", pause_s=3.5)
    assert job is not None
    while victim.client.call("DescribeJobs", jobs=[job])["jobs"][0]["status"] != "RUNNING":
        time.sleep(0.02)
    began = time.monotonic()
    assert victim.terminate() == 0
    assert time.monotonic() - began < _STOP_S
    assert victim.marked(), "the job goes on without a server"
    victim.start()
    ended = victim.settle([job], 30.0)[job]
    assert (ended["status"], len(ended["attempts"])) == ("SUCCEEDED", 1)
    assert [line["message"] for name, line in victim.client.log(job, follow=False) if name == "line"] == [
        "first",
        "last",
    ]
    assert victim.terminate() == 0
    assert remains(victim) == []
