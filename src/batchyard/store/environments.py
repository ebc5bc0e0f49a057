"""Compute environments."""

from __future__ import annotations

from batchyard.domain.environments import Environment
from batchyard.store import tables
from batchyard.store.documents import Documents, Statements


class Environments(Documents[Environment]):
    """Compute environments by name and key."""

    statements = Statements(tables.environments)
    kind = Environment
