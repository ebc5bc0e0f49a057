"""Pages of lists: sizes, and tokens that are opaque to the caller and checked when they come back (BEHAVIOUR 1.25).

A token carries the operation and where the page ended, so that what is added or removed meanwhile moves nothing else.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from batchyard.domain.checks import not_longer
from batchyard.domain.errors import Invalid
from batchyard.kit.digests import digest

_CHECK = 8


class Named(Protocol):
    """Something that is listed by its name."""

    @property
    def name(self) -> str: ...  # noqa: D102


class Paged(Protocol):
    """A request for a page."""

    maxResults: int | None  # noqa: N815
    nextToken: str | None  # noqa: N815


T = TypeVar("T")
N = TypeVar("N", bound=Named)


def page_size(max_results: int | None, most: int = 100) -> int:
    """How many entries a page may have: `most` unless fewer are asked for (1.26). Raises Invalid."""
    if max_results is None:
        return most
    if not 1 <= max_results <= most:
        raise Invalid(f"maxResults must be between 1 and {most}, got {max_results}.")
    return max_results


def encode_token(operation: str, position: Any) -> str:
    """The `nextToken` of a page of `operation` that ended at `position`: text, a number, or a tuple of such."""
    text = msgspec.json.encode(position).decode()
    return base64.urlsafe_b64encode(f"{_checksum(operation, text)}{text}".encode()).decode().rstrip("=")


def decode_token(operation: str, token: str | None, kind: type[T]) -> T | None:
    """Where the page before ended, as a `kind`; None for a first page, which `""` asks for too. Raises Invalid."""
    if not token:
        return None
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        if text[:_CHECK] == _checksum(operation, text[_CHECK:]):
            return msgspec.json.decode(text[_CHECK:], type=kind)
    except ValueError:
        pass
    raise Invalid(f"nextToken must be one that {operation} answered.")


def page(items: Sequence[N], operation: str, request: Paged) -> tuple[list[N], str | None]:
    """The page of `items`, in order of their names, that `request` asks for, and the next one's token if any."""
    size, after = page_size(request.maxResults), decode_token(operation, request.nextToken, str)
    rest = [item for item in items if after is None or item.name > after]
    return rest[:size], encode_token(operation, rest[size - 1].name) if len(rest) > size else None


def chosen(items: Sequence[N], names: Sequence[str] | None, member: str, read: Callable[[str], str | None]) -> list[N]:
    """Those of `items` that the member `names` lists, up to 100; all when it lists none.

    `read` makes a name of a name or ARN. What does not exist is left out (1.30).
    """
    if not names:
        return list(items)
    not_longer(names, 100, member)
    wanted = {read(each) for each in names}
    return [item for item in items if item.name in wanted]


def _checksum(operation: str, text: str) -> str:
    return digest(f"{operation}\n{text}", _CHECK)
