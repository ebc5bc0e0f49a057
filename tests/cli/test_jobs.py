"""Submitting, looking at, following, ending and repeating jobs from a shell."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.cli.conftest import Run
from tests.e2e.server import BIN, RunningYard

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def until_open(gate: Path) -> tuple[str, ...]:
    """A command that runs until the gate is opened."""
    return "sh", "-c", f"echo waiting; while ! test -e {gate}; do sleep 0.02; done; echo done"


def test_submit_prints_the_id_alone(run: Run, yard: RunningYard) -> None:
    done = run("submit", "--name", "hello", "--env", "WHO=you and me", "--", "sh", "-c", "echo hello $WHO").good()
    job_id = done.out.strip()
    assert UUID.fullmatch(job_id) and done.err == ""
    job = yard.wait(job_id)
    assert (job["status"], job["jobName"], yard.lines(job)) == ("SUCCEEDED", "hello", ["hello you and me"])
    assert run("logs", job_id).good().out == "hello you and me\n"


def test_equal_commands_share_a_definition_and_others_do_not(run: Run, yard: RunningYard) -> None:
    commands = [("echo", "same"), ("echo", "same"), ("echo", "other"), ("--memory", "128", "--", "echo", "same")]
    jobs = [run("submit", *words).good().out.strip() for words in commands]
    first, again, other, smaller = (yard.job(job)["jobDefinition"] for job in jobs)
    assert first == again and len({first, other, smaller}) == 3


def test_a_placeholder_in_a_typed_command_stays_as_it_was_typed(run: Run) -> None:  # 2.34
    assert run("submit", "--follow", "--", "echo", "Ref::a", "xRef::b").good().out == "Ref::a xRef::b\n"


def test_what_submit_passes_on(run: Run, yard: RunningYard) -> None:
    first = run("submit", "--", "true").good().out.strip()
    job = run("submit", "--attempts", 3, "--timeout", 70, "--vcpus", 2, "--depends-on", first[:8], "--", "true").good()
    found = yard.job(job.out.strip())
    assert (found["retryStrategy"], found["timeout"]) == ({"attempts": 3}, {"attemptDurationSeconds": 70})
    assert found["dependsOn"] == [{"jobId": first}]
    assert {"type": "VCPU", "value": "2"} in found["container"]["resourceRequirements"]


def test_follow_prints_the_log_and_exits_with_the_jobs_code(run: Run) -> None:
    done = run("submit", "--follow", "--", "sh", "-c", "echo one; echo two >&2; exit 7")
    assert (done.code, done.out) == (7, "one\ntwo\n")
    job_id = done.err.split()[1]
    assert UUID.fullmatch(job_id) and "exit code 7" in done.err
    assert run("logs", "-f", job_id).code == 7
    assert run("logs", job_id).code == 0


def test_follow_goes_on_through_the_attempts(run: Run) -> None:
    script = "echo $AWS_BATCH_JOB_ATTEMPT; test $AWS_BATCH_JOB_ATTEMPT = 2"
    done = run("submit", "--follow", "--attempts", 2, "--", "sh", "-c", script).good()
    assert done.out == "1\n2\n" and "tried again" in done.err


def test_follow_of_an_array_tells_how_it_ended(run: Run) -> None:
    done = run("submit", "--array", 3, "--follow", "--", "sh", "-c", "exit $((AWS_BATCH_JOB_ARRAY_INDEX == 1))")
    assert done.code == 1 and "FAILED: 2 succeeded, 1 failed" in done.err
    assert done.out == ""


def test_follow_with_json_gives_the_finished_job(run: Run) -> None:
    done = run("submit", "--follow", "--json", "--", "sh", "-c", "echo noise; exit 3")
    assert done.code == 3
    assert (done.json["job"]["status"], done.json["category"]) == ("FAILED", "EXIT 3")
    assert done.json["usage"][0]["wall_s"] >= 0


def test_lines_come_while_the_job_runs(run: Run, yard: RunningYard, gate: Path) -> None:
    follow = subprocess.Popen(
        [BIN / "batchyard", "submit", "-f", "--", *until_open(gate)],
        env=yard.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert follow.stdout and follow.stdout.readline() == "waiting\n"
    assert follow.poll() is None
    gate.touch()
    assert follow.communicate(timeout=30)[0] == "done\n" and follow.returncode == 0


def test_jobs_are_listed_newest_first_and_by_status(run: Run, yard: RunningYard) -> None:
    name = yard.name("listed")
    good = run("submit", "--name", name, "--", "true").good().out.strip()
    bad = run("submit", "--name", name, "--", "sh", "-c", "exit 9").good().out.strip()
    for job in (good, bad):
        yard.wait(job)
    listed = [job["jobId"] for job in run("jobs", "--json").good().json if job["jobName"] == name]
    assert listed == [bad, good]
    failed = run("jobs", "--json", "--status", "failed").good().json
    assert bad in [job["jobId"] for job in failed] and {job["status"] for job in failed} == {"FAILED"}
    assert [job["jobId"] for job in run("jobs", "--json", "--category", "EXIT 9").good().json] == [bad]
    table = run("jobs").good().out
    assert table.splitlines()[0].split() == ["job", "name", "status", "started", "took", "detail"]
    assert re.search(rf"{bad[:8]} +{name} +FAILED .* exit code 9", table)
    assert "\x1b" not in table  # no colours where nobody looks


def test_children_of_an_array(run: Run, yard: RunningYard) -> None:
    array = run("submit", "--array", 3, "--", "sh", "-c", "echo I am $AWS_BATCH_JOB_ARRAY_INDEX").good().out.strip()
    yard.wait(array)
    assert {job["jobId"] for job in run("jobs", "--array", array, "--json").good().json} == {
        f"{array}:{index}" for index in range(3)
    }
    assert run("logs", f"{array[:8]}:2").good().out == "I am 2\n"
    refused = run("logs", array)
    assert refused.code == 1 and "add the index of a child" in refused.err


def test_a_listing_stops_at_its_limit_and_looks_for_endings_beyond_it(run: Run, yard: RunningYard) -> None:
    array = run("submit", "--array", 120, "--", "sh", "-c", "exit $((AWS_BATCH_JOB_ARRAY_INDEX == 119 ? 77 : 1))")
    job = array.good().out.strip()
    yard.wait(job)
    listed = run("jobs", "--array", job, "--limit", 110, "--json").good().json
    assert [each["jobId"] for each in listed] == [f"{job}:{index}" for index in range(110)]
    found = run("jobs", "--array", job, "--limit", 1, "--category", "exit 77", "--json").good().json
    assert [each["jobId"] for each in found] == [f"{job}:119"]
    none = run("jobs", "--array", job, "--category", "OOM").good()
    assert (none.out, none.err) == ("", "no jobs\n")


def test_last_is_the_newest_job_and_the_first_letters_are_enough(run: Run, yard: RunningYard) -> None:
    one = run("submit", "--", "echo", "one").good().out.strip()
    two = run("submit", "--array", 2, "--", "sh", "-c", "echo two $AWS_BATCH_JOB_ARRAY_INDEX").good().out.strip()
    for job in (one, two):
        yard.wait(job)
    assert run("logs", "last:1").good().out == "two 1\n"
    assert run("job", "last", "--json").good().json["job"]["jobId"] == two
    assert run("logs", one[:8]).good().out == run("logs", "-f", one).good().out == "one\n"
    assert re.fullmatch(r"\d\d:\d\d:\d\d one\n", run("logs", "-t", one).good().out)
    (line,) = run("logs", one, "--json").good().json
    assert line["message"] == "one" and line["timestamp"] > 1_000_000_000_000


def test_one_job_with_its_story(run: Run, yard: RunningYard) -> None:
    job = yard.wait(run("submit", "--", "sh", "-c", "exit 5").good().out.strip())["jobId"]
    told = run("job", job).good()
    for word in (job, "sh -c 'exit 5'", "FAILED", "EXIT 5", "STARTED", "peak memory"):
        assert word in told.out
    assert "image's name is recorded and not used" in told.err
    history = run("job", job, "--json").good().json
    assert [each["event"] for each in history["timeline"]] == ["SUBMITTED", "ACCEPTED", "PLACED", "STARTED", "FAILED"]


def test_explain_says_what_lacks_and_cancel_ends_it(run: Run, yard: RunningYard) -> None:
    job = run("submit", "--memory", 999_999, "--", "true").good().out.strip()
    try:
        yard.wait(job, "RUNNABLE")
        told = run("explain", job).good().out
        assert "needs 999,999 MiB; the largest host offers 4,096" in told
        assert "What to do: Ask for less" in told
    finally:
        asked = run("cancel", job[:8], "--reason", "asked too much", "--json").good()
    assert asked.json == [{"jobId": job}]
    assert yard.wait(job)["statusReason"] == "asked too much"
    assert run("explain", job, "--json").good().json["category"] == "CANCELLED"


@contextlib.contextmanager
def a_narrow_queue(yard: RunningYard) -> Iterator[str]:
    """The name of a queue whose environment has one vCPU; what is still in it at the end is terminated."""
    name = yard.name("narrow")
    yard.batch.create_compute_environment(
        computeEnvironmentName=name, type="MANAGED",
        computeResources={"type": "EC2", "maxvCpus": 1, "minvCpus": 0, "instanceTypes": ["optimal"],
                          "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"], "instanceRole": "role"},
    )  # fmt: skip
    order = [{"order": 1, "computeEnvironment": name}]
    yard.batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)
    yield name
    for status in ("PENDING", "RUNNABLE", "STARTING", "RUNNING"):
        for job in yard.batch.list_jobs(jobQueue=name, jobStatus=status)["jobSummaryList"]:
            yard.batch.terminate_job(jobId=job["jobId"], reason="the test is over")


def test_explain_says_what_each_job_of_a_busy_queue_waits_for(run: Run, yard: RunningYard, gate: Path) -> None:
    with a_narrow_queue(yard) as queue:
        submit = ("submit", "--queue", queue)
        running = run(*submit, "--", *until_open(gate)).good().out.strip()
        yard.wait(running, "RUNNING")
        first, second = (run(*submit, "--", "true").good().out.strip() for _ in range(2))
        held = run(*submit, "--depends-on", second, "--", "true").good().out.strip()
        never = run(*submit, "--vcpus", 2, "--", "true").good().out.strip()
        for job, status in ((first, "RUNNABLE"), (second, "RUNNABLE"), (held, "PENDING"), (never, "RUNNABLE")):
            yard.wait(job, status)
        said = {
            running: ["RUNNING since", "Runs on host", "attempt 1 of 1"],
            first: ["First in its queue; waits for room", "uses 1 of its 1 vCPUs; the job needs 1"],
            second: [f"1 job of queue {queue} must start before it", f"position 2 in queue {queue}; in front: {first}",
                     f"What to do: batchyard explain {first}"],
            held: ["Waits for 1 of 1 dependencies", f"depends on {second}: RUNNABLE"],
            never: ["Can never start as things are", "Ask for fewer vCPUs than 2"],
        }  # fmt: skip
        for job, words in said.items():
            told = run("explain", job).good()
            assert [word for word in words if word not in told.out] == [], told.out
            assert run("explain", job, "--json").good().json["jobId"] == job
        gate.touch()
        for job in (running, first, second, held):
            assert yard.wait(job)["status"] == "SUCCEEDED"
        yard.wait(never, "RUNNABLE")
        assert "cannot start: needs 2 vCPUs" in run("jobs", "--queue", queue).good().out


@pytest.mark.parametrize(
    ("words", "category", "told"),
    [
        (("true",), "SUCCEEDED", "SUCCEEDED"),
        (("sh", "-c", "exit 4"), "EXIT 4", "(exit code 4)"),
        (("sh", "-c", "kill -9 $$"), "SIGNAL 9", "(exit code 137)"),
        (("/no/such/program",), "NOT_STARTED", "no/such/program"),
    ],
)
def test_explain_says_how_a_job_ended(
    run: Run, yard: RunningYard, words: tuple[str, ...], category: str, told: str
) -> None:
    job = run("submit", "--", *words).good().out.strip()
    yard.wait(job)
    assert run("explain", job, "--json").good().json["category"] == category
    assert told in run("explain", job).good().out


def test_cancel_leaves_what_runs(run: Run, yard: RunningYard, gate: Path) -> None:
    job = run("submit", "--", *until_open(gate)).good().out.strip()
    yard.wait(job, "RUNNING")
    assert run("cancel", job).good().err == f"asked to cancel {job}\n"
    gate.touch()
    assert yard.wait(job)["status"] == "SUCCEEDED"


def test_terminate_sends_sigterm_first(run: Run, yard: RunningYard) -> None:
    script = "trap 'echo told to stop; exit 8' TERM; echo ready; while :; do sleep 0.02; done"
    job = run("submit", "--", "sh", "-c", script).good().out.strip()
    yard.wait(job, "RUNNING")
    follow = subprocess.Popen([BIN / "batchyard", "logs", "-f", job], env=yard.environ, stdout=subprocess.PIPE)
    assert follow.stdout and follow.stdout.readline() == b"ready\n"
    run("terminate", job).good()
    assert follow.communicate(timeout=30)[0].endswith(b"told to stop\n") and follow.returncode == 8
    assert run("explain", job, "--json").good().json["category"] == "TERMINATED"


def test_terminate_ends_what_runs(run: Run, yard: RunningYard, gate: Path) -> None:
    job = run("submit", "--", *until_open(gate)).good().out.strip()
    yard.wait(job, "RUNNING")
    done = run("terminate", job, "--reason", "enough").good()
    assert done.out == "" and job in done.err
    assert yard.wait(job)["statusReason"] == "enough"


def test_rerun_repeats_a_job(run: Run, yard: RunningYard) -> None:
    script = 'echo "$WHAT"'
    old = run("submit", "--name", "again", "--env", "WHAT=it  is", "--attempts", 2, "--", "sh", "-c", script).good()
    yard.wait(old.out.strip())
    new = yard.wait(run("rerun", old.out.strip()).good().out.strip())
    assert (new["jobName"], new["retryStrategy"], yard.lines(new)) == ("again", {"attempts": 2}, ["it  is"])


def test_rerun_of_the_failed_children_gives_each_its_index(run: Run, yard: RunningYard, gate: Path) -> None:
    index, size = "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"
    script = f"echo ${index} of ${size}; test -e {gate} || exit $(({index} % 2))"
    array = run("submit", "--array", 4, "--", "sh", "-c", script).good().out.strip()
    yard.wait(array)
    gate.touch()
    jobs = [yard.wait(job) for job in run("rerun", "--failed", array).good().out.split()]
    assert [(job["status"], yard.lines(job)) for job in jobs] == [
        ("SUCCEEDED", ["1 of 4"]),
        ("SUCCEEDED", ["3 of 4"]),
    ]
    one = yard.wait(run("rerun", f"{array}:2").good().out.strip())
    assert yard.lines(one) == ["2 of 4"]
    whole = yard.wait(run("rerun", array).good().out.strip())
    assert (whole["status"], whole["arrayProperties"]["size"]) == ("SUCCEEDED", 4)
    assert "no child of" in run("rerun", "--failed", whole["jobId"]).err
    assert "is no array" in run("rerun", "--failed", one["jobId"]).err


def test_watch_hands_on_what_the_server_pushes(run: Run, yard: RunningYard) -> None:
    command = [BIN / "batchyard", "jobs", "--watch", "--json"]
    watch = subprocess.Popen(command, env=yard.environ, stdout=subprocess.PIPE)
    try:
        assert watch.stdout
        job = run("submit", "--", "true").good().out.strip()
        while not select.select([watch.stdout], [], [], 0.5)[0]:  # it listens when the first change is there
            job = run("submit", "--", "true").good().out.strip()
        change = {"jobId": "", "event": ""}
        while (change["jobId"], change["event"]) != (job, "SUCCEEDED"):
            change = msgspec.json.decode(watch.stdout.readline())
        assert change["status"] == "SUCCEEDED" and change["at"] > 1_000_000_000_000
    finally:
        watch.kill()
        watch.communicate()


class Terminal:
    """A program in a terminal of 80 by 24, and what it wrote there."""

    def __init__(self, *words: object, env: dict[str, str]) -> None:
        self.text, (self._side, inner) = "", pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.program = subprocess.Popen(
            [BIN / "batchyard", *map(str, words)], env={**env, "TERM": "xterm"},
            stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(inner)

    def until(self, pattern: str) -> None:
        """Read until the text matches; fail when it ends or is silent for long."""
        while not re.search(pattern, self.text):
            assert select.select([self._side], [], [], 20)[0], f"not said: {pattern}\n{self.text}"
            self.text += os.read(self._side, 65536).decode()

    def press(self, keys: str) -> None:
        """As typed on its keyboard."""
        os.write(self._side, keys.encode())

    def ended(self) -> int:
        """Its exit code, once all that it wrote was read."""
        with contextlib.suppress(OSError):  # EIO: nobody has the other side
            while more := os.read(self._side, 65536):
                self.text += more.decode()
        return self.program.wait(20)

    def close(self) -> None:
        """End it where it is."""
        self.program.kill()
        self.program.wait()
        os.close(self._side)


def test_watch_redraws_its_table_when_the_server_pushes(run: Run, yard: RunningYard, gate: Path) -> None:
    array = run("submit", "--array", 2, "--", *until_open(gate)).good().out.strip()
    with contextlib.closing(Terminal("jobs", "--watch", "--array", array, env=yard.environ)) as terminal:
        terminal.until(rf"{array[:8]}:1.+RUNNING")
        assert "SUCCEEDED" not in terminal.text
        gate.touch()
        terminal.until(rf"(?s){array[:8]}:0.+SUCCEEDED.+{array[:8]}:1.+SUCCEEDED")
        terminal.press("\x03")
        assert terminal.ended() == 130 and "Traceback" not in terminal.text
        assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")  # the cursor is back


def test_an_array_is_followed_with_a_bar_on_a_terminal(yard: RunningYard) -> None:
    with contextlib.closing(Terminal("submit", "-f", "--array", 4, "--", "true", env=yard.environ)) as terminal:
        assert terminal.ended() == 0
    assert "━" in terminal.text and "4/4" in terminal.text and "4 succeeded, 0 failed" in terminal.text


def test_json_is_one_document_for_every_command_that_has_data(run: Run, yard: RunningYard) -> None:
    job = run("submit", "--json", "--", "false").good().json["jobId"]
    yard.wait(job)
    commands = [
        ("jobs",), ("job", job), ("explain", job), ("logs", job), ("queues",), ("environments",), ("rerun", job),
        ("cancel", job), ("terminate", job), ("doctor", "--data-dir", yard.folder / "data"),
        ("env", "--data-dir", yard.folder / "data"),
    ]  # fmt: skip
    for words in commands:
        done = run(*words, "--json").good()
        assert done.err == "" and isinstance(done.json, list | dict), words
        assert "\x1b" not in done.out + run(*words).out


def test_watch_needs_a_terminal_or_json(run: Run) -> None:
    done = run("jobs", "--watch")
    assert done.code == 1 and "--json" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("job", "nope"), 'No job has an id that begins with "nope"'),
        (("logs", "abc"), "at least its first 4 letters"),
        (("submit", "--queue", "nowhere", "--", "true"), "JobQueue nowhere not found."),
        (("submit", "--env", "NOVALUE", "--", "true"), '--env takes NAME=VALUE, got "NOVALUE"'),
        (("submit", "--array", "1", "--", "true"), "arrayProperties.size"),
        (("jobs", "--queue", "nowhere"), "JobQueue nowhere not found."),
        (("jobs", "--watch", "--json", "--category", "OOM"), "leave out --watch"),
    ],
)
def test_a_refusal_is_one_line_in_the_servers_words(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("batchyard: ") and said in done.err and done.err.count("\n") == 1


def test_queues_and_environments(run: Run) -> None:
    assert "default" in [queue["jobQueueName"] for queue in run("queues", "--json").good().json]
    assert "local" in [each["computeEnvironmentName"] for each in run("environments", "--json").good().json]
    assert re.search(r"default +1 +ENABLED +VALID +local", run("queues").good().out)
    assert re.search(r"local +MANAGED +EC2 +16 +ENABLED +VALID", run("environments").good().out)
