"""Places waiting jobs: builds the snapshot, lets `decide` decide, writes the plan in one transaction.

The backlog is never loaded. Of each queue come as many jobs as could start at most, plus one to explain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from batchyard.capacity.base import Host
from batchyard.domain.environments import Environment
from batchyard.domain.jobs import Step
from batchyard.domain.queues import Queue
from batchyard.domain.states import Event
from batchyard.domain.submissions import dispatch_fault
from batchyard.kit.digests import digest
from batchyard.loops.base import AGAIN, Parts
from batchyard.scheduling.decide import decide
from batchyard.scheduling.placement import CODES
from batchyard.scheduling.plan import Placement, Plan
from batchyard.scheduling.snapshot import NOTHING, EnvironmentView, HostView, Needs, QueueView, Snapshot
from batchyard.store.base import Tx
from batchyard.store.errors import Conflict
from batchyard.store.waiting import InUse

_WINDOW = 2048
_LEAST_VCPUS = 250  # thousandths: the smallest job there is (2.54)
_UNBOUNDED = 1 << 40
_SAFETY_S = 30.0


class Scheduling:
    """The scheduling loop's turns."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def turn(self) -> float | None:
        """One plan, written."""
        hosts = {name: await provider.capacity.hosts() for name, provider in self._parts.providers.items()}
        now = self._parts.clock.now()
        default = self._parts.settings.default_provider
        snapshot = await self._parts.store.read(lambda tx: take_snapshot(tx, hosts, now, default))
        plan = decide(snapshot)
        news = list(_news(plan, now))
        if plan.places or news:
            await self._parts.store.write(lambda tx: self._write(tx, plan.places, news, now))
        return AGAIN if len(plan.places) >= _WINDOW else _SAFETY_S

    def _write(self, tx: Tx, places: Sequence[Placement], news: Sequence[Step], now: float) -> None:
        limits = self._parts.settings.limits
        steps: list[Step] = []
        streams: list[tuple[str, str, str, float]] = []
        environments = tx.environments.all()
        for place in places:
            environment = environments.get(place.environment_pk)
            if environment is None or not environment.accepts_jobs:
                raise Conflict("an environment was disabled or deleted since the snapshot")  # 10.77
            job, spec = place.job, tx.jobs.spec(place.job.spec_pk)
            fault = dispatch_fault(spec, limits)
            if fault is not None:
                steps.append(job.step(Event.FAILED, now, status_reason=fault))
                continue
            step = job.step(
                Event.PLACED,
                now,
                status_reason=None,
                environment_pk=place.environment_pk,
                host=place.host,
                placement=job.placement + 1,
            )
            steps.append(step)
            task_id = digest(step.after.key)
            group, stream = spec.log_group(), spec.stream_name(task_id)
            if group is not None and stream is not None:
                streams.append((group, stream, task_id, now))
        tx.jobs.advance([*steps, *news])
        tx.logs.add_attempts(streams)
        tx.wake("execution")
        if any(step.after.status.final for step in steps):
            tx.wake("admission")
            tx.wake("scheduling")  # what was kept for it is free


def _news(plan: Plan, now: float) -> Iterator[Step]:
    """Heads whose statusReason has to change: blocked (8.31: AWS's text and ours with numbers), or no more (8.42)."""
    for hold in plan.holds:
        shown = hold.job.status_reason
        if hold.code is not None:
            text = f"{hold.code} ({hold.why})"
            if text != shown:
                yield hold.job.step(Event.BLOCKED, now, status_reason=text)
        elif shown is not None and shown.startswith(CODES):
            yield hold.job.step(Event.UNBLOCKED, now, status_reason=None)


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
        window = min(_WINDOW, room // _LEAST_VCPUS + 1)
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
