"""Which child waits for which (BEHAVIOUR 3.52, 3.53, 3.56)."""

from __future__ import annotations

import pytest

from batchyard.domain.dependencies import FAILED_REASON, Dependency, Tie, child_state, dependant, partner
from batchyard.domain.states import Status

P, R, S, F = Status.PENDING, Status.RUNNING, Status.SUCCEEDED, Status.FAILED


def a_tie(tie: Tie) -> Dependency:
    return Dependency(job_pk=1, on_uuid="u", tie=tie)


@pytest.mark.parametrize(
    ("tie", "index", "waits_for"),
    [
        (Tie.N_TO_N, 0, 0),
        (Tie.N_TO_N, 7, 7),
        (Tie.SEQUENTIAL, 0, None),  # the first waits for nobody
        (Tie.SEQUENTIAL, 1, 0),
        (Tie.SEQUENTIAL, 7, 6),
        (Tie.PLAIN, 7, None),  # the parent waits, not the child (3.54)
    ],
)
def test_a_childs_partner(tie: Tie, index: int, waits_for: int | None) -> None:
    assert partner(a_tie(tie), index) == waits_for


@pytest.mark.parametrize("tie", [Tie.N_TO_N, Tie.SEQUENTIAL])
@pytest.mark.parametrize("index", range(4))
def test_a_dependant_is_whoever_has_it_as_partner(tie: Tie, index: int) -> None:
    waits_for = partner(a_tie(tie), index)
    if waits_for is not None:
        assert dependant(a_tie(tie), waits_for) == index


@pytest.mark.parametrize("tie", Tie)
def test_the_end_of_a_parent_is_nobodys_partner(tie: Tie) -> None:
    assert dependant(a_tie(tie), -1) is None


def test_a_plain_dependency_has_no_partners() -> None:
    assert dependant(a_tie(Tie.PLAIN), 3) is None


@pytest.mark.parametrize(
    ("partners", "open_now", "failed"),
    [
        ([], 0, False),
        ([S, S], 0, False),  # 3.57: already succeeded counts as met
        ([S, R, P], 2, False),
        ([None, S], 1, False),  # a partner that is not made yet is open
        ([S, F], 1, True),  # 3.57: already failed fails at once
        ([None, F, R], 3, True),
    ],
)
def test_how_a_new_child_begins(partners: list[Status | None], open_now: int, failed: bool) -> None:
    assert child_state(partners) == (open_now, failed)


def test_the_text() -> None:  # 3.55
    assert FAILED_REASON == "Dependent Job failed"
