"""One server for the tests of all clients."""

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
[jobs.environment]
AWS_ENDPOINT_URL_S3 = "http://127.0.0.1:9000"
[images."cloudknot"]
entrypoint = ["echo", "entrypoint"]
[images."toil"]
command = ["echo", "the image's own command"]
"""


@pytest.fixture(scope="session")
def yard() -> Iterator[RunningYard]:
    """A server that the tests share: each uses names of its own."""
    with running(SETTINGS) as yard:
        yield yard
