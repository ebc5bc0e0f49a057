"""A million waiting jobs, which rate, memory, restart and queries must not notice; and an idle server."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tools.bench.report import Row, percentile
from tools.bench.yards import BenchYard, Client

_SETTINGS = {"PROVIDERS__LOCAL__VCPUS": "64", "PROVIDERS__LOCAL__MEMORY_MIB": "64000", "LIMITS__ARRAY_SIZE": "1000000"}
_WINDOW_S = 8.0


async def backlog(client: Client, waiting: int) -> tuple[str, float, float]:
    """Submit a disabled-environment array of this size and wait until all its children exist: (id, API s, all s)."""
    await environment(client, "DISABLED")
    began = time.perf_counter()
    job = await client.submit("true", waiting)
    api = time.perf_counter() - began
    while (await client.describe(job))[0]["arrayProperties"]["statusSummary"]["RUNNABLE"] < waiting:
        await asyncio.sleep(0.2)
    return job, api, time.perf_counter() - began


async def environment(client: Client, state: str) -> None:
    """Enable or disable the environment."""
    await client.call("updatecomputeenvironment", {"computeEnvironment": "local", "state": state})


async def dispatched(client: Client, job: str) -> int:
    """How many of the children have ended."""
    return (await client.describe(job))[0]["arrayProperties"]["statusSummary"]["SUCCEEDED"]


async def dispatch_rate(client: Client, job: str) -> float:
    """Children ended a second over a window, the environment enabled for as long."""
    await environment(client, "ENABLED")
    while await dispatched(client, job) == 0:
        await asyncio.sleep(0.005)
    first, began = await dispatched(client, job), time.perf_counter()
    await asyncio.sleep(_WINDOW_S)
    last, taken = await dispatched(client, job), time.perf_counter() - began
    await environment(client, "DISABLED")
    return (last - first) / taken


async def queries(client: Client, job: str, waiting: int) -> tuple[float, float]:
    """p99 in ms of DescribeJobs with 100 ids and of the first page of ListJobs."""
    describes: list[float] = []
    lists: list[float] = []
    for number in range(200):
        ids = [f"{job}:{(number * 7919 + n * 9973) % waiting}" for n in range(100)]
        began = time.perf_counter()
        await client.describe(*ids)
        describes.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        await client.call("listjobs", {"arrayJobId": job, "jobStatus": "RUNNABLE", "maxResults": 100})
        lists.append((time.perf_counter() - began) * 1000)
    return percentile(describes, 0.99), percentile(lists, 0.99)


async def first_dispatch(yard: BenchYard, job: str) -> float:
    """Seconds from the start of a new server to its first child ended, the environment enabled before."""
    async with yard.client() as client:
        await environment(client, "ENABLED")
        before = await dispatched(client, job)
    yard.process.kill()
    yard.process.wait()
    began = time.perf_counter()
    yard.start()
    async with yard.client() as client:
        before = max(before, await dispatched(client, job))
        while await dispatched(client, job) <= before:
            await asyncio.sleep(0.01)
        taken = time.perf_counter() - began
        await environment(client, "DISABLED")
    return taken


async def idle(yard: BenchYard) -> float:
    """Share of one core in percent that an idle server uses."""
    await asyncio.sleep(2)
    before, began = yard.cpu_s(), time.perf_counter()
    await asyncio.sleep(10)
    return (yard.cpu_s() - before) / (time.perf_counter() - began) * 100


async def small(folder: Path) -> tuple[float, float]:
    """Dispatch rate with some thousand waiting (enough for the window), and what an idle server costs."""
    yard = BenchYard(folder, _SETTINGS)
    try:
        async with yard.client() as client:
            await client.register("true", ["/bin/true"])
            job, _, _ = await backlog(client, 40_000)
            rate = await dispatch_rate(client, job)
            await client.call("terminatejob", {"jobId": job, "reason": "bench"})
            await client.wait(job, 0.2)
            return rate, await idle(yard)
    finally:
        yard.stop()


async def measure(folder: Path, quick: bool) -> list[Row]:
    """Everything with a million waiting (a hundred thousand when quick)."""
    waiting = 100_000 if quick else 1_000_000
    few, idle_percent = await small(folder / "few")
    yard = BenchYard(folder / "many", _SETTINGS)
    try:
        async with yard.client() as client:
            await client.register("true", ["/bin/true"])
            job, api, made = await backlog(client, waiting)
            memory = yard.rss_mib()
            describe_ms, list_ms = await queries(client, job, waiting)
            many = await dispatch_rate(client, job)
            memory = max(memory, yard.rss_mib())
        restart = await first_dispatch(yard, job)
    finally:
        yard.stop()
    return [
        Row(f"array of {waiting:,} accepted / all children made", f"{api * 1000:.0f} ms / {made:.1f} s", "< 1 s API"),
        Row(
            f"dispatch rate with {waiting:,} waiting against few waiting",
            f"{many:,.0f} /s against {few:,.0f} /s ({many / few:.2f})",
            "≥ 0.9",
        ),
        Row(f"memory of the server with {waiting:,} waiting", f"{memory:.0f} MiB", "≤ 400 MiB"),
        Row(f"restart with {waiting:,} waiting to the first dispatch", f"{restart:.2f} s", "≤ 5 s"),
        Row(
            f"DescribeJobs of 100 ids / ListJobs first page, {waiting:,} in the store",
            f"p99 {describe_ms:.1f} ms / {list_ms:.1f} ms",
            "p99 ≤ 20 ms",
        ),
        Row("an idle server", f"{idle_percent:.2f} % of one core", "< 1 %"),
    ]
