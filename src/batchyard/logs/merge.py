"""Searching many streams in order of time, with memory for one place in each of them, not for what they hold."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence

from batchyard.domain.log_streams import LogStream
from batchyard.logs import patterns
from batchyard.logs.base import MAX_BYTES, Found, LogEvent, Mark, Search
from batchyard.logs.readers import Entry, Reader, cost

_SCAN_BYTES = 64 << 20
"""Bytes looked through for one page."""
_OPEN = 64
"""Streams kept open; the others are opened again when it is their turn."""

Open = Callable[[LogStream], Reader]


def search(opener: Open, streams: Sequence[LogStream], query: Search) -> Found:
    """A page of events, in order of time and then of the streams' numbers. Raises Invalid for a bad pattern."""
    matches = patterns.compile_pattern(query.pattern)
    places = _Places()
    try:
        heap: list[_Place] = []
        for stream in streams:
            place = _Place(stream, opener, query)
            if place.begin():
                heap.append(place)
                places.use(place)
        heapq.heapify(heap)
        found = _fill(heap, places, query, matches)
    finally:
        places.close()
    mark = Mark(heap[0].key_ms, heap[0].stream.pk, heap[0].position) if heap else None
    return Found(found, mark)


def _fill(
    heap: list[_Place], places: _Places, query: Search, matches: Callable[[str], bool]
) -> list[tuple[LogStream, LogEvent]]:
    """Take events off the heap until the page is full or enough was looked through."""
    found: list[tuple[LogStream, LogEvent]] = []
    size = scanned = 0
    while heap and scanned < _SCAN_BYTES:
        place = heap[0]
        places.use(place)
        entry = place.entry()
        if entry is not None:
            if _in_range(entry.event.timestamp_ms, query) and matches(entry.event.message):
                size += cost(entry)
                if found and (len(found) >= query.limit or size > MAX_BYTES):
                    break
                found.append((place.stream, entry.event))
            scanned += cost(entry)
        if entry is not None and place.advance():
            heapq.heapreplace(heap, place)
        else:
            heapq.heappop(heap)
    return found


def _in_range(ms: int, query: Search) -> bool:
    return (query.start_ms is None or ms >= query.start_ms) and (query.end_ms is None or ms < query.end_ms)


class _Places:
    """Keeps the places used last open."""

    def __init__(self) -> None:
        self._open: dict[_Place, None] = {}

    def use(self, place: _Place) -> None:
        self._open.pop(place, None)
        self._open[place] = None
        if len(self._open) > _OPEN:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.release()

    def close(self) -> None:
        for place in self._open:
            place.release()


class _Place:
    """Stands before the next event of one stream, in the search's direction."""

    def __init__(self, stream: LogStream, opener: Open, query: Search) -> None:
        self.stream = stream
        self.key_ms = self.position = 0
        self._opener = opener
        self._query = query
        self._reader: Reader | None = None
        self._entries: Iterator[Entry] = iter(())
        self._entry: Entry | None = None

    def __lt__(self, other: _Place) -> bool:
        mine, others = (self.key_ms, self.stream.pk), (other.key_ms, other.stream.pk)
        return mine > others if self._query.descending else mine < others

    def begin(self) -> bool:
        """Stand before the first event of the search; False when there is none."""
        try:
            self._reader = self._opener(self.stream)
        except FileNotFoundError:
            return False
        self._read_from(self._first(self._reader), self._reader)
        return self.advance()

    def advance(self) -> bool:
        """Stand before the following event; False, and closed, when there is none."""
        self._entry = next(self._entries, None)
        if self._entry is None or self._is_beyond(self._entry):
            self.release()
            return False
        self.key_ms = self._entry.key_ms
        self.position = self._entry.end if self._query.descending else self._entry.event.position
        return True

    def entry(self) -> Entry | None:
        """The event; None if its stream was deleted meanwhile."""
        if self._entry is None:
            try:
                self._reader = self._opener(self.stream)
            except FileNotFoundError:
                return None
            self._read_from(self.position, self._reader)
            self._entry = next(self._entries, None)
        return self._entry

    def release(self) -> None:
        """Close the file and forget the event; `entry` finds both again."""
        if self._reader is not None:
            self._reader.__exit__(None, None, None)
        self._reader, self._entries, self._entry = None, iter(()), None

    def _read_from(self, position: int, reader: Reader) -> None:
        self._entries = reader.backward(position) if self._query.descending else reader.forward(position)

    def _first(self, reader: Reader) -> int:
        mark, query = self._query.mark, self._query
        if mark is not None:
            if mark.pk == self.stream.pk:
                return mark.position
            return reader.seek(mark.key_ms + (self.stream.pk < mark.pk))
        if query.descending:
            return reader.seek(query.end_ms) if query.end_ms is not None and reader.sorted else reader.size
        return reader.seek(query.start_ms) if query.start_ms is not None else 0

    def _is_beyond(self, entry: Entry) -> bool:
        """Whether neither this event nor any behind it is in the range of time."""
        query = self._query
        if query.descending:
            return query.start_ms is not None and entry.key_ms < query.start_ms
        assert self._reader is not None
        return query.end_ms is not None and self._reader.sorted and entry.key_ms >= query.end_ms
