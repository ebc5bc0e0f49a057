"""An asyncio event loop on virtual time: when nothing is ready, time jumps to the next timer.

What runs on it is deterministic: one thread, callbacks in the order in which they became due, no sockets, no executors.
A program that could only go on by real time passing, by a thread or by a socket is told so at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

# Well above a float's own step at any time that a world can reach: else a timer would never be due.
_RESOLUTION_S = 1e-6
_NAMED = 8


class Deadlock(RuntimeError):
    """Nothing is ready and no timer is set: on this loop nothing can ever happen again."""


class NotVirtual(RuntimeError):
    """Something that needs real time or another thread was asked for."""


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop. Its `time()` begins at 0 and moves only by timers."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = self
        self._clock_resolution = _RESOLUTION_S

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now

    def select(self, timeout: float | None) -> list[object]:
        """What the base class calls when it would sleep for `timeout` seconds. Raises Deadlock for None."""
        if timeout is None:
            names = sorted(task.get_name() for task in asyncio.all_tasks(self))
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            waiting = ", ".join(names[:_NAMED]) + more
            raise Deadlock(f"nothing is ready and no timer is set at {self._now:.3f} s; waiting: {waiting or 'nobody'}")
        self._now += timeout
        return []

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> NoReturn:
        """There are no threads. Raises NotVirtual."""
        raise NotVirtual("on virtual time there are no threads: run_in_executor and to_thread cannot be used")

    def _process_events(self, event_list: list[object]) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """Nobody sleeps, so nobody needs to be woken."""


class VirtualClock:
    """The wall clock of a virtual world: `start` (UTC seconds) and what the loop's time says since."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: float) -> None:
        self._loop = loop
        self._start = start

    def now(self) -> float:
        """UTC seconds since 1970."""
        return self._start + self._loop.time()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a new virtual loop to its end; like `asyncio.run`, it cancels what is left. Raises Deadlock."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
