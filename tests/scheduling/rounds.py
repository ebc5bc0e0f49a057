"""The language of scheduling tests: what arrives, what is placed, what waits and why, then nothing more happens.

    Rounds(hosts={"h1": "4cpu"}, queues={"q": fifo()})
        .arrive("a1 a2 3cpu").places("a1").holds("a2", why="freest host has 1 vCPUs")
        .ends("a1").places("a2").then_nothing()

`places` takes a turn of the scheduler and names all that it placed, in order; `a1@h1` names the host too. A chain that
does not end with `then_nothing` fails its test.
"""

from __future__ import annotations

import re
from typing import Any, Self

import msgspec
from tests.builders import T0, a_job

from batchyard.domain.jobs import Job
from batchyard.domain.states import Status
from batchyard.scheduling.decide import decide
from batchyard.scheduling.plan import Placement, Plan
from batchyard.scheduling.snapshot import NOTHING, EnvironmentView, HostView, Needs, QueueView, Snapshot

_SIZE = re.compile(r"([\d.]+)(cpu|MiB|gpu)")
_ROOMY_MIB = 100_000


def sized(words: str) -> Needs:
    """`"2cpu 512MiB 1gpu"`; what is not said is one vCPU, 128 MiB, no GPU."""
    found = {unit: float(number) for number, unit in _SIZE.findall(words)}
    return Needs(round(found.get("cpu", 1) * 1000), int(found.get("MiB", 128)), int(found.get("gpu", 0)))


class Queue(msgspec.Struct, frozen=True):
    """A queue of the test: first in, first out."""

    priority: int
    environments: tuple[str, ...]


def fifo(priority: int = 1, on: str = "ce") -> Queue:
    """A queue without policy over these environments."""
    return Queue(priority, tuple(on.split()))


class Environment(msgspec.Struct, frozen=True):
    """An environment of the test. `hosts` are names of hosts that are its own; none: all that nobody else names."""

    max_vcpus: float = 1000
    enabled: bool = True
    invalid: str = ""
    hosts: str = ""


class Rounds:
    """A world of hosts, environments and queues."""

    def __init__(
        self,
        *,
        hosts: dict[str, str],
        queues: dict[str, Queue] | None = None,
        environments: dict[str, Environment] | None = None,
    ) -> None:
        self._environments = environments or {"ce": Environment()}
        self._queues = queues or {"q": fifo()}
        self._names: dict[str, str] = {}
        self._waiting: list[Job] = []
        self._active: dict[str, Placement] = {}
        self._plan = Plan()
        self._done = False
        owners = {host: name for name, each in self._environments.items() for host in each.hosts.split()}
        self._hosts: dict[str, tuple[str, Needs]] = {}
        for name, words in hosts.items():
            total = sized(words if "MiB" in words else f"{words} {_ROOMY_MIB}MiB")
            self._hosts[name] = (owners.get(name, "local"), total)

    def __del__(self) -> None:
        assert self._done, "this chain of rounds does not end with then_nothing()"

    def arrive(self, words: str, *, to: str | None = None) -> Self:
        """Jobs by name with one size, in this order: `"a1 a2 2cpu"`."""
        needs = sized(words)
        queue = self._pk(self._queues, to or next(iter(self._queues)))
        for name in words.split():
            if _SIZE.fullmatch(name):
                continue
            pk = len(self._names) + 1
            job = a_job(name, pk=pk, rank=pk, queue_pk=queue, memory_mib=needs.memory_mib, gpus=needs.gpus)
            self._names[job.uuid] = name
            self._waiting.append(msgspec.structs.replace(job, status=Status.RUNNABLE, vcpus=needs.vcpus))
        return self

    def ends(self, names: str) -> Self:
        """These jobs are over: their room is free."""
        for name in names.split():
            del self._active[name]
        return self

    def retries(self, name: str) -> Self:
        """This job's attempt failed, and another is due."""
        placed = self._active.pop(name)
        self._waiting.append(placed.job)
        return self

    def changes(self, name: str, **changed: Any) -> Self:
        """The environment is not what it was."""
        self._environments[name] = msgspec.structs.replace(self._environments[name], **changed)
        return self

    def places(self, *expected: str) -> Self:
        """A turn: exactly these are placed, in this order."""
        self._plan = decide(self.snapshot())
        found = [f"{self._names[place.job.uuid]}@{place.host}" for place in self._plan.places]
        wanted = [word for words in expected for word in words.split()]
        shown = [full if "@" in want else full.split("@")[0] for full, want in zip(found, wanted, strict=False)]
        self._check(shown == wanted and len(found) == len(wanted), f"placed {found}, expected {wanted}")
        for place in self._plan.places:
            self._waiting.remove(place.job)
            self._active[self._names[place.job.uuid]] = place
        return self

    def holds(self, name: str, *, why: str, code: str | None = None) -> Self:
        """The turn held this job back; `why` is in what it said, `code` begins AWS's text (None: it only waits)."""
        self._check(name in self._held(), f"held {sorted(self._held())}, expected {name}")
        hold = next(hold for hold in self._plan.holds if self._names[hold.job.uuid] == name)
        self._check(why in hold.why, f"{name}: {hold.why!r} does not have {why!r}")
        told = hold.code and hold.code.split(" - ")[0]
        self._check(told == code, f"{name}: code {told!r}, expected {code!r}")
        return self

    def then_nothing(self) -> None:
        """Another turn places nothing and holds the same."""
        before = self._held()
        self.places()
        self._check(self._held() == before, f"held {self._held()}, before {before}")
        self._done = True

    def snapshot(self) -> Snapshot:
        """The world as the scheduler sees it."""
        queues = tuple(
            QueueView(
                pk=self._pk(self._queues, name),
                name=name,
                priority=queue.priority,
                environments=tuple(self._pk(self._environments, each) for each in queue.environments),
                front=self._front(self._pk(self._queues, name)),
            )
            for name, queue in self._queues.items()
        )
        environments = tuple(self._environment(name, each) for name, each in self._environments.items())
        hosts = tuple(self._host(name, *host) for name, host in self._hosts.items())
        return Snapshot(now=T0, queues=queues, environments=environments, hosts=hosts)

    def _held(self) -> dict[str, str | None]:
        return {self._names[hold.job.uuid]: hold.code for hold in self._plan.holds}

    def _front(self, queue_pk: int) -> tuple[Job, ...]:
        return tuple(sorted((job for job in self._waiting if job.queue_pk == queue_pk), key=lambda job: job.rank))

    def _environment(self, name: str, environment: Environment) -> EnvironmentView:
        pk = self._pk(self._environments, name)
        return EnvironmentView(
            pk=pk,
            name=name,
            provider=name if environment.hosts else "local",
            enabled=environment.enabled,
            valid=not environment.invalid,
            max_vcpus=round(environment.max_vcpus * 1000),
            used_vcpus=sum(place.job.vcpus for place in self._active.values() if place.environment_pk == pk),
            why_invalid=environment.invalid,
        )

    def _host(self, name: str, provider: str, total: Needs) -> HostView:
        held = sum((Needs.of(place.job) for place in self._active.values() if place.host == name), start=NOTHING)
        return HostView(id=name, provider=provider, total=total, free=total - held)

    def _check(self, true: bool, text: str) -> None:
        self._done = True  # a chain that has failed is not also unfinished
        assert true, text
        self._done = False

    @staticmethod
    def _pk(names: dict[str, Any], name: str) -> int:
        return list(names).index(name) + 1
