"""`python -m batchyard.cli`."""

from __future__ import annotations

from batchyard.cli.main import main

main()
