"""Makes the engines do what the rows say, and the rows say what the engines saw.

A job in STARTING that was not asked for is launched; what an engine rang about becomes an event; a request to end a
job that runs becomes a stop. All of a turn's events are written at once, then the engines are told. Nothing here is
remembered that rows and engines do not know: a new server looks at both and goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from batchyard.config import seconds
from batchyard.domain.jobs import Attempt, Job, Request, Step, parse_attempt_key
from batchyard.domain.outcomes import ended, lost, started
from batchyard.domain.states import Event, Status
from batchyard.engines.base import Launch, Observed, Phase
from batchyard.loops.base import AGAIN, Parts
from batchyard.loops.launches import Order, Orders, launch
from batchyard.store.base import Tx

_FINAL = {Phase.ENDED, Phase.LOST}
_SAFETY_S = 10.0
_REQUESTS = 1000


class Execution:
    """The execution loop's turns."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._inbox: dict[str, Observed] = {}
        self._asked: dict[str, int] = {}  # the engines' keys of what was asked for, and the jobs' own
        self._next_look = 0.0
        self._grace = timedelta(seconds=seconds(parts.settings.jobs.stop_grace))

    def hear(self, seen: Sequence[Observed]) -> None:
        """Take an engine's observations; the caller wakes the loop. An ending is final, whatever is heard after it."""
        for each in seen:
            known = self._inbox.get(each.key)
            if known is None or known.phase not in _FINAL:
                self._inbox[each.key] = each

    async def turn(self) -> float | None:
        """One pass over what is to be started, what was seen, and what is to be stopped."""
        now = self._parts.clock.now()
        if now >= self._next_look:
            await self._look(now)
        inbox, self._inbox = self._inbox, {}
        try:
            work = await self._parts.store.write(lambda tx: _Work(self._parts, tx, inbox, self._asked, now).done())
        except BaseException:
            self._inbox = inbox | self._inbox
            raise
        try:
            await self._act(work)
        except BaseException:
            self._next_look = 0.0  # what the engines did is not known: ask them before anything else
            raise
        return AGAIN if self._inbox else max(0.0, self._next_look - self._parts.clock.now())

    async def _look(self, now: float) -> None:
        """The safety net: compare every active row with what the engines say, and clear what nobody needs any more."""
        active = await self._parts.store.read(lambda tx: {job.key: job for job in tx.waiting.active()})
        for provider in self._parts.providers.values():
            kept = await provider.engine.keys()
            ours = [key for key in kept if key in active]
            observed = await provider.engine.observe(ours)
            self.hear([seen for seen in observed.values() if _is_news(seen, active[seen.key])])
            self._asked |= {key: active[key].pk for key in ours}
            others = [key for key in kept if key not in active]
            over = await self._parts.store.read(lambda tx, others=others: _over(tx, others))
            await provider.engine.forget(over)
            # Requests that an earlier server wrote down and did not live to pass on; a repeated stop changes nothing.
            await provider.engine.stop([key for key in ours if _must_stop(active[key])], self._grace)
        running = [job for key, job in active.items() if job.status is Status.RUNNING and key not in self._asked]
        self.hear([Observed(key=job.key, phase=Phase.LOST) for job in running])
        self._next_look = now + _SAFETY_S  # only now: until one was whole, nobody knows what already runs

    async def _act(self, work: _Work) -> None:
        for name, provider in self._parts.providers.items():
            launches = work.launches.get(name)
            if launches:
                await provider.engine.start(launches)
                self._asked |= {each.key: work.starting[each.key] for each in launches}
            if work.stops:
                await provider.engine.stop(work.stops, self._grace)
            if work.over:
                await provider.engine.forget(work.over)
        for key in work.over:
            self._asked.pop(key, None)


def _is_news(seen: Observed, job: Job) -> bool:
    return not (seen.phase is Phase.STARTING or (seen.phase is Phase.RUNNING and job.status is Status.RUNNING))


def _must_stop(job: Job) -> bool:
    return job.request not in {Request.NONE, Request.CANCEL}


def _over(tx: Tx, keys: Iterable[str]) -> list[str]:
    """Keys of placements that are not their jobs' present ones: the engine keeps something that nobody needs."""
    jobs = _jobs_of(tx, keys, {})
    return [key for key in keys if key not in jobs or not jobs[key].status.active]


def _jobs_of(tx: Tx, keys: Iterable[str], known: Mapping[str, int]) -> dict[str, Job]:
    """Jobs whose present placement has these keys; `known` spares looking their keys up."""
    by_pk = tx.jobs.by_pk([known[key] for key in keys if key in known])
    jobs = list(by_pk.values())
    jobs += tx.jobs.by_id(
        [place[:2] for key in keys if key not in known and (place := parse_attempt_key(key))]
    ).values()
    wanted = set(keys)
    return {job.key: job for job in jobs if job.key in wanted}


class _Work:
    """One turn's transaction: reads, steps, and what is left to tell the engines."""

    def __init__(self, parts: Parts, tx: Tx, inbox: dict[str, Observed], asked: Mapping[str, int], now: float) -> None:
        self._parts = parts
        self._tx = tx
        self._inbox = inbox
        self._asked = asked
        self._now = now
        self._steps: list[Step] = []
        self._attempts: list[tuple[int, Attempt]] = []
        self._orders = Orders(tx, parts.settings.default_provider)
        self.starting: dict[str, int] = {}
        self.launches: dict[str, list[Launch]] = defaultdict(list)
        self.stops: list[str] = []
        self.over: list[str] = []

    def done(self) -> _Work:
        """Do it all; what is left for the engines is in `launches`, `stops` and `over`."""
        for key, job in _jobs_of(self._tx, self._inbox, self._asked).items():
            if job.status.active:
                self._observe(self._inbox[key], job)
        self.over += [key for key, seen in self._inbox.items() if seen.phase in _FINAL]
        self.starting = self._tx.waiting.starting()
        new = [pk for key, pk in self.starting.items() if key not in self._asked and key not in self._inbox]
        for job in self._tx.jobs.by_pk(new).values() if new else ():
            if _must_stop(job):
                self._steps.append(job.step(Event.FAILED, self._now, status_reason=job.request_reason))
            else:
                self._launch(self._orders.order(job))
        self._requests()
        self._tx.jobs.advance(self._steps)
        self._tx.jobs.add_attempts(self._attempts)
        if any(not step.after.status.active for step in self._steps):
            self._tx.wake("scheduling")
            if self._tx.dependencies.any() or self._tx.queues.deleting():
                self._tx.wake("admission")  # nobody else waits for an ending
        if any(step.event is Event.STARTED and step.after.deadline is not None for step in self._steps):
            self._tx.wake("deadlines")
        return self

    def _launch(self, ordered: Order) -> None:
        made = launch(ordered, self._parts.settings, self._parts.logs)
        if isinstance(made, str):
            seen = Observed(key=ordered.job.key, phase=Phase.ENDED, stopped_at=self._now, reason=made)
            self._observe(seen, ordered.job)
        else:
            self.launches[ordered.provider].append(made)

    def _observe(self, seen: Observed, job: Job) -> None:
        if seen.phase is Phase.STARTING:
            return
        spec = self._tx.jobs.spec(job.spec_pk)
        began = seen.started_at
        if began is None and seen.exit_code is not None:  # it ran, however briefly
            began = seen.stopped_at
        if job.status is Status.STARTING and began is not None:
            step = started(job, began, self._now, spec)
            self._steps.append(step)
            job = step.after
        if seen.phase is Phase.RUNNING:
            return
        if seen.phase is Phase.LOST:
            step, attempt = lost(job, spec, self._now)
        else:
            step, attempt = ended(
                job,
                spec,
                self._now,
                stopped_at=seen.stopped_at or self._now,
                exit_code=seen.exit_code,
                reason=seen.reason,
                peak_memory_bytes=seen.usage.peak_memory_bytes if seen.usage else 0,
                cpu_s=seen.usage.cpu_s if seen.usage else 0.0,
            )
        self._steps.append(step)
        if attempt is not None:
            self._attempts.append((job.pk, attempt))

    def _requests(self) -> None:
        """Stop what somebody wants ended (4.41); a cancel that came too late has no effect on what runs."""
        requested = self._tx.waiting.requested(active=True, limit=_REQUESTS)
        gone = {step.before.pk for step in self._steps if not step.after.status.active}
        jobs = [job for job in requested if job.pk not in gone]
        self.stops += [job.key for job in jobs if _must_stop(job)]
        self._tx.jobs.seen(job.pk for job in jobs)
