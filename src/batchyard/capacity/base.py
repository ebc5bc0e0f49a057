"""The contract of a capacity: which hosts an environment has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A place where attempts run. `vcpus` in thousandths; `memory_mib` is what jobs may use of it."""

    id: str
    vcpus: int
    memory_mib: int
    gpus: int = 0


class Capacity(Protocol):
    """Where a provider's hosts come from."""

    async def hosts(self) -> Sequence[Host]:
        """The hosts that are up."""
        ...
