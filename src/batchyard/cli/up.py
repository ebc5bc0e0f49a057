"""`batchyard up`: the server in the foreground, until SIGTERM or Ctrl-C. Jobs outlive it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from batchyard.cli.common import Config, app, settings_of, told


@app.command()
def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Data folder.")] = None,
    config: Config = None,
) -> None:
    """Run the server in the foreground. One line on stdout says when it is ready."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with told():
        settings = settings_of(config, data_dir, server={"host": host, "port": port})
        from batchyard.cli.serving import serve  # the server is large: other commands start without it

        serve(settings)
