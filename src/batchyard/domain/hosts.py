"""A host: a place where attempts run (AWS: a container instance)."""

from __future__ import annotations

import msgspec


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """What a host has. `vcpus` in thousandths; `memory_mib` is what jobs may use of it."""

    id: str
    vcpus: int
    memory_mib: int
    gpus: int = 0
