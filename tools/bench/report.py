"""Rows of the benchmark's table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """What was measured, the figure, and what was asked for."""

    what: str
    figure: str
    target: str


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [f"| {row.what} | {row.figure} | {row.target} |" for row in rows]
    return "\n".join(["| what | figure | target |", "|---|---|---|", *lines])
