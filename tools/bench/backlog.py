"""A million waiting jobs, which rate, memory, restart and queries must not notice; and an idle server."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tools.bench.report import Row, median, percentile
from tools.bench.yards import BenchYard, Client

_SETTINGS = {"PROVIDERS__LOCAL__VCPUS": "64", "PROVIDERS__LOCAL__MEMORY_MIB": "64000", "LIMITS__ARRAY_SIZE": "1000000"}
_WINDOW_S = 4.0
_ROUNDS = 3
_FEW = 40_000  # what the windows use up, so that few are left at the end


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
    before = await dispatched(client, job)
    while await dispatched(client, job) <= before:
        await asyncio.sleep(0.005)
    first, began = await dispatched(client, job), time.perf_counter()
    await asyncio.sleep(_WINDOW_S)
    last, taken = await dispatched(client, job), time.perf_counter() - began
    await environment(client, "DISABLED")
    await asyncio.sleep(0.5)
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


async def rates(few: BenchYard, few_job: str, many: BenchYard, many_job: str) -> tuple[float, float]:
    """Dispatch rates of a yard with few jobs waiting and of one with many, measured in turn; medians."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for rates_of, yard, job in ((found[0], few, few_job), (found[1], many, many_job)):
            async with yard.client() as client:
                rates_of.append(await dispatch_rate(client, job))
    return median(found[0]), median(found[1])


async def measure(folder: Path, quick: bool) -> list[Row]:
    """Everything with a million waiting (a hundred thousand when quick)."""
    waiting = 100_000 if quick else 1_000_000
    few, many = BenchYard(folder / "few", _SETTINGS), BenchYard(folder / "many", _SETTINGS)
    try:
        async with few.client() as client:
            await client.register("true", ["/bin/true"])
            few_job, _, _ = await backlog(client, _FEW)
        async with many.client() as client:
            await client.register("true", ["/bin/true"])
            job, api, made = await backlog(client, waiting)
            memory = many.rss_mib()
            describe_ms, list_ms = await queries(client, job, waiting)
        few_rate, many_rate = await rates(few, few_job, many, job)
        memory = max(memory, many.rss_mib())
        restart = await first_dispatch(many, job)
        idle_percent = await idle(few)
    finally:
        few.stop()
        many.stop()
    return [
        Row(f"array of {waiting:,} accepted / all children made", f"{api * 1000:.0f} ms / {made:.1f} s", "< 1 s API"),
        Row(
            f"dispatch rate with {waiting:,} waiting against {_FEW:,} at most",
            f"{many_rate:,.0f} /s against {few_rate:,.0f} /s ({many_rate / few_rate:.2f})",
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
