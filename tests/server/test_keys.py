"""The administrator's key: made once, whole, for its owner only; and those of the settings' principals."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from batchyard.config import load
from batchyard.server.keys import admin_key, all_keys


def test_the_first_call_makes_it_for_its_owner_only(tmp_path: Path) -> None:
    key = admin_key(tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert key.access_key_id.startswith("AKIA")
    assert (len(key.access_key_id), len(key.secret_access_key)) == (20, 40)


def test_later_calls_read_it(tmp_path: Path) -> None:
    assert admin_key(tmp_path) == admin_key(tmp_path)


def test_a_wide_umask_widens_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        admin_key(tmp_path)
    finally:
        os.umask(before)
    assert [file.stat().st_mode & 0o777 for file in tmp_path.iterdir()] == [0o600]


def test_of_several_makers_at_once_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: admin_key(tmp_path), range(64)))
    assert len({key.secret_access_key for key in keys}) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_principals_of_the_settings(tmp_path: Path) -> None:
    ann = {"access_key_id": "ANN", "secret_access_key": "s", "session_token": "t", "role": "reader"}
    settings = load(overrides={"data_dir": str(tmp_path), "auth": {"principals": {"ann": ann}}})
    keys = all_keys(settings)
    admin = keys[admin_key(tmp_path).access_key_id]
    assert (admin.caller.name, admin.caller.role) == ("admin", "admin")
    assert (keys["ANN"].secret, keys["ANN"].token) == ("s", "t")
    assert (keys["ANN"].caller.name, keys["ANN"].caller.role, keys["ANN"].caller.access_key_id) == (
        "ann",
        "reader",
        "ANN",
    )
