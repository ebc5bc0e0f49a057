"""Job queues."""

from __future__ import annotations

from batchyard.domain.queues import Queue
from batchyard.store import tables
from batchyard.store.documents import Documents, Statements


class Queues(Documents[Queue]):
    """Job queues by name and key."""

    statements = Statements(tables.queues)
    kind = Queue
