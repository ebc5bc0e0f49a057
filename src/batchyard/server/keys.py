"""The keys that may sign: the administrator's, made by the first start, and those of the settings' principals."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from batchyard.config import Settings
from batchyard.handlers.base import Caller
from batchyard.kit.ids import secret
from batchyard.server.sigv4 import Key

_FILE = "credentials.json"


class AdminKey(msgspec.Struct, frozen=True, kw_only=True):
    """The administrator's key as it lies in the data folder, for that folder's owner only."""

    access_key_id: str
    secret_access_key: str


def admin_key(folder: Path) -> AdminKey:
    """Read the administrator's key, made on the first call with mode 0600."""
    file = folder / _FILE
    if not file.exists():
        # Linked whole into its place: nobody reads half a file, and of two makers the first one's key stands.
        draft = folder / f".{_FILE}.{secret(8)}"
        key = AdminKey(access_key_id=f"AKIA{secret(16).upper()}", secret_access_key=secret(40))
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(msgspec.json.encode(key))
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return msgspec.json.decode(file.read_bytes(), type=AdminKey)


def all_keys(settings: Settings) -> Mapping[str, Key]:
    """Every key that may sign, by access key id."""
    admin = admin_key(settings.folder)
    caller = Caller(name="admin", role="admin", access_key_id=admin.access_key_id)
    keys = {admin.access_key_id: Key(secret=admin.secret_access_key, caller=caller)}
    for name, principal in settings.auth.principals.items():
        keys[principal.access_key_id] = Key(
            secret=principal.secret_access_key,
            token=principal.session_token,
            caller=Caller(name=name, role=principal.role, access_key_id=principal.access_key_id),
        )
    return keys
