"""Turns of the scheduler: order, head of line, environments, and why a job waits (BEHAVIOUR 8.3, 8.4, 9.1, 9.2)."""

from __future__ import annotations

import gc
import re

import pytest
from tests.scheduling.rounds import Environment, Rounds, fifo

from batchyard.scheduling import placement
from batchyard.scheduling.decide import explain

ONE = {"h1": "4cpu"}
MAX_RESOURCE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
REQUIREMENT = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"


# -- first in, first out (9.10, 9.11)


def test_jobs_start_in_the_order_of_their_submission() -> None:
    Rounds(hosts=ONE).arrive("a1 a2 a3 2cpu").places("a1 a2").holds("a3", why="has 0 vCPUs").ends("a1").places(
        "a3"
    ).then_nothing()


def test_the_first_that_does_not_fit_holds_up_those_behind_it() -> None:  # 9.11
    Rounds(hosts=ONE).arrive("big 3cpu").arrive("bigger 4cpu").arrive("small 1cpu").places("big").holds(
        "bigger", why="needs 4 vCPUs and 128 MiB; the freest host of ce has 1 vCPUs and 99,872 MiB free"
    ).ends("big").places("bigger").ends("bigger").places("small").then_nothing()


def test_a_retried_job_goes_before_newer_ones() -> None:  # 5.04
    Rounds(hosts=ONE).arrive("a 4cpu").places("a").arrive("b c 4cpu").retries("a").places("a").ends("a").places(
        "b"
    ).then_nothing()


def test_a_job_that_only_waits_is_not_blocked() -> None:  # 8.42: no code
    Rounds(hosts=ONE).arrive("a b 4cpu").places("a").holds("b", why="needs 4 vCPUs", code=None).then_nothing()


# -- queues by priority (9.01, 9.03, 9.04)


def test_the_queue_with_the_higher_priority_is_looked_at_first() -> None:
    queues = {"low": fifo(priority=1), "high": fifo(priority=10)}
    Rounds(hosts=ONE, queues=queues).arrive("l1 l2 2cpu", to="low").arrive("h1 h2 2cpu", to="high").places(
        "h1 h2"
    ).holds("l1", why="").ends("h1").places("l1").then_nothing()


def test_priority_is_a_preference_and_no_guarantee() -> None:  # 9.01: the cycle goes on to the next queue
    queues = {"low": fifo(priority=1), "high": fifo(priority=10)}
    Rounds(hosts=ONE, queues=queues).arrive("now 2cpu", to="high").arrive("big 4cpu", to="high").arrive(
        "small 1cpu", to="low"
    ).places("now small").holds("big", why="needs 4 vCPUs").then_nothing()


def test_nothing_that_runs_makes_way() -> None:  # 9.04, 9.05
    queues = {"low": fifo(priority=1), "high": fifo(priority=10)}
    Rounds(hosts=ONE, queues=queues).arrive("l 4cpu", to="low").places("l").arrive("h 1cpu", to="high").places().holds(
        "h", why=""
    ).then_nothing()


def test_queues_of_one_priority_in_the_order_in_which_they_were_made() -> None:
    queues = {"first": fifo(), "second": fifo()}
    Rounds(hosts=ONE, queues=queues).arrive("s 4cpu", to="second").arrive("f 4cpu", to="first").places(
        "f"
    ).then_nothing()


# -- environments in order (9.02)

TWO = {"big": Environment(hosts="b1"), "small": Environment(hosts="s1")}
HOSTS = {"b1": "8cpu", "s1": "2cpu"}


def test_the_first_environment_that_has_room() -> None:
    queues = {"q": fifo(on="small big")}
    Rounds(hosts=HOSTS, environments=TWO, queues=queues).arrive("a b 2cpu").places("a@s1 b@b1").then_nothing()


def test_an_environment_that_is_too_small_is_skipped() -> None:
    queues = {"q": fifo(on="small big")}
    Rounds(hosts=HOSTS, environments=TWO, queues=queues).arrive("a 4cpu").places("a@b1").then_nothing()


@pytest.mark.parametrize("fault", [{"enabled": False}, {"invalid": "its provider is gone"}])
def test_an_environment_that_takes_no_jobs_is_skipped(fault: dict[str, object]) -> None:
    queues = {"q": fifo(on="small big")}
    Rounds(hosts=HOSTS, environments=TWO, queues=queues).changes("small", **fault).arrive("a 1cpu").places(
        "a@b1"
    ).then_nothing()


def test_an_environment_at_its_limit_is_full() -> None:
    environments = {"one": Environment(max_vcpus=2), "two": Environment(max_vcpus=1)}
    Rounds(hosts=ONE, environments=environments, queues={"q": fifo(on="one two")}).arrive("a b c 1cpu").places(
        "a b c"
    ).arrive("d 1cpu").places().holds(
        "d", why="one uses 2 of its 2 vCPUs; the job needs 1; two uses 1 of its 1 vCPUs"
    ).then_nothing()


def test_the_limit_counts_what_runs_already() -> None:
    Rounds(hosts=ONE, environments={"ce": Environment(max_vcpus=3)}).arrive("a b 2cpu").places("a").holds(
        "b", why="ce uses 2 of its 3 vCPUs; the job needs 2"
    ).ends("a").places("b").then_nothing()


def test_queues_that_share_an_environment_share_its_limit() -> None:  # 9.03
    environments = {"ce": Environment(max_vcpus=2)}
    queues = {"low": fifo(priority=1), "high": fifo(priority=2)}
    Rounds(hosts=ONE, environments=environments, queues=queues).arrive("l 1cpu", to="low").arrive(
        "h 2cpu", to="high"
    ).places("h").holds("l", why="ce uses 2 of its 2 vCPUs; the job needs 1").then_nothing()


# -- hosts


def test_large_gaps_stay_whole_for_large_jobs() -> None:
    Rounds(hosts={"h1": "4cpu", "h2": "4cpu"}).arrive("a 1cpu").places("a@h1").arrive("b 1cpu").places("b@h1").arrive(
        "c 4cpu"
    ).places("c@h2").then_nothing()


def test_memory_counts() -> None:
    Rounds(hosts={"h1": "8cpu 1000MiB"}).arrive("a b 1cpu 600MiB").places("a").holds(
        "b", why="needs 1 vCPUs and 600 MiB; the freest host of ce has 7 vCPUs and 400 MiB free"
    ).then_nothing()


def test_gpus_are_whole_and_belong_to_one_job() -> None:
    Rounds(hosts={"plain": "8cpu", "gpu": "8cpu 2gpu"}).arrive("a b c 1cpu 1gpu").places("a@gpu b@gpu").holds(
        "c", why="needs 1 vCPUs, 128 MiB and 1 GPUs; the freest host of ce has 8 vCPUs, 100,000 MiB and 0 GPUs free"
    ).ends("a").places("c@gpu").then_nothing()


def test_parts_of_vcpus() -> None:  # 2.54: Fargate
    Rounds(hosts={"h1": "1cpu"}).arrive("a b c d e 0.25cpu").places("a b c d").holds(
        "e", why="needs 0.25 vCPUs"
    ).then_nothing()


# -- blocked (8.40, 8.41)

HOST = {"h1": "8cpu 15872MiB 1gpu", "h2": "4cpu 4000MiB"}


@pytest.mark.parametrize(
    ("job", "code", "why"),
    [
        ("20cpu", MAX_RESOURCE, "needs 20 vCPUs; maxvCpus of ce is 16"),
        ("16cpu", REQUIREMENT, "needs 16 vCPUs; the largest host offers 8"),
        ("1cpu 32000MiB", REQUIREMENT, "needs 32,000 MiB; the largest host offers 15,872"),
        ("1cpu 2gpu", REQUIREMENT, "needs 2 GPUs; the largest host offers 1"),
        (
            "9cpu 32000MiB",
            REQUIREMENT,
            "needs 9 vCPUs; the largest host offers 8 and needs 32,000 MiB; the largest host offers 15,872",
        ),
    ],
)
def test_a_job_that_can_never_fit(job: str, code: str, why: str) -> None:
    Rounds(hosts=HOST, environments={"ce": Environment(max_vcpus=16)}).arrive(f"a {job}").places().holds(
        "a", why=why, code=code
    ).then_nothing()


def test_no_single_host_has_it_all() -> None:
    hosts = {"cpus": "8cpu 1000MiB", "memory": "1cpu 9000MiB"}
    Rounds(hosts=hosts).arrive("a 4cpu 4000MiB").places().holds(
        "a", why="no single host has the vCPUs, memory and GPUs together", code=REQUIREMENT
    ).then_nothing()


def test_an_environment_without_hosts() -> None:
    Rounds(hosts={}).arrive("a 1cpu").places().holds("a", why="ce has no host", code=REQUIREMENT).then_nothing()


def test_disabled() -> None:
    Rounds(hosts=ONE).changes("ce", enabled=False).arrive("a 1cpu").places().holds(
        "a", why="compute environment ce is DISABLED; enable it", code="UNDETERMINED"
    ).changes("ce", enabled=True).places("a").then_nothing()


def test_all_invalid() -> None:
    Rounds(hosts=ONE).changes("ce", invalid="no such provider").arrive("a 1cpu").places().holds(
        "a", why="compute environment ce is INVALID: no such provider", code="ACTION_REQUIRED"
    ).then_nothing()


def test_a_queue_without_environments() -> None:
    Rounds(hosts=ONE, queues={"q": fifo(on="")}).arrive("a 1cpu").places().holds(
        "a", why="queue q has no compute environment", code="UNDETERMINED"
    ).then_nothing()


@pytest.mark.parametrize("order", ["bad tiny", "tiny bad"])
def test_the_code_is_that_of_the_most_hopeful_environment(order: str) -> None:
    """8.41: ACTION_REQUIRED says that all are invalid, MAX_RESOURCE that no maxvCpus is enough."""
    environments = {"bad": Environment(invalid="broken"), "tiny": Environment(max_vcpus=1)}
    Rounds(hosts=ONE, environments=environments, queues={"q": fifo(on=order)}).arrive("a 2cpu").places().holds(
        "a", why="needs 2 vCPUs; maxvCpus of tiny is 1", code=MAX_RESOURCE
    ).holds("a", why="bad is INVALID: broken", code=MAX_RESOURCE).then_nothing()


@pytest.mark.parametrize("order", ["tiny roomy", "roomy tiny"])
def test_one_environment_that_has_room_later_is_enough_to_wait(order: str) -> None:  # 8.42
    environments = {"tiny": Environment(max_vcpus=1), "roomy": Environment(max_vcpus=4)}
    Rounds(hosts=ONE, environments=environments, queues={"q": fifo(on=order)}).arrive("a b 3cpu").places("a").holds(
        "b", why="roomy uses 3 of its 4 vCPUs", code=None
    ).then_nothing()


def test_a_blocked_head_blocks_its_own_queue_only() -> None:  # 8.30
    queues = {"high": fifo(priority=2), "low": fifo(priority=1)}
    Rounds(hosts=ONE, queues=queues).arrive("never 9cpu", to="high").arrive("behind 1cpu", to="high").arrive(
        "other 1cpu", to="low"
    ).places("other").holds("never", why="needs 9 vCPUs; the largest host offers 4", code=REQUIREMENT).then_nothing()


def test_the_texts_are_awss() -> None:  # 8.40
    assert placement.MAX_RESOURCE == (
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU "
        "requirement of the job."
    )
    assert placement.RESOURCE_REQUIREMENT == (
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than "
        "that can be met by the CE(s) attached to the job queue."
    )
    assert placement.INVALID == "ACTION_REQUIRED - CE(s) associated with the job queue are invalid."
    assert placement.UNDETERMINED == "UNDETERMINED - Batch job is blocked, root cause is undetermined."


def test_explain_tells_of_any_job_and_says_nothing_of_one_that_could_start() -> None:
    rounds = Rounds(hosts=ONE).arrive("a 1cpu").arrive("b 9cpu")
    (queue,) = rounds.snapshot().queues
    small, large = queue.front
    assert (explain(small, queue, rounds.snapshot()).code, explain(small, queue, rounds.snapshot()).why) == (None, "")
    assert "needs 9 vCPUs" in explain(large, queue, rounds.snapshot()).why
    rounds.places("a").then_nothing()


# -- the language itself


def test_a_chain_that_is_dropped_fails_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: heard.append(str(unraisable.exc_value)))
    Rounds(hosts=ONE).arrive("a 1cpu").places("a")
    gc.collect()
    assert len(heard) == 1
    assert "does not end with then_nothing()" in heard[0]


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        (lambda rounds: rounds.places("b"), "placed ['a@h1'], expected ['b']"),
        (lambda rounds: rounds.places("a@h2"), "placed ['a@h1'], expected ['a@h2']"),
        (lambda rounds: rounds.places(), "placed ['a@h1'], expected []"),
        (lambda rounds: rounds.places("a b"), "placed ['a@h1'], expected ['a', 'b']"),
        (lambda rounds: rounds.places("a").holds("a", why=""), "held ['b'], expected a"),
        (lambda rounds: rounds.places("a").holds("b", why="nonsense"), "does not have 'nonsense'"),
        (lambda rounds: rounds.places("a").holds("b", why="", code=MAX_RESOURCE), "code None"),
    ],
)
def test_a_wrong_claim_fails(claim, text: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(text)):
        claim(Rounds(hosts=ONE).arrive("a b 4cpu"))
