"""Replays the event log beside the yard: what every job is by the table alone, compared with its row at each commit.

The witness is the checkers' memory. It reads rows and events, and never what the loops made of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from batchyard.domain.arns import JobId
from batchyard.domain.jobs import Job, Kind
from batchyard.domain.states import TRANSITIONS, Event, Status
from batchyard.store.base import Tx
from batchyard.store.feed import Change

_ALL = 1 << 30


class Life:
    """One job as its events tell it: `since` is the commit that gave it its status, `since_at` its last event's time.

    `size` is an array's, else None; `children` counts those of an array that exist.
    """

    def __init__(self, row: Job, commit: int, at: float) -> None:
        self.row = row
        self.status = Status.SUBMITTED
        self.since = commit
        self.since_at = at
        self.placements = 0
        self.spent = 0
        self.children: Counter[Status] = Counter()
        self.size: int | None = None

    @property
    def order(self) -> tuple[int, int]:
        """Its place in the dispatch order of its queue (9.10)."""
        return self.row.rank, self.row.pk


class Witness:
    """All jobs by (uuid, part) and by key; `waiting` (per queue), `active` and `unended` follow the events."""

    def __init__(self) -> None:
        self.breaches: list[str] = []
        self.lives: dict[tuple[str, int], Life] = {}
        self.by_pk: dict[int, Life] = {}
        self.waiting: dict[int, dict[int, Life]] = defaultdict(dict)
        self.active: dict[int, Life] = {}
        self.unended: dict[int, Life] = {}
        self.totals: dict[int, Counter[Status]] = defaultdict(Counter)
        self.commit = 0
        self._seq = 0

    def breach(self, text: str) -> None:
        """Write down what must not be."""
        self.breaches.append(text)

    def look(self, tx: Tx, at: float) -> list[tuple[Life, Change]]:
        """Take in what the last commit brought; its events with their jobs, in order."""
        self.commit += 1
        for row in tx.waiting.new(_ALL):
            if row.pk not in self.by_pk:
                self._meet(tx, row, at)
        changes = tx.feed.after(self._seq, _ALL)
        if not changes:
            return []
        self._seq = changes[-1].seq
        ids = list(dict.fromkeys(_place(change.job_id) for change in changes))
        rows = tx.jobs.by_id(ids)
        for place in ids:
            if place not in self.lives:
                self._meet(tx, rows[place], at)
            self.lives[place].row = rows[place]
        news = [(self.lives[_place(change.job_id)], change) for change in changes]
        for life, change in news:
            self._replay(life, change, at)
        self._compare(tx, [self.lives[place] for place in ids])
        return news

    def compare_all(self, tx: Tx) -> None:
        """Compare every row, whether it changed lately or not."""
        rows = tx.jobs.by_pk(list(self.by_pk))
        for pk, life in self.by_pk.items():
            if pk in rows:
                life.row = rows[pk]
            else:
                self.breach(f"{life.row.id} has events and no row")
        self._compare(tx, self.by_pk.values())

    def _meet(self, tx: Tx, row: Job, at: float) -> None:
        life = Life(row, self.commit, at)
        if row.kind is Kind.ARRAY:
            life.size = tx.jobs.arrays([row.pk])[row.pk].size
        self.lives[row.uuid, row.part] = self.by_pk[row.pk] = self.unended[row.pk] = life
        self.totals[row.queue_pk][Status.SUBMITTED] += 1
        if row.parent_pk is not None:
            self.by_pk[row.parent_pk].children[Status.SUBMITTED] += 1

    def _replay(self, life: Life, change: Change, at: float) -> None:
        row, before, event = life.row, life.status, Event[change.event]
        after = TRANSITIONS.get((before, event))
        if after is None or after is not Status[change.status]:
            self.breach(f"{row.id}: {event.name} in {before.name} was written as {change.status}")
            after = Status[change.status]
        if before.final:
            self.breach(f"{row.id}: {event.name} after it was {before.name}, which is final")
        if event is Event.PLACED:
            life.placements += 1
            if change.placement != life.placements:
                self.breach(f"{row.id}: placement {change.placement} is its {life.placements}. one")
        self._count(life, before, after)
        life.status, life.since_at = after, at
        if after is not before:
            life.since = self.commit
        self.waiting[row.queue_pk].pop(row.pk, None)
        self.active.pop(row.pk, None)
        if after is Status.RUNNABLE:
            self.waiting[row.queue_pk][row.pk] = life
        elif after.active:
            self.active[row.pk] = life
        elif after.final:
            self.unended.pop(row.pk, None)

    def _count(self, life: Life, before: Status, after: Status) -> None:
        counted = [self.totals[life.row.queue_pk]]
        if life.row.parent_pk is not None:
            counted.append(self.by_pk[life.row.parent_pk].children)
        for totals in counted:
            totals[before] -= 1
            totals[after] += 1

    def _compare(self, tx: Tx, lives: Iterable[Life]) -> None:
        parents: set[int] = set()
        queues: set[int] = set()
        for life in lives:
            row = life.row
            queues.add(row.queue_pk)
            if row.kind is not Kind.SINGLE:
                parents.add(row.parent_pk or row.pk)
            if row.status is not life.status:
                self.breach(f"{row.id}: its events make it {life.status.name}, its row says {row.status.name}")
            if row.placement != life.placements:
                self.breach(f"{row.id}: placed {life.placements} times, its row says {row.placement}")
            if (row.stopped_at is not None) != row.status.final:
                self.breach(f"{row.id}: {row.status.name} with stopped_at {row.stopped_at} (4.12)")
        for queue_pk in queues:
            told = {status: n for status, n in tx.waiting.totals(queue_pk).items() if n}
            counted = {status: n for status, n in self.totals[queue_pk].items() if n}
            if told != counted:
                self.breach(f"totals of queue {queue_pk} are {_named(told)}, its jobs are {_named(counted)}")
        self._parents(tx, parents)

    def _parents(self, tx: Tx, pks: set[int]) -> None:
        """The totals of a parent are its children, and it is final exactly when they are (4.21, 4.22)."""
        for pk, array in tx.jobs.arrays(pks).items():
            parent = self.by_pk[pk]
            told = {status: array.totals[status] for status in Status if array.totals[status]}
            counted = {status: n for status, n in parent.children.items() if n}
            name = parent.row.id
            if told != counted:
                self.breach(f"totals of array {name} are {_named(told)}, its children are {_named(counted)}")
            if array.made != sum(counted.values()):
                self.breach(f"array {name} says {array.made} children were made, there are {sum(counted.values())}")
            ended = sum(n for status, n in counted.items() if status.final)
            if not counted and parent.status.final:
                if parent.status is not Status.FAILED:
                    self.breach(f"array {name} SUCCEEDED without children")
            elif parent.status.final != (ended == array.size):
                self.breach(f"array {name} is {parent.status.name}, {ended} of its {array.size} children are final")
            elif parent.status.final and (parent.status is Status.FAILED) != bool(counted.get(Status.FAILED)):
                self.breach(f"array {name} is {parent.status.name} with children {_named(counted)}")


def _place(job_id: str) -> tuple[str, int]:
    parsed = JobId.parse(job_id)
    assert parsed is not None
    return parsed.uuid, parsed.part


def _named(counts: dict[Status, int]) -> dict[str, int]:
    return {status.name: n for status, n in sorted(counts.items())}
