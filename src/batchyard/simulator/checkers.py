"""What must hold in every world, after every commit, at every change of an attempt, from time to time, and at the end.

    Replay       (witness.py) the events give the rows; a final status stays; totals and parents are what they count
    Order        FIFO within a queue and priority between queues, exactly as far as 9.01 and 9.11 promise them
    Room         no host and no environment holds more than it has, by the rows
    Waits        nothing becomes RUNNABLE before what it waits for SUCCEEDED (3.51-3.53)
    Requests     what was asked to end is neither placed nor tried again (4.42, 5.03)
    Outcomes     a job's end is what its attempts say; every attempt is accounted for, none beyond those allowed (5.01)
    Attempts     by the engine's own view: no host full beyond its size, one live attempt per job, one start per key
    Progress     what can go on goes on within `PATIENCE_S` of virtual time

Each is a class with any of the hooks `read`, `commit`, `tick` and `final`; a fault is a text given to `breach`.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from batchyard.domain.environments import Environment
from batchyard.domain.jobs import Kind, Request
from batchyard.domain.queues import Queue
from batchyard.domain.states import Event, Status
from batchyard.engines.base import Phase
from batchyard.kit.clock import Clock
from batchyard.scheduling.snapshot import NOTHING, Needs
from batchyard.simulator.capacity import SimulatedCapacity
from batchyard.simulator.engine import Attempt, SimulatedEngine
from batchyard.simulator.witness import Life, Witness
from batchyard.store.base import Tx
from batchyard.store.feed import Change

PATIENCE_S = 150.0
"""How long a thing that can go on may take: the slowest safety net (30 s), a grace (30 s), a crash or two on the way."""

_FRONT = 32
"""Jobs of a queue that are looked at: more than the hosts of a checked world can take in one turn."""
_ENDING = {Request.TERMINATE, Request.DELETE_QUEUE, Request.TIMEOUT}
News = Sequence[tuple[Life, Change]]


class Checker:
    """Base of all: hooks that do nothing."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.witness = scene.witness

    def breach(self, text: str) -> None:
        """Write down what must not be."""
        self.scene.breach(f"{type(self).__name__}: {text}")

    def read(self, tx: Tx, task: str) -> None:
        """A task is about to read this state."""

    def commit(self, tx: Tx, news: News, task: str) -> None:
        """A task has committed these events."""

    def tick(self, tx: Tx) -> None:
        """Some time has passed."""

    def final(self, tx: Tx) -> None:
        """Everything has come to its end."""


class Scene:
    """Everything there is to watch, and the checkers that watch it."""

    def __init__(
        self, clock: Clock, engine: SimulatedEngine, capacity: SimulatedCapacity, *, checked: bool = True
    ) -> None:
        self.clock = clock
        self.engine = engine
        self.capacity = capacity
        self.witness = Witness()
        self.checkers: list[Checker] = [each(self) for each in CHECKERS] if checked else []

    @property
    def breaches(self) -> list[str]:
        """What was seen that must not be, in order."""
        return self.witness.breaches

    def breach(self, text: str) -> None:
        """Write down what must not be, and when it was seen."""
        self.witness.breach(f"at {self.clock.now():.3f}: {text}")

    def read(self, tx: Tx, task: str) -> None:
        """A task is about to read this state."""
        for each in self.checkers:
            each.read(tx, task)

    def commit(self, tx: Tx, task: str) -> None:
        """A task has committed."""
        news = self.witness.look(tx, self.clock.now())
        for each in self.checkers:
            each.commit(tx, news, task)

    def tick(self, tx: Tx) -> None:
        """Some time has passed."""
        for each in self.checkers:
            each.tick(tx)

    def final(self, tx: Tx) -> None:
        """Everything has come to its end."""
        self.witness.compare_all(tx)
        for each in self.checkers:
            each.final(tx)


class _View(msgspec.Struct):
    """What there was when a scheduling turn read: nothing that came later can be held against it."""

    queues: dict[int, Queue] = {}
    environments: dict[int, Environment] = {}
    fronts: dict[int, list[Life]] = {}
    used_hosts: dict[str, Needs] = {}
    used_environments: dict[int, int] = {}


class Order(Checker):
    """The order of placements, judged by what the turn could see when it read.

    FIFO (9.10, 9.11): of the jobs of a queue that were RUNNABLE and that nobody had asked to end, a turn places the
    first ones, however many: whom it leaves stands behind all whom it places. Who becomes RUNNABLE later may be
    overtaken.

    Priority (9.01, 9.03): where a turn places a job of one queue, the first job that it leaves in any queue of higher
    priority did not fit there, given what was in use and what the turn gave to queues that are not of lower priority.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._view = _View()

    def read(self, tx: Tx, task: str) -> None:
        """Remember what a scheduling turn sees."""
        if task != "scheduling":
            return
        hosts: dict[str, Needs] = defaultdict(lambda: NOTHING)
        environments: Counter[int] = Counter()
        for life in self.witness.active.values():
            hosts[life.row.host or ""] += Needs.of(life.row)
            environments[life.row.environment_pk or 0] += life.row.vcpus
        queues = tx.queues.all()
        fronts = {pk: self._front(tx, pk) for pk in queues}
        self._view = _View(queues, tx.environments.all(), fronts, hosts, environments)

    def _front(self, tx: Tx, queue_pk: int) -> list[Life]:
        first = heapq.nsmallest(_FRONT, self.witness.waiting[queue_pk].values(), key=lambda life: life.order)
        rows = tx.jobs.by_pk([life.row.pk for life in first])
        return [life for life in first if rows[life.row.pk].request is Request.NONE]

    def commit(self, tx: Tx, news: News, task: str) -> None:
        """Judge a turn's placements."""
        placed = {life.row.pk: life for life, change in news if change.event == Event.PLACED.name}
        if not placed:
            return
        for pk, front in self._view.fronts.items():
            left = next((life for life in front if life.row.pk not in placed), None)
            if left is None:
                continue
            for life in placed.values():
                if life.row.queue_pk == pk and life.order > left.order:
                    self.breach(f"{life.row.id} was placed before {left.row.id}, which stands before it")
            self._priority(left, list(placed.values()))

    def _priority(self, left: Life, placed: Iterable[Life]) -> None:
        view, queue = self._view, self._view.queues[left.row.queue_pk]
        hosts, environments = defaultdict(lambda: NOTHING, view.used_hosts), Counter(view.used_environments)
        lower: list[Life] = []
        for life in placed:
            if view.queues[life.row.queue_pk].priority < queue.priority:
                lower.append(life)
            else:
                hosts[life.row.host or ""] += Needs.of(life.row)
                environments[life.row.environment_pk or 0] += life.row.vcpus
        needs = Needs.of(left.row)
        for life in lower:
            environment = view.environments[life.row.environment_pk or 0]
            host = self.scene.capacity.all[life.row.host or ""]
            if environment.name not in queue.environment_names:
                continue
            free = Needs(host.vcpus, host.memory_mib, host.gpus) - hosts[host.id]
            if environments[environment.pk] + needs.vcpus <= _limit(environment) and needs.within(free):
                self.breach(f"{life.row.id} was placed on {host.id} before {left.row.id} of a queue of higher priority")


class Room(Checker):
    """No host and no environment holds more than it has, by the rows; a DISABLED environment gets no jobs (10.77)."""

    def commit(self, tx: Tx, news: News, task: str) -> None:
        """Count what is active wherever something was placed."""
        placed = [life for life, change in news if change.event == Event.PLACED.name]
        if not placed:
            return
        hosts: dict[str, Needs] = defaultdict(lambda: NOTHING)
        environments: Counter[int] = Counter()
        for life in self.witness.active.values():
            hosts[life.row.host or ""] += Needs.of(life.row)
            environments[life.row.environment_pk or 0] += life.row.vcpus
        for name in {life.row.host or "" for life in placed}:
            host = self.scene.capacity.all[name]
            if not hosts[name].within(Needs(host.vcpus, host.memory_mib, host.gpus)):
                self.breach(f"host {name} holds {hosts[name]}")
        there = tx.environments.all()
        for life in placed:
            environment = there.get(life.row.environment_pk or 0)
            if environment is None or (environment.state, environment.status) != ("ENABLED", "VALID"):
                name = environment.name if environment else "that is gone"
                self.breach(f"{life.row.id} was placed in environment {name}, which takes no jobs")
            elif environments[environment.pk] > _limit(environment):
                self.breach(f"environment {environment.name} holds {environments[environment.pk]} thousandths of vCPUs")


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
            elif change.event == Event.DEPENDENCY_FAILED.name and life.row.request is Request.NONE:
                if all(status is not Status.FAILED for _, status, _ in self._partners(tx, life)):
                    self.breach(f"{life.row.id} failed with what it waits for, of which nothing failed")

    def tick(self, tx: Tx) -> None:
        """Nobody waits for what has ended."""
        late = self.scene.clock.now() - PATIENCE_S
        for life in self.witness.unended.values():
            if life.status is not Status.PENDING or life.since_at > late or life.children:
                continue
            known = list(self._partners(tx, life))
            failed = any(status is Status.FAILED and at < late for _, status, at in known)
            if failed or all(status is Status.SUCCEEDED and at < late for _, status, at in known):
                self.breach(f"{life.row.id} is PENDING, although what it waits for has ended")

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

    def commit(self, tx: Tx, news: News, task: str) -> None:
        """Look at what was placed, tried again, or succeeded."""
        for life, change in news:
            request, event = life.row.request, change.event
            if event in {Event.PLACED.name, Event.RETRIED.name, Event.PLACEMENT_LOST.name} and request is not Request.NONE:
                self.breach(f"{life.row.id}: {event} after {request.name} was asked")
            if event == Event.SUCCEEDED.name and request in _ENDING:
                self.breach(f"{life.row.id} SUCCEEDED after {request.name} was asked (5.33)")

    def tick(self, tx: Tx) -> None:
        """Time limits (5.31) and requests are carried out."""
        now = self.scene.clock.now()
        rows = tx.jobs.by_pk(list(self.witness.active))
        for pk, life in self.witness.active.items():
            row = rows[pk]
            if row.deadline is not None and row.deadline < now - PATIENCE_S:
                self.breach(f"{row.id} runs on, {now - row.deadline:.0f} s beyond its time limit")
            attempt = self.scene.engine.live.get(row.key)
            if row.request in _ENDING and attempt is not None and life.since_at < now - PATIENCE_S:
                asked = attempt.asked_to_stop
                if asked is None and self._first(row.pk, row.request, now) < now - PATIENCE_S:
                    self.breach(f"{row.id}: {row.request.name} was asked, and nobody stops it")

    def _first(self, pk: int, request: Request, now: float) -> float:
        """When a tick first saw this request."""
        return self._seen.setdefault((pk, request), now)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._seen: dict[tuple[int, Request], float] = {}


class Outcomes(Checker):
    """The end of a job is what its attempts say, and no attempt is lost or too many (5.01, 4.14)."""

    def commit(self, tx: Tx, news: News, task: str) -> None:
        """Look at those that ended or go on after an attempt."""
        for life, change in news:
            if change.event in {Event.SUCCEEDED.name, Event.FAILED.name, Event.RETRIED.name}:
                self._ended(tx, life, change)

    def _ended(self, tx: Tx, life: Life, change: Change) -> None:
        row, key = life.row, f"{life.row.id.replace(':', '.')}"
        key = f"{row.uuid}.{row.part if row.part >= 0 else 'x'}.{change.placement}"
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
        told = {(self.witness.by_pk[pk].row.uuid, self.witness.by_pk[pk].row.part): a for pk, a in attempts.items()}
        for key, attempt in self.scene.engine.history.items():
            uuid, part, placement = key.split(".")
            place = uuid, -1 if part == "x" else int(part)
            kept = {each.placement for each in told.get(place, ())}
            if attempt.seen.phase is Phase.ENDED and int(placement) not in kept:
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
            if not self._used[host.id].within(Needs(host.vcpus, host.memory_mib, host.gpus)):
                self.breach(f"host {host.id} runs {self._used[host.id]}")
        elif counted and not attempt.live:
            del self._live[launch.job_id]
            self._used[launch.host] -= needs

    def tick(self, tx: Tx) -> None:
        """Nothing lives for long that no active job wants."""
        late = self.scene.clock.now() - PATIENCE_S
        wanted = {life.row.key for life in self.witness.active.values()}
        for key, attempt in self.scene.engine.live.items():
            life = self.witness.lives.get(_owner(key))
            if key not in wanted and attempt.written_at < late and (life is None or life.since_at < late):
                self.breach(f"attempt {key} still lives, and no active job wants it")

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
            if late and life.status.active and (attempt is None or not attempt.live and attempt.changed_at < now - PATIENCE_S):
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
        waiting = sorted(self.witness.waiting[queue_pk].values(), key=lambda life: life.order)
        for life in waiting:
            row = tx.jobs.by_pk([life.row.pk])[life.row.pk]
            if row.request is Request.NONE:
                return life
            if life.since_at < self.scene.clock.now() - PATIENCE_S and self._asked_long_ago(life):
                self.breach(f"{row.id} is RUNNABLE, although {row.request.name} was asked")
        return None

    def _asked_long_ago(self, life: Life) -> bool:
        now = self.scene.clock.now()
        return self._asked.setdefault(life.row.pk, now) < now - PATIENCE_S

    @property
    def _asked(self) -> dict[int, float]:
        return self.__dict__.setdefault("asked", {})

    def _fits(self, head: Life, queue: Queue, environments: Iterable[Environment]) -> bool:
        needs = Needs.of(head.row)
        free = {host.id: Needs(host.vcpus, host.memory_mib, host.gpus) for host in self.scene.capacity.up()}
        used: Counter[int] = Counter()
        for life in self.witness.active.values():
            used[life.row.environment_pk or 0] += life.row.vcpus
            if life.row.host in free:
                free[life.row.host] -= Needs.of(life.row)
        return any(needs.within(each) for each in free.values()) and any(
            environment.name in queue.environment_names
            and environment.accepts_jobs
            and used[environment.pk] + needs.vcpus <= _limit(environment)
            for environment in environments
        )

    def final(self, tx: Tx) -> None:
        """Every job has ended."""
        left = [f"{life.row.id} {life.status.name}" for life in self.witness.unended.values()]
        if left:
            self.breach(f"{len(left)} jobs never ended: {', '.join(left[:5])}")


CHECKERS: tuple[type[Checker], ...] = (Order, Room, Waits, Requests, Outcomes, Attempts, Progress)
"""Every checker beside the witness's own comparison."""


def _limit(environment: Environment) -> int:
    """Thousandths of vCPUs that an environment may use in all."""
    return 1 << 40 if environment.max_vcpus is None else environment.max_vcpus * 1000


def _owner(key: str) -> tuple[str, int]:
    uuid, part, _ = key.split(".")
    return uuid, -1 if part == "x" else int(part)
