"""The contract of an engine: four verbs, each repeatable, each taking many.

An engine runs *attempts*. It is told what to run (a `Launch`) under a key that names the attempt for ever, and
says what it sees (`Observed`). It decides nothing: retries, statuses and reasons of jobs are the domain's.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import msgspec


class Phase(enum.StrEnum):
    """How far an attempt is. `LOST`: the key was written down, but it neither runs nor left a result."""

    STARTING = "starting"
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine is asked to run.

    `key` names the attempt for ever (unique per placement; `[A-Za-z0-9.-]+`): a second `start` with the same key must
    not start a second process, whatever happened in between. `env` is complete: the engine adds nothing but PATH and
    HOME where they are missing. `log` is the file that takes stdout and stderr together, in order; its directory
    exists. `spec` holds what only some engines use (the effective containerProperties in the API's spelling).
    """

    key: str
    job_id: str
    host: str
    image: str
    command: tuple[str, ...]
    env: dict[str, str]
    vcpus: float
    memory_mib: int
    gpus: int = 0
    user: str | None = None
    log: Path
    spec: Mapping[str, Any] = {}


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt used: peak memory in bytes, CPU seconds (user + system)."""

    peak_memory_bytes: int = 0
    cpu_s: float = 0.0


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine sees of one key. Times are UTC seconds.

    RUNNING has `started_at`. ENDED has `stopped_at` and either `exit_code` (0-255; 128+n when killed by signal n,
    BEHAVIOUR 5.16) or, when the program could not be started, only `reason`. `reason` is the container-level cause
    (4.05), None for an ordinary exit. LOST has nothing: the caller treats it as a lost host.
    """

    key: str
    phase: Phase
    started_at: float | None = None
    stopped_at: float | None = None
    exit_code: int | None = None
    reason: str | None = None
    usage: Usage | None = None
    log_truncated: bool = False


Wakeup = Callable[[Sequence[Observed]], None]
"""Rung by an engine, on the event loop's thread, with what changed; a hint, never a promise."""


class Engine(Protocol):
    """Runs attempts. Every verb may be repeated with the same arguments without harm."""

    async def open(self, wakeup: Wakeup) -> None:
        """Get ready (connect, start what is needed). Attempts of an earlier server are found again here."""
        ...

    async def close(self) -> None:
        """Let go without stopping any attempt: they go on, and a later `open` finds them."""
        ...

    async def start(self, launches: Sequence[Launch]) -> None:
        """Start what is not started yet. Returns when every key is written down; failure to start is *observed*."""
        ...

    async def observe(self, keys: Sequence[str]) -> Mapping[str, Observed]:
        """What is known of these keys: a key that was never seen here is absent; one that was, is never absent."""
        ...

    async def keys(self) -> Sequence[str]:
        """Every key not forgotten yet: what a new server looks through for leftovers."""
        ...

    async def stop(self, keys: Sequence[str], grace: timedelta) -> None:
        """SIGTERM now, SIGKILL after `grace`, to all of the attempt's processes. Ended and unknown keys: no effect."""
        ...

    async def forget(self, keys: Sequence[str]) -> None:
        """Remove what is left of ended attempts, their result included. The log file stays."""
        ...
