"""What the commands share: the application, options, and how failures are told."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import Annotated, Any

import typer

from batchyard.cli.client import Client, ClientError, connection
from batchyard.cli.output import err
from batchyard.config import ConfigError, Settings, load

app = typer.Typer(
    name="batchyard",
    help="AWS Batch for machines you own.",
    epilog="Exit codes: 0 all is well; 1 the server refused, cannot be reached, or something failed; 2 wrong usage or "
    "settings; 130 interrupted. `submit --follow` and `logs --follow` exit with the job's own code.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Data folder of the server to talk to.")]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file (else ./batchyard.toml if it is there).")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
JobArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Job id, its first letters, or `last`; `ID:INDEX` for a child.")
]


def settings_of(config: Path | None, data_dir: Path | None, **overrides: Any) -> Settings:
    """The settings, with what the command line says on top. Raises ConfigError."""
    here = Path("batchyard.toml")
    file = config or (here if here.exists() else None)
    folder = None if data_dir is None else str(data_dir.absolute())
    return load(file, os.environ, {"data_dir": folder, **overrides})


@contextlib.contextmanager
def told() -> Generator[None]:
    """Tell a failure in one line on stderr: exit 1, or 2 for settings that cannot be used."""
    try:
        yield
    except ConfigError as error:
        err.print(f"batchyard: {error}", markup=False)
        raise typer.Exit(2) from None
    except ClientError as error:
        err.print(f"batchyard: {error}", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@contextlib.contextmanager
def opened(data_dir: Path | None) -> Generator[Client]:
    """A client of the server that the environment or the data folder names; failures are told."""
    with told(), Client(connection(settings_of(None, data_dir))) as client:
        yield client
