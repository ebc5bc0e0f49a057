"""Time as an argument: the only place that reads the wall clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where a yard gets its time from."""

    def now(self) -> float:
        """UTC seconds since 1970."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """UTC seconds since 1970."""
        return time.time()


def ms(seconds: float) -> int:
    """Seconds as the whole milliseconds that the wire carries (BEHAVIOUR 1.09)."""
    return round(seconds * 1000)
