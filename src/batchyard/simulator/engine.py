"""An engine whose attempts are timers. What becomes of each was decided by chance before it began: its `Fate`.

It keeps the contract of `engines.base` and outlives the yard, like a supervisor outlives a killed server. Besides, its
`history` keeps every attempt for the checkers, whatever the yard has forgotten.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import msgspec

from batchyard.engines.base import Launch, Observed, Phase, Usage, Wakeup
from batchyard.kit.chance import Chance, chance
from batchyard.kit.clock import Clock

_SIGKILL, _SIGTERM = 137, 143
_MIB = 1 << 20


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an attempt that nobody stops.

    `duration_s` None: it never ends by itself. `fault`: it could not be started, and why. `stubborn`: only SIGKILL ends
    it. `stopped_code`: the exit code of one that ends on SIGTERM.
    """

    start_delay_s: float = 0.0
    duration_s: float | None = 1.0
    exit_code: int = 0
    reason: str | None = None
    fault: str | None = None
    stubborn: bool = False
    stopped_code: int = _SIGTERM


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """The longest that a verb or a ring takes, and the share of rings that are lost and of calls that fail."""

    delay_s: float = 0.0
    lost_rings: float = 0.0
    failing_calls: float = 0.0


class EngineDown(Exception):
    """The engine does not answer."""


class Attempt:
    """One attempt as the engine knows it. `asked_to_stop` is when the first SIGTERM was sent."""

    def __init__(self, launch: Launch, fate: Fate, at: float) -> None:
        self.launch = launch
        self.fate = fate
        self.written_at = self.changed_at = at
        self.seen = Observed(key=launch.key, phase=Phase.STARTING)
        self.asked_to_stop: float | None = None
        self.killed_at = math.inf
        self.timer: asyncio.TimerHandle | None = None

    @property
    def live(self) -> bool:
        """Whether it runs or is about to."""
        return self.seen.phase in {Phase.STARTING, Phase.RUNNING}


class SimulatedEngine:
    """The engine. `fates` says what becomes of a launch; `on_change` hears of every attempt that changed, at once."""

    def __init__(
        self,
        clock: Clock,
        fates: Callable[[Launch], Fate],
        *,
        seed: object = 0,
        faults: Faults | None = None,
    ) -> None:
        self.history: dict[str, Attempt] = {}
        self.live: dict[str, Attempt] = {}
        self.kept: dict[str, Attempt] = {}
        self.faults = faults or Faults()
        self.down_hosts: set[str] = set()
        self.on_change: Callable[[Attempt], None] = lambda _attempt: None
        self.on_breach: Callable[[str], None] = lambda _text: None
        self._clock = clock
        self._fates = fates
        self._chance: Chance = chance(seed, "engine")
        self._wakeup: Wakeup | None = None

    # -- the contract

    async def open(self, wakeup: Wakeup) -> None:
        """Remember whom to ring."""
        self._wakeup = wakeup

    async def close(self) -> None:
        """Let go: attempts go on, rings reach nobody."""
        self._wakeup = None

    async def start(self, launches: Sequence[Launch]) -> None:
        """Write each key down, then let its fate begin. Raises EngineDown, perhaps half-way."""
        await self._answer()
        stop_at = self._fails_at(len(launches))
        for number, launch in enumerate(launches):
            if number == stop_at:
                raise EngineDown(f"the engine went away after {number} of {len(launches)} launches")
            if launch.key not in self.kept:
                self._begin(launch)
            if self.faults.delay_s:
                await asyncio.sleep(0)
        await self._answer()

    async def observe(self, keys: Sequence[str]) -> Mapping[str, Observed]:
        """What is known of these keys."""
        await self._answer()
        seen = {key: self.kept[key].seen for key in keys if key in self.kept}
        await self._answer()
        return seen

    async def keys(self) -> Sequence[str]:
        """Every key not forgotten yet."""
        await self._answer()
        return list(self.kept)

    async def stop(self, keys: Sequence[str], grace: timedelta) -> None:
        """SIGTERM once, SIGKILL after `grace`; of two stops the earlier deadline counts."""
        await self._answer()
        for key in keys:
            attempt = self.kept.get(key)
            if attempt is not None and attempt.live:
                self._stop(attempt, grace.total_seconds())

    async def forget(self, keys: Sequence[str]) -> None:
        """Drop ended attempts. One that still lives is kept, and reported as a breach: who forgets it loses it."""
        await self._answer()
        for key in keys:
            attempt = self.kept.get(key)
            if attempt is not None and attempt.live:
                self.on_breach(f"the engine was told to forget {key}, which is {attempt.seen.phase}")
            else:
                self.kept.pop(key, None)

    # -- faults

    def lose(self, host: str | None = None) -> int:
        """The host, or every host, goes: its live attempts are LOST. How many there were."""
        lost = [each for each in self.live.values() if host is None or each.launch.host == host]
        for attempt in lost:
            self._change(attempt, Observed(key=attempt.launch.key, phase=Phase.LOST))
        return len(lost)

    # -- what happens to an attempt

    def _begin(self, launch: Launch) -> None:
        if launch.key in self.history:
            self.on_breach(f"{launch.key} was started a second time, after it had been forgotten")
        fate = self._fates(launch)
        attempt = Attempt(launch, fate, self._clock.now())
        self.kept[launch.key] = self.history[launch.key] = self.live[launch.key] = attempt
        if launch.host in self.down_hosts:
            self._change(attempt, Observed(key=launch.key, phase=Phase.LOST))
            return
        self.on_change(attempt)
        self._later(attempt, fate.start_delay_s, self._run, attempt)

    def _run(self, attempt: Attempt) -> None:
        fate, now, key = attempt.fate, self._clock.now(), attempt.launch.key
        if fate.fault is not None:
            self._change(attempt, Observed(key=key, phase=Phase.ENDED, stopped_at=now, reason=fate.fault))
            return
        self._change(attempt, Observed(key=key, phase=Phase.RUNNING, started_at=now))
        if fate.duration_s is not None:
            self._later(attempt, fate.duration_s, self._end, attempt, fate.exit_code)

    def _end(self, attempt: Attempt, exit_code: int) -> None:
        seen, now = attempt.seen, self._clock.now()
        by_itself = exit_code == attempt.fate.exit_code
        self._change(
            attempt,
            Observed(
                key=seen.key,
                phase=Phase.ENDED,
                started_at=now if seen.started_at is None else seen.started_at,
                stopped_at=now,
                exit_code=exit_code,
                reason=attempt.fate.reason if by_itself else None,
                usage=Usage(peak_memory_bytes=attempt.launch.memory_mib * _MIB // 2, cpu_s=1.0),
            ),
        )

    def _stop(self, attempt: Attempt, grace_s: float) -> None:
        now = self._clock.now()
        if attempt.asked_to_stop is None:
            attempt.asked_to_stop = now
            if not attempt.fate.stubborn:
                self._later(attempt, min(self._pause(), grace_s), self._end, attempt, attempt.fate.stopped_code)
        if attempt.fate.stubborn and now + grace_s < attempt.killed_at:
            attempt.killed_at = now + grace_s
            self._later(attempt, grace_s, self._end, attempt, _SIGKILL)

    def _change(self, attempt: Attempt, seen: Observed) -> None:
        attempt.seen, attempt.changed_at = seen, self._clock.now()
        if not attempt.live:
            self.live.pop(seen.key, None)
            if attempt.timer is not None:
                attempt.timer.cancel()
        self.on_change(attempt)
        if self._chance.random() >= self.faults.lost_rings:
            asyncio.get_running_loop().call_later(self._pause(), self._ring, seen)

    def _ring(self, seen: Observed) -> None:
        if self._wakeup is not None:
            self._wakeup([seen])

    # -- time and chance

    def _later(self, attempt: Attempt, delay_s: float, what: Callable[..., None], *arguments: object) -> None:
        if attempt.timer is not None:
            attempt.timer.cancel()
        attempt.timer = asyncio.get_running_loop().call_later(delay_s, what, *arguments)

    def _pause(self) -> float:
        return self._chance.random() * self.faults.delay_s

    async def _answer(self) -> None:
        if self.faults.delay_s:
            await asyncio.sleep(self._pause())
        if self._chance.random() < self.faults.failing_calls:
            raise EngineDown("the engine does not answer")

    def _fails_at(self, size: int) -> int:
        if self._chance.random() < self.faults.failing_calls:
            return self._chance.randrange(size)
        return -1
