"""The state diagram is drawn from the table."""

from __future__ import annotations

from tools import states_page

from batchyard.domain.states import TRANSITIONS, Event


def test_the_page_is_what_the_code_generates() -> None:
    assert states_page.PAGE.read_text() == states_page.page(), "run `make generate`"


def test_every_transition_is_drawn_and_listed() -> None:
    drawing = "\n".join(states_page.drawing())
    page = states_page.page()
    for (status, event), after in TRANSITIONS.items():
        assert f">{event.name}</text>" in drawing
        assert f"| {status.name} | {event.name} | {after.name} |" in page


def test_every_event_is_explained() -> None:
    assert set(states_page.meanings()) == set(Event)
