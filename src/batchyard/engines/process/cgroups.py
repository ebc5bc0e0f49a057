"""Control groups, version 1 and 2: a hard memory limit, CPU shares, and the killing of all that is left.

Making and removing a group costs some 250 microseconds, reading and writing its open files 2 to 7. So a group that is
empty again is kept, its files open, for the next attempt with the same limits: the peak is set back, the count of
kills by the kernel is taken as a difference, and a group that still holds memory (cached files) is not used again.

A process joins right after it was started, not before: a child of vfork shares the supervisor's memory until it calls
exec, and a kernel that ends it there, because the group is out of memory, would end the supervisor with it. What the
child has forked in between joins after it.
"""

from __future__ import annotations

import contextlib
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

    usage: str
    peak: str
    kills: str


_NAMES = {
    1: _Names("memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control"),
    2: _Names("memory.current", "memory.peak", "memory.events"),
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

    def __init__(self, folders: list[Path], version: Literal[1, 2], memory_mib: int, shares: int) -> None:
        self.limits = (memory_mib, shares)
        self._folders = folders
        self._version = version
        self._fds: list[int] = []
        try:
            for folder in folders:
                folder.mkdir()
            for name, value in self._limits(memory_mib, shares):
                name.write_text(str(value))
            names = _NAMES[version]
            self._procs = [self._open(folder / "cgroup.procs", os.O_RDWR) for folder in folders]
            self._usage, self._kills = (self._open(folders[0] / name) for name in (names.usage, names.kills))
            self._peak = self._open(folders[0] / names.peak, os.O_RDWR)
            self.reusable = True
            self._kills_before = self._count_kills()
        except OSError:
            self.remove()
            raise

    def _limits(self, memory_mib: int, shares: int) -> Iterator[tuple[Path, int]]:
        folder = self._folders[0]
        if self._version == 2:
            yield folder / "memory.max", memory_mib * _MIB
            if (folder / "memory.swap.max").exists():
                yield folder / "memory.swap.max", 0
            yield folder / "cpu.weight", 1 + (shares - 2) * 9999 // 262142
            return
        yield folder / "memory.limit_in_bytes", memory_mib * _MIB
        if (folder / "memory.memsw.limit_in_bytes").exists():
            yield folder / "memory.memsw.limit_in_bytes", memory_mib * _MIB
        if len(self._folders) > 1:
            yield self._folders[1] / "cpu.shares", shares

    def _open(self, path: Path, flags: int = os.O_RDONLY) -> int:
        try:
            fd = os.open(path, flags)
        except PermissionError:  # `memory.peak` of older kernels can be read only
            fd = os.open(path, os.O_RDONLY)
        self._fds.append(fd)
        return fd

    def join(self, pid: int) -> None:
        """Move a process in, and what it may have forked already."""
        for fd in self._procs:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.write(fd, b"%d" % pid)
        for child in procfs.children(pid):
            self.join(child)

    def members(self) -> list[int]:
        """Process ids inside; of very many only the first."""
        data = os.pread(self._procs[0], 1 << 16, 0)
        return [int(pid) for pid in data[: data.rfind(b"\n") + 1].split()]

    def kill(self) -> None:
        """SIGKILL to all inside. In version 1 some may have escaped by forking: kill until `members` is empty."""
        if self._version == 2:
            with contextlib.suppress(FileNotFoundError):  # a kernel before 5.14
                (self._folders[0] / "cgroup.kill").write_text("1")
                return
        for pid in self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def account(self) -> tuple[int, bool]:
        """Peak memory in bytes and whether the kernel killed for lack of memory, both since the last call."""
        peak, kills = int(os.pread(self._peak, 64, 0)), self._count_kills()
        killed, self._kills_before = kills > self._kills_before, kills
        try:
            os.pwrite(self._peak, b"0", 0)
        except OSError:
            self.reusable = False
        return peak, killed

    def is_clean(self) -> bool:
        """Whether so little memory is still charged to it that the next attempt will not notice."""
        allowed_bytes = min(_LEFT_OVER_BYTES, self.limits[0] * _MIB // 16)
        return self.reusable and int(os.pread(self._usage, 64, 0)) <= allowed_bytes

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
        self.support = support
        self.parents = [parent / f"batchyard-{yard}" for parent in support.parents]
        self._spare: list[Group] = []
        self._made = 0

    def open(self) -> None:
        """Make the parent."""
        for parent in self.parents:
            parent.mkdir(exist_ok=True)
            if self.support.version == 2:
                (parent / "cgroup.subtree_control").write_text("+memory +cpu")

    def take(self, memory_mib: int, vcpus: float) -> Group:
        """An empty group with these limits; 1 vCPU is 1024 shares (2.52). Raises OSError."""
        limits = (memory_mib, min(262144, max(2, int(vcpus * 1024))))
        for group in reversed(self._spare):
            if group.limits == limits:
                self._spare.remove(group)
                return group
        self._made += 1
        assert self.support.version is not None
        return Group([parent / str(self._made) for parent in self.parents], self.support.version, *limits)

    def give_back(self, group: Group) -> None:
        """Keep an empty group for another attempt, or remove it."""
        if not group.is_clean():
            group.remove()
            return
        self._spare.append(group)
        if len(self._spare) > _SPARE_GROUPS:
            self._spare.pop(0).remove()

    def close(self) -> None:
        """Remove all groups that are not in use, and the parent with the last."""
        for group in self._spare:
            group.remove()
        self._spare.clear()
        for parent in self.parents:
            with contextlib.suppress(OSError):
                parent.rmdir()


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
                os.rmdir(folder)
