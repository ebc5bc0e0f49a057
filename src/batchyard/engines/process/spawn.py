"""Start one process without forking the interpreter, and say in Docker's words why it could not be (4.05).

`posix_spawn` makes the child share our memory until it calls exec, so it costs the same whatever our size: some 2,400
starts per second where a fork of Python manages 1,000. It cannot change folder or user in the child, so the supervisor,
which has one thread, does that itself around the call and changes back.

Changing user: the real and effective ids become the user's, the saved one stays 0 for the way back. Exec copies the
effective id over the saved one, so the job has no way back. For these few hundred microseconds a process of that user
may send the supervisor signals, as it may anyhow to every job of that user; that costs the yard a lost host at worst.
It may not trace it, since that needs all three ids to be equal.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from batchyard.engines.process.wire import Order, Rules

_ACCOUNT_KEPT_S = 10.0
_NOBODY_GID = 65534
_LARGEST_ID = 2**32 - 2  # the one behind means "leave it"
# Python ignores some signals, and an ignored signal stays ignored over exec: programs expect the defaults.
_DEFAULTS = [
    number for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP) and number < 32
]


class CannotStart(Exception):
    """The program cannot be started; the text is the container-level reason (4.05), at most 255 characters."""

    def __init__(self, text: str) -> None:
        super().__init__(f"CannotStartContainerError: {text}"[:255])


class Account(NamedTuple):
    """A user to run as. `home` is empty when there is none; `switch` is False when we are that user already."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    name: str
    home: str
    switch: bool


class Accounts:
    """Looks users up, and remembers them for a few seconds."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], tuple[float, Account]] = {}

    def find(self, user: str, root_allowed: bool) -> Account:
        """The account of `name`, `uid`, `name:group` or `uid:gid`. Raises CannotStart."""
        until, account = self._known.get((user, root_allowed), (0.0, None))
        now = time.monotonic()
        if account is None or until < now:
            account = _account(user, root_allowed)
            self._known[user, root_allowed] = (now + _ACCOUNT_KEPT_S, account)
        return account


def _account(user: str, root_allowed: bool) -> Account:
    name, _, group = user.partition(":")
    us = os.geteuid()
    if not name:
        name = str(us)
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
        uid, gid, name, home = entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir
    except KeyError:
        if not name.isdecimal() or int(name) > _LARGEST_ID:
            raise CannotStart(f"unable to find user {name}: no matching entries in passwd file") from None
        uid, gid, home = int(name), _NOBODY_GID, ""
    if not Path(home).is_dir():
        home = ""
    groups = tuple(os.getgrouplist(name, gid)) if not name.isdecimal() else (gid,)
    if group:
        try:
            gid = min(int(group), _LARGEST_ID) if group.isdecimal() else grp.getgrnam(group).gr_gid
        except KeyError:
            raise CannotStart(f"unable to find group {group}: no matching entries in group file") from None
        groups = (gid,)
    if us != 0:
        if uid != us or (group and gid != os.getegid()):
            mine = pwd.getpwuid(us).pw_name
            raise CannotStart(f'user "{user}": the server is not root and runs jobs only as its own user "{mine}"')
        return Account(uid, gid, groups, name, home, switch=False)
    if not root_allowed and (uid == 0 or gid == 0):
        raise CannotStart(f'user "{user}": jobs run as root only where the setting process.user is "root"')
    return Account(uid, gid, groups, name, home, switch=(uid, gid) != (0, 0))


@contextmanager
def _as_user(account: Account) -> Generator[None, None, None]:
    if not account.switch:
        yield
        return
    os.setgroups(account.groups)
    try:
        os.setresgid(account.gid, account.gid, 0)
        os.setresuid(account.uid, account.uid, 0)
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups([])


def spawn(order: Order, rules: Rules, account: Account, folder: str, log_fd: int) -> int:
    """Start an order's command in `folder` as leader of its own session; the process id. Raises CannotStart.

    The environment is the order's, and only where they are missing PATH, HOME and USER. Signals are as at the start of
    a program. Output goes to `log_fd`; there is no input, since our own is /dev/null.
    """
    if not order.command:
        raise CannotStart("No command specified")
    env = order.env
    env.setdefault("PATH", rules.path)
    env.setdefault("USER", account.name)
    env.setdefault("HOME", account.home or folder)
    name = order.command[0]
    with _as_user(account):
        try:
            os.chdir(folder)
        except (OSError, ValueError) as error:
            raise CannotStart(f'chdir to cwd ("{folder}") failed for user {account.name}: {_say(error)}') from None
        program = _find(name, env["PATH"])
        try:
            return os.posix_spawn(
                program,
                order.command,
                env,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, log_fd, 1),
                    (os.POSIX_SPAWN_DUP2, log_fd, 2),
                ],
                setsid=True,
                setsigmask=[],
                setsigdef=_DEFAULTS,
            )
        except (OSError, ValueError) as error:
            raise CannotStart(f"unable to start container process: exec {program}: {_say(error)}") from None


def _find(name: str, path: str) -> str:
    """The program that `name` means with this PATH, by the rules of the shell."""
    if "/" in name:
        return name
    for folder in path.split(":") if name else ():
        program = f"{folder or '.'}/{name}"
        try:
            if os.access(program, os.X_OK) and not Path(program).is_dir():
                return program
        except ValueError:
            break
    raise CannotStart(f'unable to start container process: exec: "{name}": executable file not found in $PATH')


def _say(error: OSError | ValueError) -> str:
    """What went wrong as Go, and so Docker, spells it: the system's words in lower case."""
    if isinstance(error, OSError) and error.errno is not None:
        return "argument list too long" if error.errno == errno.E2BIG else os.strerror(error.errno).lower()
    return str(error)
