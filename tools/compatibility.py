"""Writes docs/reference/compatibility.md: every operation and every request member, and what becomes of it here.

`python -m tools.compatibility`. The verdicts are those of `batchyard.handlers.support`; the members those of the model.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from batchyard.api.shape import Operation
from batchyard.handlers.collect import SERVICES, collect
from batchyard.handlers.support import Support, Verdict, support

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "compatibility.md"

TITLES = {"batch": "AWS Batch", "logs": "CloudWatch Logs", "sts": "STS"}

HEAD = """\
# Compatibility

<!-- GENERATED from the code by tools/compatibility.py; do not edit. -->

What this version does with each operation of the API and with each member of its requests:

- **works**: does what AWS says it does;
- **accepted, no effect here**: valid, stored and shown where AWS shows it, and nothing more; the reason is given;
- **refused**: the call answers an error (HTTP 400; for Batch a `ClientException`) with the message given.

`[]` means each element of a list.
"""


def members(path: str, shape: Any, around: tuple[type, ...] = ()) -> Iterator[str]:
    """The paths of all members below a shape; a shape inside itself is listed once."""
    shape, suffix = _element(shape)
    if not (isinstance(shape, type) and issubclass(shape, msgspec.Struct)) or shape in around:
        return
    for field in msgspec.structs.fields(shape):
        member = f"{path}{suffix}.{field.encode_name}"
        yield member
        yield from members(member, field.type, (*around, shape))


def _element(shape: Any) -> tuple[Any, str]:
    """`list[Volume] | None` → Volume and `[]`; a map's values likewise, with `{}`."""
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is Annotated:
        return _element(arguments[0])
    if origin in (Union, types.UnionType):
        return _element(next(argument for argument in arguments if argument is not type(None)))
    if origin in (list, dict):
        inner, suffix = _element(arguments[-1])
        return inner, ("[]" if origin is list else "{}") + suffix
    return shape, ""


def paths(operation: Operation) -> Iterator[str]:
    """The operation and all its request members."""
    yield operation.name
    yield from members(operation.name, operation.request_type)


def page(handlers: Mapping[str, Mapping[str, object]]) -> str:
    """The whole page, for the handlers of each service by operation."""
    parts = [HEAD]
    for service, operations in SERVICES.items():
        handled = handlers[service]
        parts.append(f"## {TITLES[service]}\n\n{len(handled)} of {len(operations)} operations work.\n")
        parts += [_section(operation, handled) for _, operation in sorted(operations.items())]
    return "\n".join(parts)


def _section(operation: Operation, handled: Mapping[str, object]) -> str:
    own = support(operation.name, handled)
    lines = [f"### {operation.name}", "", f"{_words(own)}", ""]
    rows = list(_rows(operation, handled)) if own.verdict is not Verdict.REFUSED else []
    if rows:
        lines += ["| member | verdict |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _rows(operation: Operation, handled: Mapping[str, object]) -> Iterator[str]:
    """A row a member; what lies in a member that has no effect or is refused is counted, not listed again."""
    listed = list(members(operation.name, operation.request_type))
    while listed:
        path = listed.pop(0)
        verdict = support(path, handled)
        name = f"`{path.partition('.')[2]}`"
        if verdict.verdict is not Verdict.WORKS:
            inside = [
                other
                for other in listed
                if other.startswith((f"{path}.", f"{path}[", f"{path}{{")) and support(other, handled) == verdict
            ]
            listed = [other for other in listed if other not in inside]
            name += f" and {len(inside)} member{'s' * (len(inside) > 1)} in it" if inside else ""
        yield f"| {name} | {_words(verdict)} |"


def _words(verdict: Support) -> str:
    if not verdict.why:
        return f"**{verdict.verdict}**"
    why = f"“{verdict.why}”" if verdict.verdict is Verdict.REFUSED else verdict.why
    return f"**{verdict.verdict}**: {why}".replace("|", "\\|")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(collect()))


if __name__ == "__main__":
    main()
