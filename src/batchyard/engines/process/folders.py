"""The working folders of attempts, and how they go away without holding up the supervisor."""

# ruff: noqa: PTH102, PTH104, PTH106, PTH119, PTH208

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path

_PATHS_AT_ONCE = 200
_SPARE_FOLDERS = 256
_MODE = 0o700
Owner = tuple[int, int]


class Folders:
    """A folder for each attempt, below `root`.

    A folder that is empty again and as it was made is kept for the next attempt of the same user: to make and remove a
    hundred thousand of them makes some file systems slow (ext4 does not use an inode again for some seconds and
    searches past it). What an attempt filled is moved aside and removed by `rm`, many folders at once, since a tree can
    be of any size and the supervisor has one thread.
    """

    def __init__(self, root: Path) -> None:
        self._attempts = str(root / "attempts")
        self._trash = str(root / "trash")
        self._rm = shutil.which("rm", path="/usr/bin:/bin") or "/bin/rm"
        self._made = 0
        self._spare: dict[Owner, list[str]] = {}
        self.remover = 0
        for path in (self._attempts, self._trash):
            Path(path).mkdir(mode=0o711, exist_ok=True)
        for number, name in enumerate(os.listdir(self._attempts)):  # an earlier supervisor's
            os.rename(f"{self._attempts}/{name}", f"{self._trash}/{os.getpid()}-{number}")
        self._waiting = [f"{self._trash}/{name}" for name in os.listdir(self._trash)]

    def take(self, owner: Owner) -> str:
        """An empty folder that belongs to `owner` (uid, gid); its path. Raises OSError."""
        if spare := self._spare.get(owner):
            return spare.pop()
        self._made += 1
        path = f"{self._attempts}/{self._made}"
        os.mkdir(path, _MODE)
        if owner != (os.geteuid(), os.getegid()):
            os.chown(path, *owner)
        return path

    def give_back(self, path: str, owner: Owner) -> None:
        """Keep a folder that is as good as new, remove any other, now or soon."""
        spare = self._spare.setdefault(owner, [])
        with contextlib.suppress(OSError):
            if len(spare) < _SPARE_FOLDERS and not os.listdir(path) and _is_new(path, owner):
                spare.append(path)
                return
        try:
            os.rmdir(path)
        except OSError:
            moved = f"{self._trash}/{os.path.basename(path)}"
            with contextlib.suppress(OSError):
                os.rename(path, moved)
                self._waiting.append(moved)

    def sweep(self) -> None:
        """Start `rm` for what waits, unless it is at work."""
        if self._waiting and not self.remover:
            paths, self._waiting = self._waiting[:_PATHS_AT_ONCE], self._waiting[_PATHS_AT_ONCE:]
            self.remover = os.posix_spawn(self._rm, ["rm", "-rf", "--", *paths], {}, setsigmask=[])

    def swept(self) -> None:
        """The `rm` has ended: the next may start."""
        self.remover = 0
        self.sweep()


def _is_new(path: str, owner: Owner) -> bool:
    """Whether nothing that the last attempt set (mode, access lists) would be found by the next."""
    found = os.lstat(path)
    return (
        (found.st_uid, found.st_gid) == owner
        and stat.S_IMODE(found.st_mode) == _MODE
        and not os.listxattr(path, follow_symlinks=False)
    )
