"""What the witness and the store's file say together once all is over. Each function gives lines of what is wrong.

The witness is what the jobs' own processes wrote, so it knows what no server remembers. `key` names one placement for
ever (`job_uuid.part.placement`); a process holds a lock of its job while any process of it lives.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from batchyard.domain.dependencies import FAILED_REASON, Tie
from batchyard.domain.jobs import Kind, attempt_key, parse_attempt_key
from batchyard.domain.states import Event, InvalidTransition, Status, after
from batchyard.domain.submissions import Spec
from batchyard.engines.process.logfile import ENDED, RECORD, SUFFIX
from batchyard.kit.digests import digest


class Run(NamedTuple):
    """One process: when it began and, unless it was killed, ended (ns), the attempt it took itself for, its result."""

    start: int
    end: int | None
    attempt: int
    code: int | None


def runs_of(witness: str, faults: list[str]) -> dict[str, Run]:
    """Runs by key. To `faults` come keys that ran twice, and processes that met another one of their job."""
    runs: dict[str, Run] = {}
    for line in witness.splitlines():
        word, key, attempt, at, code = line.split()
        if word == "start":
            if key in runs:
                faults.append(f"{key} was started twice")
            runs[key] = Run(int(at), None, int(attempt), None)
        elif word == "end":
            runs[key] = runs[key]._replace(end=int(at), code=int(code))
        else:
            faults.append(f"{key} met another process of its job")
    return runs


def judge_runs(database: sqlite3.Connection, runs: dict[str, Run]) -> Iterator[str]:
    """Each placement has one outcome, each run a placement, each attempt with an exit code a run that gave it."""
    placements: dict[int, list[int]] = defaultdict(list)
    lost: dict[int, list[int]] = defaultdict(list)
    for pk, event, placement in database.execute("SELECT job_pk, event, placement FROM events ORDER BY seq"):
        if event == Event.PLACED:
            placements[pk].append(placement)
        elif event == Event.PLACEMENT_LOST:
            lost[pk].append(placement)
    attempts: dict[int, list[tuple[int, int, int | None, str, str]]] = defaultdict(list)
    select = "SELECT job_pk, number, placement, exit_code, status_reason, host FROM attempts ORDER BY job_pk, number"
    for pk, *attempt in database.execute(select):
        attempts[pk].append(tuple(attempt))
    known: set[str] = set()
    allowed = {pk: msgspec.msgpack.decode(body, type=Spec).retry.attempts or 1 for pk, body in _specs(database)}
    select = "SELECT pk, uuid, part, spec_pk, status, status_reason FROM jobs"
    for pk, uuid, part, spec_pk, status, reason in database.execute(select):
        keys = {n: attempt_key(uuid, part, n) for n in placements[pk]}
        known.update(keys.values())
        outcomes = sorted([*lost[pk], *(placement for _, placement, *_ in attempts[pk])])
        if outcomes != placements[pk] or outcomes != list(range(1, len(outcomes) + 1)):
            yield f"{uuid}:{part}: placed {placements[pk]}, outcomes of {outcomes}"
        yield from _judge_attempts(keys, attempts[pk], runs)
        codes = [code for _, _, code, *_ in attempts[pk]]
        yield from _judge_end(f"{uuid}:{part}", Status(status), reason, codes, allowed[spec_pk])
    yield from (f"{key} ran and is no placement" for key in runs.keys() - known)


def _specs(database: sqlite3.Connection) -> Iterable[tuple[int, bytes]]:
    return database.execute("SELECT pk, body FROM specs").fetchall()


def _judge_attempts(
    keys: dict[int, str], attempts: list[tuple[int, int, int | None, str, str]], runs: dict[str, Run]
) -> Iterator[str]:
    numbers = [number for number, *_ in attempts]
    if numbers != list(range(1, len(attempts) + 1)):
        yield f"{keys}: attempts {numbers}"
    for number, placement, code, why, host in attempts:
        key = keys.get(placement, "")
        run = runs.get(key)
        if run is not None and run.attempt != number:
            yield f"{key}: attempt {number} took itself for attempt {run.attempt}"
        if code is None:
            if why != f"Host EC2 (instance {host}) terminated.":
                yield f"{key}: no exit code, and {why!r}"
        elif run is None or run.code != code:
            yield f"{key}: ended with {code}, its process says {run}"


def _judge_end(name: str, status: Status, reason: str | None, codes: list[int | None], allowed: int) -> Iterator[str]:
    """Nobody asked for an end: so a job that ran has succeeded at last, or has used up its attempts."""
    if not status.final:
        yield f"{name} is still {status.name}"
    elif status is Status.FAILED and reason == FAILED_REASON:
        if codes:
            yield f"{name} failed by what it waits for, after {codes}"
    elif codes and ((codes[-1] == 0) != (status is Status.SUCCEEDED) or 0 in codes[:-1]):
        yield f"{name} is {status.name} after {codes}"
    elif codes and status is Status.FAILED and len(codes) != allowed:
        yield f"{name} has {allowed} attempts and failed after {codes}"


def judge_order(database: sqlite3.Connection, runs: dict[str, Run]) -> Iterator[str]:
    """What waits ran after all that it waits for had succeeded, by the processes' own clocks."""
    spans: dict[tuple[str, int], list[Run]] = defaultdict(list)
    for key, run in runs.items():
        uuid, part, _ = parse_attempt_key(key) or ("", 0, 0)
        spans[uuid, part].append(run)
    rows = database.execute("SELECT uuid, part, status, status_reason FROM jobs")
    found = {(uuid, part): (status, reason) for uuid, part, status, reason in rows}
    parts: dict[str, list[int]] = defaultdict(list)
    for uuid, part in found:
        parts[uuid].append(part)
    never = (Status.FAILED, None)  # a child of an array that failed before it was made
    ties = database.execute(
        "SELECT jobs.uuid, on_uuid, on_part, tie FROM dependencies JOIN jobs ON jobs.pk = dependencies.job_pk"
    )
    for uuid, on_uuid, on_part, tie in ties.fetchall():
        for part in parts[uuid]:
            if tie == Tie.PLAIN:
                before = [on_part] if on_part >= 0 else parts[on_uuid]
            else:
                before = [part] if tie == Tie.N_TO_N else [part - 1] if part > 0 else []
            ends = [max((run.end or 0 for run in spans[on_uuid, at]), default=0) for at in before]
            good = all(found.get((on_uuid, at), never)[0] == Status.SUCCEEDED for at in before)
            start = min((run.start for run in spans[uuid, part]), default=None)
            if start is not None and (not good or start < max(ends, default=0)):
                yield f"{uuid}:{part} ran before {on_uuid}{before} had succeeded"
            if good and found[uuid, part][1] == FAILED_REASON:
                yield f"{uuid}:{part} failed by {on_uuid}{before}, which succeeded"


def judge_logs(database: sqlite3.Connection, logs: Path) -> Iterator[str]:
    """The log of each attempt that ended by itself is whole and closed."""
    select = "SELECT uuid, part, a.placement, a.exit_code FROM attempts a JOIN jobs ON pk = job_pk"
    for uuid, part, placement, code in database.execute(select):
        if code is None:
            continue
        name = digest(attempt_key(uuid, part, placement))
        path = logs / "attempts" / name[:2] / f"{name}.log"
        written = path.read_text() if path.exists() else "nothing"
        times = Path(f"{path}{SUFFIX}")
        last = times.read_bytes()[-RECORD.size :] if times.exists() else b""
        if written != "first\nlast\n" or not last or RECORD.unpack(last)[0] != ENDED:
            yield f"{path} holds {written!r}, its last record is {last.hex() or 'missing'}"


def judge_store(database: sqlite3.Connection, tried: Iterable[str], answered: Iterable[str]) -> Iterator[str]:
    """What was answered is there; what was not, is whole or not at all; replay gives the rows, counting the totals."""
    rows = database.execute("SELECT uuid, name_key, kind, pk FROM jobs WHERE part < 0").fetchall()
    names = [name for _, name, *_ in rows]
    yield from (f"{job} was answered and is lost" for job in set(answered) - {uuid for uuid, *_ in rows})
    yield from (f"{name} was submitted {names.count(name)} times" for name in {*names} if names.count(name) > 1)
    yield from (f"{name} was never submitted" for name in set(names) - set(tried))
    arrays = {pk for (pk,) in database.execute("SELECT job_pk FROM arrays")}
    yield from (f"{uuid}: half an array" for uuid, _, kind, pk in rows if (kind == Kind.ARRAY) != (pk in arrays))
    yield from _replayed(database)
    yield from _miscounted(database)


def _replayed(database: sqlite3.Connection) -> Iterator[str]:
    statuses: dict[int, Status] = defaultdict(lambda: Status.SUBMITTED)
    for pk, event in database.execute("SELECT job_pk, event FROM events ORDER BY seq"):
        try:
            statuses[pk] = after(statuses[pk], Event(event))
        except InvalidTransition as error:
            yield f"job {pk}: {error}"
    for pk, uuid, part, status in database.execute("SELECT pk, uuid, part, status FROM jobs"):
        if statuses[pk] != status:
            yield f"{uuid}:{part} is {status}, its events give {statuses[pk]}"


def _miscounted(database: sqlite3.Connection) -> Iterator[str]:
    kept = set(database.execute("SELECT queue_pk, share, status, n FROM totals WHERE n <> 0"))
    counted = set(database.execute("SELECT queue_pk, COALESCE(share, ''), status, COUNT(*) FROM jobs GROUP BY 1, 2, 3"))
    yield from (f"a queue's total {row} is not what counting gives" for row in kept ^ counted)
    select = "SELECT job_pk, size, made, jobs.status, n0, n1, n2, n3, n4, n5, n6 FROM arrays JOIN jobs ON pk = job_pk"
    for pk, size, made, status, *totals in database.execute(select).fetchall():
        rows = dict(database.execute("SELECT status, COUNT(*) FROM jobs WHERE parent_pk = ? GROUP BY 1", (pk,)))
        failed = status == Status.FAILED
        whole = (made == size and failed == (totals[Status.FAILED] > 0)) or (made == 0 and failed)
        if totals != [rows.get(each, 0) for each in range(7)] or made != sum(totals) or not whole:
            yield f"array {pk} is {Status(status).name}: {made} of {size} made, totals {totals}, rows {rows}"
