"""Job queues."""

from __future__ import annotations

from batchyard.domain.queues import Queue
from batchyard.store import tables
from batchyard.store.documents import Documents, Statements


class Queues(Documents[Queue]):
    """Job queues by name and key."""

    statements = Statements(tables.queues)
    kind = Queue

    def deleting(self) -> bool:
        """Whether a queue waits for its last jobs to end."""
        return any(queue.status == "DELETING" for queue in self.all().values())
