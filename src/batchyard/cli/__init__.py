"""The command line. A client like any other, apart from `up`, which is the server."""

from __future__ import annotations

from batchyard.cli.main import main

__all__ = ["main"]
