"""One turn of the scheduler: queues by priority, jobs in order, environments in order (BEHAVIOUR 9.1).

A queue whose first job cannot be placed waits as a whole (head of line, 9.11), and the turn goes on with the next
queue: so priority is a preference, not a guarantee (9.01). Each placement is taken from what is free before the next is
looked at; deciding again on the outcome changes nothing.
"""

from __future__ import annotations

import msgspec

from batchyard.domain.jobs import Job
from batchyard.scheduling.placement import REASONS, UNDETERMINED, Reason, Site, obstacle
from batchyard.scheduling.plan import Hold, Placement, Plan
from batchyard.scheduling.snapshot import EnvironmentView, HostView, Needs, QueueView, Snapshot


def decide(snapshot: Snapshot) -> Plan:
    """What starts where, and why the first of each queue that does not start waits."""
    room = _Room(snapshot)
    places: list[Placement] = []
    holds: list[Hold] = []
    for queue in sorted(snapshot.queues, key=lambda queue: (-queue.priority, queue.pk)):
        for job in queue.front:
            placed = room.place(job, queue)
            if placed is None:
                holds.append(room.explain(job, queue))
                break
            places.append(placed)
    return Plan(places=tuple(places), holds=tuple(holds))


def explain(job: Job, queue: QueueView, snapshot: Snapshot) -> Hold:
    """Why this job, were it first in its queue, does not start now; `why` is empty when it would."""
    return _Room(snapshot).explain(job, queue)


class _Room:
    """What is left during one turn."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._environments = {environment.pk: environment for environment in snapshot.environments}
        self._hosts: dict[str, dict[str, HostView]] = {}
        for host in snapshot.hosts:
            self._hosts.setdefault(host.provider, {})[host.id] = host

    def _site(self, environment: EnvironmentView) -> Site:
        return Site(environment, tuple(self._hosts.get(environment.provider, {}).values()))

    def _sites(self, queue: QueueView) -> list[Site]:
        return [self._site(self._environments[pk]) for pk in queue.environments if pk in self._environments]

    def place(self, job: Job, queue: QueueView) -> Placement | None:
        """Take room for this job in the first environment that has it (9.02)."""
        needs = Needs.of(job)
        for site in self._sites(queue):
            if obstacle(needs, site) is None:
                # The fullest host that still has room: large gaps stay whole for large jobs.
                host = min(
                    (host for host in site.hosts if needs.within(host.free)),
                    key=lambda host: (host.free.vcpus, host.free.memory_mib, host.id),
                )
                self._take(site.environment, host, needs)
                return Placement(job, site.environment.pk, host.id)
        return None

    def _take(self, environment: EnvironmentView, host: HostView, needs: Needs) -> None:
        self._hosts[host.provider][host.id] = msgspec.structs.replace(host, free=host.free - needs)
        used = environment.used_vcpus + needs.vcpus
        self._environments[environment.pk] = msgspec.structs.replace(environment, used_vcpus=used)

    def explain(self, job: Job, queue: QueueView) -> Hold:
        """Why not: the most hopeful environment's obstacle decides the code, all are told."""
        needs = Needs.of(job)
        told: list[tuple[Reason, str]] = []
        for site in self._sites(queue):
            reason = obstacle(needs, site)
            if reason is None:
                return Hold(job, None, "")
            told.append((reason, reason.why(needs, site)))
        if not told:
            return Hold(job, UNDETERMINED, f"queue {queue.name} has no compute environment")
        hopeful = max((reason for reason, _ in told), key=REASONS.index)
        return Hold(job, hopeful.code, "; ".join(why for _, why in told))
