"""Chance that can be repeated: the same seed gives the same world, on every machine."""

from __future__ import annotations

from random import Random as Chance

__all__ = ["Chance", "chance"]


def chance(*seed: object) -> Chance:
    """A source of chance of its own for these values: `chance(7, "engine", key)`."""
    return Chance("/".join(map(str, seed)))
