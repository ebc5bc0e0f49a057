"""Ids and keys of jobs."""

from __future__ import annotations

import pytest
from tests.builders import a_job, uuid_of

from batchyard.domain.arns import JobId
from batchyard.domain.jobs import Kind, attempt_key, parse_attempt_key
from batchyard.domain.states import Event, Status


def test_a_childs_id_is_its_parents_plus_the_index() -> None:  # 3.40
    assert a_job("a").id == uuid_of("a")
    assert a_job("a", part=3, kind=Kind.CHILD).id == f"{uuid_of('a')}:3"
    assert JobId.parse(a_job("a", part=3).id) == JobId(uuid_of("a"), ":", 3)


def test_a_key_names_a_placement_for_ever() -> None:
    job = a_job("a", placement=2)
    assert job.key == f"{uuid_of('a')}.x.2"
    assert a_job("a", part=7, placement=1).key == f"{uuid_of('a')}.7.1"
    placed = a_job("a", status=Status.RUNNABLE, placement=2).step(Event.PLACED, 1.0, placement=3).after
    assert placed.key != job.key


@pytest.mark.parametrize(("part", "placement"), [(-1, 1), (0, 1), (9999, 12)])
def test_a_key_can_be_read_back(part: int, placement: int) -> None:
    assert parse_attempt_key(attempt_key("u", part, placement)) == ("u", part, placement)


@pytest.mark.parametrize("text", ["", "u", "u.x", "u.x.", "u.x.-1", "u.y.1", "u.-1.1", "u.x.1.2", "u.1.one"])
def test_what_is_no_key(text: str) -> None:
    assert parse_attempt_key(text) is None


def test_a_step_keeps_both_sides() -> None:
    job = a_job()
    step = job.step(Event.HELD, 2.0, open=3)
    assert step.before is job
    assert (step.after.status, step.after.open, step.at) == (Status.PENDING, 3, 2.0)
