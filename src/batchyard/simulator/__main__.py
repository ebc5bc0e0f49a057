"""`python -m batchyard.simulator --seeds 1000`: world after world; each failing seed is one line to paste."""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

from batchyard.simulator.seeds import run_seed


def main() -> int:
    """Run the seeds asked for; 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m batchyard.simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first one")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first that fails")
    parser.add_argument("--verbose", action="store_true", help="tell of each")
    asked = parser.parse_args()
    began, failed, jobs = perf_counter(), 0, 0
    for seed in range(asked.first, asked.first + asked.seeds):
        result = run_seed(seed)
        jobs += result.jobs
        if asked.verbose:
            sys.stdout.write(f"{result}\n")
        if result.breaches:
            failed += 1
            sys.stdout.write(f"python -m batchyard.simulator --first {seed} --seeds 1  # {result.breaches[0]}\n")
            sys.stdout.flush()
            if not asked.keep_going:
                break
    took_s = perf_counter() - began
    sys.stdout.write(f"{failed} failed; {jobs} jobs in {took_s:.1f} s\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
