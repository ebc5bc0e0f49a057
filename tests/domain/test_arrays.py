"""What the totals of its children make of a parent (BEHAVIOUR 4.3)."""

from __future__ import annotations

import pytest

from batchyard.domain.arrays import CHILD_FAILED, Array
from batchyard.domain.states import Event, Status


def an_array(size: int, made: int | None = None, **totals: int) -> Array:
    return Array(
        size=size,
        made=size if made is None else made,
        totals=tuple(totals.get(status.name.lower(), 0) for status in Status),
        updated_at=0.0,
    )


@pytest.mark.parametrize(
    ("array", "outcome"),
    [
        (an_array(2, succeeded=2), Event.CHILDREN_SUCCEEDED),
        (an_array(2, failed=2), Event.CHILDREN_FAILED),
        (an_array(3, succeeded=2, failed=1), Event.CHILDREN_FAILED),
        (an_array(3, succeeded=1, failed=1, running=1), None),  # a failure does not end the siblings
        (an_array(2, pending=2), None),
        (an_array(3, made=2, succeeded=2), None),  # one is still to be made
        (an_array(3, made=2, failed=2), None),
        (an_array(3, made=0), None),
    ],
)
def test_a_parent_ends_with_its_last_child(array: Array, outcome: Event | None) -> None:  # 4.22
    assert array.outcome is outcome
    assert array.ended is (outcome is not None)


def test_the_summary_has_all_seven_keys_and_adds_up_to_the_size() -> None:  # 4.21
    summary = an_array(5, made=3, running=1, succeeded=2).summary(Status.SUBMITTED)
    assert summary == {
        "SUBMITTED": 2,
        "PENDING": 0,
        "RUNNABLE": 0,
        "STARTING": 0,
        "RUNNING": 1,
        "SUCCEEDED": 2,
        "FAILED": 0,
    }


def test_children_that_will_never_be_made_count_as_their_parent() -> None:
    assert an_array(4, made=0).summary(Status.FAILED)["FAILED"] == 4


def test_the_text() -> None:  # 4.22
    assert CHILD_FAILED == "Array Child Job failed"
