"""Array parents: summarised, never counted. What the totals of its children make of a parent (BEHAVIOUR 4.3)."""

from __future__ import annotations

import msgspec

from batchyard.domain.states import Event, Status

CHILD_FAILED = "Array Child Job failed"


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """What an array parent has beyond a job: its size, how many children exist already, and their totals by status."""

    size: int
    made: int
    totals: tuple[int, ...]
    updated_at: float

    @property
    def ended(self) -> bool:
        """Whether every child is final."""
        return self.made == self.size and sum(self.totals[Status.SUCCEEDED :]) == self.size

    @property
    def outcome(self) -> Event | None:
        """The event that ends the parent, None while a child is not final (4.22)."""
        if not self.ended:
            return None
        return Event.CHILDREN_FAILED if self.totals[Status.FAILED] else Event.CHILDREN_SUCCEEDED

    def summary(self, waiting: Status) -> dict[str, int]:
        """`statusSummary`: all seven keys, adding up to the size; children not made yet count as `waiting` (4.21)."""
        counts = dict(zip((status.name for status in Status), self.totals, strict=True))
        counts[waiting.name] += self.size - self.made
        return counts
