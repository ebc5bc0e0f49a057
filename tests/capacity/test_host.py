"""This machine as one host: what is found, and what the settings say instead."""

from __future__ import annotations

import os

from batchyard.capacity.host import HostCapacity, memory_mib
from batchyard.config import Provider


async def test_what_is_found() -> None:
    (host,) = await HostCapacity("i-1", Provider()).hosts()
    assert host.id == "i-1"
    assert host.vcpus == 1000 * len(os.sched_getaffinity(0))
    assert 0 < host.memory_mib < memory_mib()  # some is kept for the machine itself (10.78)
    assert host.gpus == 0


async def test_the_settings_win() -> None:
    (host,) = await HostCapacity("i-1", Provider(vcpus=64, memory_mib=1000, gpus=2)).hosts()
    assert (host.vcpus, host.memory_mib, host.gpus) == (64_000, 1000, 2)


def test_memory_is_at_most_the_machines() -> None:
    assert 0 < memory_mib() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
