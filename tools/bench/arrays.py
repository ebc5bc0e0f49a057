"""An array of short processes through the whole yard, against `xargs` starting as many in the same minutes."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tools.bench.report import Row, median
from tools.bench.yards import BenchYard

_JOBS = 10_000


def xargs(jobs: int) -> float:
    """Seconds that `xargs -P2 -n1 /bin/true` takes over as many lines."""
    lines = "\n".join(map(str, range(jobs))).encode()
    began = time.perf_counter()
    subprocess.run(["xargs", "-P2", "-n1", "/bin/true"], input=lines, check=True)
    return time.perf_counter() - began


async def array(folder: Path, jobs: int, cgroups: str) -> float:
    """Seconds from SubmitJob to all SUCCEEDED, on a host declared with 64 vCPUs."""
    settings = {"PROVIDERS__LOCAL__VCPUS": "64", "PROVIDERS__LOCAL__MEMORY_MIB": "64000", "PROCESS__CGROUPS": cgroups}
    yard = BenchYard(folder, settings)
    try:
        async with yard.client() as client:
            await client.register("true", ["/bin/true"])
            await client.wait(await client.submit("true"))
            began = time.perf_counter()
            job = await client.wait(await client.submit("true", jobs), pause_s=0.05)
            taken = time.perf_counter() - began
        summary = job["arrayProperties"]["statusSummary"]
        assert summary["SUCCEEDED"] == jobs, summary
        return taken
    finally:
        yard.stop()


async def measure(folder: Path, quick: bool) -> list[Row]:
    """Rounds of xargs, without and with control groups in turn; the ratios of the medians."""
    jobs, rounds = (_JOBS // 10, 1) if quick else (_JOBS, 3)
    peers: list[float] = []
    without: list[float] = []
    within: list[float] = []
    for number in range(rounds):
        peers.append(xargs(jobs))
        without.append(await array(folder / f"off{number}", jobs, "off"))
        within.append(await array(folder / f"auto{number}", jobs, "auto"))
    peer = median(peers)
    return [
        Row(f"{jobs:,} × /bin/true by xargs -P2", f"{peer:.2f} s", ""),
        Row(
            f"array of {jobs:,} × /bin/true, no control groups",
            f"{median(without):.2f} s, {median(without) / peer:.2f} × xargs",
            "≤ 1.3 × xargs",
        ),
        Row(
            f"array of {jobs:,} × /bin/true, a control group each",
            f"{median(within):.2f} s, {median(within) / peer:.2f} × xargs",
            "≤ 2.2 × xargs",
        ),
    ]
