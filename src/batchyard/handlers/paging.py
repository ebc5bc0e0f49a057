"""Pages of lists: sizes, and tokens that are opaque to the caller and checked when they come back (BEHAVIOUR 1.25-1.27).

A token carries the operation and where the page ended, so that what is added or removed meanwhile moves nothing else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from batchyard.domain.checks import not_longer
from batchyard.domain.errors import Invalid
from batchyard.kit.ids import digest

T = TypeVar("T")

_CHECK = 8


def page_size(max_results: int | None, most: int = 100) -> int:
    """How many entries a page may have: `most` unless fewer are asked for (1.26). Raises Invalid."""
    if max_results is None:
        return most
    if not 1 <= max_results <= most:
        raise Invalid(f"maxResults must be between 1 and {most}, got {max_results}.")
    return max_results


def token(operation: str, after: str) -> str:
    """The `nextToken` of a page of `operation` that ended at `after`."""
    text = digest(f"{operation}\n{after}", _CHECK) + after
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position(operation: str, next_token: str | None) -> str | None:
    """Where the page before ended; None for a first page, `""` included (CLIENTS 4). Raises Invalid when malformed."""
    if not next_token:
        return None
    try:
        padded = next_token.encode("ascii") + b"=" * (-len(next_token) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        text = ""
    after = text[_CHECK:]
    if text[:_CHECK] != digest(f"{operation}\n{after}", _CHECK):
        raise Invalid(f"nextToken is not one that {operation} gave.")
    return after


def page(
    items: Sequence[T], operation: str, max_results: int | None, next_token: str | None, name: Callable[[T], str]
) -> tuple[list[T], str | None]:
    """One page of `items`, which are in order of `name`, and the token of the next one, if any."""
    size, after = page_size(max_results), position(operation, next_token)
    rest = [item for item in items if after is None or name(item) > after]
    return rest[:size], token(operation, name(rest[size - 1])) if len(rest) > size else None


def chosen(items: Iterable[T], member: str, names: Sequence[str] | None, name_of: Callable[[str], str | None],
           name: Callable[[T], str]) -> list[T]:  # fmt: skip
    """Those of `items` that `names` names, up to 100; all without `names`; what does not exist is left out (1.30)."""
    not_longer(names, 100, member)
    wanted = {name_of(each) for each in names or ()}
    return [item for item in items if not names or name(item) in wanted]
