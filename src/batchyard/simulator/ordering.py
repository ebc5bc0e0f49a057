"""Checkers of the scheduler: who is placed before whom, and that there is room."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from batchyard.domain.environments import Environment
from batchyard.domain.jobs import Request
from batchyard.domain.queues import Queue
from batchyard.domain.states import Event
from batchyard.scheduling.snapshot import NOTHING, Needs
from batchyard.simulator.checker import Checker, News, in_use, limit, size
from batchyard.simulator.witness import Life
from batchyard.store.base import Tx

if TYPE_CHECKING:
    from batchyard.simulator.scene import Scene

_FRONT = 32
"""Jobs of a queue that are looked at: more than the hosts of a checked world can take in one turn."""


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
        hosts, environments = in_use(self.witness.active.values())
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
            free = size(host) - hosts[host.id]
            if environments[environment.pk] + needs.vcpus <= limit(environment) and needs.within(free):
                self.breach(f"{life.row.id} was placed on {host.id} before {left.row.id} of a queue of higher priority")


class Room(Checker):
    """No host and no environment holds more than it has, by the rows; a DISABLED environment gets no jobs (10.77)."""

    def commit(self, tx: Tx, news: News, task: str) -> None:
        """Count what is active wherever something was placed."""
        placed = [life for life, change in news if change.event == Event.PLACED.name]
        if not placed:
            return
        hosts, environments = in_use(self.witness.active.values())
        for name in dict.fromkeys(life.row.host or "" for life in placed):
            host = self.scene.capacity.all[name]
            if not hosts[name].within(size(host)):
                self.breach(f"host {name} holds {hosts[name]}")
        there = tx.environments.all()
        for life in placed:
            environment = there.get(life.row.environment_pk or 0)
            if environment is None or (environment.state, environment.status) != ("ENABLED", "VALID"):
                name = environment.name if environment else "that is gone"
                self.breach(f"{life.row.id} was placed in environment {name}, which takes no jobs")
            elif environments[environment.pk] > limit(environment):
                self.breach(f"environment {environment.name} holds {environments[environment.pk]} thousandths of vCPUs")
