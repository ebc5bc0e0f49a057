"""The parts of the supervisor that need no process: frames, journal, working folders, control groups' files."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from batchyard.engines.base import Observed, Phase
from batchyard.engines.process import journal, wire
from batchyard.engines.process.cgroups import Cgroups, Group, cpu_shares, probe_cgroups
from batchyard.engines.process.folders import Folders

US = (os.geteuid(), os.getegid())


# --- wire ---


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_frames_are_whole_however_they_arrive(step: int) -> None:
    sent = [wire.Request(number, "keys", msgspec.Raw(wire.pack("x" * number * 50))) for number in range(5)]
    data = b"".join(map(wire.frame, sent))
    frames = wire.Frames()
    found = [message for at in range(0, len(data), step) for message in frames.feed(data[at : at + step])]
    decoded = [msgspec.msgpack.decode(message, type=wire.Request) for message in found]
    assert [(one.number, bytes(one.body)) for one in decoded] == [(one.number, bytes(one.body)) for one in sent]


# --- journal ---


def ended(key: str) -> Observed:
    return Observed(key=key, phase=Phase.ENDED, stopped_at=5.0, exit_code=0)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "journal"
    book = journal.Journal(path, journal.Header("boot", ["/group"]), [ended("old")])
    book.append(journal.Written(["a", "b", "c", "d"]))
    book.append(journal.Spawned([("a", 11, 5, 6), ("b", 12, 5, 6), ("c", 13, 5, 6)]))
    book.append(journal.Ended([ended("a"), ended("c")]))
    book.forget(["c"])
    book.close()
    return path


def test_a_key_without_a_result_is_lost(written: Path) -> None:
    left = journal.read(written)
    assert (left.boot, left.groups) == ("boot", ["/group"])
    assert {key: seen.phase.value for key, seen in left.results.items()} == {
        "old": "ended", "a": "ended", "b": "lost", "d": "lost",
    }  # fmt: skip
    assert left.processes == {"b": (12, 5, 6)}


def test_a_torn_end_hides_nothing_before_it(written: Path) -> None:
    whole = written.read_bytes()
    written.write_bytes(whole[:-1])
    assert set(journal.read(written).results) == {"old", "a", "b", "c", "d"}, "only the forgetting is torn"
    written.write_bytes(whole + b"\x09\x00\x00\x00junk")
    assert set(journal.read(written).results) == {"old", "a", "b", "d"}


def test_without_a_journal_nothing_is_left(tmp_path: Path) -> None:
    assert journal.read(tmp_path / "journal").results == {}


def test_a_rewritten_journal_says_the_same_in_less(written: Path) -> None:
    left = journal.read(written)
    book = journal.Journal(written, journal.Header("boot", []), left.results.values())
    book.rewrite(["x"], [("x", 9, 1, 2)], [ended("a")])
    book.append(journal.Written(["y"]))
    book.close()
    again = journal.read(written)
    assert {key: seen.phase.value for key, seen in again.results.items()} == {"x": "lost", "y": "lost", "a": "ended"}
    assert again.processes == {"x": (9, 1, 2)}
    assert written.stat().st_mode & 0o777 == 0o600


# --- working folders ---


def test_a_folder_as_good_as_new_is_used_again(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    first = folders.take(US)
    folders.give_back(first, US)
    assert folders.take(US) == first


@pytest.mark.parametrize("change", ["file", "mode", "access list", "gone"])
def test_a_folder_that_was_changed_is_not(tmp_path: Path, change: str) -> None:
    folders = Folders(tmp_path)
    path = Path(folders.take(US))
    match change:
        case "file":
            (path / "file").touch()
        case "mode":
            path.chmod(0o777)
        case "access list":
            try:
                os.setxattr(path, "user.note", b"x")
            except OSError as error:
                pytest.skip(f"extended attributes of this file system: {error.strerror}")
        case _:
            path.rmdir()
    folders.give_back(str(path), US)
    assert folders.take(US) != str(path)
    assert not path.exists()


def test_filled_folders_are_removed_by_another_process(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    for _ in range(2):
        path = Path(folders.take(US))
        (path / "deep" / "er").mkdir(parents=True)
        folders.give_back(str(path), US)
    folders.sweep()
    os.waitpid(folders.remover, 0)
    folders.swept()
    assert list((tmp_path / "trash").iterdir()) == []


def test_folders_of_an_earlier_supervisor_go_away(tmp_path: Path) -> None:
    Path(Folders(tmp_path).take(US), "file").touch()
    folders = Folders(tmp_path)
    folders.sweep()
    os.waitpid(folders.remover, 0)
    assert list((tmp_path / "attempts").iterdir()) == list((tmp_path / "trash").iterdir()) == []


# --- control groups: what is written where, on a tree of plain files ---


@pytest.mark.parametrize(("vcpus", "shares"), [(1, 1024), (0.25, 256), (64, 65536), (0.0001, 2), (1000, 262144)])
def test_a_vcpu_is_1024_shares(vcpus: float, shares: int) -> None:
    assert cpu_shares(vcpus) == shares  # 2.52


def test_what_a_group_of_version_2_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"memory.current": "0", "memory.peak": "4096", "memory.events": "oom 9\noom_kill 0\noom_group_kill 0\n"}
    names = ["cgroup.procs", "memory.max", "memory.swap.max", "cpu.weight", *texts]
    folder = tmp_path / "1"
    folder.mkdir()
    for name in names:
        (folder / name).write_text(texts.get(name, ""))
    monkeypatch.setattr(Path, "mkdir", lambda *_: None)  # the kernel would fill the new folder
    group = Group([folder], [])
    group.enter(1024)
    group.leave()
    assert group.confine(99_999_999, 64)
    found = {name: (folder / name).read_text() for name in names}
    assert found["memory.max"] == str(64 << 20) and found["memory.swap.max"].startswith("0")
    assert found["cpu.weight"] == "39" and found["cgroup.procs"].startswith("99999999")
    assert group.account() == (4096, False)
    (folder / "memory.events").write_text("oom 9\noom_kill 2\n")
    assert group.account() == (4096, True)
    assert group.account() == (4096, False), "each kill counts once"
    group.remove()


def test_no_control_groups_is_said_with_what_to_do(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/\n")
    support = probe_cgroups(tmp_path / "nothing", own)
    assert support.version is None
    assert "memory and CPU of jobs are not limited" in support.why and "run the server as root" in support.why


@pytest.mark.root
def test_a_probe_leaves_nothing_behind() -> None:
    support = probe_cgroups()
    if support.version is None:
        pytest.skip(support.why)
    assert not [name for parent in support.parents for name in parent.glob("batchyard-trial-*")]


@pytest.mark.root
def test_groups_are_used_again_and_removed() -> None:
    support = probe_cgroups()
    if support.version is None:
        pytest.skip(support.why)
    groups = Cgroups(support, f"test-{os.getpid()}")
    groups.open()
    first = groups.take()
    assert first.members() == []
    groups.give_back(first)
    assert groups.take() is first
    groups.give_back(first)
    groups.close()
    assert not any(parent.exists() for parent in groups.parents)
