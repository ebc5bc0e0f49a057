"""The net is tested too: mistakes that somebody could make, planted one at a time. A checker must see each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import bindparam, update

from batchyard.domain import outcomes
from batchyard.domain.arrays import Array
from batchyard.domain.jobs import Job, Request
from batchyard.domain.states import Event, Status
from batchyard.loops import admission, dependants, execution, expansion, requests, scheduling
from batchyard.scheduling.decide import decide
from batchyard.simulator import engine as engines
from batchyard.simulator import store as stores
from batchyard.simulator.seeds import Setting, run_seed
from batchyard.simulator.workload import Workload
from batchyard.simulator.world import Faults
from batchyard.store import jobs as store_jobs
from batchyard.store import tables
from batchyard.store.base import Meta, Tx
from batchyard.store.dependencies import Dependencies
from batchyard.store.jobs import Jobs
from batchyard.store.sql import Statement
from batchyard.store.waiting import Waiting

SEEDS = range(8)
ROUGH = Faults(
    engine=engines.Faults(delay_s=0.1, lost_rings=0.1),
    store=stores.Faults(delay_s=0.3),
    lose_host_every_s=60,
    lose_engine_every_s=60,
    crash_every_s=60,
)
SLOW = Faults(store=stores.Faults(delay_s=2.0))
MANY_REQUESTS = {
    "single": 4,
    "array": 4,
    "dependant": 6,
    "sequential": 2,
    "n_to_n": 2,
    "both": 4,
    "cancel": 8,
    "terminate": 8,
}
MANY_TIES = {"array": 3, "n_to_n": 8, "sequential": 2, "dependant": 4}

Patch = Any  # pytest's monkeypatch
FAULTS: dict[str, tuple[Callable[[Patch], None], str, dict[str, Any]]] = {}


def fault(seen_by: str, **workload: Any) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    """A fault, a word of what tells of it, and what callers do where it matters."""

    def note(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
        FAULTS[plant.__name__] = plant, seen_by, workload
        return plant

    return note


def on_step(patch: Patch, change: Callable[[Job, Event, dict[str, Any]], Event]) -> None:
    """Let every step go through `change`, which may give it another event or other values."""
    step = Job.step

    def changed(self: Job, event: Event, at: float, **changes: Any) -> Any:
        return step(self, change(self, event, changes), at, **changes)

    patch.setattr(Job, "step", changed)


# -- the store


@fault("Requests|Replay|events make it|final", actions_by=MANY_REQUESTS, pause_s=0.3)
def statuses_change_without_a_version_check(patch: Patch) -> None:
    values = {name: bindparam(name) for name in store_jobs._MUTABLE}
    unchecked = update(tables.jobs).where(tables.jobs.c.pk == bindparam("b_pk")).values(values)
    patch.setattr(store_jobs, "_UPDATE", Statement(unchecked))


@fault("totals of queue")
def queue_totals_are_not_kept(patch: Patch) -> None:
    patch.setattr(Jobs, "_add_totals", lambda self, deltas: None)


@fault("totals of array|children are final")
def parents_are_not_summarised(patch: Patch) -> None:
    patch.setattr(Jobs, "_summarise", lambda self, parents, at: None)


@fault("SUCCEEDED with children|is SUCCEEDED")
def a_parent_succeeds_whatever_its_children_did(patch: Patch) -> None:
    patch.setattr(Array, "outcome", property(lambda self: Event.CHILDREN_SUCCEEDED if self.ended else None))


@fault("its events make it|was written as")
def an_event_is_not_written(patch: Patch) -> None:
    add = Jobs._add_events
    patch.setattr(Jobs, "_add_events", lambda self, rows: add(self, [row for row in rows if row[2] != Event.STARTED]))


@fault("has the attempts")
def an_attempt_is_not_kept(patch: Patch) -> None:
    patch.setattr(Jobs, "add_attempts", lambda self, attempts: None)


@fault("was answered, and nothing came of it", actions_by=MANY_REQUESTS)
def requests_of_pending_jobs_are_dropped(patch: Patch) -> None:
    ask = Jobs.ask

    def forgetful(self: Jobs, pks: Any, request: Request, reason: str | None) -> int:
        rows = self.by_pk(list(pks))
        return ask(self, [pk for pk, job in rows.items() if job.status is not Status.PENDING], request, reason)

    patch.setattr(Jobs, "ask", forgetful)


# -- admission


@fault("is free to run", actions_by=MANY_TIES, largest_array=12)
def endings_are_read_again(patch: Patch) -> None:
    patch.setattr(Meta, "put", lambda self, name, value: None)


@fault("although what it waits for has ended", actions_by=MANY_TIES)
def an_ending_is_skipped(patch: Patch) -> None:
    ended = Dependencies.ended
    patch.setattr(Dependencies, "ended", lambda self, *where: ended(self, *where)[1:])


@fault("is free to run", faults=SLOW, actions_by={"array": 1, "n_to_n": 1}, largest_array=10, actions=30)
def children_are_made_before_endings_are_settled(patch: Patch) -> None:
    endings = admission.Admission._endings

    def early(self: Any, tx: Any, now: float) -> Any:
        made = expansion.expand(tx, now)
        worked, caught_up = endings(self, tx, now)
        return made or worked, caught_up

    patch.setattr(admission.Admission, "_endings", early)
    patch.setattr(admission, "expand", lambda tx, now: False)


@fault("is free to run", actions_by={"single": 3, "array": 2, "dependant": 6, "n_to_n": 3})
def a_failed_dependency_counts_as_met(patch: Patch) -> None:
    def count(pk: int, good: bool, met: dict[int, int], failed: set[int]) -> None:
        met[pk] += 1

    patch.setattr(dependants, "_count", count)


@fault("is free to run", actions_by={"single": 3, "array": 2, "dependant": 6})
def the_first_met_dependency_is_enough(patch: Patch) -> None:
    count = dependants._count

    def eager(pk: int, good: bool, met: dict[int, int], failed: set[int]) -> None:
        count(pk, good, met, failed)
        met[pk] += 9

    patch.setattr(dependants, "_count", eager)


@fault("open dependencies", actions_by={"single": 3, "array": 2, "dependant": 6})
def open_dependencies_are_not_counted_down(patch: Patch) -> None:
    patch.setattr(Dependencies, "set_open", lambda self, counts: None)


@fault("PLACED after|still RUNNABLE|although what it waits", actions_by=MANY_REQUESTS)
def requests_of_runnable_jobs_are_seen_and_nothing_else(patch: Patch) -> None:
    def look_away(tx: Any, now: float) -> bool:
        tx.jobs.seen([job.pk for job in tx.waiting.requested(active=False, limit=999)])
        return False

    patch.setattr(admission, "carry_out", look_away)


@fault("conflicts in a row|never ended|no answer", actions_by={"array": 4, "both": 8}, pause_s=0.05)
def an_array_and_its_child_are_ended_in_one_breath(patch: Patch) -> None:
    def carry_out(tx: Any, now: float) -> bool:
        jobs = tx.waiting.requested(active=False, limit=999)
        arrays = [job for job in jobs if job.kind.name == "ARRAY" and job.status is Status.PENDING]
        worked = [requests._array(tx, parent, now) for parent in arrays]
        rest = [job for job in jobs if job not in arrays and job.status is Status.RUNNABLE]
        tx.jobs.advance([job.step(Event.CANCELLED, now, status_reason="both") for job in rest])
        return bool(rest) or any(worked)

    patch.setattr(admission, "carry_out", carry_out)


# -- scheduling


@fault("Room: host")
def what_runs_is_not_counted(patch: Patch) -> None:
    patch.setattr(Waiting, "in_use", lambda self: [])


@fault("has room, and is not placed")
def what_ended_is_never_free_again(patch: Patch) -> None:
    in_use, ever = Waiting.in_use, {}

    def more_and_more(self: Waiting) -> list[Any]:
        ever.update({(use.host, use.environment_pk, use.jobs, use.vcpus): use for use in in_use(self)})
        return list(ever.values())

    patch.setattr(Waiting, "in_use", more_and_more)


@fault("which stands before it")
def the_last_come_are_the_first_served(patch: Patch) -> None:
    head = Waiting.head
    patch.setattr(Waiting, "head", lambda self, queue_pk, limit: head(self, queue_pk, 999)[::-1][:limit])


@fault("which stands before it|has room", too_large=0.2)
def a_blocked_head_is_passed_by(patch: Patch) -> None:
    def small_first(snapshot: Any) -> Any:
        fronts = [tuple(sorted(queue.front, key=lambda job: job.vcpus)) for queue in snapshot.queues]
        queues = [msgspec.structs.replace(q, front=f) for q, f in zip(snapshot.queues, fronts, strict=True)]
        return decide(msgspec.structs.replace(snapshot, queues=tuple(queues)))

    patch.setattr(scheduling, "decide", small_first)


@fault("queue of higher priority")
def the_least_important_queue_comes_first(patch: Patch) -> None:
    def upside_down(snapshot: Any) -> Any:
        queues = tuple(msgspec.structs.replace(queue, priority=-queue.priority) for queue in snapshot.queues)
        return decide(msgspec.structs.replace(snapshot, queues=queues))

    patch.setattr(scheduling, "decide", upside_down)


@fault("its row says|is its")
def a_lost_placement_keeps_its_key(patch: Patch) -> None:
    def keep(job: Job, event: Event, changes: dict[str, Any]) -> Event:
        if event is Event.PLACED and job.placement > job.tries:
            changes["placement"] = job.placement
        return event

    on_step(patch, keep)


# -- execution


@fault("RETRIED after", actions_by=MANY_REQUESTS)
def a_terminated_job_is_tried_again(patch: Patch) -> None:
    def again(job: Job, event: Event, changes: dict[str, Any]) -> Event:
        return Event.RETRIED if event is Event.FAILED and job.request is Request.TERMINATE else event

    on_step(patch, again)


@fault("are allowed")
def one_attempt_too_many(patch: Patch) -> None:
    right = outcomes.decide
    patch.setattr(outcomes, "decide", lambda retry, attempt, *why: right(retry, attempt - 1, *why))


@fault("SUCCEEDED after", actions_by=MANY_REQUESTS, jobs_by={"polite": 1})
def exit_code_0_is_success_even_when_stopped(patch: Patch) -> None:
    patch.setattr(outcomes, "_STOPS", frozenset())


@fault("SUCCEEDED, its attempt is|although its attempt ended")
def exit_codes_are_not_looked_at(patch: Patch) -> None:
    right = execution.ended
    patch.setattr(execution, "ended", lambda *what, exit_code, **more: right(*what, exit_code=exit_code and 0, **more))


@fault("nobody stops it", actions_by=MANY_REQUESTS, jobs_by={"endless": 1, "stubborn": 1})
def a_request_is_seen_and_nobody_is_stopped(patch: Patch) -> None:
    patch.setattr(execution, "_must_stop", lambda job: False)


@fault("beyond its time limit", faults=Faults(), jobs_by={"endless": 1, "ok": 3})
def time_limits_are_forgotten(patch: Patch) -> None:
    patch.setattr(Waiting, "next_deadline", lambda self: None)


@fault("beyond its time limit", faults=Faults(), jobs_by={"endless": 1, "ok": 3})
def nobody_wakes_the_deadlines_loop(patch: Patch) -> None:
    wake = Tx.wake
    patch.setattr(Tx, "wake", lambda self, loop: None if loop == "deadlines" else wake(self, loop))


@fault("the engine has nothing live|never ended", actions_by=MANY_REQUESTS)
def endings_that_did_not_ring_are_never_looked_for(patch: Patch) -> None:
    patch.setattr(execution, "_is_news", lambda seen, job: False)


@fault("was told to forget")
def an_attempt_is_forgotten_when_it_starts(patch: Patch) -> None:
    patch.setattr(execution, "_FINAL", {*execution._FINAL, execution.Phase.RUNNING})


@fault("while its attempt|live at once|was told to forget")
def what_runs_is_taken_for_lost_after_a_restart(patch: Patch) -> None:
    heard = execution.Execution._look

    async def hasty(self: Any, now: float) -> None:
        if now > self._next_look == 0.0:
            active = await self._parts.store.read(lambda tx: tx.waiting.active())
            running = [job for job in active if job.status is Status.RUNNING]
            self.hear([execution.Observed(key=job.key, phase=execution.Phase.LOST) for job in running])
            self._next_look = now + 10
        else:
            await heard(self, now)

    patch.setattr(execution.Execution, "_look", hasty)


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_seen(name: str, monkeypatch: pytest.MonkeyPatch):
    plant, seen_by, workload = FAULTS[name]
    plant(monkeypatch)
    faults = workload.get("faults", ROUGH)
    callers = {name: value for name, value in workload.items() if name != "faults"}
    setting = Setting(workload=Workload(**{"actions": 15, "patience_s": 300.0, **callers}), faults=faults)
    told: list[str] = []
    for seed in SEEDS:
        told += run_seed(seed, setting).breaches[:3]
        if any(word in text for word in seen_by.split("|") for text in told):
            return
    pytest.fail(f"nobody saw it in {len(SEEDS)} worlds; seen was {told}")


def test_without_a_fault_these_worlds_are_sound():
    for actions in (MANY_REQUESTS, MANY_TIES):
        setting = Setting(workload=Workload(actions=15, actions_by=actions, patience_s=300.0), faults=ROUGH)
        assert run_seed(1, setting).breaches == []
