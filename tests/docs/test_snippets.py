"""Every Python and console snippet of the README and the documentation is run, or says why not.

The line before a snippet says how: `<!-- run -->` (by itself), `<!-- run: server -->` (with a server of its page, whose
address and keys are in the environment), or `<!-- not run: REASON -->`. Python snippets of a page share their names;
of a console snippet the lines after `$ ` are run, and must succeed. What they print is not compared.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"(?ms)^(?P<before>[^\n]*)\n(?P<indent> *)```(?P<language>python|console)\n(?P<text>.*?)\n *```$")
MARKER = re.compile(r" *<!-- (?P<how>run|run: server|not run: .+) -->")


@dataclass(frozen=True)
class Snippet:
    language: str
    text: str
    how: str
    line: int


def snippets(page: Path) -> list[Snippet]:
    text, found = page.read_text(), []
    for fence in FENCE.finditer(text):
        marker = MARKER.fullmatch(fence["before"])
        body = "\n".join(line.removeprefix(fence["indent"]) for line in fence["text"].splitlines())
        line = text.count("\n", 0, fence.start()) + 2
        found.append(Snippet(fence["language"], body, marker["how"] if marker else "", line))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_snippet_says_whether_it_runs(page: Path) -> None:
    assert [snippet.line for snippet in snippets(page) if not snippet.how] == []


RUNNABLE = [page for page in PAGES if any(snippet.how.startswith("run") for snippet in snippets(page))]


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_snippets_of_the_page_run(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    ours = [snippet for snippet in snippets(page) if snippet.how.startswith("run")]
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "AWS_PAGER": ""}
    if any(snippet.how == "run: server" for snippet in ours):
        env |= request.getfixturevalue("yard_server")
    python = "\n".join("\n" * 2 + snippet.text for snippet in ours if snippet.language == "python")
    if python:
        run([sys.executable, "-c", python], env, tmp_path, page)
    for snippet in ours:
        if snippet.language == "console":
            run(["bash", "-euo", "pipefail", "-c", commands(snippet.text)], env, tmp_path, page)


def commands(text: str) -> str:
    """The commands of a console snippet, with the lines that continue them."""
    lines, more = [], False
    for line in text.splitlines():
        if line.startswith("$ ") or more:
            lines.append(line.removeprefix("$ "))
            more = line.endswith("\\")
    return "\n".join(lines)


def run(command: list[str], env: dict[str, Any], folder: Path, page: Path) -> None:
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{page.name}: {command[-1]}\n{done.stdout}{done.stderr}"


def test_the_commands_of_a_console_snippet() -> None:
    assert commands("$ echo a \\\n    b\na b\n$ true") == "echo a \\\n    b\ntrue"
