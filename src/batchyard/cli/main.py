"""The program: importing the commands registers them."""

from __future__ import annotations

from batchyard.cli import demo, env, jobs, logs, places, submit, up
from batchyard.cli.common import app

__all__ = ["COMMANDS", "app", "main"]

COMMANDS = (up, demo, env, submit, jobs, logs, places)
"""The modules with commands, in no order."""


def main() -> None:
    """Run the command line."""
    app()
