"""Small questions that many members of a request are asked; each names the member in its refusal."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from batchyard.domain.errors import Invalid

T = TypeVar("T")


def required(value: T | None, member: str) -> T:
    """`value`, which must be there and not be empty text."""
    if value is None or value == "":
        raise Invalid(f"{member} is required.")
    return value


def one_of(value: str | None, allowed: Collection[str], member: str) -> None:
    """`value`, if given, must be one of `allowed`."""
    if value is not None and value not in allowed:
        raise Invalid(f"{member} must be one of {', '.join(allowed)}, got {value}.")


def within(value: int | None, low: int, high: int, member: str) -> None:
    """`value`, if given, must lie between `low` and `high`, both included."""
    if value is not None and not low <= value <= high:
        raise Invalid(f"{member} must be between {low} and {high}, got {value}.")


def at_least(value: int | None, low: int, member: str) -> None:
    """`value`, if given, must not be less than `low`."""
    if value is not None and value < low:
        raise Invalid(f"{member} must be at least {low}, got {value}.")


def not_longer(items: Collection[object] | None, limit: int, member: str) -> None:
    """`items`, if given, must not be more than `limit`."""
    if items is not None and len(items) > limit:
        raise Invalid(f"{member} can have at most {limit} entries, got {len(items)}.")
