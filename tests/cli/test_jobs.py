"""Submitting, looking at, following, ending and repeating jobs from a shell."""

from __future__ import annotations

import re
import select
import subprocess
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
    ],
)
def test_a_refusal_is_one_line_in_the_servers_words(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("batchyard: ") and said in done.err and done.err.count("\n") == 1


def test_queues_and_environments(run: Run) -> None:
    (queue,) = run("queues", "--json").good().json
    (environment,) = run("environments", "--json").good().json
    assert (queue["jobQueueName"], environment["computeEnvironmentName"]) == ("default", "local")
    assert re.search(r"default +1 +ENABLED +VALID +local", run("queues").good().out)
    assert re.search(r"local +MANAGED +EC2 +16 +ENABLED +VALID", run("environments").good().out)
