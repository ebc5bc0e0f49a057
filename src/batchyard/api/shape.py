"""What the generated shapes are made of: their base, AWS's number types, and an operation's entry in its table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import msgspec

Integer = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
"""The model's `integer`: 32 bits, as AWS's own services have it."""
Long = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""The model's `long`: 64 bits; also the type of timestamps, which are milliseconds (1.09)."""

_NO_EVENTS: Mapping[str, type[Shape]] = MappingProxyType({})


class Shape(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base of every shape. A member that is None is left out of the answer; `[]`, `{}`, `False` and 0 are kept (1.08)."""


class Empty(Shape, kw_only=True):
    """The input or output of an operation that has none."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of a service.

    `path` has `{member}` where a request member stands in the path; `query` names the members that are query parameters.
    `errors` are the error types of the model. `events` is empty except for an operation that answers an event stream:
    there it maps the event's name to its shape.
    """

    name: str
    method: str
    path: str
    request_type: type[Shape]
    response_type: type[Shape]
    query: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    events: Mapping[str, type[Shape]] = _NO_EVENTS
