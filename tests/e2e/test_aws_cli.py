"""The AWS CLI with nothing but the environment that `batchyard env` gives."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from tests.e2e.server import BIN, GROUP, QUEUE, RunningYard


def aws(yard: RunningYard, *words: str) -> Any:
    """What a command answers, as JSON."""
    done = subprocess.run(
        [BIN / "aws", "--output", "json", *words], env=yard.environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def refused(yard: RunningYard, *words: str) -> str:
    """What a command says when it fails."""
    done = subprocess.run([BIN / "aws", *words], env=yard.environ, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    return done.stderr


def test_a_job_from_definition_to_log(yard: RunningYard) -> None:
    name = yard.name("cli")
    container = json.dumps({"image": "any", "command": ["echo", "Ref::word"], "vcpus": 1, "memory": 64})
    made = aws(
        yard, "batch", "register-job-definition", "--job-definition-name", name, "--type", "container",
        "--container-properties", container, "--parameters", "word=none", "--tags", "team=a",
    )  # fmt: skip
    submitted = aws(
        yard, "batch", "submit-job", "--job-name", name, "--job-queue", QUEUE, "--job-definition", name,
        "--parameters", "word=hello", "--tags", "run=1",
    )  # fmt: skip
    job = yard.wait(submitted["jobId"])
    assert aws(yard, "batch", "describe-jobs", "--jobs", submitted["jobId"])["jobs"][0] == job
    stream = job["container"]["logStreamName"]
    events = aws(yard, "logs", "get-log-events", "--log-group-name", GROUP, "--log-stream-name", stream)["events"]
    assert [event["message"] for event in events] == ["hello"]
    found = aws(yard, "logs", "describe-log-streams", "--log-group-name", GROUP, "--log-stream-name-prefix", name)
    assert [each["logStreamName"] for each in found["logStreams"]] == [stream]
    aws(yard, "batch", "deregister-job-definition", "--job-definition", made["jobDefinitionArn"])
    described = aws(yard, "batch", "describe-job-definitions", "--job-definition-name", name, "--status", "INACTIVE")
    assert described["jobDefinitions"][0]["tags"] == {"team": "a"}


def test_a_skeleton_can_be_filled_in(yard: RunningYard) -> None:  # C.7
    skeleton = aws(yard, "batch", "submit-job", "--generate-cli-skeleton")
    filled = {"jobName": "filled", "jobQueue": QUEUE, "jobDefinition": yard.define("true")}
    assert skeleton.keys() >= filled.keys()
    job = aws(yard, "batch", "submit-job", "--cli-input-json", json.dumps(filled))
    assert yard.wait(job["jobId"])["status"] == "SUCCEEDED"


def test_pages_are_followed(yard: RunningYard) -> None:  # 1.25
    word = yard.name("paged")
    definition = yard.define("true")
    ids = {yard.submit(definition, jobName=f"{word}-{n}") for n in range(5)}
    listing = ("batch", "list-jobs", "--job-queue", QUEUE, "--filters", f"name=JOB_NAME,values={word}*")
    whole = aws(yard, *listing, "--page-size", "2")["jobSummaryList"]
    assert {each["jobId"] for each in whole} == ids
    first = aws(yard, *listing, "--max-items", "3")
    rest = aws(yard, *listing, "--starting-token", first["NextToken"])
    assert {each["jobId"] for each in first["jobSummaryList"] + rest["jobSummaryList"]} == ids
    array = yard.submit(definition, arrayProperties={"size": 3})
    yard.wait(array)
    children = aws(yard, "batch", "list-jobs", "--array-job-id", array, "--job-status", "SUCCEEDED")["jobSummaryList"]
    assert sorted(each["jobId"] for each in children) == [f"{array}:{index}" for index in range(3)]


def test_logs_are_followed_while_the_job_prints(yard: RunningYard) -> None:
    file = yard.folder / yard.name("go-on")
    job_id = yard.submit(yard.define("sh", "-c", f"echo one; while ! test -e {file}; do sleep 0.05; done; echo two"))
    stream = yard.wait(job_id, "RUNNING")["container"]["logStreamName"]
    lines = tailed(yard, stream)
    assert next(lines) == "one"
    file.touch()  # what comes now is seen only because the stream is followed
    assert next(lines) == "two"
    assert yard.wait(job_id)["status"] == "SUCCEEDED"


def tailed(yard: RunningYard, stream: str) -> Iterator[str]:
    """What `aws logs tail --follow --since 5m` of version 2 of the CLI asks for, and takes for new."""
    start_ms = int((time.time() - 300) * 1000)
    asked: dict[str, Any] = {"logGroupName": GROUP, "logStreamNames": [stream], "interleaved": True}
    token: dict[str, str] = {}
    seen: dict[int, set[str]] = {}
    end = time.monotonic() + 20
    while time.monotonic() < end:
        page = yard.logs.filter_log_events(**asked, startTime=start_ms, **token)
        for event in page["events"]:
            ids = seen.setdefault(event["timestamp"], set())
            if event["eventId"] not in ids:
                ids.add(event["eventId"])
                yield event["message"]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
        if seen and not token:
            start_ms = max(seen)
            seen = {start_ms: seen[start_ms]}
        time.sleep(0.05)


def test_a_live_tail_shows_what_comes(yard: RunningYard) -> None:  # 12.60
    job_id = yard.submit(yard.define("sh", "-c", "while :; do echo tick; sleep 0.2; done"))
    stream = yard.wait(job_id, "RUNNING")["container"]["logStreamName"]
    group = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"
    command = ["logs", "start-live-tail", "--log-group-identifiers", group, "--log-stream-names", stream]
    # The CLI would put "stream-" before the host's name, which a name or address of one's own has no entry for.
    environ = yard.environ | {"AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}
    with subprocess.Popen([BIN / "aws", *command], env=environ, stdout=subprocess.PIPE, text=True) as tail:
        try:
            assert tail.stdout
            assert tail.stdout.readline().strip() == "tick"
        finally:
            tail.kill()
    yard.batch.terminate_job(jobId=job_id, reason="seen")


def test_logs_are_filtered(yard: RunningYard) -> None:
    stream = yard.run("echo good; echo ERROR: bad; echo good")["container"]["logStreamName"]
    found = aws(
        yard, "logs", "filter-log-events", "--log-group-name", GROUP, "--log-stream-names", stream,
        "--filter-pattern", "ERROR",
    )  # fmt: skip
    assert [event["message"] for event in found["events"]] == ["ERROR: bad"]


def test_queues_environments_and_tags(yard: RunningYard) -> None:
    name = yard.name("cli-queue")
    aws(
        yard, "batch", "create-job-queue", "--job-queue-name", name, "--priority", "5", "--state", "ENABLED",
        "--compute-environment-order", "order=1,computeEnvironment=local", "--tags", "a=1,b=2",
    )  # fmt: skip
    queue = aws(yard, "batch", "describe-job-queues", "--job-queues", name)["jobQueues"][0]
    assert (queue["status"], queue["statusReason"], queue["priority"]) == ("VALID", "JobQueue Healthy", 5)
    arn = queue["jobQueueArn"]
    aws(yard, "batch", "tag-resource", "--resource-arn", arn, "--tags", "c=3")
    aws(yard, "batch", "untag-resource", "--resource-arn", arn, "--tag-keys", "a", "b")
    assert aws(yard, "batch", "list-tags-for-resource", "--resource-arn", arn)["tags"] == {"c": "3"}
    assert "state must be DISABLED" in refused(yard, "batch", "delete-job-queue", "--job-queue", name)
    aws(yard, "batch", "update-job-queue", "--job-queue", name, "--state", "DISABLED")
    aws(yard, "batch", "delete-job-queue", "--job-queue", name)
    environments = aws(yard, "batch", "describe-compute-environments")["computeEnvironments"]
    assert "local" in {each["computeEnvironmentName"] for each in environments}


def test_a_job_is_terminated(yard: RunningYard) -> None:
    job_id = yard.submit(yard.define("sleep", "60"))
    yard.wait(job_id, "RUNNING")
    aws(yard, "batch", "terminate-job", "--job-id", job_id, "--reason", "by hand")
    assert yard.wait(job_id)["statusReason"] == "by hand"


def test_who_am_i(yard: RunningYard) -> None:
    identity = aws(yard, "sts", "get-caller-identity")
    assert identity["Account"] == "123456789012"
    assert ":user/admin" in identity["Arn"]


def test_what_is_not_there_is_said(yard: RunningYard) -> None:
    said = refused(yard, "batch", "submit-job", "--job-name", "a", "--job-queue", "none", "--job-definition", "none")
    assert "(ClientException)" in said
    assert "JobQueue none not found." in said
    assert "forward" in refused(yard, "s3", "ls")
