"""SubmitJob: how many a second are durable and answered, and how soon one of them runs on an idle server."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tools.bench.report import Row, median, percentile
from tools.bench.yards import BenchYard

_CONNECTIONS = 32


async def rate(folder: Path, jobs: int) -> float:
    """Signed, durable SubmitJobs a second over 32 keep-alive connections, the client on the same cores."""
    # The jobs never fit, so that what is measured is submission and not execution.
    yard = BenchYard(folder, {"PROVIDERS__LOCAL__VCPUS": "1"})
    try:
        async with yard.client() as client:
            await client.register("big", ["/bin/true"], vcpus=64)

        async def some(count: int) -> None:
            async with yard.client() as client:
                for _ in range(count):
                    await client.submit("big")

        await some(100)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(_CONNECTIONS):
                group.create_task(some(jobs // _CONNECTIONS))
        return jobs / (time.perf_counter() - began)
    finally:
        yard.stop()


async def latency(folder: Path, jobs: int) -> list[float]:
    """Seconds from sending SubmitJob to the attempt's start as the server saw it, one job at a time."""
    yard = BenchYard(folder, {})
    taken: list[float] = []
    try:
        async with yard.client() as client:
            await client.register("true", ["/bin/true"])
            for _ in range(jobs):
                await asyncio.sleep(0.02)
                began = time.time()
                job = await client.wait(await client.submit("true"), pause_s=0.005)
                taken.append(job["startedAt"] / 1000 - began)
    finally:
        yard.stop()
    return taken


async def measure(folder: Path, quick: bool) -> list[Row]:
    """Medians of three rounds, and percentiles of single submissions."""
    rates = [await rate(folder / f"rate{number}", 2000 if quick else 10_000) for number in range(1 if quick else 3)]
    times = await latency(folder / "latency", 50 if quick else 500)
    return [
        Row("durable, signed SubmitJob over 32 connections", f"{median(rates):,.0f} /s", "≥ 2,000 /s"),
        Row(
            "submit to RUNNING on an idle server",
            f"p50 {median(times) * 1000:.1f} ms, p99 {percentile(times, 0.99) * 1000:.1f} ms",
            "p50 ≤ 12 ms, p99 ≤ 40 ms",
        ),
    ]
