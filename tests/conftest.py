"""What tests may need from the machine: skipped with a plain reason where it is missing, failed where all is required.

A test says what it needs by a marker. `BATCHYARD_REQUIRE=all` (the continuous integration sets it) turns a skip into a
failure, so that nothing is left out unseen.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest


def _terraform() -> bool:
    return shutil.which("terraform") is not None


def _docker() -> bool:
    return Path("/var/run/docker.sock").is_socket()


def _slurm() -> bool:
    return shutil.which("slurmd") is not None and shutil.which("slurmctld") is not None


def _postgres() -> bool:
    return shutil.which("pg_ctl") is not None or any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))


def _browser() -> bool:
    return shutil.which("chromium") is not None and shutil.which("chromedriver") is not None


def _root() -> bool:
    return os.geteuid() == 0


NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "terraform": (_terraform, "terraform is not on the PATH"),
    "docker": (_docker, "no Docker engine answers at /var/run/docker.sock: install docker.io and start dockerd"),
    "slurm": (_slurm, "slurmctld and slurmd are not on the PATH: install slurm-wlm"),
    "postgres": (_postgres, "PostgreSQL's pg_ctl was not found: install postgresql"),
    "browser": (_browser, "chromium and chromedriver are not on the PATH: install chromium and chromium-driver"),
    "root": (_root, "the tests do not run as root"),
}
"""Marker → (cheap probe of this machine, what to say when it fails)."""


@cache
def missing(marker: str) -> str | None:
    """Why tests with this marker cannot run here; None when they can."""
    probe, reason = NEEDS[marker]
    return None if probe() else reason


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail where everything is required, a test whose needs this machine does not meet."""
    for marker in NEEDS:
        if item.get_closest_marker(marker) and (reason := missing(marker)):
            if os.environ.get("BATCHYARD_REQUIRE") == "all":
                pytest.fail(f"needs {marker}, and BATCHYARD_REQUIRE=all: {reason}", pytrace=False)
            pytest.skip(f"needs {marker}: {reason}")


@pytest.fixture
def yard_server() -> Iterator[dict[str, str]]:
    """A real server with a data folder of its own; gives the environment that its clients need."""
    # Not tmp_path, which other users cannot enter: jobs run as one where the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="yard-"))
    folder.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"BATCHYARD_DATA_DIR": str(folder / "data"), "BATCHYARD_SERVER__PORT": str(port)}
    program = Path(sys.executable).parent / "batchyard"
    environ = {**os.environ, **settings}
    server = subprocess.Popen([program, "up"], env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout and server.stdout.readline(), "the server ended before it was ready"
        exports = subprocess.run([program, "env"], env=environ, check=True, capture_output=True, text=True).stdout
        words = [word for line in exports.splitlines() for word in shlex.split(line, comments=True)[1:]]
        yield settings | dict(word.split("=", 1) for word in words)
    finally:
        server.terminate()
        server.communicate(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)
