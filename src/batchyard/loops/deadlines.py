"""Asks for the end of attempts whose time is up (BEHAVIOUR 5.4). The execution loop does the stopping."""

from __future__ import annotations

from batchyard.domain.jobs import Request
from batchyard.domain.outcomes import TIMED_OUT
from batchyard.loops.base import AGAIN, Parts
from batchyard.store.base import Tx

_LIMIT = 1000


class Deadlines:
    """The deadlines loop's turns."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._clock = parts.clock

    async def turn(self) -> float | None:
        """Ask for the end of those overdue; sleep until the next is."""
        next_deadline = await self._store.read(lambda tx: tx.waiting.next_deadline())
        if next_deadline is None:
            return None
        left = next_deadline - self._clock.now()
        if left > 0:
            return left
        await self._store.write(self._ask)
        return AGAIN

    def _ask(self, tx: Tx) -> None:
        overdue = tx.waiting.overdue(self._clock.now(), _LIMIT)
        tx.jobs.ask([job.pk for job in overdue], Request.TIMEOUT, TIMED_OUT)
        tx.wake("execution")
