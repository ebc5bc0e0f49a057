"""Writes docs/reference/settings.md from the docstrings of `batchyard.config`: `python -m tools.settings_page`."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from batchyard import config

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"

HEAD = """\
# Settings

<!-- GENERATED from src/batchyard/config.py by tools/settings_page.py; do not edit. -->

Settings come from a TOML file (`batchyard up --config FILE`), then from environment variables, then from options of the
command line; the later one wins. The variable of a setting is `BATCHYARD_` and its path in capitals, with a double
underscore for each dot: `server.port` is `BATCHYARD_SERVER__PORT`. A value that begins with `[` or `{` is read as JSON.

Durations are a number and `ms`, `s`, `m`, `h` or `d`: `"90s"`, `"5m"`, `"7d"`. `"forever"` is possible where a setting
says so. A setting that does not exist is an error at the start, so that a slip of the pen does not go unnoticed.
"""


class Setting(NamedTuple):
    """One setting: the class of its section, the section's path with a dot at its end, its name and its default."""

    section: type[msgspec.Struct]
    path: str
    name: str
    default: str


def docstrings() -> dict[str, dict[str, str]]:
    """Class name → field → the string below the field, for every class of `batchyard.config`."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(config)).body:
        if isinstance(node, ast.ClassDef):
            fields = found.setdefault(node.name, {})
            for statement, below in itertools.pairwise(node.body):
                match statement, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        fields[name] = " ".join(text.split())
    return found


def settings(section: type[msgspec.Struct] = config.Settings, path: str = "") -> Iterator[Setting]:
    """Every setting: those of a section first, then the sections in it; `NAME` stands for a name that one chooses."""
    inner: list[tuple[type[msgspec.Struct], str]] = []
    for field in msgspec.structs.fields(section):
        place = f"{path}{field.name}"
        values = get_args(field.type)[-1] if get_origin(field.type) is dict else None
        if _is_section(field.type):
            inner.append((field.type, f"{place}."))
        elif _is_section(values):
            inner.append((values, f"{place}.NAME."))
        else:
            yield Setting(section, path, field.name, _default(field))
    for type_, place in inner:
        yield from settings(type_, place)


def _is_section(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, msgspec.Struct)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default  # type: ignore[operator]
    return "–" if value is None or value in ("", [], {}) else f"`{msgspec.json.encode(value).decode()}`"


def page() -> str:
    """The whole page: the settings outside any section, then each section with its class's docstring."""
    texts = docstrings()
    parts = [HEAD]
    for path, group in itertools.groupby(settings(), key=lambda setting: setting.path):
        entries = list(group)
        about = inspect.getdoc(entries[0].section) or ""
        title = f"`[{path.rstrip('.')}]`" if path else "Outside any section"
        parts.append(f"\n## {title}\n")
        if path:
            parts.append(f"{about.partition(': ')[2][:1].upper()}{about.partition(': ')[2][1:]}\n")
        parts += ["| setting | default | meaning |", "|---|---|---|"]
        for entry in entries:
            text = texts[entry.section.__name__].get(entry.name, "").replace("|", "\\|")
            parts.append(f"| `{path}{entry.name}` | {entry.default} | {text} |")
    return "\n".join(parts) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
