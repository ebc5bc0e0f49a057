"""The commands and what they share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from batchyard.cli.up import up
from batchyard.config import ConfigError, Settings, load

app = typer.Typer(name="batchyard", no_args_is_help=True, help="AWS Batch for machines you own.")


def settings_of(config: Path | None = None, **overrides: Any) -> Settings:
    """The settings, with what the command line says on top; ends the program when they cannot be used."""
    file = config or (Path("batchyard.toml") if Path("batchyard.toml").exists() else None)
    return load(file, os.environ, overrides)


@app.callback()
def _root() -> None:
    """AWS Batch for machines you own."""


@app.command("up")
def _up(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Data folder.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file.")] = None,
) -> None:
    """Run the server in the foreground."""
    folder = None if data_dir is None else str(data_dir.absolute())
    settings = settings_of(config, data_dir=folder, server={"host": host, "port": port})
    uvloop.run(up(settings))


def main() -> None:
    """The program."""
    try:
        app()
    except ConfigError as error:
        print(f"batchyard: {error}", file=sys.stderr)
        sys.exit(2)
