"""Every command, argument and option has a help text, and the reference page says the same."""

from __future__ import annotations

from tools import cli_page


def test_every_command_and_option_has_a_help_text() -> None:
    undocumented = [name for name, command in cli_page.commands() if not command.help]
    for name, command in cli_page.commands():
        undocumented += [
            f"{name} {parameter.name}"
            for parameter in command.params
            if not getattr(parameter, "hidden", False) and not getattr(parameter, "help", None)
        ]
    assert undocumented == []


def test_the_page_is_what_the_code_generates() -> None:
    assert cli_page.PAGE.read_text() == cli_page.page(), "run `make generate`"
