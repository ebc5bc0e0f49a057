"""Named worlds as data: what callers do, what goes wrong, and what must hold at the end beside what always must."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from batchyard.simulator import engine as engines
from batchyard.simulator import store as stores
from batchyard.simulator.seeds import Result, Setting, run_seed
from batchyard.simulator.workload import Workload
from batchyard.simulator.world import Faults

SUBMITS = {"single": 3, "array": 3, "dependant": 3, "sequential": 1, "n_to_n": 2}
FINE = {"ok": 1.0}


NONE = Faults()


@dataclass(frozen=True)
class Scenario:
    holds: Callable[[Result], bool]
    workload: dict[str, Any] = field(default_factory=dict)
    faults: Faults = NONE


def all_succeed(result: Result) -> bool:
    """Nobody asked for an end and every program exits with 0: no fault may make a job fail."""
    return set(result.statuses) == {"SUCCEEDED"}


def once_each(result: Result) -> bool:
    return all_succeed(result) and result.attempts == sum(result.statuses.values())


CALM = {"actions_by": SUBMITS, "jobs_by": FINE, "too_large": 0.0, "patience_s": 1e5}
SLOW = stores.Faults(delay_s=0.2)

SCENARIOS = {
    "a quiet day": Scenario(once_each, CALM),
    "a slow store": Scenario(once_each, CALM, Faults(store=SLOW, engine=engines.Faults(delay_s=0.5))),
    # Attempts outlive the server: a crash costs none of them.
    "a server killed every few seconds": Scenario(
        lambda r: once_each(r) and r.crashes > 5, CALM, Faults(store=SLOW, crash_every_s=3)
    ),
    "no ring ever arrives": Scenario(once_each, CALM, Faults(engine=engines.Faults(lost_rings=1.0))),
    "a disk that is often full": Scenario(
        once_each, CALM, Faults(store=stores.Faults(delay_s=0.01, failing_writes=0.1))
    ),
    "an engine that often does not answer": Scenario(
        once_each, CALM, Faults(store=SLOW, engine=engines.Faults(delay_s=0.1, failing_calls=0.1), crash_every_s=30)
    ),
    # A retried submission whose first answer was lost is a second job; each runs once.
    "answers that get lost": Scenario(once_each, CALM, Faults(store=SLOW, lost_answers=0.3)),
    # Before the start a lost host costs nothing; later it costs an attempt, and one attempt is all these have (5.20).
    "hosts that come and go": Scenario(
        lambda r: r.attempts > r.statuses["SUCCEEDED"] > 0, CALM, Faults(store=SLOW, lose_host_every_s=10)
    ),
    "everyone ends what they began": Scenario(
        lambda r: r.statuses["FAILED"] > 0,
        {"actions_by": {**SUBMITS, "both": 6, "cancel": 6, "terminate": 6}, "pause_s": 0.05, "actions": 40},
        Faults(store=SLOW),
    ),
    "chains of arrays": Scenario(
        lambda r: r.statuses["FAILED"] > 0,
        {"actions_by": {"array": 2, "n_to_n": 6, "sequential": 3, "dependant": 4}, "jobs_by": {"ok": 9, "fails": 1}},
        Faults(store=SLOW, crash_every_s=20),
    ),
    "queues that are deleted with all that is in them": Scenario(
        lambda r: r.statuses["FAILED"] > 0, {"actions_by": {"single": 2, "delete_queue": 3}}, Faults(store=SLOW)
    ),
    "time limits": Scenario(
        lambda r: r.statuses["FAILED"] > 0,
        {"actions_by": SUBMITS, "jobs_by": {"endless": 1, "stubborn": 1, "polite": 1}, "patience_s": 2000.0},
        Faults(crash_every_s=40),
    ),
    "many jobs that never fit": Scenario(
        lambda r: r.statuses["FAILED"] > 0, {"actions_by": SUBMITS, "jobs_by": FINE, "too_large": 0.3}
    ),
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, seed: int):
    scenario = SCENARIOS[name]
    workload = Workload(**{"actions": 12, **scenario.workload})
    result = run_seed(seed, Setting(workload=workload, faults=scenario.faults))
    assert not result.breaches, result.breaches[0]
    assert scenario.holds(result), result
