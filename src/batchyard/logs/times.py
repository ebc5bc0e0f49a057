"""Reading a times file: when an attempt's log had which size. The format is stated in `base`."""

from __future__ import annotations

import os
import struct
from bisect import bisect_left, bisect_right
from pathlib import Path

from batchyard.logs.base import ENDED, LIMIT

_RECORD = struct.Struct("<QQ")
_CHUNK = 256
"""Records read at once."""
_MARKS = 4
"""A mark is among the last few records: nothing but marks and one record of the final size follows the first mark."""


def times_path(path: Path) -> Path:
    """The times file beside a log file."""
    return path.with_name(path.name + ".times")


class Times:
    """The records of one times file, read in chunks; a missing file has none.

    `len` leaves the marks out; `limited_ms` and `ended` say whether they are there. To be closed.
    """

    def __init__(self, path: Path) -> None:
        self._count = 0
        self.limited_ms: int | None = None
        self.ended = False
        self._chunk: list[tuple[int, int]] = []
        self._base = 0
        self._file: int | None = None
        try:
            self._file = os.open(times_path(path), os.O_RDONLY)
        except FileNotFoundError:
            return
        self._count = os.fstat(self._file).st_size // _RECORD.size
        tail = range(max(self._count - _MARKS, 0), self._count)
        marks = [index for index in tail if self[index][0] >= LIMIT]
        for index in marks:
            size, ms = self[index]
            if size == ENDED:
                self.ended = True
            else:
                self.limited_ms = ms
        self._count = marks[0] if marks else self._count

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[int, int]:
        """(size in bytes, time in ms) of a record."""
        place = index - self._base
        if not 0 <= place < len(self._chunk):
            assert self._file is not None
            self._base = index // _CHUNK * _CHUNK
            data = os.pread(self._file, _CHUNK * _RECORD.size, self._base * _RECORD.size)
            self._chunk = list(_RECORD.iter_unpack(data[: len(data) // _RECORD.size * _RECORD.size]))
            place = index - self._base
        return self._chunk[place]

    @property
    def last(self) -> tuple[int, int] | None:
        """The last record that is no mark."""
        return self[self._count - 1] if self._count else None

    def covering(self, position: int) -> int:
        """Index of the first record whose size is at least `position`; `count` if none is."""
        return bisect_left(self, position, key=lambda record: record[0])

    def beyond(self, position: int) -> int:
        """Index of the first record whose size is more than `position`; `count` if none is."""
        return bisect_right(self, position, key=lambda record: record[0])

    def at(self, ms: int) -> int:
        """Index of the first record that is not before `ms`; `count` if none is."""
        return bisect_left(self, ms, key=lambda record: record[1])
