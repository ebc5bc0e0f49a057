"""The scheduler's view of the rows. Of each queue come as many jobs as could start at most, plus one to explain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from batchyard.domain.environments import Environment
from batchyard.domain.hosts import Host
from batchyard.domain.queues import Queue
from batchyard.scheduling.snapshot import NOTHING, EnvironmentView, HostView, Needs, QueueView, Snapshot
from batchyard.store.base import Tx
from batchyard.store.waiting import InUse

WINDOW = 2048
"""Jobs of one queue that a snapshot holds at most."""

_LEAST_VCPUS = 250  # thousandths: the smallest job there is (2.54)
_UNBOUNDED = 1 << 40


def take_snapshot(tx: Tx, hosts: Mapping[str, Sequence[Host]], now: float, default_provider: str) -> Snapshot:
    """All that a turn may see; `hosts` by provider. The window of a queue is what could start at most, plus one."""
    in_use = tx.waiting.in_use()
    environments = tuple(_environment(e, in_use, default_provider) for e in tx.environments.all().values())
    views = _hosts(hosts, in_use)
    free: dict[str, int] = defaultdict(int)
    for view in views:
        free[view.provider] += max(0, view.free.vcpus)
    by_pk = {environment.pk: environment for environment in environments}
    queues: list[QueueView] = []
    by_name = {environment.name: environment.pk for environment in environments}
    for queue in tx.queues.all().values():
        order = environment_order(queue, by_name)
        room = sum(_room(by_pk[each], free) for each in order)
        window = min(WINDOW, room // _LEAST_VCPUS + 1)
        front = tuple(tx.waiting.head(queue.pk, window))
        queues.append(QueueView(pk=queue.pk, name=queue.name, priority=queue.priority, environments=order, front=front))
    return Snapshot(now=now, queues=tuple(queues), environments=environments, hosts=tuple(views))


def environment_order(queue: Queue, by_name: Mapping[str, int]) -> tuple[int, ...]:
    """Keys of a queue's environments in their order, those that exist."""
    return tuple(by_name[name] for name in queue.environment_names if name in by_name)


def _room(environment: EnvironmentView, free: Mapping[str, int]) -> int:
    if not environment.accepts:
        return 0
    return max(0, min(environment.max_vcpus - environment.used_vcpus, free.get(environment.provider, 0)))


def _environment(environment: Environment, in_use: Sequence[InUse], default_provider: str) -> EnvironmentView:
    limit = environment.max_vcpus
    return EnvironmentView(
        pk=environment.pk,
        name=environment.name,
        provider=environment.provider(default_provider),
        enabled=environment.state == "ENABLED",
        valid=environment.status == "VALID",
        max_vcpus=_UNBOUNDED if limit is None else limit * 1000,
        used_vcpus=sum(use.vcpus for use in in_use if use.environment_pk == environment.pk),
        why_invalid=environment.status_reason,
    )


def _hosts(hosts: Mapping[str, Sequence[Host]], in_use: Sequence[InUse]) -> list[HostView]:
    held: dict[str, Needs] = defaultdict(lambda: NOTHING)
    for use in in_use:
        held[use.host] += Needs(use.vcpus, use.memory_mib, use.gpus)
    views: list[HostView] = []
    for provider, members in hosts.items():
        for host in members:
            total = Needs(host.vcpus, host.memory_mib, host.gpus)
            views.append(HostView(id=host.id, provider=provider, total=total, free=total - held[host.id]))
    return views
