"""What a checker is: something that watches a world and says what must not be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from batchyard.capacity.base import Host
from batchyard.domain.environments import Environment
from batchyard.scheduling.snapshot import NOTHING, Needs
from batchyard.simulator.witness import Life
from batchyard.store.base import Tx
from batchyard.store.feed import Change

if TYPE_CHECKING:
    from batchyard.simulator.scene import Scene

PATIENCE_S = 150.0
"""How long what can go on may take: the slowest safety net (30 s), a grace (30 s), a crash or two on the way."""
News = Sequence[tuple[Life, Change]]
"""The events of one commit, in order, each with its job as it is afterwards."""


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


def in_use(lives: Iterable[Life]) -> tuple[dict[str, Needs], Counter[int]]:
    """What these jobs hold, by host; and thousandths of vCPUs, by environment. What holds nothing counts as nothing."""
    hosts: dict[str, Needs] = defaultdict(lambda: NOTHING)
    environments: Counter[int] = Counter()
    for life in lives:
        hosts[life.row.host or ""] += Needs.of(life.row)
        environments[life.row.environment_pk or 0] += life.row.vcpus
    return hosts, environments


def size(host: Host) -> Needs:
    """All that a host has."""
    return Needs(host.vcpus, host.memory_mib, host.gpus)


def limit(environment: Environment) -> int:
    """Thousandths of vCPUs that an environment may use in all."""
    return 1 << 40 if environment.max_vcpus is None else environment.max_vcpus * 1000
