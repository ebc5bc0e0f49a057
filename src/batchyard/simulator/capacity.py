"""Simulated hosts: up until a fault takes them away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from batchyard.capacity.base import Host


class SimulatedCapacity:
    """A fixed fleet, of which some may be down."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        self.all = {host.id: host for host in hosts}
        self.down: set[str] = set()

    async def hosts(self) -> Sequence[Host]:
        """The hosts that are up."""
        return self.up()

    def up(self) -> list[Host]:
        """The hosts that are up, without awaiting."""
        return [host for name, host in self.all.items() if name not in self.down]
