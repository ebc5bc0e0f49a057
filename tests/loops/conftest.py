"""The world that most tests of loops take place in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.loops.world import World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A yard with one host of 4 vCPUs."""
    async with a_world(tmp_path) as world:
        yield world


@pytest.fixture(autouse=True)
def no_turn_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A turn that raises is only late in a yard; here it is a fault."""
    yield
    assert not [record.getMessage() for record in caplog.get_records("call") if record.name == "batchyard.loops"]
