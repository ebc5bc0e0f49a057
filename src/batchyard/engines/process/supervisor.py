"""The separate process that runs attempts: `python -m batchyard.engines.process.supervisor --folder DIR --yard ID`.

One for each folder (a locked file sees to it), outliving the server that started it. It ends by itself when no server
is connected and no key is left. Before it listens it kills what a predecessor that was killed has left behind; keys
without a result are then LOST.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import gc
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from batchyard.engines.process import journal, procfs
from batchyard.engines.process.attempts import Attempts
from batchyard.engines.process.cgroups import Cgroups, CgroupSupport, members_below, probe_cgroups, remove_below
from batchyard.engines.process.folders import Folders
from batchyard.engines.process.wire import NOTHING, SOCKET, VERSION, Answer, Batch, Frames, Hello, Request, frame, pack

TAKEN = 3
"""Exit code when another supervisor has the folder."""
_PR_SET_CHILD_SUBREAPER = 36
_OPEN_FILES = 65536
_UNREAD_BYTES = 64 << 20
_LOCK_WAIT_S = 1.0


class _Client:
    """A connected engine and what it has not read yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.frames = Frames()
        self.unread = bytearray()
        self.blocked = False
        self.news = False


class Supervisor:
    """The loop: requests, ended children, deadlines, and one frame of news for all that changed."""

    def __init__(self, attempts: Attempts, listener: socket.socket, child_ended: int, support: CgroupSupport) -> None:
        self._attempts = attempts
        self._listener = listener
        self._child_ended = child_ended
        self._support = support
        self._clients: dict[int, _Client] = {}
        self._poll = select.epoll()
        self._poll.register(listener.fileno(), select.EPOLLIN)
        self._poll.register(child_ended, select.EPOLLIN)
        self._decode = msgspec.msgpack.Decoder(Request).decode
        keys = msgspec.msgpack.Decoder(list[str]).decode
        self._verbs: dict[str, Callable[[bytes], Any]] = {
            "start": lambda body: attempts.start(msgspec.msgpack.decode(body, type=Batch)),
            "observe": lambda body: attempts.observe(keys(body)),
            "keys": lambda body: attempts.keys(),
            "stop": lambda body: attempts.stop(*msgspec.msgpack.decode(body, type=tuple[list[str], float])),
            "forget": lambda body: attempts.forget(keys(body)),
            "hello": lambda body: Hello(VERSION, os.getpid(), support.version, support.why),
        }

    def run(self, first_wait_s: float = 10.0) -> None:
        """Go on until nobody is connected and no key is left. The first engine has some seconds to connect."""
        until = time.monotonic() + first_wait_s
        while self._clients or not self._attempts.is_empty or time.monotonic() < until:
            wait_s = self._attempts.timeout_s()
            if not self._clients and wait_s is None and self._attempts.is_empty:
                wait_s = max(0.0, until - time.monotonic())
            ready = self._poll.poll(wait_s)
            try:
                for fd, _ in ready:
                    if fd == self._listener.fileno():
                        self._accept()
                        until = 0.0
                    elif fd == self._child_ended:
                        os.read(fd, 4096)
                    elif (client := self._clients.get(fd)) is not None:
                        self._serve(client)
                self._attempts.step()
                self._tell()
            except Exception:  # whatever it is, the attempts must live
                traceback.print_exc()
                time.sleep(0.05)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        self._clients[connection.fileno()] = _Client(connection)
        self._poll.register(connection.fileno(), select.EPOLLIN)

    def _serve(self, client: _Client) -> None:
        try:
            self._flush(client)
            data = client.connection.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        for message in client.frames.feed(data):
            request = self._decode(message)
            try:
                answer = Answer(request.number, None, msgspec.Raw(pack(self._verbs[request.verb](request.body))))
                client.news = True
            except Exception as error:  # the engine is told; the attempts must live
                traceback.print_exc()
                answer = Answer(request.number, f"{type(error).__name__}: {error}", msgspec.Raw(NOTHING))
            self._send(client, frame(answer))

    def _tell(self) -> None:
        if not self._attempts.changed:
            return
        news = frame(Answer(0, None, msgspec.Raw(pack(list(self._attempts.changed.values())))))
        self._attempts.changed.clear()
        for client in list(self._clients.values()):
            if client.news:
                self._send(client, news)

    def _send(self, client: _Client, data: bytes) -> None:
        """Send, or keep for later. One that does not read is let go: it can ask again for all it missed."""
        client.unread += data
        try:
            self._flush(client)
        except OSError:
            self._drop(client)
            return
        if len(client.unread) > _UNREAD_BYTES:
            self._drop(client)

    def _flush(self, client: _Client) -> None:
        if not client.unread:
            return
        with contextlib.suppress(BlockingIOError):
            del client.unread[: client.connection.send(client.unread)]
        if client.blocked != bool(client.unread):
            client.blocked = not client.blocked
            events = select.EPOLLIN | (select.EPOLLOUT if client.blocked else 0)
            self._poll.modify(client.connection.fileno(), events)

    def _drop(self, client: _Client) -> None:
        if self._clients.pop(client.connection.fileno(), None) is not None:
            self._poll.unregister(client.connection.fileno())
            client.connection.close()


def main() -> int:
    """Take the folder, tidy up after a predecessor, listen, run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--yard", required=True)
    options = parser.parse_args()
    folder: Path = options.folder
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # what the server's own starter left open is no business of jobs
    if not _take(folder):
        return TAKEN
    _prepare()
    support = probe_cgroups()
    cgroups = Cgroups(support, options.yard) if support.version is not None else None
    left = journal.read(folder / "journal")
    same_boot = left.boot == procfs.boot_id()
    parents = list({*map(Path, left.groups), *(cgroups.parents if cgroups is not None else ())})
    processes = left.processes.values() if same_boot else ()
    if same_boot or not left.boot:
        procfs.kill_left_behind(options.yard, processes, lambda: members_below(parents))
    remove_below(parents)
    if cgroups is not None:
        cgroups.open()
    folders = Folders(folder)
    attempts = Attempts(options.yard, folders, cgroups, left, folder / "journal")
    child_ended = _wake_on_children()
    folders.sweep()
    gc.freeze()
    with _listen(folder) as listener:
        Supervisor(attempts, listener, child_ended, support).run()
        (folder / SOCKET).unlink(missing_ok=True)
    attempts.close()
    return 0


def _take(folder: Path) -> bool:
    """Lock the folder for as long as we live; False when another supervisor has it."""
    lock = os.open(folder / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    give_up = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                return False
            time.sleep(0.01)
        else:
            return True


def _prepare() -> None:
    """What must hold before the first child: orphans come to us, many files may be open, a terminal means nothing."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this kernel has no child sub-reapers")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, _OPEN_FILES), hard))
    os.umask(0o022)
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _wake_on_children() -> int:
    """A file that can be read when a child has ended."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, where: None)
    return reader


def _listen(folder: Path) -> socket.socket:
    """The listening socket. Bound by way of the open folder: a socket's path may have only 107 bytes."""
    (folder / SOCKET).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened = os.open(folder, os.O_RDONLY)
    before = os.umask(0o177)
    try:
        listener.bind(f"/proc/self/fd/{opened}/{SOCKET}")
    finally:
        os.umask(before)
        os.close(opened)
    listener.listen(16)
    return listener


if __name__ == "__main__":
    sys.exit(main())
