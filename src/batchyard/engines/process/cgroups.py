"""Control groups, version 1 and 2: a hard memory limit, CPU shares, and the killing of all that is left.

Making and removing a group costs some 250 microseconds, reading and writing its open files 2 to 7. So a group that is
empty again is kept, its files open, for the next attempt: the peak is set back, the count of kills by the kernel is
taken as a difference, and a group that still holds memory (cached files) is not used again.

How a process gets in: in version 1 the supervisor enters, starts it, and leaves; only then is memory limited. Entering
oneself is the one move that needs no lock that stops the whole machine from forking (some milliseconds, when nobody has
moved a process lately), and nothing can run before it is inside. There must be no limit meanwhile: a kernel that looks
for a process to kill, because the group is out of memory, could find the supervisor. In version 2 that short cut does
not exist: a process is moved in right after its start, and what it has forked in between after it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from batchyard.engines.process import procfs

_ROOT = Path("/sys/fs/cgroup")
_SPARE_GROUPS = 128
_LEFT_OVER_BYTES = 1 << 20
_MIB = 1 << 20


class CgroupSupport(NamedTuple):
    """`version` 1 or 2 where memory can be limited, else None; `why` says how, or why not and what then."""

    version: Literal[1, 2] | None
    why: str
    parents: tuple[Path, ...] = ()
    """Where groups can be made: of version 1 memory and, where possible, cpu; of version 2 the one."""


class _Names(NamedTuple):
    """Files of a group, by version. Both name the count of kills `oom_kill`, on a line of its own."""

    limits: tuple[str, ...]
    """Memory, then swap: memory and swap together in version 1. In the order in which they may be lowered."""
    weight: str
    usage: str
    peak: str
    kills: str


_NAMES = {
    1: _Names(
        ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
        "cpu.shares",
        "memory.usage_in_bytes",
        "memory.max_usage_in_bytes",
        "memory.oom_control",
    ),
    2: _Names(("memory.max", "memory.swap.max"), "cpu.weight", "memory.current", "memory.peak", "memory.events"),
}


def probe_cgroups(root: Path = _ROOT, own: Path = Path("/proc/self/cgroup")) -> CgroupSupport:
    """Whether control groups can be written here; tries by making one. For `batchyard doctor` and the start message."""
    try:
        paths = {name: line[2] for line in _lines(own) for name in line[1].split(",")}
    except OSError as error:
        return _without(f"{own} cannot be read ({error.strerror})")
    fault = f"no memory controller below {root}"
    if (root / "memory").is_dir():
        memory, fault = _writable([_below(root / "memory", paths.get("memory")), root / "memory"])
        if memory is not None:
            cpu, _ = _writable([_below(root / "cpu", paths.get("cpu")), root / "cpu"])
            parents = (memory, cpu) if cpu is not None else (memory,)
            return CgroupSupport(1, "version 1: memory" + (" and CPU shares" if cpu is not None else ""), parents)
    elif (root / "cgroup.controllers").is_file():
        mine = _below(root, paths.get(""))
        parent, fault = _writable([mine, mine.parent if mine != root else root, root], "+memory +cpu")
        if parent is not None:
            return CgroupSupport(2, "version 2: memory and CPU shares", (parent,))
    return _without(fault)


def _without(fault: str) -> CgroupSupport:
    text = "memory and CPU of jobs are not limited on this machine: control groups cannot be written"
    return CgroupSupport(None, f"{text} ({fault}); run the server as root or give it a delegated group")


def _lines(own: Path) -> Iterator[tuple[str, str, str]]:
    for line in own.read_text().splitlines():
        number, names, path = line.split(":", 2)
        yield number, names, path


def _below(mount: Path, path: str | None) -> Path:
    """Our own group, where it can be seen from here (in a container it often cannot)."""
    mine = mount / (path or "/").lstrip("/")
    return mine if mine.is_dir() else mount


def _writable(candidates: list[Path], controllers: str = "") -> tuple[Path | None, str]:
    """The first folder where a group can be made, and else the fault of the last."""
    fault = ""
    for folder in dict.fromkeys(candidates):
        trial = folder / f"batchyard-trial-{os.getpid()}"
        try:
            if controllers:
                (folder / "cgroup.subtree_control").write_text(controllers)
            trial.mkdir()
            trial.rmdir()
        except OSError as error:
            fault = f"{error.filename or folder}: {error.strerror}"
        else:
            return folder, ""
    return None, fault


class Group:
    """One attempt's groups (memory and cpu in version 1) with their files open."""

    def __init__(self, folders: list[Path], home: list[int]) -> None:
        """`home` are the open files by which the supervisor goes back into its own groups: version 1 only."""
        self._folders = folders
        self._home = home
        self._fds: list[int] = []
        self._shares = 0
        self._members = str(folders[0] / "cgroup.procs")
        names = _NAMES[1 if home else 2]
        try:
            for folder in folders:
                folder.mkdir()
            self._doors = [
                self._open(folder / ("tasks" if home else "cgroup.procs"), os.O_WRONLY) for folder in folders
            ]
            self._limits = [self._open(folders[0] / name, os.O_WRONLY) for name in names.limits if self._has(name)]
            self._weight = self._open(folders[-1] / names.weight, os.O_WRONLY) if self._has(names.weight, -1) else -1
            self._usage, self._kills = (self._open(folders[0] / name) for name in (names.usage, names.kills))
            self._peak = self._open(folders[0] / names.peak, os.O_RDWR)
            self._kills_before = self._count_kills()
        except OSError:
            self.remove()
            raise

    def _has(self, name: str, folder: int = 0) -> bool:
        return (self._folders[folder] / name).exists()

    def _open(self, path: Path, flags: int = os.O_RDONLY) -> int:
        try:
            fd = os.open(path, flags)
        except PermissionError:  # `memory.peak` of older kernels can be read only
            fd = os.open(path, os.O_RDONLY)
        self._fds.append(fd)
        return fd

    def enter(self, shares: int) -> None:
        """What comes before the start of the attempt's main process. Raises OSError."""
        if shares != self._shares and self._weight >= 0:
            weight = shares if self._home else 1 + (shares - 2) * 9999 // 262142
            os.pwrite(self._weight, b"%d" % weight, 0)
            self._shares = shares
        if self._home:
            for door in self._doors:
                os.pwrite(door, b"0", 0)

    def leave(self) -> None:
        """Back home. Raises OSError: then the supervisor is still inside, and no limit may be set."""
        for door in self._home:
            os.pwrite(door, b"0", 0)

    def confine(self, pid: int, memory_mib: int) -> bool:
        """Limit the memory of the started process; False when it has more already. Raises OSError."""
        if not self._home:
            self._move(pid)
        try:
            for number, limit in enumerate(self._limits):
                swap = number > 0 and not self._home
                os.pwrite(limit, b"%d" % (0 if swap else memory_mib * _MIB), 0)
        except OSError as error:
            if error.errno == errno.EBUSY:
                return False
            raise
        return True

    def _move(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.pwrite(self._doors[0], b"%d" % pid, 0)
        for child in procfs.children(pid):
            self._move(child)

    def members(self) -> list[int]:
        """Process ids inside; of very many only the first. None when somebody has removed the group."""
        # Opened anew: version 1 shows one who reads an open file again what it has shown before.
        try:
            fd = os.open(self._members, os.O_RDONLY)
        except FileNotFoundError:
            return []
        try:
            data = os.read(fd, 1 << 16)
        finally:
            os.close(fd)
        return [int(pid) for pid in data[: data.rfind(b"\n") + 1].split()]

    def kill(self) -> None:
        """SIGKILL to all inside. Some may escape by forking meanwhile: kill until `members` is empty."""
        for pid in self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def account(self) -> tuple[int, bool]:
        """Peak memory in bytes and whether the kernel killed for lack of memory, both since the last call."""
        peak, kills = int(os.pread(self._peak, 64, 0)), self._count_kills()
        killed, self._kills_before = kills > self._kills_before, kills
        return peak, killed

    def renew(self) -> bool:
        """Make an empty group ready for the next attempt; False when it is not as good as new."""
        try:
            for limit in reversed(self._limits):
                os.pwrite(limit, b"-1" if self._home else b"max", 0)
            os.pwrite(self._peak, b"0", 0)  # not possible in version 2 before Linux 6.12
        except OSError:
            return False
        return int(os.pread(self._usage, 64, 0)) <= _LEFT_OVER_BYTES

    def remove(self) -> None:
        """Remove it. A group that an attempt made inside keeps it, until the next supervisor's start."""
        for fd in self._fds:
            os.close(fd)
        for folder in self._folders:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _count_kills(self) -> int:
        for line in os.pread(self._kills, 4096, 0).splitlines():
            if line.startswith(b"oom_kill "):
                return int(line[9:])
        return 0


class Cgroups:
    """The groups of one yard, below one parent `batchyard-<yard>` (per controller in version 1)."""

    def __init__(self, support: CgroupSupport, yard: str) -> None:
        self._support = support
        self.parents = [parent / f"batchyard-{yard}" for parent in support.parents]
        self._home: list[int] = []
        self._spare: list[Group] = []
        self._made = 0

    def open(self) -> None:
        """Make the parents. Raises OSError."""
        for parent in self.parents:
            parent.mkdir(exist_ok=True)
            if self._support.version == 2:
                (parent / "cgroup.subtree_control").write_text("+memory +cpu")
        if self._support.version == 1:
            self._home = [os.open(parent / "tasks", os.O_WRONLY) for parent in self._support.parents]

    def take(self) -> Group:
        """An empty group without a memory limit. Raises OSError."""
        if self._spare:
            return self._spare.pop()
        self._made += 1
        return Group([parent / str(self._made) for parent in self.parents], self._home)

    def give_back(self, group: Group) -> None:
        """Keep an empty group for another attempt, or remove it."""
        if len(self._spare) < _SPARE_GROUPS and group.renew():
            self._spare.append(group)
        else:
            group.remove()

    def close(self) -> None:
        """Remove all groups that are not in use, and the parents if none is."""
        for group in self._spare:
            group.remove()
        self._spare.clear()
        remove_below(self.parents)


def cpu_shares(vcpus: float) -> int:
    """1 vCPU is 1024 shares (2.52), within what the kernel takes."""
    return min(262144, max(2, int(vcpus * 1024)))


def members_below(parents: list[Path]) -> list[int]:
    """Process ids in all groups below these, at any depth."""
    pids: list[int] = []
    for parent in parents:
        for folder, _, _ in os.walk(parent):
            with contextlib.suppress(OSError):
                pids += map(int, (Path(folder) / "cgroup.procs").read_bytes().split())
    return pids


def remove_below(parents: list[Path]) -> None:
    """Remove these groups with all that is below them, as far as they are empty."""
    for parent in parents:
        for folder, _, _ in os.walk(parent, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
