"""When the lines of a log were written, without a pipe between a process and its log.

A process writes straight into its log. While it runs, its log's size is looked at every 0.1 s, and when it has grown a
record is added to the *times file*, `<log>.times`. A record is 16 bytes: two unsigned 64-bit little-endian numbers,

    size of the log so far in bytes, time in milliseconds since 1970 (UTC)

Sizes only grow. A line was written at the time of the first record that covers all of it. When the process ends, one
last record covers the rest, and the record `(ENDED, time)` with `ENDED = 2**64 - 1` closes the times file: a last line
without a newline is then complete.

A process can empty its own log: a shell's `> /dev/stderr` does, while `>> /dev/stderr` and `>&2` do not. Then the
records begin anew.

A log that outgrows its limit is cut back to the limit at each look. Then the record `(CUT, time)` with `CUT = 2**63`
closes the times file: what the log holds behind the size of the record before it is not part of the log, and a reader
adds a last line that says so.
"""

from __future__ import annotations

import os
import struct

CUT = 1 << 63
ENDED = (1 << 64) - 1
RECORD = struct.Struct("<QQ")
SUFFIX = ".times"


class LogWatch:
    """Watches one open log. Takes over `fd`, which must be open for appending."""

    __slots__ = ("_fd", "_limit_bytes", "_path", "_recorded", "_times_fd", "cut")

    def __init__(self, path: str, fd: int, limit_bytes: int) -> None:
        self._path = path
        self._fd = fd
        self._limit_bytes = limit_bytes
        self._recorded = 0
        self._times_fd = -1
        self.cut = False

    def look(self, now_ms: int) -> None:
        """Record that the log has grown, if it has; cut it back, if it has grown too much."""
        size = os.fstat(self._fd).st_size
        if size > self._limit_bytes:
            os.ftruncate(self._fd, self._limit_bytes)
            if not self.cut:
                self._record(self._limit_bytes, now_ms)
                self._record(CUT, now_ms)
                self.cut = True
        elif self.cut:
            return
        elif size > self._recorded:
            self._record(size, now_ms)
        elif size < self._recorded:
            os.ftruncate(self._times_fd, 0)
            self._recorded = 0
            if size:
                self._record(size, now_ms)

    def close(self, now_ms: int) -> None:
        """Look for the last time and let go of the files."""
        try:
            self.look(now_ms)
            if self._recorded and not self.cut:
                self._record(ENDED, now_ms)
        finally:
            os.close(self._fd)
            if self._times_fd >= 0:
                os.close(self._times_fd)

    def _record(self, size: int, now_ms: int) -> None:
        if self._times_fd < 0:
            self._times_fd = os.open(self._path + SUFFIX, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(self._times_fd, RECORD.pack(size, now_ms))
        self._recorded = size
