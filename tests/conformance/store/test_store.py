"""What every store promises: transactions, statuses, totals, the feed, purging (BEHAVIOUR 3.7, 4.2, 4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec
import pytest
from tests.builders import T0, a_job, an_id, uuid_of
from tests.conformance.store.rows import add_array, add_job, children_of

from batchyard.domain.arns import JobId
from batchyard.domain.dependencies import Dependency
from batchyard.domain.jobs import Attempt, Job, Kind, Request
from batchyard.domain.states import Event, Status
from batchyard.store import tables
from batchyard.store.base import Tx
from batchyard.store.database import SqliteStore
from batchyard.store.errors import Conflict
from batchyard.store.feed import Change

HOUR = 3600.0


def totals(tx: Tx, queue: int = 1) -> dict[str, int]:
    return {status.name: n for status, n in tx.waiting.totals(queue).items() if n}


async def job(store: SqliteStore, name: str = "job", part: int = -1) -> Job | None:
    return await store.read(lambda tx: tx.jobs.get(JobId(uuid_of(name), ":", part)))


# -- transactions


async def test_what_was_written_can_be_read(store: SqliteStore) -> None:
    added = await store.write(lambda tx: add_job(tx))
    assert await job(store) == added
    assert added.rank == added.pk > 0


async def test_what_fails_leaves_nothing(store: SqliteStore) -> None:
    def fails(tx: Tx) -> None:
        add_job(tx)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.write(fails)
    assert await job(store) is None
    assert await store.read(totals) == {}


async def test_one_that_fails_in_a_batch_leaves_the_others(store: SqliteStore) -> None:
    def write(name: str, fail: bool) -> None:
        def fn(tx: Tx) -> None:
            add_job(tx, name)
            if fail:
                raise ValueError(name)

        return store.write(fn)  # type: ignore[return-value]

    outcomes = await asyncio.gather(*(write(f"j{n}", n % 3 == 0) for n in range(20)), return_exceptions=True)
    assert [isinstance(each, ValueError) for each in outcomes] == [n % 3 == 0 for n in range(20)]
    assert [await job(store, f"j{n}") is None for n in range(20)] == [n % 3 == 0 for n in range(20)]
    assert await store.read(totals) == {"SUBMITTED": 13}


async def test_writers_see_each_others_writes_in_order(store: SqliteStore) -> None:
    def count(tx: Tx) -> int:
        n = int(tx.meta.get("n") or 0)
        tx.meta.put("n", str(n + 1))
        return n

    assert await asyncio.gather(*(store.write(count) for _ in range(50))) == list(range(50))


async def test_wakes_are_heard_after_the_commit_and_only_then(store: SqliteStore) -> None:
    heard: list[str] = []
    store.on_wake = heard.append

    def fails(tx: Tx) -> None:
        tx.wake("nobody")
        raise ValueError

    with pytest.raises(ValueError):
        await store.write(fails)
    await store.write(lambda tx: tx.wake("admission"))
    await asyncio.sleep(0)
    assert heard == ["admission"]


# -- statuses


async def test_advance_writes_row_event_and_totals(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        step = add_job(tx).step(Event.HELD, T0 + 1, open=2)
        tx.jobs.advance([step])
        assert tx.jobs.get(JobId(uuid_of("job"))) == step.after
        assert totals(tx) == {"PENDING": 1}
        (change,) = tx.feed.of_job(step.before.pk)
        assert (change.event, change.status, change.at) == ("HELD", "PENDING", T0 + 1)

    await store.write(fn)


async def test_several_steps_of_one_job_follow_one_another(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        first = add_job(tx, status=Status.STARTING).step(Event.STARTED, T0 + 3)
        second = first.after.step(Event.SUCCEEDED, T0 + 4)
        tx.jobs.advance([first, second])
        events = [change.event for change in tx.feed.of_job(first.before.pk)]
        assert events == ["ACCEPTED", "PLACED", "STARTED", "SUCCEEDED"]
        assert totals(tx) == {"SUCCEEDED": 1}

    await store.write(fn)


@pytest.mark.parametrize("meanwhile", ["status", "placement", "request"])
async def test_a_step_from_what_is_no_longer_so_conflicts(store: SqliteStore, meanwhile: str) -> None:
    stale = await store.write(lambda tx: add_job(tx, status=Status.RUNNABLE))
    other = await store.write(lambda tx: add_job(tx, "other"))

    def change(tx: Tx) -> None:
        if meanwhile == "request":
            tx.jobs.ask([stale.pk], Request.CANCEL, "no")
            return
        placed = stale.step(Event.PLACED, T0, placement=1)
        steps = [placed]
        if meanwhile == "placement":
            steps.append(placed.after.step(Event.PLACEMENT_LOST, T0))
        tx.jobs.advance(steps)

    await store.write(change)
    steps = [other.step(Event.ACCEPTED, T0), stale.step(Event.PLACED, T0, placement=1)]
    with pytest.raises(Conflict, match="1 of 2 jobs changed meanwhile"):
        await store.write(lambda tx: tx.jobs.advance(steps))
    found = await job(store, "other")
    assert found == other  # nothing of the transaction holds


async def test_advance_of_nothing(store: SqliteStore) -> None:
    await store.write(lambda tx: tx.jobs.advance([]))


# -- totals and parents


async def test_totals_are_kept_by_queue(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        add_job(tx, "a", Status.RUNNING)
        add_job(tx, "b", Status.FAILED)
        add_job(tx, "c", Status.RUNNING, queue_pk=2)
        add_job(tx, "d", Status.RUNNABLE, share="blue")
        assert totals(tx) == {"RUNNABLE": 1, "RUNNING": 1, "FAILED": 1}
        assert totals(tx, 2) == {"RUNNING": 1}
        assert tx.waiting.active_shares(1) == {"", "blue"}

    await store.write(fn)


async def test_a_parent_is_summarised_with_its_children(store: SqliteStore) -> None:  # 4.21
    def fn(tx: Tx) -> None:
        parent = add_array(tx, 3)
        first, second, _ = children_of(tx)
        placed = first.step(Event.PLACED, T0 + 5, placement=1)
        tx.jobs.advance([placed, placed.after.step(Event.STARTED, T0 + 5), second.step(Event.CANCELLED, T0 + 6)])
        array = tx.jobs.arrays([parent.pk])[parent.pk]
        assert array.totals == (0, 0, 1, 0, 1, 0, 1)
        assert (array.size, array.made, array.updated_at) == (3, 3, T0 + 6)
        assert tx.jobs.by_pk([parent.pk])[parent.pk].status is Status.PENDING  # 4.20
        assert totals(tx) == {"PENDING": 1, "RUNNABLE": 1, "RUNNING": 1, "FAILED": 1}

    await store.write(fn)


def finish(tx: Tx, child: Job, event: Event) -> None:
    placed = child.step(Event.PLACED, T0, placement=1)
    runs = placed.after.step(Event.STARTED, T0 + 1)
    tx.jobs.advance([placed, runs, runs.after.step(event, T0 + 2 + child.part)])


@pytest.mark.parametrize(
    ("events", "status", "reason"),
    [
        ([Event.SUCCEEDED, Event.SUCCEEDED], Status.SUCCEEDED, None),
        ([Event.FAILED, Event.SUCCEEDED], Status.FAILED, "Array Child Job failed"),
        ([Event.SUCCEEDED, Event.FAILED], Status.FAILED, "Array Child Job failed"),
    ],
)
async def test_a_parent_ends_with_its_last_child(
    store: SqliteStore, events: list[Event], status: Status, reason: str | None
) -> None:  # 4.22
    def fn(tx: Tx) -> None:
        parent = add_array(tx, 2)
        for child, event in zip(children_of(tx), events, strict=True):
            assert not tx.jobs.by_pk([parent.pk])[parent.pk].status.final
            finish(tx, child, event)
        ended = tx.jobs.by_pk([parent.pk])[parent.pk]
        assert (ended.status, ended.status_reason, ended.stopped_at) == (status, reason, T0 + 3)
        assert totals(tx).keys() <= {"SUCCEEDED", "FAILED"}
        assert tx.feed.of_job(parent.pk)[-1].event == f"CHILDREN_{status.name}"

    await store.write(fn)


async def test_a_parent_ends_with_children_that_are_born_dead(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        parent = add_job(tx, "array", size=2)
        tx.jobs.expand(parent.step(Event.EXPANDED, T0))
        for part in range(2):
            child = msgspec.structs.replace(parent, pk=0, kind=Kind.CHILD, part=part, parent_pk=parent.pk)
            tx.jobs.add_children(parent.pk, [child.step(Event.CANCELLED, T0)], part + 1, 2, T0)
        assert tx.jobs.by_pk([parent.pk])[parent.pk].status is Status.FAILED

    await store.write(fn)


async def test_children_come_in_chunks(store: SqliteStore) -> None:  # 3.40
    def fn(tx: Tx) -> None:
        parent = add_job(tx, "array", size=5)
        assert tx.waiting.expanding(10) == []  # it may still be held (3.54)
        tx.jobs.expand(parent.step(Event.EXPANDED, T0))
        for low, high in ((0, 2), (2, 4), (4, 5)):
            ((found, size, made),) = tx.waiting.expanding(10)
            assert (found.pk, size, made) == (parent.pk, 5, low)
            kinds = [
                msgspec.structs.replace(parent, pk=0, kind=Kind.CHILD, part=part, parent_pk=parent.pk)
                for part in range(low, high)
            ]
            tx.jobs.add_children(parent.pk, [child.step(Event.ACCEPTED, T0) for child in kinds], high, 5, T0)
        assert tx.waiting.expanding(10) == []
        assert [child.part for child in children_of(tx)] == [0, 1, 2, 3, 4]
        assert [each.part for each in tx.waiting.head(1, 3)] == [0, 1, 2]  # 9.10: index order

    await store.write(fn)


# -- requests


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        (Request.CANCEL, Request.CANCEL, "first"),
        (Request.CANCEL, Request.TERMINATE, "second"),  # what a cancel lets run can still be terminated
        (Request.CANCEL, Request.TIMEOUT, "second"),
        (Request.CANCEL, Request.DELETE_QUEUE, "second"),
        (Request.TERMINATE, Request.CANCEL, "first"),
        (Request.TERMINATE, Request.TERMINATE, "first"),
        (Request.TERMINATE, Request.DELETE_QUEUE, "first"),
        (Request.TIMEOUT, Request.TERMINATE, "first"),
    ],
)
async def test_which_request_stands(store: SqliteStore, first: Request, second: Request, stands: str) -> None:
    def fn(tx: Tx) -> None:
        added = add_job(tx, status=Status.RUNNING)
        assert tx.jobs.ask([added.pk], first, "first") == 1
        tx.jobs.seen([added.pk])
        assert tx.jobs.ask([added.pk], second, "second") == (stands == "second")
        assert tx.jobs.by_pk([added.pk])[added.pk].request_reason == stands
        # A new one is to be looked at again.
        assert bool(tx.waiting.requested(active=True, limit=10)) == (stands == "second")

    await store.write(fn)


async def test_a_job_that_is_asked_to_end_is_not_offered_for_placing(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        added = add_job(tx, status=Status.RUNNABLE)
        assert len(tx.waiting.head(1, 10)) == 1
        tx.jobs.ask([added.pk], Request.CANCEL, "no")
        assert tx.waiting.head(1, 10) == []

    await store.write(fn)


async def test_a_running_job_whose_cancel_came_too_late_still_has_its_time_limit(store: SqliteStore) -> None:  # 5.34
    def fn(tx: Tx) -> None:
        runs = add_job(tx, status=Status.STARTING).step(Event.STARTED, T0, deadline=T0 + 60)
        tx.jobs.advance([runs])
        tx.jobs.ask([runs.after.pk], Request.CANCEL, "no")
        assert tx.waiting.next_deadline() == T0 + 60
        assert [each.pk for each in tx.waiting.overdue(T0 + 61, 10)] == [runs.after.pk]
        tx.jobs.ask([runs.after.pk], Request.TIMEOUT, "late")
        assert tx.waiting.next_deadline() is None

    await store.write(fn)


# -- the questions of the loops


async def test_what_is_in_use(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        for name, host, environment in (("a", "h1", 1), ("b", "h1", 1), ("c", "h1", 2), ("d", "h2", 1)):
            placed = add_job(tx, name, Status.RUNNABLE, vcpus=2, memory_mib=100, gpus=1).step(
                Event.PLACED, T0, host=host, environment_pk=environment, placement=1
            )
            tx.jobs.advance([placed])
        add_job(tx, "e", Status.RUNNABLE)
        add_job(tx, "f", Status.SUCCEEDED)
        found = {
            (use.host, use.environment_pk): (use.jobs, use.vcpus, use.memory_mib, use.gpus)
            for use in tx.waiting.in_use()
        }
        assert found == {
            ("h1", 1): (2, 4000, 200, 2),
            ("h1", 2): (1, 2000, 100, 1),
            ("h2", 1): (1, 2000, 100, 1),
        }

    await store.write(fn)


async def test_the_order_of_dispatch_and_the_position_in_it(store: SqliteStore) -> None:  # 9.10, 5.04
    def fn(tx: Tx) -> None:
        first, second, third = (add_job(tx, name, Status.RUNNABLE) for name in "abc")
        placed = first.step(Event.PLACED, T0, placement=1)
        tx.jobs.advance([placed])
        assert [each.pk for each in tx.waiting.head(1, 10)] == [second.pk, third.pk]
        tx.jobs.advance([placed.after.step(Event.RETRIED, T0)])
        front = tx.waiting.head(1, 10)
        assert [each.pk for each in front] == [first.pk, second.pk, third.pk]
        assert [tx.waiting.position(each) for each in front] == [0, 1, 2]
        assert tx.waiting.head(2, 10) == []

    await store.write(fn)


async def test_attempts_oldest_first(store: SqliteStore) -> None:  # 4.14
    def an_attempt(number: int) -> Attempt:
        return Attempt(
            number=number,
            placement=number,
            environment_pk=1,
            host="h",
            started_at=None,
            stopped_at=T0,
            exit_code=1,
            reason="r",
            status_reason="s",
            peak_memory_bytes=5,
            cpu_s=0.5,
        )

    def fn(tx: Tx) -> None:
        a, b = add_job(tx, "a"), add_job(tx, "b")
        tx.jobs.add_attempts([(a.pk, an_attempt(2)), (b.pk, an_attempt(1)), (a.pk, an_attempt(1))])
        assert tx.jobs.attempts([a.pk, b.pk]) == {a.pk: [an_attempt(1), an_attempt(2)], b.pk: [an_attempt(1)]}

    await store.write(fn)


async def test_dependencies_are_found_from_what_is_waited_for_until_they_are_met(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        assert not tx.dependencies.any()
        waits = add_job(tx, "waits")
        tx.dependencies.add(
            [Dependency(job_pk=waits.pk, on_uuid=uuid_of("a")), Dependency(job_pk=waits.pk, on_uuid="b")]
        )
        assert tx.dependencies.any()
        (found,) = tx.dependencies.on([uuid_of("a"), "c"])
        assert (found.job_pk, found.on_uuid, found.on_part) == (waits.pk, uuid_of("a"), -1)
        tx.dependencies.met([found.pk])
        assert tx.dependencies.on([uuid_of("a")]) == []
        assert len(tx.dependencies.of(waits.pk)) == 2

    await store.write(fn)


# -- the feed


async def collect(store: SqliteStore, after: int, until: int, found: list[Change]) -> None:
    async for page in store.changes(after):
        found += page
        if len(found) >= until:
            return


async def test_the_feed_misses_nothing_and_repeats_nothing_under_concurrent_writes(store: SqliteStore) -> None:
    early: list[Change] = []
    reader = asyncio.create_task(collect(store, 0, 90, early))

    async def live(name: str) -> None:
        added = await store.write(lambda tx: add_job(tx, name, Status.RUNNABLE))
        await store.write(lambda tx: tx.jobs.advance([added.step(Event.PLACED, T0, placement=1)]))
        placed = await job(store, name)
        assert placed is not None
        await store.write(lambda tx: tx.jobs.advance([placed.step(Event.STARTED, T0)]))

    await asyncio.gather(*(live(f"j{n}") for n in range(30)))
    await asyncio.wait_for(reader, 10)
    numbers = [change.seq for change in early]
    assert numbers == sorted(set(numbers))
    assert len(early) == 90
    by_job: dict[str, list[str]] = {}
    for change in early:
        by_job.setdefault(change.job_id, []).append(change.event)
    assert by_job == {uuid_of(f"j{n}"): ["ACCEPTED", "PLACED", "STARTED"] for n in range(30)}
    late: list[Change] = []
    await asyncio.wait_for(collect(store, numbers[9], 80, late), 10)
    assert late == early[10:]  # a cursor goes on where it stood


# -- purging


def rows(tx: Tx) -> dict[str, int]:
    counts: dict[str, int] = {}
    for table in tables.metadata.sorted_tables:
        tx.connection.execute(f"SELECT count(*) FROM {table.name}")
        counts[table.name] = tx.connection._cursor.fetchone()[0]
    return {name: n for name, n in counts.items() if n and name not in {"totals", "meta"}}


def purge_all(tx: Tx, before: float, limit: int) -> Iterable[int]:
    while n := tx.jobs.purge(before, limit):
        yield n


@pytest.mark.parametrize("limit", [2, 3, 1000])
async def test_purging_leaves_no_trace(store: SqliteStore, limit: int) -> None:  # 3.70
    def fn(tx: Tx) -> None:
        before = rows(tx)
        single = add_job(tx, "a", Status.SUCCEEDED)
        tx.jobs.add_attempts([(single.pk, attempt())])
        parent = add_array(tx, 5)
        tx.dependencies.add([Dependency(job_pk=parent.pk, on_uuid=uuid_of("a"))])
        for child in children_of(tx):
            finish(tx, child, Event.SUCCEEDED)
            tx.jobs.add_attempts([(child.pk, attempt())])
        assert list(purge_all(tx, T0 - HOUR, limit)) == []
        assert sum(purge_all(tx, T0 + HOUR, limit)) == 7
        assert rows(tx) == before
        assert totals(tx) == {}

    await store.write(fn)


def attempt() -> Attempt:
    return Attempt(
        number=1,
        placement=1,
        environment_pk=None,
        host=None,
        started_at=None,
        stopped_at=T0,
        exit_code=0,
        reason=None,
        status_reason="",
    )


async def test_purging_takes_what_is_over_and_old_and_nothing_else(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        add_job(tx, "old", Status.FAILED)
        add_job(tx, "runs", Status.RUNNING)
        old_ended = tx.jobs.get(an_id(uuid_of("old")))
        assert old_ended is not None
        assert old_ended.stopped_at is not None
        assert list(purge_all(tx, old_ended.stopped_at, 10)) == []
        assert list(purge_all(tx, old_ended.stopped_at + 1, 10)) == [1]
        assert tx.jobs.get(an_id(uuid_of("runs"))) is not None
        assert totals(tx) == {"RUNNING": 1}

    await store.write(fn)


async def test_a_cursor_outlives_the_events_that_were_purged(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        add_job(tx, "old", Status.FAILED)
        last = tx.feed.last()
        list(purge_all(tx, T0 + HOUR, 10))
        add_job(tx, "new", Status.RUNNABLE)
        assert [change.event for change in tx.feed.after(last, 10)] == ["ACCEPTED"]

    await store.write(fn)


async def test_a_job_of_a_name_is_told_apart_by_its_uuid(store: SqliteStore) -> None:
    def fn(tx: Tx) -> None:
        pk = tx.jobs.add(a_job("x"), "same", "d:1").pk
        assert tx.jobs.add(a_job("y"), "same", "d:1").pk != pk

    await store.write(fn)
