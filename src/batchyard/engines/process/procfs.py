"""What /proc tells the supervisor: whom it has adopted, whose a process is, what a dead supervisor left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Collection

KEY_VARIABLE = "BATCHYARD_ATTEMPT"
YARD_VARIABLE = "BATCHYARD_YARD"
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAUSE_S = 0.01
_GIVE_UP_S = 30.0


def boot_id() -> str:
    """Which boot of the machine this is: process ids of another one mean nothing."""
    return _read("/proc/sys/kernel/random/boot_id").decode().strip()


def ticks() -> int:
    """Clock ticks since boot, as in `start_ticks`."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * _TICKS_PER_S)


def start_ticks(pid: int) -> int:
    """When the process started, in clock ticks since boot; -1 when there is none (a zombie is none)."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(fields[19]) if fields and fields[0] not in (b"Z", b"X") else -1


def children(pid: int) -> list[int]:
    """Process ids of the children of the process's main thread, zombies included."""
    return [int(child) for child in _read(f"/proc/{pid}/task/{pid}/children").split()]


def attempt_of(pid: int, yard: str) -> str | None:
    """The key of the attempt that the process was started by, by its environment; None when it does not say."""
    found: dict[bytes, bytes] = {}
    for entry in _read(f"/proc/{pid}/environ").split(b"\0"):
        name, _, value = entry.partition(b"=")
        found[name] = value
    if found.get(YARD_VARIABLE.encode()) != yard.encode():
        return None
    return found.get(KEY_VARIABLE.encode(), b"").decode(errors="replace") or None


def kill_left_behind(
    yard: str, processes: Collection[tuple[int, int, int]], members: Callable[[], Collection[int]]
) -> bool:
    """Kill everything that attempts of a dead supervisor left, until nothing is left; False when giving up.

    Found by the yard's mark in the environment, by `members` (of its control groups) and by `processes` (process id
    and the ticks between which it started): their sessions are killed with them. Bounded in time, since a process that
    hangs in the kernel cannot be killed; what we may not signal is not ours to end.
    """
    give_up = time.monotonic() + _GIVE_UP_S
    spared = {os.getpid()}
    while True:
        mains = {pid for pid, first, last in processes if first <= start_ticks(pid) <= last}
        inside = {*mains, *members()}
        found = [pid for pid in _everyone() - spared if pid in inside or _belongs(pid, yard, mains)]
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            except PermissionError:
                spared.add(pid)
        if not found:
            return True
        if time.monotonic() > give_up:
            sys.stderr.write(f"processes {found} of an earlier supervisor cannot be killed\n")
            return False
        time.sleep(_PAUSE_S)


def _belongs(pid: int, yard: str, mains: Collection[int]) -> bool:
    try:
        if mains and os.getsid(pid) in mains:
            return True
    except ProcessLookupError:
        return False
    return attempt_of(pid, yard) is not None


def _everyone() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdecimal()}  # noqa: PTH208


def _read(path: str) -> bytes:
    """A file of /proc, empty when its process is gone or not ours to read."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        data = b""
        while chunk := os.read(fd, 1 << 16):
            data += chunk
        return data
    except OSError:
        return b""
    finally:
        os.close(fd)
