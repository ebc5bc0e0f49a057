"""The targets that people and the continuous integration rely on are there, and `make help` explains each."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = {"help", "setup", "demo", "test", "check", "bench", "docs", "generate", "format", "clean"}


def test_help_explains_every_target() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    explained = {line.split()[0] for line in done.stdout.splitlines() if len(line.split()) > 1}
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert explained == TARGETS == set(phony[1].split())


def test_ci_requires_all_and_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    lines = script.read_text().splitlines()
    assert lines.index("set -euo pipefail") < lines.index("export BATCHYARD_REQUIRE=all") < lines.index("make test")
