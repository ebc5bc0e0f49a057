"""The hot questions use the index that was made for them, so that they stay flat whatever the backlog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.builders import a_job

from batchyard.domain.arns import JobId
from batchyard.domain.jobs import Request
from batchyard.domain.states import Status
from batchyard.store.base import Tx
from batchyard.store.database import SqliteStore
from batchyard.store.listing import Filter
from batchyard.store.sql import Connection, Statement


class Recorder(Connection):
    """A connection that writes down the text of every statement."""

    def __init__(self, raw: Any, *rest: Any) -> None:
        super().__init__(raw, *rest)
        self.texts: list[str] = []

    def _execute(self, statement: Statement, params: dict[str, Any]) -> None:
        self.texts.append(statement.compile(self._dialect).sql)
        super()._execute(statement, params)

    def many(self, statement: Statement, params: Any) -> int:
        self.texts.append(statement.compile(self._dialect).sql)
        return super().many(statement, params)

    def plans(self) -> list[str]:
        """A line for each step of each statement's plan."""
        found: list[str] = []
        for text in self.texts:
            self._cursor.execute(f"EXPLAIN QUERY PLAN {text}", [None] * text.count("?"))
            found += [row[3] for row in self._cursor.fetchall()]
        return found


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    store = SqliteStore(None, inline=True)
    raw = store._raw
    yield Recorder(raw, store._connection._dialect, store._caches)
    raw.close()


HOT: dict[str, tuple[Callable[[Tx], Any], str]] = {
    "head": (lambda tx: tx.waiting.head(1, 10), "USING INDEX jobs_waiting (queue_pk=?)"),
    "position": (lambda tx: tx.waiting.position(a_job()), "USING INDEX jobs_waiting (queue_pk=? AND rank<?)"),
    "new": (lambda tx: tx.waiting.new(10), "USING INDEX jobs_new (status=?)"),
    "starting": (lambda tx: tx.waiting.starting(), "USING INDEX jobs_starting (status=?)"),
    "active": (lambda tx: tx.waiting.active(), "USING INDEX jobs_active"),
    "in use": (lambda tx: tx.waiting.in_use(), "USING COVERING INDEX jobs_active"),
    "used vcpus": (lambda tx: tx.waiting.used_vcpus(1), "USING COVERING INDEX jobs_active"),
    "requested, waiting": (
        lambda tx: tx.waiting.requested(active=False, limit=10),
        "USING INDEX jobs_requested (request_seen=?)",
    ),
    "requested, active": (
        lambda tx: tx.waiting.requested(active=True, limit=10),
        "USING INDEX jobs_requested (request_seen=?)",
    ),
    "overdue": (lambda tx: tx.waiting.overdue(0.0, 10), "USING INDEX jobs_deadline (deadline>? AND deadline<?)"),
    "next deadline": (lambda tx: tx.waiting.next_deadline(), "USING INDEX jobs_deadline (deadline>?)"),
    "expanding": (lambda tx: tx.waiting.expanding(4), "USING INDEX arrays_expanding (expanding=?)"),
    "children in statuses": (
        lambda tx: tx.waiting.children(1, Status.SUBMITTED, Status.RUNNABLE, 10),
        "USING INDEX jobs_children (parent_pk=? AND status>? AND status<?)",
    ),
    "jobs of a queue": (
        lambda tx: tx.waiting.of_queue(1, [Status.RUNNABLE], 10),
        "USING INDEX jobs_listed (queue_pk=? AND status=?)",
    ),
    "totals": (lambda tx: tx.waiting.totals(1), "USING INDEX sqlite_autoindex_totals_1 (queue_pk=?)"),
    "listed by status": (
        lambda tx: tx.listing.of_queue(1, Filter("status", status=Status.RUNNABLE), None, 10),
        "USING INDEX jobs_listed (queue_pk=? AND status=? AND pk<?)",
    ),
    "listed by name": (
        lambda tx: tx.listing.of_queue(1, Filter("name", "n"), None, 10),
        "USING INDEX jobs_of_queue (queue_pk=? AND pk<?)",
    ),
    "children of a status": (
        lambda tx: tx.listing.children(1, Status.RUNNABLE, -1, 10),
        "USING INDEX jobs_children (parent_pk=? AND status=? AND part>?)",
    ),
    "by id": (lambda tx: tx.jobs.get(JobId("u")), "USING INDEX sqlite_autoindex_jobs_1 (uuid=? AND part=?)"),
    "by key": (lambda tx: tx.jobs.by_pk([1]), "SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)"),
    "arrays": (lambda tx: tx.jobs.arrays([1]), "USING INTEGER PRIMARY KEY (rowid=?)"),
    "attempts": (lambda tx: tx.jobs.attempts([1]), "USING INDEX sqlite_autoindex_attempts_1 (job_pk=?)"),
    "who waits for": (lambda tx: tx.dependencies.on(["u"]), "USING INDEX ix_dependencies_on_uuid (on_uuid=?)"),
    "waits for": (lambda tx: tx.dependencies.of(1), "USING INDEX ix_dependencies_job_pk (job_pk=?)"),
    "children by index": (
        lambda tx: tx.dependencies.children(1, [1, 2]),
        "USING INDEX sqlite_autoindex_jobs_1 (uuid=? AND part=?)",
    ),
    "children by uuid and index": (
        lambda tx: tx.dependencies.children_of("u", [1, 2]),
        "USING INDEX sqlite_autoindex_jobs_1 (uuid=? AND part=?)",
    ),
    "endings": (
        lambda tx: tx.dependencies.ended(0, 9, 10),
        "SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ),
    "last event": (lambda tx: tx.dependencies.last_event(), "SEARCH events"),
    "feed": (lambda tx: tx.feed.after(0, 10), "SEARCH events USING INTEGER PRIMARY KEY (rowid>?)"),
    "history": (lambda tx: tx.feed.of_job(1), "USING INDEX ix_events_job_pk (job_pk=?)"),
    "runnable since": (lambda tx: tx.waiting.runnable_since(a_job()), "USING INDEX ix_events_job_pk (job_pk=?)"),
    "ask": (lambda tx: tx.jobs.ask([1], Request.CANCEL, ""), "SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)"),
}


@pytest.mark.parametrize("question", HOT)
def test_the_intended_index(recorder: Recorder, question: str) -> None:
    ask, wanted = HOT[question]
    ask(Tx(recorder))
    plans = recorder.plans()
    assert any(wanted in plan for plan in plans), plans
    scans = [plan for plan in plans if plan.startswith("SCAN jobs") and "INDEX jobs_" not in plan]
    assert not scans
    sorts = {"totals", "in use", "active", "children in statuses"}
    assert question in sorts or not [plan for plan in plans if "TEMP B-TREE" in plan], plans


def test_purging_reads_no_whole_table(recorder: Recorder) -> None:
    Tx(recorder).jobs.purge(1.0, 10)
    plans = recorder.plans()
    assert any("USING INDEX jobs_ended (stopped_at<?)" in plan for plan in plans), plans
    assert any("INDEX jobs_children (parent_pk=?)" in plan for plan in plans), plans
    whole = [plan for plan in plans if plan.startswith("SCAN") and "json_each" not in plan and "INDEX" not in plan]
    assert not whole
