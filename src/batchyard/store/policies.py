"""Scheduling policies."""

from __future__ import annotations

from batchyard.domain.policies import Policy
from batchyard.store import tables
from batchyard.store.documents import Documents, Statements


class Policies(Documents[Policy]):
    """Scheduling policies by name and key."""

    statements = Statements(tables.policies)
    kind = Policy
