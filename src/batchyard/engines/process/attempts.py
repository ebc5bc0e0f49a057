"""What the supervisor knows of its attempts and does with them. One thread, no waiting.

An attempt is *queued* when its key is in the journal, *running* while its main process lives, and *ending* until no
process of it is left: then its result is written down and kept until it is forgotten. Processes are found by the main
process's group, by the attempt's control group, and as children that the supervisor has adopted (it is a sub-reaper:
whoever loses its parent becomes its child).
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchyard.engines.base import Observed, Phase, Usage
from batchyard.engines.process import journal as journals
from batchyard.engines.process import procfs
from batchyard.engines.process.cgroups import Cgroups, Group, cpu_shares
from batchyard.engines.process.folders import Folders, Owner
from batchyard.engines.process.logfile import LogWatch
from batchyard.engines.process.spawn import Account, Accounts, CannotStart, spawn
from batchyard.engines.process.wire import Batch, Order, Rules

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
_SPAWNS_A_STEP = 8
_LOOK_S = 0.1
_LOOK_SHARE = 50
_RECHECK_S = 0.02


@dataclass(slots=True, eq=False)
class Attempt:
    """One key: what is seen of it and, while it runs, how to get at it."""

    seen: Observed
    pid: int = 0
    span: tuple[int, int] = (0, 0)
    log: LogWatch | None = None
    folder: tuple[str, Owner] | None = None
    group: Group | None = None
    over_limit: bool = False
    kill_at: float = math.inf
    exit_code: int = 0
    stopped_at: float = 0.0
    peak_bytes: int = 0
    cpu_s: float = 0.0


@dataclass(slots=True, eq=False)
class Orphan:
    """An adopted process. `owners` is its attempt, or all it may be of when neither session nor environment tell."""

    owners: list[Attempt]


class Attempts:
    """All attempts of one yard. `changed` collects what is news, until someone takes it."""

    def __init__(self, yard: str, folders: Folders, cgroups: Cgroups | None, left: journals.Left, path: Path) -> None:
        self.changed: dict[str, Observed] = {}
        self._yard = yard
        self._folders = folders
        self._cgroups = cgroups
        self._known = {key: Attempt(seen) for key, seen in left.results.items()}
        header = journals.Header(procfs.boot_id(), [str(parent) for parent in cgroups.parents] if cgroups else [])
        self._journal = journals.Journal(path, header, left.results.values())
        self._accounts = Accounts()
        self._queued: deque[tuple[Order, Rules]] = deque()
        self._running: dict[int, Attempt] = {}
        self._ending: dict[str, Attempt] = {}
        self._stopping: dict[str, Attempt] = {}
        self._orphans: dict[int, Orphan] = {}
        self._look_at = math.inf

    # --- the verbs ---

    def start(self, batch: Batch) -> None:
        """Write the new keys down; they are started in the steps that follow. Raises OSError when that fails."""
        orders = {order.key: order for order in batch.orders if order.key not in self._known}
        if not orders:
            return
        self._journal.append(journals.Written(list(orders)))
        for key, order in orders.items():
            self._known[key] = Attempt(Observed(key=key, phase=Phase.STARTING))
            self._queued.append((order, batch.rules))

    def observe(self, keys: list[str]) -> list[Observed]:
        """What is known of those keys that are known."""
        return [attempt.seen for key in keys if (attempt := self._known.get(key)) is not None]

    def keys(self) -> list[str]:
        """All keys not forgotten."""
        return list(self._known)

    @property
    def is_empty(self) -> bool:
        """Whether no key is left."""
        return not self._known

    def stop(self, keys: list[str], grace_s: float) -> None:
        """SIGTERM to all of each attempt's processes, once; SIGKILL after the shortest grace that was asked for."""
        while self._queued and any(self._is_queued(key) for key in keys):
            self._spawn_some()
        self._adopt()
        for key in keys:
            attempt = self._known.get(key)
            if attempt is None or not self._runs(attempt):
                continue
            if key not in self._stopping:
                self._stopping[key] = attempt
                self._signal(attempt, signal.SIGTERM)
            attempt.kill_at = min(attempt.kill_at, time.monotonic() + grace_s)

    def forget(self, keys: list[str]) -> None:
        """Drop the results of these keys, as far as they have one, and their working folders."""
        final = (Phase.ENDED, Phase.LOST)
        gone = [key for key in keys if (attempt := self._known.get(key)) is not None and attempt.seen.phase in final]
        if not gone:
            return
        for key in gone:
            attempt = self._known.pop(key)
            self.changed.pop(key, None)
            if attempt.folder is not None:
                self._folders.give_back(*attempt.folder)
        self._folders.sweep()
        if self._journal.forget(gone):
            pending = [attempt for attempt in self._known.values() if attempt.seen.phase not in final]
            self._journal.rewrite(
                [attempt.seen.key for attempt in pending],
                [_process(attempt) for attempt in pending if attempt.pid],
                [attempt.seen for attempt in self._known.values() if attempt.seen.phase in final],
            )

    # --- the loop's part ---

    def step(self) -> None:
        """Everything that can be done now."""
        if self._queued:
            self._spawn_some()
        self._reap()
        now = time.monotonic()
        for key, attempt in list(self._stopping.items()):
            if not self._runs(attempt):
                del self._stopping[key]
            elif attempt.kill_at <= now:
                attempt.kill_at = now + _RECHECK_S
                self._signal(attempt, signal.SIGKILL)
        if self._ending:
            self._settle()
        if self._look_at <= now:
            self._look(now)

    def timeout_s(self) -> float | None:
        """How long nothing needs to be done unless something happens; None for ever."""
        if self._queued:
            return 0.0
        due = min((attempt.kill_at for attempt in self._stopping.values()), default=math.inf)
        wait_s = min(due, self._look_at) - time.monotonic()
        if self._ending:
            wait_s = min(wait_s, _RECHECK_S)
        return None if wait_s == math.inf else max(0.0, wait_s)

    def close(self) -> None:
        """Let go of everything; nothing may run."""
        self._journal.close()
        if self._cgroups is not None:
            self._cgroups.close()

    def _runs(self, attempt: Attempt) -> bool:
        """Whether its main process lives. An ended one's process id may be another's by now."""
        return self._running.get(attempt.pid) is attempt

    # --- starting ---

    def _is_queued(self, key: str) -> bool:
        attempt = self._known.get(key)
        return attempt is not None and attempt.seen.phase is Phase.STARTING

    def _spawn_some(self) -> None:
        spawned: list[tuple[str, int, int, int]] = []
        failed: list[Attempt] = []
        for _ in range(min(_SPAWNS_A_STEP, len(self._queued))):
            order, rules = self._queued.popleft()
            attempt = self._known[order.key]
            try:
                self._spawn(attempt, order, rules)
                spawned.append(_process(attempt))
            except CannotStart as error:
                now = time.time()
                seen = Observed(key=order.key, phase=Phase.ENDED, stopped_at=now, reason=str(error))
                attempt.seen = self.changed[order.key] = seen
                failed.append(attempt)
        os.chdir("/")  # hold no attempt's folder
        if spawned:
            self._write(journals.Spawned(spawned))
        if failed:
            self._write(journals.Ended([attempt.seen for attempt in failed]))

    def _spawn(self, attempt: Attempt, order: Order, rules: Rules) -> None:
        key, log_fd = order.key, -1
        try:
            account = self._accounts.find(order.user or rules.user, rules.root)
            owner = account.uid, account.gid
            folder = order.folder
            if folder is None:
                folder = self._folders.take(owner)
                attempt.folder = folder, owner
            order.env[procfs.KEY_VARIABLE] = key
            order.env[procfs.YARD_VARIABLE] = self._yard
            log_fd = _open_log(order.log, account)
            if rules.cgroups and self._cgroups is not None:
                attempt.group = self._cgroups.take()
                attempt.group.enter(cpu_shares(order.vcpus))
            before = procfs.ticks()
            attempt.pid = spawn(order, rules, account, folder, log_fd)
        except Exception as error:  # whatever an order holds, it ends with a reason
            if log_fd >= 0:
                os.close(log_fd)
            if attempt.group is not None and self._cgroups is not None:
                with _noted(f"control group of {key}"):
                    attempt.group.leave()
                    self._cgroups.give_back(attempt.group)
                attempt.group = None
            raise error if isinstance(error, CannotStart) else CannotStart(str(error)) from error
        if attempt.group is not None:
            with _noted(f"control group of {key}"):
                attempt.group.leave()
                attempt.over_limit = not attempt.group.confine(attempt.pid, order.memory_mib)
                if attempt.over_limit:
                    os.kill(attempt.pid, signal.SIGKILL)
        attempt.span = before, procfs.ticks()
        attempt.log = LogWatch(order.log, log_fd, rules.log_limit_bytes)
        self._running[attempt.pid] = attempt
        attempt.seen = self.changed[key] = Observed(key=key, phase=Phase.RUNNING, started_at=time.time())
        if self._look_at == math.inf:
            self._look_at = time.monotonic() + _LOOK_S

    # --- ending ---

    def _reap(self) -> None:
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            pid = found.si_pid
            attempt = self._running.pop(pid, None)
            if attempt is not None:
                # While it is a zombie, its number is still its own: now its group can be killed by that number.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
            _, status, used = os.wait4(pid, 0)
            if attempt is not None:
                code = os.waitstatus_to_exitcode(status)
                attempt.exit_code = code if code >= 0 else 128 - code  # 5.16
                attempt.stopped_at = time.time()
                self._ending[attempt.seen.key] = attempt
                _add_usage(attempt, used)
            elif pid in self._orphans:
                owners = self._orphans.pop(pid).owners
                if len(owners) == 1:
                    _add_usage(owners[0], used)
            elif pid == self._folders.remover:
                self._folders.swept()

    def _adopt(self) -> None:
        """Learn whose the processes are that lost their parent and became ours."""
        for pid in procfs.children(os.getpid()):
            if pid in self._running or pid in self._orphans or pid == self._folders.remover:
                continue
            alive = {attempt.pid: attempt for attempt in self._ending.values()} | self._running
            with contextlib.suppress(ProcessLookupError):
                owner = alive.get(os.getsid(pid))
                if owner is None:
                    key = procfs.attempt_of(pid, self._yard)
                    owner = self._known.get(key) if key is not None else None
                if owner is not None and alive.get(owner.pid) is owner:
                    self._orphans[pid] = Orphan([owner])
                    continue
                born = procfs.start_ticks(pid)
                self._orphans[pid] = Orphan([attempt for attempt in alive.values() if attempt.span[0] <= born])

    def _settle(self) -> None:
        """Kill what is left of attempts whose main process has ended; report those of which nothing is."""
        self._adopt()
        busy: set[str] = set()
        for pid, orphan in self._orphans.items():
            if not any(map(self._runs, orphan.owners)):
                with contextlib.suppress(PermissionError, ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    busy.update(owner.seen.key for owner in orphan.owners)
        finished = [attempt for key, attempt in self._ending.items() if key not in busy and self._is_gone(attempt)]
        for attempt in finished:
            del self._ending[attempt.seen.key]
            self._finish(attempt)
        if finished:
            self._write(journals.Ended([attempt.seen for attempt in finished]))

    def _is_gone(self, attempt: Attempt) -> bool:
        if attempt.group is not None and attempt.group.members():
            attempt.group.kill()
            return False
        try:
            os.killpg(attempt.pid, 0)
        except (ProcessLookupError, PermissionError):  # what we may not signal is not ours to end
            return True
        return False

    def _finish(self, attempt: Attempt) -> None:
        key, killed = attempt.seen.key, attempt.over_limit
        if attempt.group is not None and self._cgroups is not None:
            with _noted(f"control group of {key}"):
                attempt.peak_bytes, by_kernel = attempt.group.account()
                killed = killed or by_kernel
                self._cgroups.give_back(attempt.group)
            attempt.group = None
        # Only a descendant may have been killed. As with Docker and ECS that counts, unless the program coped.
        reason = OUT_OF_MEMORY if killed and attempt.exit_code != 0 else None
        cut = False
        if attempt.log is not None:
            with _noted(f"log of {key}"):
                attempt.log.close(round(time.time() * 1000))
            cut, attempt.log = attempt.log.cut, None
        if not self._running and not self._ending:
            self._look_at = math.inf
        attempt.seen = self.changed[key] = Observed(
            key=key,
            phase=Phase.ENDED,
            started_at=attempt.seen.started_at,
            stopped_at=attempt.stopped_at,
            exit_code=attempt.exit_code,
            reason=reason,
            usage=Usage(peak_memory_bytes=attempt.peak_bytes, cpu_s=round(attempt.cpu_s, 6)),
            log_truncated=cut,
        )

    def _signal(self, attempt: Attempt, number: signal.Signals) -> None:
        """Signal all of a running attempt's processes; its main process is not reaped, so its number is its own."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(attempt.pid, number)
        others = {pid for pid, orphan in self._orphans.items() if orphan.owners == [attempt]}
        if attempt.group is not None:
            others.update(attempt.group.members())
        for pid in others:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) != attempt.pid:
                    os.kill(pid, number)

    # --- logs ---

    def _look(self, now: float) -> None:
        now_ms = round(time.time() * 1000)
        for attempt in (*self._running.values(), *self._ending.values()):
            if attempt.log is not None:
                with _noted(f"log of {attempt.seen.key}"):
                    attempt.log.look(now_ms)
        if self._running or self._ending:
            spent_s = time.monotonic() - now
            self._look_at = now + max(_LOOK_S, spent_s * _LOOK_SHARE)
        else:
            self._look_at = math.inf

    def _write(self, entry: Any) -> None:
        """Add to the journal what happened already: a full disk must not stop the rest."""
        with _noted("journal"):
            self._journal.append(entry)


class _noted(contextlib.AbstractContextManager[None]):  # noqa: N801 - used like a function
    """Faults of files are noted on stderr, and life goes on."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> bool:
        if isinstance(error, OSError):
            sys.stderr.write(f"{self._what}: {error}\n")
            return True
        return False


def _process(attempt: Attempt) -> tuple[str, int, int, int]:
    return attempt.seen.key, attempt.pid, *attempt.span


def _add_usage(attempt: Attempt, used: Any) -> None:
    """Without a group the peak is the largest process's. The kernel counts what a child of vfork shared with us too."""
    attempt.cpu_s += used.ru_utime + used.ru_stime
    attempt.peak_bytes = max(attempt.peak_bytes, used.ru_maxrss * 1024)


def _open_log(path: str, account: Account) -> int:
    """The log, open for appending. It belongs to the job's user, so that it can be opened as /dev/stdout."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if account.switch:
        os.fchown(fd, account.uid, account.gid)
    return fd
