"""All that the scheduler may see. Bounded: of the backlog it holds the front of each queue, never the whole.

vCPUs are in thousandths everywhere in this room.
"""

from __future__ import annotations

import msgspec

from batchyard.domain.jobs import Job


class Needs(msgspec.Struct, frozen=True):
    """What a job holds while it is active, and what a host has."""

    vcpus: int
    memory_mib: int
    gpus: int = 0

    def __add__(self, other: Needs) -> Needs:
        return Needs(self.vcpus + other.vcpus, self.memory_mib + other.memory_mib, self.gpus + other.gpus)

    def __sub__(self, other: Needs) -> Needs:
        return Needs(self.vcpus - other.vcpus, self.memory_mib - other.memory_mib, self.gpus - other.gpus)

    def within(self, other: Needs) -> bool:
        """Whether `other` has room for this."""
        return self.vcpus <= other.vcpus and self.memory_mib <= other.memory_mib and self.gpus <= other.gpus

    @classmethod
    def of(cls, job: Job) -> Needs:
        """What this job holds."""
        return cls(job.vcpus, job.memory_mib, job.gpus)


NOTHING = Needs(0, 0, 0)


class HostView(msgspec.Struct, frozen=True, kw_only=True):
    """A host that is up: what it has, and what is free of it now."""

    id: str
    provider: str
    total: Needs
    free: Needs


class EnvironmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A compute environment: whether it takes jobs, its limit, and what its active jobs hold."""

    pk: int
    name: str
    provider: str
    enabled: bool
    valid: bool
    max_vcpus: int
    used_vcpus: int
    why_invalid: str = ""

    @property
    def accepts(self) -> bool:
        """Whether jobs may be placed (9.02, 10.77, 10.81)."""
        return self.enabled and self.valid


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A queue: its priority, its environments in order, and the front of its waiting jobs in dispatch order."""

    pk: int
    name: str
    priority: int
    environments: tuple[int, ...]
    front: tuple[Job, ...]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a turn decides on. `now` is UTC seconds."""

    now: float
    queues: tuple[QueueView, ...]
    environments: tuple[EnvironmentView, ...]
    hosts: tuple[HostView, ...]
