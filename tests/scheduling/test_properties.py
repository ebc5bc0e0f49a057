"""What holds of every decision, whatever the world is (BEHAVIOUR 9.01, 9.02, 9.11)."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from hypothesis import given
from hypothesis import strategies as some
from tests.builders import T0, a_job

from batchyard.domain.states import Status
from batchyard.scheduling.decide import decide, explain
from batchyard.scheduling.plan import Plan
from batchyard.scheduling.snapshot import EnvironmentView, HostView, Needs, QueueView, Snapshot

few = some.integers(0, 4)
needs = some.builds(
    Needs, some.sampled_from([250, 1000, 2000, 8000]), some.sampled_from([128, 4000]), some.integers(0, 1)
)


@some.composite
def snapshots(draw: some.DrawFn) -> Snapshot:
    providers = ["p1", "p2"]
    hosts: list[HostView] = []
    for number in range(draw(few)):
        total, used = draw(needs), draw(needs)
        free = total - used if used.within(total) else total
        hosts.append(HostView(id=f"h{number}", provider=draw(some.sampled_from(providers)), total=total, free=free))
    environments = tuple(
        EnvironmentView(
            pk=pk,
            name=f"e{pk}",
            provider=draw(some.sampled_from(providers)),
            enabled=draw(some.integers(0, 4)) > 0,
            valid=draw(some.integers(0, 4)) > 0,
            max_vcpus=draw(some.sampled_from([1000, 4000, 64_000])),
            used_vcpus=draw(some.sampled_from([0, 500, 4000])),
        )
        for pk in range(1, draw(some.integers(1, 3)) + 1)
    )
    keys = [environment.pk for environment in environments]
    queues: list[QueueView] = []
    number = 0
    for pk in range(1, draw(some.integers(1, 3)) + 1):
        front = []
        for need in draw(some.lists(needs, max_size=5)):
            number += 1
            job = a_job(f"j{number}", pk=number, rank=number, queue_pk=pk, memory_mib=need.memory_mib, gpus=need.gpus)
            front.append(msgspec.structs.replace(job, vcpus=need.vcpus, status=Status.RUNNABLE))
        order = tuple(draw(some.lists(some.sampled_from(keys), unique=True)))
        priority = draw(some.integers(0, 2))
        queues.append(QueueView(pk=pk, name=f"q{pk}", priority=priority, environments=order, front=tuple(front)))
    return Snapshot(now=T0, queues=tuple(queues), environments=environments, hosts=tuple(hosts))


def outcome(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """The world after the plan was carried out."""
    taken: dict[str, Needs] = defaultdict(lambda: Needs(0, 0, 0))
    used: dict[int, int] = defaultdict(int)
    for place in plan.places:
        taken[place.host] += Needs.of(place.job)
        used[place.environment_pk] += place.job.vcpus
    gone = {place.job.pk for place in plan.places}
    replace = msgspec.structs.replace
    return replace(
        snapshot,
        hosts=tuple(replace(host, free=host.free - taken[host.id]) for host in snapshot.hosts),
        environments=tuple(replace(e, used_vcpus=e.used_vcpus + used[e.pk]) for e in snapshot.environments),
        queues=tuple(replace(q, front=tuple(j for j in q.front if j.pk not in gone)) for q in snapshot.queues),
    )


@given(snapshots())
def test_no_host_and_no_environment_is_oversubscribed(snapshot: Snapshot) -> None:
    plan = decide(snapshot)
    after = outcome(snapshot, plan)
    assert all(Needs(0, 0, 0).within(host.free) for host in after.hosts)
    touched = {place.environment_pk for place in plan.places}
    for environment in after.environments:
        if environment.pk in touched:
            assert environment.accepts
            assert environment.used_vcpus <= environment.max_vcpus


@given(snapshots())
def test_jobs_go_where_their_queue_allows(snapshot: Snapshot) -> None:
    queues = {queue.pk: queue for queue in snapshot.queues}
    environments = {environment.pk: environment for environment in snapshot.environments}
    hosts = {host.id: host for host in snapshot.hosts}
    for place in decide(snapshot).places:
        assert place.environment_pk in queues[place.job.queue_pk].environments
        assert hosts[place.host].provider == environments[place.environment_pk].provider


@given(snapshots())
def test_a_queue_is_served_from_its_front(snapshot: Snapshot) -> None:
    plan = decide(snapshot)
    for queue in snapshot.queues:
        placed = [place.job for place in plan.places if place.job.queue_pk == queue.pk]
        held = [hold.job for hold in plan.holds if hold.job.queue_pk == queue.pk]
        assert tuple(placed) == queue.front[: len(placed)]
        assert tuple(held) == queue.front[len(placed) : len(placed) + 1]


@given(snapshots())
def test_what_stands_behind_takes_nothing_from_what_stands_before(snapshot: Snapshot) -> None:
    """Without the queues of lower priority the others get exactly the same."""
    lowest = min(queue.priority for queue in snapshot.queues)
    high = {queue.pk for queue in snapshot.queues if queue.priority > lowest}
    alone = msgspec.structs.replace(snapshot, queues=tuple(q for q in snapshot.queues if q.pk in high))
    assert decide(alone).places == tuple(p for p in decide(snapshot).places if p.job.queue_pk in high)


@given(snapshots())
def test_deciding_again_on_the_outcome_changes_nothing(snapshot: Snapshot) -> None:
    after = outcome(snapshot, decide(snapshot))
    assert decide(after).places == ()
    assert decide(after) == decide(after)


@given(snapshots())
def test_what_is_held_does_not_fit_and_is_told_why(snapshot: Snapshot) -> None:
    plan = decide(snapshot)
    after = outcome(snapshot, plan)
    for hold in plan.holds:
        assert hold.why
        queue = next(queue for queue in after.queues if queue.pk == hold.job.queue_pk)
        assert explain(hold.job, queue, after).why
