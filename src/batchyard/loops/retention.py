"""Forgets what is older than the settings keep: finished jobs, deregistered definitions, expired logs (3.70, 2.03)."""

from __future__ import annotations

import math

from batchyard.config import seconds
from batchyard.loops.base import AGAIN, Parts
from batchyard.loops.log_retention import expire

_EVERY_S = 60.0
_CHUNK = 1000


class Retention:
    """The retention loop's turns."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._jobs_s = seconds(parts.settings.jobs.retention)
        self._definitions_s = seconds(parts.settings.jobs.definition_retention)

    async def turn(self) -> float | None:
        """One chunk of what has expired."""
        now, more = self._parts.clock.now(), False
        if self._jobs_s < math.inf:
            before = now - self._jobs_s
            more = await self._parts.store.write(lambda tx: tx.jobs.purge(before, _CHUNK)) > 0
        if self._definitions_s < math.inf:
            until = now - self._definitions_s
            await self._parts.store.write(lambda tx: tx.definitions.purge(until))
        await expire(self._parts.store, self._parts.logs, now)
        return AGAIN if more else _EVERY_S
