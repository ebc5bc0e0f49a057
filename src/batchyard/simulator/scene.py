"""What must hold in every world, after every commit, at every change of an attempt, from time to time, and at the end.

    Replay       (witness.py) the events give the rows; a final status stays; totals and parents are what they count
    Order        FIFO within a queue and priority between queues, exactly as far as 9.01 and 9.11 promise them
    Room         no host and no environment holds more than it has, by the rows
    Waits        nothing becomes RUNNABLE before what it waits for SUCCEEDED (3.51-3.53)
    Requests     what was asked to end is neither placed nor tried again (4.42, 5.03)
    Outcomes     a job's end is what its attempts say; every attempt is accounted for, none beyond those allowed (5.01)
    Attempts     by the engine's own view: no host full beyond its size, one live attempt per job, one start per key
    Progress     what can go on goes on within `PATIENCE_S` of virtual time

Each is a class with any of the hooks `read`, `commit`, `tick` and `final`; a fault is a text given to `breach`.
"""

from __future__ import annotations

from batchyard.kit.clock import Clock
from batchyard.simulator.capacity import SimulatedCapacity
from batchyard.simulator.checker import Checker
from batchyard.simulator.checkers import Attempts, Outcomes, Progress, Requests, Waits
from batchyard.simulator.engine import SimulatedEngine
from batchyard.simulator.ordering import Order, Room
from batchyard.simulator.witness import Witness
from batchyard.store.base import Tx

CHECKERS: tuple[type[Checker], ...] = (Order, Room, Waits, Requests, Outcomes, Attempts, Progress)
"""Every checker beside the witness's own comparison."""


class Scene:
    """Everything there is to watch, and the checkers that watch it."""

    def __init__(
        self, clock: Clock, engine: SimulatedEngine, capacity: SimulatedCapacity, *, checked: bool = True
    ) -> None:
        self.clock = clock
        self.engine = engine
        self.capacity = capacity
        self.witness = Witness()
        self.checkers: list[Checker] = [each(self) for each in CHECKERS] if checked else []

    @property
    def breaches(self) -> list[str]:
        """What was seen that must not be, in order."""
        return self.witness.breaches

    def breach(self, text: str) -> None:
        """Write down what must not be, and when it was seen."""
        self.witness.breach(f"at {self.clock.now():.3f}: {text}")

    def read(self, tx: Tx, task: str) -> None:
        """A task is about to read this state."""
        for each in self.checkers:
            each.read(tx, task)

    def commit(self, tx: Tx, task: str) -> None:
        """A task has committed."""
        news = self.witness.look(tx, self.clock.now())
        for each in self.checkers:
            each.commit(tx, news, task)

    def tick(self, tx: Tx) -> None:
        """Some time has passed."""
        for each in self.checkers:
            each.tick(tx)

    def final(self, tx: Tx) -> None:
        """Everything has come to its end."""
        self.witness.compare_all(tx)
        for each in self.checkers:
            each.final(tx)
