"""Whole lives of real jobs on a real server: what they see, how they end, and what is kept of them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.e2e.server import GROUP, QUEUE, RunningYard, running

from batchyard.engines.process.cgroups import probe_cgroups


def variables(yard: RunningYard, job: dict[str, Any]) -> dict[str, str]:
    """What `env` printed."""
    return dict(line.split("=", 1) for line in yard.lines(job))


# --- what a job sees ---


def test_a_child_sees_the_variables_of_an_array(yard: RunningYard) -> None:  # 6.2
    array = yard.submit(yard.define("env"), arrayProperties={"size": 3})
    assert yard.wait(array)["status"] == "SUCCEEDED"
    seen = variables(yard, yard.job(f"{array}:2"))
    assert {name: value for name, value in seen.items() if name.startswith("AWS_")} == {
        "AWS_BATCH_CE_NAME": "local",
        "AWS_BATCH_JQ_NAME": QUEUE,
        "AWS_BATCH_JOB_ID": f"{array}:2",
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_BATCH_JOB_ARRAY_INDEX": "2",
        "AWS_BATCH_JOB_ARRAY_SIZE": "3",
        "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
    }


def test_a_single_job_has_no_variables_of_an_array(yard: RunningYard) -> None:
    environment = [{"name": "A", "value": "definition"}, {"name": "B", "value": "definition"}]
    overrides = {"environment": [{"name": "B", "value": "override"}, {"name": "C", "value": "a=b c"}]}
    job = yard.run("env", container={"environment": environment}, containerOverrides=overrides)
    seen = variables(yard, job)
    assert (seen["A"], seen["B"], seen["C"]) == ("definition", "override", "a=b c")
    assert not any(name.startswith("AWS_BATCH_JOB_ARRAY") for name in seen)
    assert not any("SECRET" in name for name in seen)  # nothing of the server's own environment


def test_names_that_batch_sets_cannot_be_given(yard: RunningYard) -> None:  # 6.02
    for name in ("AWS_BATCH_JOB_ID", "AWS_BATCHES"):
        environment = [{"name": name, "value": "x"}]
        with pytest.raises(ClientError, match="AWS_BATCH"):
            yard.define("env", container={"environment": environment})
        with pytest.raises(ClientError, match="AWS_BATCH"):
            yard.submit(yard.define("env"), containerOverrides={"environment": environment})


@pytest.mark.root
def test_a_job_of_a_root_server_is_not_root(yard: RunningYard) -> None:
    job = yard.run("id -u; id -g; echo key > /etc/x; cat " + str(yard.folder / "data" / "credentials.json"))
    uid, gid, *errors = yard.lines(job)
    assert (uid, gid) == ("65534", "65534")
    assert len([line for line in errors if "ermission denied" in line]) == 2
    refused = yard.run("id -u", container={"user": "root"})
    assert refused["status"] == "FAILED"
    assert "process.user" in refused["container"]["reason"]
    daemon = yard.run("id -un", container={"user": "daemon"})
    assert yard.lines(daemon) == ["daemon"]


def test_each_attempt_has_a_folder_of_its_own(yard: RunningYard) -> None:
    first, second = yard.run("pwd; touch here; ls"), yard.run("pwd; ls")
    assert yard.lines(first)[1:] == ["here"]
    assert yard.lines(second) == [yard.lines(second)[0]]
    assert yard.lines(first)[0] != yard.lines(second)[0]


# --- dependencies and retries ---


def test_jobs_start_in_the_order_of_their_dependencies(yard: RunningYard) -> None:
    file = yard.folder / yard.name("order")
    file.touch(mode=0o666)
    file.chmod(0o666)
    definition = yard.define("sh", "-c", f"echo $WORD$AWS_BATCH_JOB_ARRAY_INDEX >> {file}")

    def submit(word: str, **members: Any) -> str:
        environment = [{"name": "WORD", "value": word}]
        return yard.submit(definition, containerOverrides={"environment": environment}, **members)

    first = submit("first", arrayProperties={"size": 3}, dependsOn=[{"type": "SEQUENTIAL"}])
    second = submit("second", dependsOn=[{"jobId": first}])
    pairs = submit(
        "pair", arrayProperties={"size": 3}, dependsOn=[{"jobId": first, "type": "N_TO_N"}, {"jobId": second}]
    )
    last = submit("last", dependsOn=[{"jobId": f"{pairs}:1"}, {"jobId": pairs}])
    assert yard.wait(last)["status"] == "SUCCEEDED"
    words = file.read_text().split()
    assert words[:4] == ["first0", "first1", "first2", "second"]
    assert sorted(words[4:7]) == ["pair0", "pair1", "pair2"]
    assert words[7:] == ["last"]


def test_a_job_is_tried_again_by_its_exit_code(yard: RunningYard) -> None:  # 5.10, 5.14
    definition = yard.define("sh", "-c", "echo try $AWS_BATCH_JOB_ATTEMPT; exit $((6 - AWS_BATCH_JOB_ATTEMPT))")
    rules = [("onExitCode", "5", "RETRY"), ("onExitCode", "4*", "retry"), ("onReason", "*", "EXIT")]
    strategy = {"attempts": 5, "evaluateOnExit": [{on: pattern, "action": action} for on, pattern, action in rules]}
    job = yard.wait(yard.submit(definition, retryStrategy=strategy))
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [5, 4, 3]
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 3)
    streams = [attempt["container"]["logStreamName"] for attempt in job["attempts"]]
    assert len(set(streams)) == 3
    pages = [yard.logs.get_log_events(logGroupName=GROUP, logStreamName=stream) for stream in streams]
    assert [page["events"][0]["message"] for page in pages] == ["try 1", "try 2", "try 3"]
    good = yard.run("test $AWS_BATCH_JOB_ATTEMPT = 3", retryStrategy={"attempts": 4})
    assert (good["status"], len(good["attempts"])) == ("SUCCEEDED", 3)


# --- stopping ---


def test_terminate_asks_first_and_then_kills_whole_groups(yard: RunningYard) -> None:  # 4.41
    asks = "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    polite = yard.submit(yard.define("bash", "-c", asks))
    ignores = "trap '' TERM; sleep 1000 & setsid sleep 1001 & echo ready; wait; sleep 1002"
    stubborn = yard.submit(yard.define("bash", "-c", ignores))
    for job_id in (polite, stubborn):
        job = yard.wait(job_id, "RUNNING")
        end = time.monotonic() + 10
        while not yard.lines(job):
            assert time.monotonic() < end
            time.sleep(0.02)
    asked_at = time.monotonic()
    for job_id in (polite, stubborn):
        yard.batch.terminate_job(jobId=job_id, reason="enough of it")
    job = yard.wait(polite)
    assert (yard.lines(job)[0], yard.lines(job)[-1]) == ("ready", "asked")
    assert (job["status"], job["statusReason"], job["isTerminated"]) == ("FAILED", "enough of it", True)
    assert job["container"]["exitCode"] == 0  # 5.33
    job = yard.wait(stubborn)
    assert time.monotonic() - asked_at >= 1  # the grace of the settings
    assert (job["statusReason"], job["container"]["exitCode"]) == ("enough of it", 137)
    assert not [line for _, line in commands() if line.startswith(b"sleep\x00100")]


def commands() -> list[tuple[int, bytes]]:
    """Process id and command line of every process of this machine."""
    found = []
    for entry in os.scandir("/proc"):
        with contextlib.suppress(ValueError, OSError):
            found.append((int(entry.name), Path(entry.path, "cmdline").read_bytes()))
    return found


def test_cancel_ends_what_waits_and_leaves_what_runs(yard: RunningYard) -> None:
    runs = yard.submit(yard.define("sleep", "1"))
    waits = yard.submit(yard.define("true"), dependsOn=[{"jobId": runs}])
    yard.wait(runs, "RUNNING")
    for job_id in (runs, waits):
        yard.batch.cancel_job(jobId=job_id, reason="changed my mind")
    job = yard.wait(waits)
    assert (job["status"], job["statusReason"], job["attempts"]) == ("FAILED", "changed my mind", [])
    assert yard.wait(runs)["status"] == "SUCCEEDED"


def test_an_array_is_terminated_as_a_whole(yard: RunningYard) -> None:  # 4.43
    definition = yard.define("sh", "-c", "test $AWS_BATCH_JOB_ARRAY_INDEX = 0 || sleep 60")
    array = yard.submit(definition, arrayProperties={"size": 50})
    yard.wait(f"{array}:0", "SUCCEEDED")
    yard.batch.terminate_job(jobId=array, reason="enough")
    parent = yard.wait(array)
    summary = parent["arrayProperties"]["statusSummary"]
    assert (parent["status"], summary["SUCCEEDED"], summary["FAILED"]) == ("FAILED", 1, 49)
    assert yard.job(f"{array}:49")["statusReason"] == "enough"


def test_a_job_that_takes_too_much_memory_says_so(yard: RunningYard) -> None:
    if (support := probe_cgroups()).version is None:
        pytest.skip(support.why)
    hungry = "x = bytearray(300 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint('had it')"
    python = next(each for each in ("/usr/bin/python3", shutil.which("python3")) if each and os.path.exists(each))
    job = yard.run(python, "-c", hungry)
    assert job["container"]["exitCode"] == 137
    assert job["container"]["reason"] == "OutOfMemoryError: Container killed due to memory usage"
    assert job["attempts"][0]["container"]["reason"] == job["container"]["reason"]


def test_a_process_that_kills_itself_ends_by_its_signal(yard: RunningYard) -> None:  # 5.16
    job = yard.run("kill -SEGV $$")
    assert job["container"]["exitCode"] == 128 + signal.SIGSEGV
    assert "reason" not in job["container"]


# --- logs ---


def test_the_log_is_whole_when_the_status_is_final(yard: RunningYard) -> None:
    """200 jobs, each log read once, at the moment the job is seen to be final."""
    definition = yard.define("sh", "-c", "echo begin; seq 1 20; printf 'no newline'")
    waiting = {yard.submit(definition) for _ in range(200)}
    whole = ["begin", *(str(n) for n in range(1, 21)), "no newline"]
    end = time.monotonic() + 60
    while waiting:
        assert time.monotonic() < end
        for job in yard.batch.describe_jobs(jobs=list(waiting)[:100])["jobs"]:
            if job["status"] in {"SUCCEEDED", "FAILED"}:
                assert yard.lines(job) == whole
                waiting.discard(job["jobId"])


def test_both_outputs_of_a_job_keep_their_order(yard: RunningYard) -> None:
    job = yard.run("for i in 1 2 3; do echo out $i; echo err $i >&2; done")
    assert yard.lines(job) == [f"{word} {n}" for n in (1, 2, 3) for word in ("out", "err")]


def test_a_log_group_of_its_own_is_there_or_made_or_missed(yard: RunningYard) -> None:  # 12.03
    group = f"/mine/{yard.name()}"
    options = {"awslogs-group": group, "awslogs-stream-prefix": "p"}
    container: dict[str, Any] = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    job = yard.run("echo hello", container=container)
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert job["container"]["reason"].startswith("CannotStartContainerError: failed to initialize logging driver: ")
    assert "The specified log group does not exist." in job["container"]["reason"]
    options["awslogs-create-group"] = "true"
    job = yard.run("echo hello", container=container)
    assert job["container"]["logStreamName"].startswith("p/default/")
    assert yard.lines(job, group) == ["hello"]
    del options["awslogs-create-group"]
    assert yard.lines(yard.run("echo again", container=container), group) == ["again"]
    options["awslogs-group"] = "not:a group"
    with pytest.raises(ClientError, match="logGroupName"):
        yard.define("true", container=container)


# --- settings ---


class Store(BaseHTTPRequestHandler):
    """An S3 that keeps what is put into it."""

    objects: ClassVar[dict[str, bytes]] = {}

    def do_PUT(self) -> None:
        self.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def do_GET(self) -> None:
        found = self.objects.get(self.path.partition("?")[0])
        self._answer(200 if found is not None else 404, found or b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        del args


@pytest.fixture(scope="module")
def tuned() -> Iterator[RunningYard]:
    """A server with most of what settings can say, and an S3 beside it."""
    store = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    thread = threading.Thread(target=store.serve_forever)
    thread.start()
    settings = f"""
        [providers.local]
        vcpus = 4
        memory_mib = 1024
        [jobs.environment]
        AWS_ENDPOINT_URL = "http://yard.example:8099"
        AWS_REGION = "us-east-1"
        [images."sim:2"]
        entrypoint = ["sh", "-c", "echo \\"$0 $@ in $PWD, $FROM_IMAGE\\"", "entry"]
        working_folder = "/usr"
        environment = {{ FROM_IMAGE = "from the image" }}
        [images.sim]
        command = ["echo", "any tag"]
        [auth.principals.rob]
        access_key_id = "AKREADER"
        secret_access_key = "reader-secret"
        role = "reader"
        [auth.principals.sue]
        access_key_id = "AKSUBMITTER"
        secret_access_key = "submitter-secret"
        [forward]
        s3 = "http://127.0.0.1:{store.server_port}"
        """
    try:
        with running(settings) as yard:
            yield yard
    finally:
        store.shutdown()
        thread.join()
        store.server_close()


def test_every_job_has_the_environment_of_the_settings(tuned: RunningYard) -> None:
    seen = variables(tuned, tuned.run("env"))
    assert (seen["AWS_ENDPOINT_URL"], seen["AWS_REGION"]) == ("http://yard.example:8099", "us-east-1")


def test_an_image_has_the_entrypoint_of_the_settings(tuned: RunningYard) -> None:
    job = tuned.run("one", "two", container={"image": "sim:2"})
    assert tuned.lines(job) == ["entry one two in /usr, from the image"]
    other = tuned.wait(tuned.submit(tuned.define(container={"image": "sim:3"})))
    assert tuned.lines(other) == ["any tag"]


def test_calls_for_s3_reach_the_s3_of_the_settings(tuned: RunningYard) -> None:
    s3 = tuned.client("s3")
    body = os.urandom(1 << 20)
    s3.put_object(Bucket="bucket", Key="a/b c", Body=body)
    assert s3.get_object(Bucket="bucket", Key="a/b c")["Body"].read() == body
    with pytest.raises(ClientError, match="forward"):
        tuned.client("ecs").list_clusters()


def test_unsigned_and_wrongly_signed_calls_are_refused(tuned: RunningYard) -> None:
    unsigned = boto3.client(
        "batch", endpoint_url=tuned.url, region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    for client in (unsigned, tuned.client("batch", "AKNOBODY", "x"), tuned.client("batch", tuned.keys[0], "wrong")):
        with pytest.raises(ClientError) as caught:
            client.describe_job_queues()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    unsigned.close()


def test_a_reader_reads_and_a_submitter_submits(tuned: RunningYard) -> None:
    reader = tuned.client("batch", "AKREADER", "reader-secret")
    submitter = tuned.client("batch", "AKSUBMITTER", "submitter-secret")
    job = {"jobName": "j", "jobQueue": QUEUE, "jobDefinition": tuned.define("true")}
    assert reader.describe_job_queues()["jobQueues"]
    with pytest.raises(ClientError, match=r"AccessDeniedException.*batch:SubmitJob") as caught:
        reader.submit_job(**job)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert tuned.wait(submitter.submit_job(**job)["jobId"])["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="batch:DeleteJobQueue"):
        submitter.delete_job_queue(jobQueue=QUEUE)


def test_jobs_of_a_lost_host_are_tried_again_by_the_usual_recipe(tuned: RunningYard) -> None:  # 5.14, 5.20
    recipe = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    job_id = tuned.submit(
        tuned.define("sh", "-c", "test $AWS_BATCH_JOB_ATTEMPT = 2 || exec sleep 1003"),
        retryStrategy={"attempts": 5, "evaluateOnExit": recipe},
    )
    tuned.wait(job_id, "RUNNING")
    folder = str(tuned.folder).encode()
    (supervisor,) = (pid for pid, line in commands() if folder in line and b"supervisor" in line)
    os.kill(supervisor, signal.SIGKILL)
    job = tuned.wait(job_id)
    lost, last = job["attempts"]
    assert re.fullmatch(r"Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.", lost["statusReason"])
    assert not lost["container"].keys() & {"exitCode", "reason"}
    assert (last["container"]["exitCode"], job["status"]) == (0, "SUCCEEDED")
    assert not [line for _, line in commands() if line.startswith(b"sleep\x001003")]


def test_jobs_wait_for_room(tuned: RunningYard) -> None:
    """4 vCPUs, jobs of 2: never more than two run at once, and they run in the order of their submission."""
    two = [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "64"}]
    definition = tuned.define("sleep", "0.3", container={"resourceRequirements": two})
    ids = [tuned.submit(definition) for _ in range(6)]
    jobs = [tuned.wait(job_id) for job_id in ids]
    moments = sorted([(job["startedAt"], 1) for job in jobs] + [(job["stoppedAt"], -1) for job in jobs])
    level = most = 0
    for _, change in moments:
        level += change
        most = max(most, level)
    assert most == 2
    starts = [job["startedAt"] for job in jobs]
    assert starts == sorted(starts)
