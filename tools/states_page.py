"""Writes docs/reference/states.md, the state diagram, from the table in `batchyard.domain.states`.

`python -m tools.states_page`. The drawing is plain SVG: one box a status, one arc a pair of statuses, forward arcs on
the right, backward arcs on the left.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from batchyard.domain import states
from batchyard.domain.states import TRANSITIONS, Event, Status

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "states.md"

HEAD = """\
# Statuses and events

<!-- GENERATED from src/batchyard/domain/states.py by tools/states_page.py; do not edit. -->

A job begins in SUBMITTED and ends in SUCCEEDED or FAILED. Only an event changes its status, only as this table says,
and the event is written in the same transaction as the job's row. The statuses are those of AWS Batch; the events are
Batchyard's own.
"""

LEFT, ROW, WIDTH, HEIGHT, STEP = 300, 92, 120, 34, 108
"""Layout in pixels: x of the boxes, distance of two boxes, size of a box, how far an arc bulges for each row."""


def page() -> str:
    """The whole page: the drawing, the events, the table."""
    lines = [HEAD, *drawing(), "", "## Events", "", "| event | what happened |", "|---|---|"]
    lines += [f"| {event.name} | {text} |" for event, text in meanings().items()]
    lines += ["", "## Table", "", "| status | event | status after |", "|---|---|---|"]
    lines += [f"| {status.name} | {event.name} | {after.name} |" for (status, event), after in TRANSITIONS.items()]
    return "\n".join(lines) + "\n"


def meanings() -> dict[Event, str]:
    """What each event means: the comment behind it in the source, else its own name in plain words."""
    comments = dict(re.findall(r"^    ([A-Z_]+) = \d+  # (.+)$", inspect.getsource(states.Event), re.MULTILINE))
    return {event: comments.get(event.name, event.name.replace("_", " ").lower()) for event in Event}


def drawing() -> Iterator[str]:
    """The SVG, without blank lines, so that it may stand in Markdown."""
    yield (
        f'<svg viewBox="0 0 1220 {ROW * len(Status)}" role="img" aria-label="Statuses of a job and their events"'
        ' font-size="12" font-family="monospace" fill="currentColor" stroke="none">'
    )
    yield (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
    )
    pairs: dict[tuple[Status, Status], list[str]] = defaultdict(list)
    for (status, event), after in TRANSITIONS.items():
        pairs[status, after].append(event.name)
    for (status, after), events in pairs.items():
        yield from _arc(status, after, events)
    for status in Status:
        y = _y(status)
        yield (
            f'<rect x="{LEFT}" y="{y - HEIGHT // 2}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="none"'
            ' stroke="currentColor"/>'
        )
        yield f'<text x="{LEFT + WIDTH // 2}" y="{y + 4}" text-anchor="middle" font-weight="bold">{status.name}</text>'
    yield "</svg>"


def _y(status: Status) -> int:
    return ROW * int(status) + ROW // 2


def _arc(status: Status, after: Status, events: list[str]) -> Iterator[str]:
    """One arc and its events: straight between neighbours, bulging by distance otherwise, a loop on itself."""
    start, end, distance = _y(status), _y(after), int(after) - int(status)
    side = LEFT + WIDTH if distance > 0 else LEFT
    bulge = STEP * distance if distance else -60
    if distance == 1:
        x = LEFT + WIDTH // 2
        path, label = f"M{x} {start + HEIGHT // 2} L{x} {end - HEIGHT // 2}", x + 8
    elif distance == 0:
        path = f"M{side} {start - 14} C{side + bulge} {start - 40} {side + bulge} {start + 14} {side} {start - 2}"
        label = side + bulge * 3 // 4 - 6
    else:
        # The control points lie 4/3 of the bulge out, so that the arc itself reaches just the bulge.
        control = side + bulge * 4 // 3
        path, label = (
            f"M{side} {start + 6} C{control} {start} {control} {end} {side} {end + (9 if distance < 0 else -6)}",
            side + bulge + 6,
        )
    yield f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity="0.5" marker-end="url(#arrow)"/>'
    anchor, label = ("end", label - 12 * (distance < 0)) if distance <= 0 else ("start", label)
    middle = (start + end) // 2 - 7 * (len(events) - 1) + (4 if distance else -8)
    for number, event in enumerate(events):
        yield f'<text x="{label}" y="{middle + 14 * number}" text-anchor="{anchor}">{event}</text>'


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
