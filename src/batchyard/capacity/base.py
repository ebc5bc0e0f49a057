"""The contract of a capacity: which hosts an environment has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from batchyard.domain.hosts import Host

__all__ = ["Capacity", "Host"]


class Capacity(Protocol):
    """Where a provider's hosts come from."""

    async def hosts(self) -> Sequence[Host]:
        """The hosts that are up."""
        ...
