"""Faults as the caller reads them: of a body that cannot be decoded, and of a handler that raised (1.10 - 1.18)."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

import msgspec

from batchyard.api.errors import SERIALIZATION, WireError
from batchyard.domain.errors import BatchyardError, Invalid

Codes = Mapping[type[Exception], str]
"""The wire's type for each kind of error, looked up along its classes; `Exception` stands for our own faults."""

_FAULT = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_log = logging.getLogger(__name__)


def of_body(error: Exception) -> Exception:
    """What to raise for a body that a decoder refused: Invalid names the member; not JSON is a WireError (1.16)."""
    if isinstance(error, msgspec.ValidationError):
        return _of_member(str(error))
    if isinstance(error, RecursionError):
        return WireError(SERIALIZATION, "The body is nested too deeply")
    return WireError(SERIALIZATION, f"The body is not JSON in UTF-8: {error}")


def _of_member(text: str) -> Exception:
    found = _FAULT.fullmatch(text)
    what, path = (found["what"], found["path"] or "") if found else (text, "")
    missing = _MISSING.fullmatch(what)
    if missing is not None:
        return Invalid(f"'{path}.{missing[1]}' is a required field" if path else f"'{missing[1]}' is a required field")
    if not path:
        return WireError(SERIALIZATION, f"The body must be a JSON object: {_plain(what)}")
    if what.endswith("got `null`") and not path.endswith("]"):
        return Invalid(f"'{path}' is a required field")  # null is the same as left out (1.08)
    return Invalid(f"Invalid value for member {path}: {_plain(what)}")


def _plain(what: str) -> str:
    """msgspec's words without their type syntax: "Expected `int | null`, got `str`" → "expected int, got str"."""
    plain = what.replace(" | null", "").replace("`", "")
    return plain[:1].lower() + plain[1:]


def of_handler(error: Exception, codes: Codes, request_id: str) -> WireError:
    """The wire form of what was raised while answering. Anything unforeseen is logged and told only by the id."""
    if isinstance(error, WireError):
        return error
    code = next(codes[kind] for kind in type(error).__mro__ if kind in codes)
    if isinstance(error, BatchyardError):
        return WireError(code, str(error))
    _log.error("request %s failed", request_id, exc_info=error)
    return WireError(code, f"Error executing request, RequestId: {request_id}; the server's log says more", 500)
