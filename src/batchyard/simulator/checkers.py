"""Checkers of jobs and attempts: waiting, requests, outcomes, the engine's own view, and that things go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from batchyard.domain.environments import Environment
from batchyard.domain.jobs import Kind, Request, attempt_key
from batchyard.domain.queues import Queue
from batchyard.domain.states import Event, Status
from batchyard.engines.base import Phase
from batchyard.scheduling.snapshot import NOTHING, Needs
from batchyard.simulator.checker import PATIENCE_S, Checker, News, in_use, limit, size
from batchyard.simulator.engine import Attempt
from batchyard.simulator.witness import Life
from batchyard.store.base import Tx
from batchyard.store.feed import Change

if TYPE_CHECKING:
    from batchyard.simulator.scene import Scene

_ENDING = {Request.TERMINATE, Request.DELETE_QUEUE, Request.TIMEOUT}


class Waits(Checker):
    """Dependencies: what a job waits for SUCCEEDED before it becomes RUNNABLE, and its failure fails the job."""

    _FREE = frozenset({Event.ACCEPTED.name, Event.DEPENDENCIES_MET.name, Event.EXPANDED.name})

    def commit(self, tx: Tx, news: News, task: str) -> None:
        """Look at those that need not wait any more, and at those that failed with what they waited for."""
        for life, change in news:
            if change.event in self._FREE:
                for name, status, _ in self._partners(tx, life):
                    if status is not Status.SUCCEEDED:
                        self.breach(f"{life.row.id} is free to run, and waits for {name}, which is {status}")
            elif change.event == Event.DEPENDENCY_FAILED.name and all(
                status is not Status.FAILED for _, status, _ in self._partners(tx, life)
            ):
                self.breach(f"{life.row.id} failed with what it waits for, of which nothing failed")

    def tick(self, tx: Tx) -> None:
        """Nobody waits for what ended long ago, and `open` counts the rest."""
        late = self.scene.clock.now() - PATIENCE_S
        pending = [
            each for each in self.witness.unended.values() if each.status is Status.PENDING and not each.children
        ]
        rows = tx.jobs.by_pk([life.row.pk for life in pending])
        for life in pending:
            known = list(self._partners(tx, life))
            failed = any(status is Status.FAILED and at < late for _, status, at in known)
            most = sum(status is not Status.SUCCEEDED or at >= late for _, status, at in known)
            least = sum(status is not Status.SUCCEEDED for _, status, _ in known)
            told = rows[life.row.pk].open
            if life.since_at < late and (failed or not most):
                self.breach(f"{life.row.id} is PENDING, although what it waits for has ended")
            elif not least <= told <= most:
                self.breach(f"{life.row.id} says {told} open dependencies, there are {least} to {most}")

    def _partners(self, tx: Tx, life: Life) -> Iterator[tuple[str, Status | None, float]]:
        """What a job (or a child, child by child) waits for, each with its status, and since when it has that.

        The status is None while a child is not made yet, and FAILED for one that never will be.
        """
        row = life.row
        for given in tx.jobs.spec(row.spec_pk).depends_on:
            by_index = given.type in {"N_TO_N", "SEQUENTIAL"}
            if by_index != (row.kind is Kind.CHILD):
                continue
            uuid, _, part = (given.jobId or row.uuid).partition(":")
            index = int(part) if part else -1
            if given.type == "N_TO_N":
                index = row.part
            elif given.type == "SEQUENTIAL":
                index = row.part - 1
                if index < 0:
                    continue
            lives = self.witness.lives
            partner, parent = lives.get((uuid, index)), lives[uuid, -1]
            if partner is not None:
                yield partner.row.id, partner.status, partner.since_at
            else:
                yield f"{uuid}:{index}", Status.FAILED if parent.status is Status.FAILED else None, parent.since_at


class Requests(Checker):
    """Who asked for a job's end gets it: not placed, not tried again, FAILED within the time."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._seen: dict[tuple[int, Request], float] = {}

    def commit(self, tx: Tx, news: News, task: str) -> None:
        """Look at what was placed, tried again, or succeeded."""
        for life, change in news:
            request, event = life.row.request, change.event
            if (
                event in {Event.PLACED.name, Event.RETRIED.name, Event.PLACEMENT_LOST.name}
                and request is not Request.NONE
            ):
                self.breach(f"{life.row.id}: {event} after {request.name} was asked")
            if event == Event.SUCCEEDED.name and request in _ENDING:
                self.breach(f"{life.row.id} SUCCEEDED after {request.name} was asked (5.33)")

    def tick(self, tx: Tx) -> None:
        """Time limits (5.31) and requests are carried out."""
        now = self.scene.clock.now()
        for pk, row in tx.jobs.by_pk(list(self.witness.unended)).items():
            if row.deadline is not None and row.deadline < now - PATIENCE_S:
                self.breach(f"{row.id} runs on, {now - row.deadline:.0f} s beyond its time limit")
            if row.request is Request.NONE or self._seen.setdefault((pk, row.request), now) > now - PATIENCE_S:
                continue
            attempt = self.scene.engine.live.get(row.key)
            if row.request in _ENDING and attempt is not None and attempt.asked_to_stop is None:
                self.breach(f"{row.id}: {row.request.name} was asked, and nobody stops it")
            if row.status is Status.RUNNABLE:
                self.breach(f"{row.id}: {row.request.name} was asked, and it is still RUNNABLE")


class Outcomes(Checker):
    """The end of a job is what its attempts say, and no attempt is lost or too many (5.01, 4.14)."""

    def commit(self, tx: Tx, news: News, task: str) -> None:
        """Look at those that ended or go on after an attempt."""
        for life, change in news:
            if change.event in {Event.SUCCEEDED.name, Event.FAILED.name, Event.RETRIED.name}:
                self._ended(tx, life, change)

    def _ended(self, tx: Tx, life: Life, change: Change) -> None:
        row, key = life.row, attempt_key(life.row.uuid, life.row.part, change.placement)
        attempt = self.scene.engine.history.get(key)
        good = attempt is not None and attempt.seen.phase is Phase.ENDED and attempt.seen.exit_code == 0
        if change.event == Event.SUCCEEDED.name and not good:
            self.breach(f"{row.id} SUCCEEDED, its attempt is {attempt.seen if attempt else 'unknown'}")
        if change.event != Event.SUCCEEDED.name and good and row.request not in _ENDING:
            self.breach(f"{row.id}: {change.event}, although its attempt ended with 0")
        if attempt is not None and attempt.live:
            self.breach(f"{row.id}: {change.event} while its attempt {key} is {attempt.seen.phase}")
        allowed = tx.jobs.spec(row.spec_pk).retry.attempts or 1
        kept = tx.jobs.attempts([row.pk]).get(row.pk, [])
        if row.tries > allowed:
            self.breach(f"{row.id} was tried {row.tries} times, {allowed} are allowed")
        if [each.number for each in kept] != list(range(1, row.tries + 1)):
            self.breach(f"{row.id} was tried {row.tries} times and has the attempts {[each.number for each in kept]}")

    def final(self, tx: Tx) -> None:
        """Every attempt that the engine ran to an end of its own is in its job's history."""
        attempts = tx.jobs.attempts(list(self.witness.by_pk))
        known = {
            attempt_key(life.row.uuid, life.row.part, each.placement)
            for pk, life in self.witness.by_pk.items()
            for each in attempts.get(pk, ())
        }
        for key, attempt in self.scene.engine.history.items():
            if attempt.seen.phase is Phase.ENDED and key not in known:
                self.breach(f"attempt {key} ended with {attempt.seen.exit_code}, and its job knows nothing of it")
        for life in self.witness.by_pk.values():
            if life.status is Status.SUCCEEDED and life.row.kind is not Kind.ARRAY:
                codes = [each.exit_code for each in attempts.get(life.row.pk, ())]
                if codes[-1:] != [0] or 0 in codes[:-1]:
                    self.breach(f"{life.row.id} SUCCEEDED with attempts that ended with {codes}")


class Attempts(Checker):
    """The engine's own view; nothing in it is believed because a row says so."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._used: dict[str, Needs] = defaultdict(lambda: NOTHING)
        self._live: dict[str, str] = {}
        self._unwanted: dict[str, float] = {}
        scene.engine.on_change = self._changed
        scene.engine.on_breach = self.breach

    def _changed(self, attempt: Attempt) -> None:
        """Count what lives on each host, and of each job."""
        launch = attempt.launch
        counted = self._live.get(launch.job_id) == launch.key
        needs = Needs(round(launch.vcpus * 1000), launch.memory_mib, launch.gpus)
        if attempt.live and not counted:
            other = self._live.get(launch.job_id)
            if other is not None:
                self.breach(f"{launch.key} and {other} live at once")
            self._live[launch.job_id] = launch.key
            self._used[launch.host] += needs
            host = self.scene.capacity.all[launch.host]
            if not self._used[host.id].within(size(host)):
                self.breach(f"host {host.id} runs {self._used[host.id]}")
        elif counted and not attempt.live:
            del self._live[launch.job_id]
            self._used[launch.host] -= needs

    def tick(self, tx: Tx) -> None:
        """Nothing lives for long that no active job wants."""
        late = self.scene.clock.now() - PATIENCE_S
        wanted = {life.row.key for life in self.witness.active.values()}
        for key, attempt in self.scene.engine.live.items():
            if key not in wanted and self._unwanted.setdefault(key, self.scene.clock.now()) < late:
                self.breach(f"attempt {key} is {attempt.seen.phase}, and no active job wants it")

    def final(self, tx: Tx) -> None:
        """Nothing is left."""
        if self.scene.engine.live:
            self.breach(f"at the end these live: {', '.join(self.scene.engine.live)}")


class Progress(Checker):
    """What can go on goes on: nobody stays SUBMITTED, STARTING or first in a queue with room for it."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._fits_since: dict[int, tuple[int, float]] = {}

    def tick(self, tx: Tx) -> None:
        """Look at everything that has not ended."""
        now = self.scene.clock.now()
        for life in self.witness.unended.values():
            late = life.since_at < now - PATIENCE_S
            if late and life.status is Status.SUBMITTED:
                self.breach(f"{life.row.id} is still SUBMITTED")
            attempt = self.scene.engine.history.get(life.row.key)
            if (
                late
                and life.status.active
                and (attempt is None or (not attempt.live and attempt.changed_at < now - PATIENCE_S))
            ):
                self.breach(f"{life.row.id} is {life.status.name}, and the engine has nothing live of it")
            if late and life.status is Status.PENDING and life.size is not None and not life.children:
                row = tx.jobs.by_pk([life.row.pk])[life.row.pk]
                if row.open == 0 and row.request is Request.NONE:
                    self.breach(f"array {life.row.id} waits for nothing and gets no children")
        environments, queues = tx.environments.all(), tx.queues.all()
        heads = {pk: self._head(tx, pk) for pk in queues}
        for pk, head in heads.items():
            if head is None or not self._fits(head, queues[pk], environments.values()):
                self._fits_since.pop(pk, None)
                continue
            job_pk, since = self._fits_since.get(pk, (0, 0.0))
            if job_pk != head.row.pk:
                self._fits_since[pk] = (head.row.pk, now)
            elif since < now - PATIENCE_S:
                self.breach(f"{head.row.id} is first in queue {queues[pk].name}, has room, and is not placed")

    def _head(self, tx: Tx, queue_pk: int) -> Life | None:
        for life in sorted(self.witness.waiting[queue_pk].values(), key=lambda life: life.order):
            if tx.jobs.by_pk([life.row.pk])[life.row.pk].request is Request.NONE:
                return life
        return None

    def _fits(self, head: Life, queue: Queue, environments: Iterable[Environment]) -> bool:
        needs = Needs.of(head.row)
        hosts, used = in_use(self.witness.active.values())
        return any(needs.within(size(host) - hosts[host.id]) for host in self.scene.capacity.up()) and any(
            environment.name in queue.environment_names
            and environment.accepts_jobs
            and used[environment.pk] + needs.vcpus <= limit(environment)
            for environment in environments
        )

    def final(self, tx: Tx) -> None:
        """Every job has ended."""
        left = [f"{life.row.id} {life.status.name}" for life in self.witness.unended.values()]
        if left:
            self.breach(f"{len(left)} jobs never ended: {', '.join(left[:5])}")
