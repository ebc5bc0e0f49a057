"""This machine as one host: the default. What is found can be overridden by `[providers.NAME]`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from batchyard.capacity.base import Host
from batchyard.config import Provider

# What the operating system and this server need for themselves; AWS's hosts keep memory back likewise (10.78).
_RESERVED_MIB = 512


class HostCapacity:
    """One host, always up."""

    def __init__(self, host_id: str, settings: Provider) -> None:
        found = settings.memory_mib if settings.memory_mib is not None else max(64, memory_mib() - _RESERVED_MIB)
        vcpus = settings.vcpus if settings.vcpus is not None else len(os.sched_getaffinity(0))
        self._host = Host(id=host_id, vcpus=vcpus * 1000, memory_mib=found, gpus=settings.gpus or 0)

    async def hosts(self) -> Sequence[Host]:
        """This machine."""
        return [self._host]


def memory_mib() -> int:
    """Physical memory of this machine, or what a control group leaves of it, in MiB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total >> 20
