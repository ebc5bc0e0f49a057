"""What engine and supervisor say to each other: frames of msgpack over a Unix socket.

A frame is four bytes of length (little-endian) and one message. The engine sends `Request`s, each answered once by an
`Answer` with its number; the supervisor sends `Answer`s with number 0 whose body lists the attempts that changed.
Every verb may be sent again with the same body, so a lost answer is asked for again.

| verb    | body                  | answer's body           |
|---------|-----------------------|-------------------------|
| hello   | `VERSION`             | `Hello`                 |
| start   | `Batch`               | None: all written down  |
| observe | keys                  | `Observed` of each known|
| keys    | None                  | keys not forgotten      |
| stop    | (keys, grace_s)       | None                    |
| forget  | keys                  | None                    |
"""

from __future__ import annotations

from typing import Any

import msgspec

VERSION = 1
SOCKET = "supervisor.sock"
_LENGTH_BYTES = 4


class Order(msgspec.Struct, frozen=True, array_like=True):
    """One attempt to start: the part of a `Launch` that a process needs."""

    key: str
    command: list[str]
    env: dict[str, str]
    vcpus: float
    memory_mib: int
    user: str
    log: str
    folder: str | None


class Rules(msgspec.Struct, frozen=True, array_like=True):
    """Settings that hold for the orders sent with them. `root`: whether an order may name the user root."""

    user: str
    root: bool
    path: str
    cgroups: bool
    log_limit_bytes: int


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Orders that were given together."""

    rules: Rules
    orders: list[Order]


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """Who answers: its protocol, its process id, and whether it can use control groups."""

    version: int
    pid: int
    cgroup_version: int | None
    cgroup_why: str


class Request(msgspec.Struct, frozen=True, array_like=True):
    """A question; `number` counts up from 1."""

    number: int
    verb: str
    body: msgspec.Raw


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """The answer to the request of that number; number 0 is news of attempts. `error` is None when all went well."""

    number: int
    error: str | None
    body: msgspec.Raw


_encoder = msgspec.msgpack.Encoder()
NOTHING = _encoder.encode(None)


def pack(body: Any) -> bytes:
    """A value as msgpack."""
    return _encoder.encode(body)


def frame(message: Request | Answer) -> bytes:
    """A message as it goes over the socket."""
    data = _encoder.encode(message)
    return len(data).to_bytes(_LENGTH_BYTES, "little") + data


class Frames:
    """Cuts what arrives into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now."""
        self._buffer += data
        messages: list[bytes] = []
        start = 0
        while len(self._buffer) >= start + _LENGTH_BYTES:
            end = start + _LENGTH_BYTES + int.from_bytes(self._buffer[start : start + _LENGTH_BYTES], "little")
            if len(self._buffer) < end:
                break
            messages.append(bytes(self._buffer[start + _LENGTH_BYTES : end]))
            start = end
        del self._buffer[:start]
        return messages
