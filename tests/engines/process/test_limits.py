"""Memory, users and logs of attempts."""

from __future__ import annotations

import os
import pwd
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.process.cgroups import probe_cgroups
from batchyard.engines.process.logfile import CUT, ENDED

HOG = "data = [bytearray(b'x' * 1_000_000) for _ in range(200)]"


@pytest.fixture
async def grouped(made: Callable[..., Any]) -> Any:
    if (support := probe_cgroups()).version is None:
        pytest.skip(support.why)
    return await made(cgroups="auto")


# --- memory and CPU ---


@pytest.mark.root
async def test_out_of_memory_is_137_with_a_reason(grouped: Any) -> None:
    seen = await grouped.run("a.1", sys.executable, "-c", HOG, memory_mib=64)
    assert (seen.exit_code, seen.reason) == (137, "OutOfMemoryError: Container killed due to memory usage")  # 4.05
    assert 50 << 20 < seen.usage.peak_memory_bytes <= 64 << 20


@pytest.mark.root
async def test_a_child_killed_for_memory_counts_when_the_program_fails(grouped: Any) -> None:
    seen = await grouped.run("a.1", "sh", "-c", f'{sys.executable} -c "{HOG}"; exit 9', memory_mib=64)
    assert (seen.exit_code, seen.reason) == (9, "OutOfMemoryError: Container killed due to memory usage")
    seen = await grouped.run("a.2", "sh", "-c", f'{sys.executable} -c "{HOG}"; exit 0', memory_mib=64)
    assert (seen.exit_code, seen.reason) == (0, None)


@pytest.mark.root
async def test_a_group_used_before_says_nothing_of_the_attempt_before(grouped: Any) -> None:
    await grouped.run("a.1", sys.executable, "-c", HOG, memory_mib=64)
    seen = await grouped.run("a.2", "sh", "-c", "exit 1", memory_mib=64)
    assert (seen.exit_code, seen.reason) == (1, None)
    assert seen.usage.peak_memory_bytes < 8 << 20


@pytest.mark.root
async def test_memory_that_fits_is_allowed_and_children_are_inside(grouped: Any) -> None:
    script = "cat /proc/self/cgroup; sh -c 'cat /proc/self/cgroup'"
    seen = await grouped.run("a.1", "sh", "-c", f'{script}; {sys.executable} -c "{HOG}"', memory_mib=512, vcpus=2)
    assert (seen.exit_code, seen.reason) == (0, None)
    groups = {line.rsplit(b"/batchyard-", 1)[-1] for line in grouped.output("a.1").splitlines() if b"batchyard" in line}
    assert len(groups) == 1, "one group in every hierarchy, for both processes"


@pytest.mark.root
async def test_groups_go_away_with_the_supervisor(grouped: Any) -> None:
    await grouped.run("a.1", "true")
    parents = [parent / f"batchyard-{grouped.engine._yard}" for parent in probe_cgroups().parents]
    assert all(parent.is_dir() for parent in parents)
    pid = grouped.engine.hello.pid
    await grouped.engine.forget(["a.1"])
    await grouped.engine.close()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}/exe").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(parent.exists() for parent in parents)
    await grouped.reopen()


async def test_without_groups_nothing_is_limited(made: Callable[..., Any]) -> None:
    bench = await made()
    seen = await bench.run("a.1", sys.executable, "-c", HOG, memory_mib=64)
    assert seen.exit_code == 0 and seen.usage.peak_memory_bytes > 190 << 20


# --- users ---


async def who(bench: Any, key: str, **more: Any) -> str:
    seen = await bench.run(key, "sh", "-c", "grep -E '^(Uid|Gid|Groups)' /proc/self/status", **more)
    return seen.reason or " ".join(bench.output(key).decode().split())


@pytest.mark.root
async def test_root_runs_jobs_as_nobody_for_good(made: Callable[..., Any]) -> None:
    bench = await made(user="")
    nobody = pwd.getpwnam("nobody")
    uid, gid = f"{nobody.pw_uid}", f"{nobody.pw_gid}"
    assert await who(bench, "a.1") == f"Uid: {uid} {uid} {uid} {uid} Gid: {gid} {gid} {gid} {gid} Groups: {gid}"
    program = "import os\nfor change in (os.setuid, os.seteuid):\n try: change(0); print('root')\n except OSError: pass"
    await bench.run("a.2", sys.executable, "-c", program)
    assert bench.output("a.2") == b""


@pytest.mark.root
async def test_a_job_can_name_its_user(made: Callable[..., Any]) -> None:
    bench = await made(user="")
    daemon = pwd.getpwnam("daemon")
    ids = {
        "daemon": (daemon.pw_uid, daemon.pw_gid),
        str(daemon.pw_uid): (daemon.pw_uid, daemon.pw_gid),
        "daemon:nogroup": (daemon.pw_uid, 65534),
        "4321:1234": (4321, 1234),
        "4321": (4321, 65534),
    }
    for number, (user, (uid, gid)) in enumerate(ids.items()):
        said = await who(bench, f"a.{number}", user=user)
        assert said.startswith(f"Uid: {uid} {uid} {uid} {uid} Gid: {gid} {gid} {gid} {gid}"), user


@pytest.mark.root
async def test_users_that_cannot_be(made: Callable[..., Any]) -> None:
    bench = await made(user="")
    for number, (user, text) in enumerate({
        "no-such-user": "unable to find user no-such-user: no matching entries in passwd file",
        "daemon:no-such": "unable to find group no-such: no matching entries in group file",
        "root": 'user "root": jobs run as root only where the setting process.user is "root"',
        "0:5": 'jobs run as root only where the setting process.user is "root"',
        "5:0": 'jobs run as root only where the setting process.user is "root"',
        "4294967296": "unable to find user 4294967296: no matching entries in passwd file",
    }.items()):  # fmt: skip
        said = await who(bench, f"a.{number}", user=user)
        assert said.startswith("CannotStartContainerError: ") and text in said


@pytest.mark.root
async def test_what_the_user_may_not_run_or_enter(made: Callable[..., Any], open_folder: Path) -> None:
    bench = await made(user="")
    private = open_folder / "private"
    private.mkdir(mode=0o700)
    (private / "program").write_text("#!/bin/sh\n")
    (private / "program").chmod(0o755)
    seen = await bench.run("a.1", str(private / "program"))
    assert seen.reason.endswith("permission denied")
    seen = await bench.run("a.2", "true", spec={"workingFolder": str(private)})
    assert seen.reason.endswith("failed for user nobody: permission denied")
    assert os.geteuid() == 0 and (await bench.run("a.3", "true")).exit_code == 0, "the supervisor is root again"


@pytest.mark.root
async def test_the_folder_and_the_log_are_the_users(made: Callable[..., Any]) -> None:
    bench = await made(user="")
    script = "touch here && stat -c %U here . && echo $USER && echo again >> /dev/stdout && cd && touch there"
    assert (await bench.run("a.1", "sh", "-c", script)).exit_code == 0
    assert bench.output("a.1").split() == [b"nobody", b"nobody", b"nobody", b"again"]


# --- logs ---


def records(path: Path) -> list[tuple[int, int]]:
    return list(struct.iter_unpack("<QQ", path.read_bytes()))


async def test_times_of_a_log(made: Callable[..., Any]) -> None:
    bench = await made()
    before = time.time()
    script = "echo first; sleep 0.35; echo second; sleep 0.35; echo third"
    seen = await bench.run("a.1", "sh", "-c", script)
    found = records(bench.folder / "a.1.log.times")
    assert [size for size, _ in found] == [6, 13, 19, ENDED]
    first, second, third, _ended = ((ms / 1000 - before) for _, ms in found)
    assert 0 <= first < 0.3 <= second < 0.65 <= third <= seen.stopped_at - before + 0.3


async def test_times_begin_anew_when_a_program_empties_its_log(made: Callable[..., Any]) -> None:
    bench = await made()
    await bench.run(
        "a.1", "sh", "-c", "echo much is written; sleep 0.25; echo anew > /dev/stdout; sleep 0.25; echo more"
    )
    assert bench.output("a.1") == b"anew\nmore\n"
    assert [size for size, _ in records(bench.folder / "a.1.log.times")] == [5, 10, ENDED]


async def test_an_empty_log_has_no_times(made: Callable[..., Any]) -> None:
    bench = await made()
    await bench.run("a.1", "true")
    assert bench.output("a.1") == b"" and not (bench.folder / "a.1.log.times").exists()


async def test_a_log_beyond_its_limit_is_cut(made: Callable[..., Any]) -> None:
    bench = await made(log_limit_bytes=100_000)
    script = "for i in 1 2 3; do head -c 150000 /dev/zero; sleep 0.15; done; echo end"
    seen = await bench.run("a.1", "sh", "-c", script)
    assert seen.exit_code == 0 and seen.log_truncated
    assert bench.output("a.1") == bytes(100_000)
    sizes = [size for size, _ in records(bench.folder / "a.1.log.times")]
    assert sizes == [100_000, CUT]


async def test_a_log_at_its_limit_is_not_cut(made: Callable[..., Any]) -> None:
    bench = await made(log_limit_bytes=100_000)
    seen = await bench.run("a.1", "head", "-c", "100000", "/dev/zero")
    assert not seen.log_truncated and len(bench.output("a.1")) == 100_000
