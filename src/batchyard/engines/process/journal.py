"""The supervisor's journal: what it has started, for the one that comes after it should it be killed.

A file of frames `[kind, body]`. It need only outlive the process, so nothing is synced: after a power cut no attempt
runs any more. Every key is in the file before its process exists, so that a key is never started twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from batchyard.engines.base import Observed, Phase

_LENGTH_BYTES = 4
_REWRITE_AFTER = 20_000


class Header(msgspec.Struct, frozen=True, tag="header", array_like=True):
    """First in the file: this boot of the machine, and the control groups' parents in use."""

    boot: str
    groups: list[str]


class Written(msgspec.Struct, frozen=True, tag="written", array_like=True):
    """These keys may be running from now on."""

    keys: list[str]


class Spawned(msgspec.Struct, frozen=True, tag="spawned", array_like=True):
    """(key, process id, clock ticks since boot before and after the spawn) of each."""

    processes: list[tuple[str, int, int, int]]


class Ended(msgspec.Struct, frozen=True, tag="ended", array_like=True):
    """These are the results."""

    results: list[Observed]


class Forgotten(msgspec.Struct, frozen=True, tag="forgotten", array_like=True):
    """These keys are gone."""

    keys: list[str]


Entry = Header | Written | Spawned | Ended | Forgotten
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


class Left(msgspec.Struct):
    """What an earlier supervisor left: every key not forgotten, with its result or as LOST, and its processes."""

    boot: str = ""
    groups: list[str] = []
    results: dict[str, Observed] = {}
    processes: dict[str, tuple[int, int, int]] = {}


class Journal:
    """Appends to the file; rewrites it when most of it is about forgotten keys."""

    def __init__(self, path: Path, header: Header, results: Iterable[Observed]) -> None:
        self._path = path
        self._header = header
        self._forgotten = 0
        self._fd = -1
        self._rewrite([], [], results)

    def append(self, entry: Entry) -> None:
        """Add an entry. Raises OSError, and the file is as before."""
        data = _frame(entry)
        size = os.fstat(self._fd).st_size
        try:
            if os.write(self._fd, data) < len(data):
                raise OSError("the journal could not be written whole")
        except OSError:
            os.ftruncate(self._fd, size)
            raise

    def forget(self, keys: list[str]) -> bool:
        """Note forgotten keys; True when the file has grown long enough to be worth `rewrite`."""
        self.append(Forgotten(keys))
        self._forgotten += len(keys)
        return self._forgotten >= _REWRITE_AFTER

    def rewrite(self, keys: list[str], processes: list[tuple[str, int, int, int]], results: Iterable[Observed]) -> None:
        """Replace the file by what still counts."""
        self._rewrite(keys, processes, results)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _rewrite(
        self, keys: list[str], processes: list[tuple[str, int, int, int]], results: Iterable[Observed]
    ) -> None:
        fresh = self._path.with_suffix(".new")
        entries = (self._header, Written(keys), Spawned(processes), Ended(list(results)))
        fresh.touch(0o600)
        fresh.write_bytes(b"".join(map(_frame, entries)))
        fresh.replace(self._path)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        self._forgotten = 0


def read(path: Path) -> Left:
    """What the journal of an earlier supervisor says; nothing when there is none."""
    left = Left()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return left
    at = 0
    while at + _LENGTH_BYTES <= len(data):
        end = at + _LENGTH_BYTES + int.from_bytes(data[at : at + _LENGTH_BYTES], "little")
        if end > len(data):
            break  # torn by the end of the machine: nothing behind it
        try:
            _apply(left, _decode(data[at + _LENGTH_BYTES : end]))
        except msgspec.MsgspecError:
            break
        at = end
    return left


def _apply(left: Left, entry: Entry) -> None:
    match entry:
        case Header():
            left.boot, left.groups = entry.boot, entry.groups
        case Written():
            left.results.update((key, Observed(key=key, phase=Phase.LOST)) for key in entry.keys)
        case Spawned():
            left.processes.update((key, (pid, first, last)) for key, pid, first, last in entry.processes)
        case Ended():
            for seen in entry.results:
                left.results[seen.key] = seen
                left.processes.pop(seen.key, None)
        case Forgotten():
            for key in entry.keys:
                left.results.pop(key, None)
                left.processes.pop(key, None)


def _frame(entry: Entry) -> bytes:
    data = _encode(entry)
    return len(data).to_bytes(_LENGTH_BYTES, "little") + data
