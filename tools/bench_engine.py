"""How many attempts per second the process engine starts, sees end and forgets; next to `xargs`.

python tools/bench_engine.py [--jobs 10000] [--slots 64] [--cgroups auto|off] [--folder DIR] [--no-xargs]
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from batchyard.config import Process
from batchyard.engines.base import Launch, Observed, Phase
from batchyard.engines.process.engine import ProcessEngine


async def run(jobs: int, slots: int, cgroups: str, folder: Path) -> float:
    """Seconds for `jobs` times /bin/true with `slots` in flight."""
    engine = ProcessEngine(folder / "engine", Process(cgroups=cgroups), 1 << 30)  # type: ignore[arg-type]
    logs = folder / "logs"
    ended: list[str] = []
    awake = asyncio.Event()

    def wakeup(news: Sequence[Observed]) -> None:
        for seen in news:
            if seen.phase is Phase.ENDED:
                assert seen.exit_code == 0, seen
                ended.append(seen.key)
        awake.set()

    await engine.open(wakeup)
    begun = time.perf_counter()
    started = done = 0
    env = {f"NAME_{number}": "a value of usual length" for number in range(12)}
    while done < jobs:
        if ended:
            gone = ended.copy()
            ended.clear()
            done += len(gone)
            await engine.forget(gone)
        launches = [
            Launch(
                key=f"job-{number}.1", job_id=f"job-{number}", host="h", image="i", command=("/bin/true",), env=env,
                vcpus=1, memory_mib=64, log=logs / f"{number}.log",
            )
            for number in range(started, min(jobs, done + slots))
        ]  # fmt: skip
        started += len(launches)
        if launches:
            await engine.start(launches)
        if not ended and done < jobs:
            awake.clear()
            await awake.wait()
    took_s = time.perf_counter() - begun
    await engine.close()
    return took_s


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--cgroups", default="both", choices=["auto", "off", "both"])
    parser.add_argument("--folder", type=Path, help="where to make the data folder (default: the usual)")
    parser.add_argument("--no-xargs", action="store_true")
    options = parser.parse_args()
    # One folder for all runs: ext4 is slow in making files for half a minute after many were removed.
    with tempfile.TemporaryDirectory(prefix="batchyard-bench-", dir=options.folder) as folder:
        Path(folder).chmod(0o711)
        for cgroups in ["off", "auto"] if options.cgroups == "both" else [options.cgroups]:
            inner = Path(folder) / cgroups
            inner.mkdir(mode=0o711)
            (inner / "logs").mkdir()
            took_s = asyncio.run(run(options.jobs, options.slots, cgroups, inner))
            print(f"engine, cgroups {cgroups:4}: {options.jobs / took_s:7.0f} jobs/s  {took_s:6.2f} s")
    if not options.no_xargs:
        begun = time.perf_counter()
        subprocess.run(f"seq {options.jobs} | xargs -P2 -n1 /bin/true", shell=True, check=True)
        took_s = time.perf_counter() - begun
        print(f"xargs -P2 -n1       : {options.jobs / took_s:7.0f} jobs/s  {took_s:6.2f} s")


if __name__ == "__main__":
    main()
