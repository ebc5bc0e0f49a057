"""The house rules hold, and each of them sees a breach when there is one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tools import tidy

Rule = Callable[[tidy.Tree], Iterator[str]]


@pytest.fixture(scope="module")
def checkout() -> tidy.Tree:
    return tidy.Tree()


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda rule: rule.__name__)
def test_the_rule_holds(rule: Rule, checkout: tidy.Tree) -> None:
    assert list(rule(checkout)) == []


BREACHES: list[tuple[Rule, str, str]] = [
    (tidy.clock_and_chance, "domain/x.py", "import time\nnow = time.time()\n"),
    (tidy.clock_and_chance, "domain/x.py", "from time import time\n"),
    (tidy.clock_and_chance, "loops/x.py", "import datetime\nnow = datetime.datetime.now()\n"),
    (tidy.clock_and_chance, "server/x.py", "from uuid import uuid4\n"),
    (tidy.clock_and_chance, "server/x.py", "import random\n"),
    (tidy.lengths, "domain/x.py", "a = 1\n" * 501),
    (tidy.lengths, "domain/x.py", "def f():\n" + "    a = 1\n" * 70),
    (tidy.orphans, "domain/x.py", "a = 1\n"),
    (tidy.room_signs, "domain/__init__.py", ""),
    (tidy.room_signs, "domain/__init__.py", '"""Things"""\n'),
    (tidy.unfinished, "domain/x.py", "# TODO later\n"),
    (tidy.unfinished, "domain/x.py", "raise NotImplementedError\n"),
    (tidy.foreign_names, "domain/x.py", f"url = 'https://{tidy.FOREIGN[0]}/simple'\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_the_rule_sees_a_breach(rule: Rule, path: str, text: str, tmp_path: Path) -> None:
    plant(tmp_path, path, text)
    (breach,) = rule(tidy.Tree(tmp_path))
    assert breach.startswith(f"src/batchyard/{path}:")


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (tidy.clock_and_chance, "kit/clock.py", "import time\nnow = time.time()\n"),
        (tidy.clock_and_chance, "loops/x.py", "import time\nspan = time.monotonic()\n"),
        (tidy.lengths, "api/batch.py", "a = 1\n" * 501),
        (tidy.lengths, "domain/x.py", "def f():\n" + "    a = 1\n" * 69),
        (tidy.orphans, "domain/x.py", "import batchyard.domain.x\n"),
        (tidy.orphans, "domain/x.py", "RUN = 'batchyard.domain.x'\n"),
        (tidy.room_signs, "domain/__init__.py", '"""Values and pure functions."""\n'),
    ],
)
def test_the_rule_lets_pass(rule: Rule, path: str, text: str, tmp_path: Path) -> None:
    plant(tmp_path, path, text)
    assert list(rule(tidy.Tree(tmp_path))) == []


def plant(root: Path, path: str, text: str) -> None:
    """A checkout with one file of the product."""
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / "pyproject.toml").write_text("")
    file = root / "src" / "batchyard" / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
