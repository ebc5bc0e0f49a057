"""The servers that these tests use: one for all that need nothing special."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.server import RunningYard, running

SETTINGS = """
[providers.local]
vcpus = 32
memory_mib = 8192
[jobs]
stop_grace = "1s"
"""


@pytest.fixture(scope="session")
def yard() -> Iterator[RunningYard]:
    """A server that the tests share: each uses names of its own."""
    with running(SETTINGS) as yard:
        yield yard
