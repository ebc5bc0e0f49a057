"""What holds when the supervisor is killed, and that no process is left behind."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psutil
import pytest

from batchyard.engines.base import Phase

Find = Callable[[str], list[psutil.Process]]


def sleeper() -> tuple[str, str]:
    """A mark to find processes by, and a shell command that sleeps under it."""
    mark = f"mark-{uuid.uuid4().hex}"
    return mark, f"sh -c 'echo up; while :; do sleep 0.2; done' {mark}"


LEFT_BEHIND = {
    "in the background": "{sleeper} & ",
    "in a session of its own": "setsid {sleeper} & ",
    "a daemon's": "(setsid setsid {sleeper} &) & ",
    "without environment": "env -i setsid {sleeper} & ",
    "deaf to signals": "(trap '' TERM HUP; {sleeper} &) & ",
}


@pytest.mark.parametrize("start", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
async def test_descendants_end_with_the_main_process(bench: Any, processes: Find, start: str) -> None:
    mark, command = sleeper()
    script = start.format(sleeper=command) + "while ! grep -q up $LOG; do sleep 0.01; done; exit 3"
    seen = await bench.run("a.1", "sh", "-c", script, env={"LOG": str(bench.folder / "a.1.log")})
    assert seen.exit_code == 3
    assert processes(mark) == []


@pytest.mark.parametrize("start", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
async def test_descendants_end_with_a_stop(bench: Any, processes: Find, start: str) -> None:
    mark, command = sleeper()
    await bench.start("a.1", "sh", "-c", start.format(sleeper=command) + "exec sleep 60")
    await bench.says("a.1", b"up")
    await bench.engine.stop(["a.1"], timedelta(seconds=0.2))
    await bench.ended("a.1")
    assert processes(mark) == []


async def test_the_end_of_one_attempt_leaves_the_daemons_of_others_alone(bench: Any, processes: Find) -> None:
    marks: list[str] = []
    for key, start in (("a.1", "(setsid {} &) &"), ("b.1", "(env -i setsid {} &) &")):
        mark, command = sleeper()
        marks.append(mark)
        await bench.start(key, "sh", "-c", start.format(command) + " exec sleep 60")
        await bench.says(key, b"up")
    await bench.run("c.1", "true")
    assert all(processes(mark) for mark in marks)
    await bench.engine.stop(["a.1", "b.1"], timedelta(seconds=5))
    await bench.ended("a.1")
    await bench.ended("b.1")
    assert [processes(mark) for mark in marks] == [[], []]


async def test_many_that_fork_wildly_are_all_ended(bench: Any, processes: Find) -> None:
    mark, _ = sleeper()
    script = f"for i in 1 2 3 4 5 6 7 8 9; do (setsid sh -c 'sleep 60' {mark} &) & done; wait"
    keys = [f"a.{number}" for number in range(8)]
    await bench.engine.start([bench.launch(key, "sh", "-c", script) for key in keys])
    for key in keys:
        await bench.ended(key)
    assert processes(mark) == []


# --- kill -9 of the supervisor ---


@pytest.mark.parametrize("start", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
async def test_a_killed_supervisors_attempts_are_lost_and_dead(
    bench: Any, processes: Find, kill_supervisor: Callable[[Any], None], start: str
) -> None:
    if "env -i" in start and not bench.engine._rules.cgroups:
        return  # a session of its own, no environment, no control group: nothing is left that tells whose it is
    mark, command = sleeper()
    await bench.start("a.1", "sh", "-c", start.format(sleeper=command) + "exec sleep 60")
    await bench.says("a.1", b"up")
    first = bench.engine.hello.pid
    kill_supervisor(bench)
    seen = await bench.until("a.1", Phase.LOST)
    assert processes(mark) == [], "dead before it is told"
    await bench.told(seen)
    assert bench.engine.hello.pid != first


async def test_what_has_ended_before_is_known_to_the_next(bench: Any, kill_supervisor: Callable[[Any], None]) -> None:
    before = await bench.run("a.1", "sh", "-c", "exit 5")
    await bench.run("b.1", "true")
    await bench.engine.forget(["b.1"])
    kill_supervisor(bench)
    assert await bench.engine.observe(["a.1", "b.1"]) == {"a.1": before}
    assert (await bench.run("c.1", "true")).exit_code == 0


async def test_a_lost_key_is_never_started_again(bench: Any, kill_supervisor: Callable[[Any], None]) -> None:
    launch = bench.launch("a.1", "sh", "-c", "echo once; exec sleep 60")
    await bench.engine.start([launch])
    await bench.says("a.1", b"once")
    kill_supervisor(bench)
    await bench.engine.start([launch])
    assert (await bench.until("a.1", Phase.LOST)).phase is Phase.LOST
    assert bench.output("a.1") == b"once\n"
    await bench.engine.forget(["a.1"])
    assert await bench.engine.observe(["a.1"]) == {}


async def test_killed_while_the_server_was_away(
    bench: Any, processes: Find, kill_supervisor: Callable[[Any], None]
) -> None:
    mark, command = sleeper()
    await bench.start("a.1", "sh", "-c", f"setsid {command} & exec sleep 60")
    await bench.says("a.1", b"up")
    await bench.engine.close()
    kill_supervisor(bench)
    assert processes(mark)
    await bench.reopen()
    assert processes(mark) == []
    assert (await bench.engine.observe(["a.1"]))["a.1"].phase is Phase.LOST


async def test_killed_in_the_middle_of_many_starts(bench: Any, kill_supervisor: Callable[[Any], None]) -> None:
    keys = [f"a-{number}.1" for number in range(60)]
    launches = [bench.launch(key, "sh", "-c", "echo $$ once; sleep 0.05") for key in keys]
    starting = asyncio.gather(*(bench.engine.start(launches[at : at + 10]) for at in range(0, 60, 10)))
    await bench.until(keys[7], Phase.RUNNING, Phase.ENDED)
    kill_supervisor(bench)
    await starting
    phases = {(await bench.until(key, Phase.ENDED, Phase.LOST)).phase for key in keys}
    assert Phase.LOST in phases
    assert all(bench.output(key).count(b"once") <= 1 for key in keys if (bench.folder / f"{key}.log").exists())


async def test_the_supervisor_ends_when_it_is_not_needed(made: Callable[..., Any]) -> None:
    bench = await made()
    await bench.run("a.1", "true")
    supervisor = psutil.Process(bench.engine.hello.pid)
    await bench.engine.close()
    await bench.reopen()
    assert bench.engine.hello.pid == supervisor.pid, "it has a result to keep"
    await bench.engine.forget(["a.1"])
    await bench.engine.close()
    assert supervisor.wait(timeout=20) in (0, None)
    await bench.reopen()
    assert bench.engine.hello.pid != supervisor.pid


async def test_there_is_one_supervisor_for_two_servers(made: Callable[..., Any]) -> None:
    first, second = await made(), await made()
    assert first.engine.hello.pid == second.engine.hello.pid
    await first.start("a.1", "true")
    assert (await second.ended("a.1")).exit_code == 0, "news go to both"


async def test_an_idle_supervisor_does_nothing(made: Callable[..., Any]) -> None:
    bench = await made()
    await bench.run("a.1", "true")
    supervisor = psutil.Process(bench.engine.hello.pid)
    before = supervisor.num_ctx_switches().voluntary
    await asyncio.sleep(0.4)
    assert supervisor.num_ctx_switches().voluntary - before <= 1


async def test_the_socket_is_for_its_owner_only_and_may_lie_deep(made: Callable[..., Any]) -> None:
    bench = await made(below="d" * 100 + "/" + "e" * 100)
    found = (bench.folder / "engine" / "supervisor.sock").stat()
    assert found.st_mode & 0o777 == 0o600
    assert (await bench.run("a.1", sys.executable, "-c", "")).exit_code == 0
