"""Worlds of many seeds: whatever goes wrong in them, every job comes to the end that it should (DESIGN 9).

`BATCHYARD_SEEDS=1000` runs more of them, `BATCHYARD_FIRST_SEED` begins elsewhere. A failing seed is a line to paste.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from batchyard.loops import admission, deadlines, dependants, execution, expansion, requests
from batchyard.simulator.seeds import run_seed

FIRST = int(os.environ.get("BATCHYARD_FIRST_SEED", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("BATCHYARD_SEEDS", "20")))


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_that_must_not_be_is_seen(seed: int):
    result = run_seed(seed)
    paste = f"python -m batchyard.simulator --first {seed} --seeds 1"
    assert not result.breaches, f"{paste}  # {result.breaches[0]}"
    assert result.jobs and result.commits


CHUNKS = [
    (admission, "_NEW", 3),
    (admission, "_ENDINGS", 4),
    (dependants, "_CHAIN", 2),
    (deadlines, "_LIMIT", 1),
    (execution, "_REQUESTS", 2),
    (expansion, "_ARRAYS", 2),
    (expansion, "_CHUNK", 5),
    (requests, "_CHUNK", 4),
]
"""How much a turn takes on at most: a few instead of thousands, so that work is cut everywhere."""


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_nor_when_every_turn_does_only_a_little(seed: int, monkeypatch: pytest.MonkeyPatch):
    for module, name, few in CHUNKS:
        assert isinstance(getattr(module, name), int)
        monkeypatch.setattr(module, name, few)
    result = run_seed(seed)
    assert not result.breaches, f"seed {seed}: {result.breaches[0]}"


def test_a_seed_is_the_same_world_in_every_process():
    # Another hash seed would give sets of texts another order.
    command = [sys.executable, "-m", "batchyard.simulator", "--first", "4", "--seeds", "2", "--verbose"]
    runs = [
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": hashes}, check=True, capture_output=True, text=True
        )
        for hashes in ("1", "2")
    ]
    told = [[line for line in run.stdout.splitlines() if line.startswith("Result")] for run in runs]
    assert told[0] == told[1] and len(told[0]) == 2
