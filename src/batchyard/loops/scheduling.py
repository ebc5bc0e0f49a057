"""Places waiting jobs: builds the snapshot, lets `decide` decide, writes the plan in one transaction.

The backlog is never loaded. Of each queue come as many jobs as could start at most, plus one to explain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchyard.domain.jobs import Step
from batchyard.domain.log_streams import LogGroup, is_built_in
from batchyard.domain.states import Event
from batchyard.domain.submissions import Spec, dispatch_fault
from batchyard.kit.digests import digest
from batchyard.loops.base import AGAIN, Parts
from batchyard.scheduling.decide import decide
from batchyard.scheduling.placement import CODES
from batchyard.scheduling.plan import Placement, Plan
from batchyard.store.base import Tx
from batchyard.store.errors import Conflict
from batchyard.store.snapshots import WINDOW, take_snapshot

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
        return AGAIN if len(plan.places) >= WINDOW else _SAFETY_S

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
            if group is not None and stream is not None and _has_group(tx, group, spec, now):
                streams.append((group, stream, task_id, now))
        tx.jobs.advance([*steps, *news])
        tx.logs.add_attempts(streams)
        tx.wake("execution")
        if any(step.after.status.final for step in steps):
            tx.wake("admission")
            tx.wake("scheduling")  # what was kept for it is free


def _has_group(tx: Tx, group: str, spec: Spec, now: float) -> bool:
    """Whether the log group of a job is there; it is made if the job says so (12.03)."""
    if is_built_in(group) or tx.logs.group(group) is not None:
        return True
    if spec.creates_log_group:
        tx.logs.add_group(LogGroup(name=group, created_at=now))
    return spec.creates_log_group


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
