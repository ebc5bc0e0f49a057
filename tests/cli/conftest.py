"""The command line against a real server: in this process, which is quick, or as the program that a user starts."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.e2e.server import BIN, RunningYard, running
from typer.testing import CliRunner

from batchyard.cli.main import app

Run = Callable[..., "Done"]
BARE = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BATCHYARD_"))}


class Done:
    """What a command left: its exit code, what it printed as data and what it said beside."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return msgspec.json.decode(self.out)

    def good(self) -> Done:
        """This, after a look at the exit code."""
        assert self.code == 0, f"{self.out}{self.err}"
        return self


def program(*words: object, env: Mapping[str, str], cwd: Path | None = None) -> Done:
    """Run the program to its end, in a process of its own."""
    command = [BIN / "batchyard", *map(str, words)]
    done = subprocess.run(command, env=dict(env), cwd=cwd, capture_output=True, text=True, timeout=60)
    return Done(done.returncode, done.stdout, done.stderr)


def here(*words: object, env: Mapping[str, str]) -> Done:
    """Run a command in this process, with this environment and no other."""
    others = dict.fromkeys(name for name in os.environ if name not in env)
    done = CliRunner().invoke(app, [str(word) for word in words], env={**others, **env})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def yard() -> Iterator[RunningYard]:
    """A server that these tests share: each uses names of its own."""
    with running('[providers.local]\nvcpus = 16\nmemory_mib = 4096\n[jobs]\nstop_grace = "1s"\n') as yard:
        yield yard


@pytest.fixture
def run(yard: RunningYard) -> Run:
    """`run("jobs", "--json").json`: a command of a shell that has the server's exports."""
    return lambda *words: here(*words, env=yard.environ)


@pytest.fixture
def gate(yard: RunningYard) -> Iterator[Path]:
    """A file that jobs can wait for; made at the end, so that none waits for ever."""
    folder = yard.folder / yard.name("gate")
    folder.mkdir()
    file = folder / "open"
    yield file
    with contextlib.suppress(OSError):
        file.touch()
