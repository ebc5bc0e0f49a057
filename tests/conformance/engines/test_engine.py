"""What every engine must do (engines/base.py). Each verb may be repeated without harm."""

from __future__ import annotations

import signal
import sys
import time
from datetime import timedelta
from typing import Any

import pytest

from batchyard.engines.base import Phase

SLEEP = ("sh", "-c", "echo up; exec sleep 60")
STUBBORN = ("sh", "-c", 'trap "echo no" TERM; echo up; while :; do sleep 0.05; done')


# --- starting and ending ---


async def test_a_command_runs_and_ends(bench: Any) -> None:
    before = time.time()
    seen = await bench.run("a.1", "echo", "hello")
    assert (seen.key, seen.phase, seen.exit_code, seen.reason) == ("a.1", Phase.ENDED, 0, None)
    assert before <= seen.started_at <= seen.stopped_at <= time.time()
    assert bench.output("a.1") == b"hello\n"


async def test_the_wakeup_tells_of_the_start_and_the_end(bench: Any) -> None:
    await bench.start("a.1", *SLEEP)
    running = await bench.until("a.1", Phase.RUNNING)
    await bench.engine.stop(["a.1"], timedelta(seconds=9))
    ended = await bench.ended("a.1")
    await bench.told(running)
    await bench.told(ended)


@pytest.mark.parametrize("code", [1, 3, 255])
async def test_an_exit_code_is_told_without_a_reason(bench: Any, code: int) -> None:
    seen = await bench.run("a.1", "sh", "-c", f"exit {code}")
    assert (seen.exit_code, seen.reason) == (code, None)  # 4.05


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
async def test_death_by_a_signal_is_128_and_its_number(bench: Any, number: int) -> None:
    seen = await bench.run("a.1", "sh", "-c", f"kill -{int(number)} $$; sleep 9")
    assert (seen.exit_code, seen.reason) == (128 + number, None)  # 5.16


async def test_many_start_together(bench: Any) -> None:
    keys = [f"many-{number}.1" for number in range(40)]
    await bench.engine.start([bench.launch(key, "sh", "-c", f"echo {key}") for key in keys])
    assert {(await bench.ended(key)).exit_code for key in keys} == {0}
    assert [bench.output(key) for key in keys] == [f"{key}\n".encode() for key in keys]


async def test_start_is_repeatable(bench: Any) -> None:
    launch = bench.launch("a.1", "sh", "-c", "echo once; sleep 0.1")
    for _ in range(3):
        await bench.engine.start([launch, launch])
    first = await bench.ended("a.1")
    await bench.engine.start([launch])
    assert await bench.ended("a.1") == first
    assert bench.output("a.1") == b"once\n"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("no-such-program",), 'exec: "no-such-program": executable file not found in $PATH'),
        (("/no/such/program",), "exec /no/such/program: no such file or directory"),
        (("/etc/passwd",), "exec /etc/passwd: permission denied"),
        (("/etc",), "exec /etc: permission denied"),
        (("/etc/passwd/x",), "exec /etc/passwd/x: not a directory"),
        (("echo", "x" * 200_000), "argument list too long"),
        ((), "No command specified"),
        (("",), 'exec: "": executable file not found in $PATH'),
    ],
)
async def test_what_cannot_start_is_observed_with_a_reason(bench: Any, command: tuple[str, ...], reason: str) -> None:
    seen = await bench.run("a.1", *command)  # 4.05, 4.15
    assert (seen.phase, seen.exit_code, seen.started_at) == (Phase.ENDED, None, None)
    assert seen.stopped_at is not None
    assert seen.reason.startswith("CannotStartContainerError: ") and reason in seen.reason and len(seen.reason) <= 255


async def test_one_that_cannot_start_does_not_hold_up_the_others(bench: Any) -> None:
    await bench.engine.start([bench.launch("a.1", "no-such"), bench.launch("b.1", "echo", "b")])
    assert (await bench.ended("a.1")).exit_code is None
    assert (await bench.ended("b.1")).exit_code == 0


# --- what a program is given ---


async def test_arguments_arrive_untouched(bench: Any) -> None:
    arguments = ["", " ", "a b", 'qu"ote', "it's", "new\nline", "$HOME", "*", "\\", "é漢🙂", "--", "-c", "tab\t"]
    program = "import sys; sys.stdout.buffer.write(b'\\0'.join(a.encode() for a in sys.argv[1:]))"
    await bench.run("a.1", sys.executable, "-X", "utf8", "-c", program, *arguments)
    assert bench.output("a.1").decode().split("\0") == arguments


async def test_half_a_character_in_an_argument_hurts_nobody_else(bench: Any) -> None:
    await bench.engine.start([bench.launch("a.1", "echo", "\ud800"), bench.launch("b.1", "echo", "b")])
    assert (await bench.ended("a.1")).phase is Phase.ENDED
    assert (await bench.ended("b.1")).exit_code == 0


async def test_the_environment_is_the_launchs_with_path_and_home(bench: Any) -> None:
    env = {"EMPTY": "", "LINES": "a\nb", "EQUALS": "a=b", "NAME": "é漢🙂"}
    await bench.run("a.1", "env", "-0", env=env)
    found = dict(entry.split("=", 1) for entry in bench.output("a.1").decode().rstrip("\0").split("\0"))
    ours = {name: found.pop(name) for name in set(found) - set(env)}
    assert found == env
    assert set(ours) - {"USER", "BATCHYARD_ATTEMPT", "BATCHYARD_YARD"} == {"PATH", "HOME"}


async def test_given_path_and_home_are_kept(bench: Any) -> None:
    env = {"PATH": "/bin:/usr/bin", "HOME": "/nowhere"}
    await bench.run("a.1", "sh", "-c", 'echo "$PATH $HOME"', env=env)
    assert bench.output("a.1") == b"/bin:/usr/bin /nowhere\n"


async def test_the_command_is_looked_up_in_the_jobs_path(bench: Any) -> None:
    seen = await bench.run("a.1", "sh", "-c", "true", env={"PATH": "/nowhere"})
    assert "executable file not found in $PATH" in seen.reason


async def test_each_attempt_has_an_empty_folder_of_its_own(bench: Any) -> None:
    for key in ("a.1", "a.2"):
        await bench.run(key, "sh", "-c", "ls -A; touch left; mkdir -p deep/er; pwd")
    first, second = bench.output("a.1"), bench.output("a.2")
    assert first != second and b"left" not in first + second
    await bench.engine.forget(["a.1", "a.2"])
    await bench.run("a.3", "ls", "-A")
    assert bench.output("a.3") == b""


async def test_a_working_folder_can_be_given(bench: Any) -> None:
    await bench.run("a.1", "pwd", spec={"workingFolder": "/usr"})
    assert bench.output("a.1") == b"/usr\n"


async def test_a_missing_working_folder_is_a_reason(bench: Any) -> None:
    seen = await bench.run("a.1", "pwd", spec={"workingFolder": "/no/such"})
    assert seen.exit_code is None and 'chdir to cwd ("/no/such") failed' in seen.reason


async def test_input_is_empty_and_no_file_is_inherited(bench: Any) -> None:
    await bench.run(
        "a.1", sys.executable, "-c", "import os, sys; print(sys.stdin.read(), *os.listdir('/proc/self/fd'))"
    )
    assert bench.output("a.1").split() == [b"0", b"1", b"2", b"3"], "the last is the listing itself"


async def test_signals_are_at_their_defaults(bench: Any) -> None:
    await bench.run("a.1", "grep", "-E", "Sig(Blk|Ign)", "/proc/self/status")
    _, blocked, _, ignored = bench.output("a.1").split()
    assert int(blocked, 16) == 0
    assert int(ignored, 16) & 0x7FFF_FFFF == 0, "32 and 33 are the C library's own"


# --- output ---


async def test_output_and_errors_come_in_order(bench: Any) -> None:
    await bench.run("a.1", "sh", "-c", "echo 1; echo 2 >&2; echo 3; echo 4 >&2")
    assert bench.output("a.1") == b"1\n2\n3\n4\n"


async def test_binary_output_without_a_line_end(bench: Any) -> None:
    await bench.run("a.1", sys.executable, "-c", "import os; os.write(1, bytes(range(256)))")
    assert bench.output("a.1") == bytes(range(256))


async def test_much_output_is_whole(bench: Any) -> None:
    await bench.run("a.1", "head", "-c", "20000000", "/dev/zero")
    assert len(bench.output("a.1")) == 20_000_000


# --- stopping ---


async def test_stop_is_sigterm(bench: Any) -> None:
    await bench.start("a.1", "sh", "-c", 'trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.02; done')
    await bench.says("a.1", b"up")
    await bench.engine.stop(["a.1"], timedelta(seconds=20))
    assert (await bench.ended("a.1")).exit_code == 7  # 4.41, 5.33
    assert bench.output("a.1").endswith(b"bye\n")


async def test_stop_becomes_sigkill_after_the_grace(bench: Any) -> None:
    await bench.start("a.1", *STUBBORN)
    await bench.says("a.1", b"up")
    before = time.monotonic()
    await bench.engine.stop(["a.1"], timedelta(seconds=0.3))
    seen = await bench.ended("a.1")
    assert seen.exit_code == 137 and 0.25 < time.monotonic() - before < 5  # 5.31
    assert b"no" in bench.output("a.1")


async def test_of_two_stops_the_earlier_deadline_counts(bench: Any) -> None:
    await bench.start("a.1", *STUBBORN)
    await bench.says("a.1", b"up")
    for grace_s in (60, 0.1, 60):
        await bench.engine.stop(["a.1"], timedelta(seconds=grace_s))
    assert (await bench.ended("a.1")).exit_code == 137
    assert bench.output("a.1").count(b"no") == 1, "the program is told once"


async def test_stop_without_grace_right_after_the_start(bench: Any) -> None:
    launches = [bench.launch(f"a.{number}", "sleep", "60") for number in range(20)]
    await bench.engine.start(launches)
    await bench.engine.stop([launch.key for launch in launches], timedelta(0))
    assert {(await bench.ended(launch.key)).exit_code for launch in launches} <= {137, 143}


async def test_stop_reaches_children(bench: Any) -> None:
    child = '(trap "echo child; exit" TERM; echo up; while :; do sleep 0.02; done)'
    await bench.start("a.1", "sh", "-c", f"trap : TERM; {child} & wait; wait")
    await bench.says("a.1", b"up")
    await bench.engine.stop(["a.1"], timedelta(seconds=20))
    await bench.ended("a.1")
    assert b"child" in bench.output("a.1")


async def test_stop_of_ended_and_unknown_keys_has_no_effect(bench: Any) -> None:
    seen = await bench.run("a.1", "true")
    await bench.engine.stop(["a.1", "unknown.1"], timedelta(0))
    assert await bench.ended("a.1") == seen
    assert "unknown.1" not in await bench.engine.observe(["unknown.1"])


# --- observing and forgetting ---


async def test_unknown_keys_are_absent(bench: Any) -> None:
    assert await bench.engine.observe(["never.1"]) == {}
    assert list(await bench.engine.keys()) == []


async def test_a_result_stays_until_it_is_forgotten(bench: Any) -> None:
    seen = await bench.run("a.1", "sh", "-c", "exit 4")
    for _ in range(2):
        assert await bench.engine.observe(["a.1"]) == {"a.1": seen}
    assert list(await bench.engine.keys()) == ["a.1"]
    for _ in range(2):
        await bench.engine.forget(["a.1"])
    assert await bench.engine.observe(["a.1"]) == {}
    assert bench.output("a.1") == b"", "the log stays"


async def test_what_runs_is_not_forgotten(bench: Any) -> None:
    await bench.start("a.1", *SLEEP)
    await bench.until("a.1", Phase.RUNNING)
    await bench.engine.forget(["a.1"])
    assert (await bench.engine.observe(["a.1"]))["a.1"].phase is Phase.RUNNING


async def test_what_was_used_is_told(bench: Any) -> None:
    program = "data = bytearray(60_000_000); sum(i * i for i in range(3_000_000))"
    usage = (await bench.run("a.1", sys.executable, "-c", program)).usage
    assert 60_000_000 < usage.peak_memory_bytes < 200_000_000
    assert 0.05 < usage.cpu_s < 20


# --- another server ---


async def test_another_server_finds_running_attempts_and_results(bench: Any) -> None:
    ended = await bench.run("old.1", "sh", "-c", "exit 6")
    await bench.start("a.1", "sh", "-c", "echo up; read line < go 2>/dev/null; sleep 0.3; exit 5")
    running = await bench.until("a.1", Phase.RUNNING)
    await bench.reopen()
    assert sorted(await bench.engine.keys()) == ["a.1", "old.1"]
    assert (await bench.engine.observe(["old.1"]))["old.1"] == ended
    assert (await bench.ended("a.1")).started_at == running.started_at
    assert (await bench.ended("a.1")).exit_code == 5


async def test_an_end_while_no_server_was_there_is_found(bench: Any) -> None:
    await bench.start("a.1", "sh", "-c", "sleep 0.1; exit 9")
    await bench.reopen()
    assert (await bench.ended("a.1")).exit_code == 9


async def test_another_server_does_not_start_a_key_again(bench: Any) -> None:
    launch = bench.launch("a.1", "sh", "-c", "echo once; sleep 0.1")
    await bench.engine.start([launch])
    await bench.reopen()
    await bench.engine.start([launch])
    await bench.ended("a.1")
    assert bench.output("a.1") == b"once\n"
