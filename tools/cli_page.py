"""Writes docs/reference/cli.md from the commands' own help: `python -m tools.cli_page`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from batchyard.cli.main import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"

HEAD = """\
# Command line

<!-- GENERATED from the commands' own help by tools/cli_page.py; do not edit. -->

`batchyard COMMAND --help` says the same in the terminal.
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that is not hidden, with its full name (`batchyard jobs`), groups gone through."""
    yield from _commands("batchyard", typer.main.get_command(app))


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    for inner in getattr(command, "commands", {}).values():
        if not inner.hidden:
            full = f"{name} {inner.name}"
            if hasattr(inner, "commands"):
                yield from _commands(full, inner)
            else:
                yield full, inner


def page() -> str:
    """The whole page: a section a command."""
    told = f"{app.info.epilog}\n"
    return "\n".join([HEAD, told, *(line for name, command in commands() for line in _section(name, command))])


def _section(name: str, command: Any) -> Iterator[str]:
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    options = [parameter for parameter in shown if parameter.param_type_name == "option"]
    usage = " ".join([name, "[OPTIONS]" if options else "", *(_argument(argument) for argument in arguments)]).split()
    yield f"## {name}\n"
    yield f"```text\n{' '.join(usage)}\n```\n"
    yield f"{(command.help or '').strip()}\n"
    if arguments or options:
        yield "| argument or option | meaning |"
        yield "|---|---|"
        yield from (f"| `{_argument(argument)}` | {_cell(argument)} |" for argument in arguments)
        yield from (f"| {_option(option)} | {_cell(option)} |" for option in options)
        yield ""


def _argument(argument: Any) -> str:
    word = (argument.metavar or argument.name.upper()).strip("[]").removesuffix("...")
    word += "…" if argument.nargs == -1 else ""
    return word if argument.required else f"[{word}]"


def _option(option: Any) -> str:
    names = [*option.opts, *option.secondary_opts]
    value = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    return ", ".join(f"`{name}{value}`" for name in names)


def _cell(parameter: Any) -> str:
    text = " ".join((parameter.help or "").split()).replace("|", "\\|")
    default = parameter.default
    if (
        default not in (None, False, True, [], ())
        and not callable(default)
        and not getattr(parameter, "required", False)
    ):
        text += f" Default: `{default}`."
    return text


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
