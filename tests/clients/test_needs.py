"""What about twenty clients need of the server: fields, texts and tolerance, each seen in at least one of them."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from tests.e2e.server import GROUP, QUEUE, SMALL, RunningYard

from batchyard.kit.sigv4 import sign

ACCOUNT = "us-east-1:123456789012"


def post(yard: RunningYard, operation: str, body: bytes) -> httpx.Response:
    """A signed call with a body of our own making."""
    url = f"{yard.url}/v1/{operation}"
    key, secret = yard.keys
    headers = sign("POST", url, {}, body, key=key, secret=secret, region="us-east-1", service="batch", at=time.time())
    return httpx.post(url, content=body, headers=headers)


# --- the wire ---


def test_errors_name_their_type_in_header_and_body(yard: RunningYard) -> None:  # 1.11
    answer = post(yard, "submitjob", b'{"jobName": "a", "jobQueue": "no-such", "jobDefinition": "b"}')
    assert answer.status_code == 400
    assert answer.headers["x-amzn-errortype"] == "ClientException"
    assert answer.json() == {"__type": "ClientException", "message": "JobQueue no-such not found."}
    with pytest.raises(yard.batch.exceptions.ClientException):
        yard.submit("no-such")


def test_unknown_members_and_nulls_are_ignored(yard: RunningYard) -> None:  # 1.08
    answer = post(yard, "describejobqueues", b'{"futureMember": {"a": [1]}, "jobQueues": null, "nextToken": ""}')
    assert answer.status_code == 200


def test_tags_travel_in_path_and_query(yard: RunningYard) -> None:  # 1.03
    job_id = yard.submit(yard.define("true"), tags={"a": "1", "b/c": "2"})
    arn = f"arn:aws:batch:{ACCOUNT}:job/{job_id}"
    yard.batch.tag_resource(resourceArn=arn, tags={"d e": "3"})
    assert yard.batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1", "b/c": "2", "d e": "3"}
    yard.batch.untag_resource(resourceArn=arn, tagKeys=["b/c", "d e"])
    assert yard.job(job_id)["tags"] == {"a": "1"}


@pytest.mark.parametrize("call", ["cancel_job", "terminate_job"])
def test_stopping_what_has_ended_or_never_was_is_no_fault(yard: RunningYard, call: str) -> None:  # 4.41
    ended = yard.run("true")
    for job_id in (ended["jobId"], str(uuid.uuid4())):
        getattr(yard.batch, call)(jobId=job_id, reason="clean up")
    assert yard.job(ended["jobId"]) == ended


def test_what_is_gone_does_not_exist(yard: RunningYard) -> None:  # 1.18
    for call in (
        lambda: yard.batch.delete_job_queue(jobQueue="gone"),
        lambda: yard.batch.update_job_queue(jobQueue="gone", priority=1),
        lambda: yard.batch.delete_compute_environment(computeEnvironment="gone"),
        lambda: yard.batch.update_compute_environment(computeEnvironment="gone", state="DISABLED"),
    ):
        with pytest.raises(ClientError, match="does not exist"):
            call()


# --- ids and names ---


def test_ids_of_children_and_a_hundred_at_once_and_arns(yard: RunningYard) -> None:
    array = yard.submit(yard.define("true"), arrayProperties={"size": 98})
    yard.wait(array)
    ids = [array, *(f"{array}:{index}" for index in range(98)), str(uuid.uuid4())]
    jobs = yard.batch.describe_jobs(jobs=ids)["jobs"]
    assert [job["jobId"] for job in jobs] == ids[:-1]
    arns = [f"arn:aws:batch:{ACCOUNT}:job/{each}" for each in ids]
    assert [job["jobId"] for job in yard.batch.describe_jobs(jobs=arns)["jobs"]] == ids[:-1]
    with pytest.raises(ClientError, match="Maximum number of jobs supported is"):
        yard.batch.describe_jobs(jobs=[*ids, array])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", array)


def test_names_revisions_and_arns_are_taken_alike(yard: RunningYard) -> None:  # 1.31, 3.01
    definition = yard.define("true")
    name = definition.partition(":")[0]
    arn = f"arn:aws:batch:{ACCOUNT}:job-definition/{definition}"
    for given in (name, definition, arn, arn.removesuffix(":1")):
        for queue in (QUEUE, f"arn:aws:batch:{ACCOUNT}:job-queue/{QUEUE}"):
            job = yard.job(yard.submit(given, jobQueue=queue))
            assert job["jobDefinition"] == arn
            assert job["jobQueue"] == f"arn:aws:batch:{ACCOUNT}:job-queue/{QUEUE}"


def test_jobs_are_listed_by_name_with_a_star(yard: RunningYard) -> None:
    word = yard.name("listed")
    ids = {yard.submit(yard.define("true"), jobName=f"{word}-{n}") for n in range(3)}
    filters = [{"name": "JOB_NAME", "values": [f"{word}*"]}]
    pages = yard.batch.get_paginator("list_jobs").paginate(
        jobQueue=QUEUE, filters=filters, PaginationConfig={"PageSize": 2}
    )
    assert {each["jobId"] for page in pages for each in page["jobSummaryList"]} == ids


# --- what DescribeJobs must have ---


def test_a_finished_job_has_every_field_that_clients_read(yard: RunningYard) -> None:
    container: dict[str, Any] = {
        "environment": [{"name": "A", "value": "1"}],
        "command": ["sh", "-c", "echo Ref::word; exit 7"],
        "ulimits": [{"name": "nofile", "softLimit": 100, "hardLimit": 100}],
        "volumes": [{"name": "v", "host": {"sourcePath": "/nowhere"}}],
        "mountPoints": [{"containerPath": "/v", "sourceVolume": "v"}],
        "logConfiguration": {"logDriver": "awslogs"},
        "privileged": False,
    }
    definition = yard.define(container=container, parameters={"word": "none", "dotted.key": "x"}, tags={"d": "1"})
    limit = {"attemptDurationSeconds": 60}
    job_id = yard.submit(definition, parameters={"word": "hello"}, tags={"j": "2"}, timeout=limit)
    assert yard.job(job_id)["jobId"] == job_id
    job = yard.wait(job_id)
    assert job["jobArn"] == f"arn:aws:batch:{ACCOUNT}:job/{job_id}"
    assert (job["status"], job["statusReason"]) == ("FAILED", "Essential container in task exited")
    assert 1_600_000_000_000 < job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]
    assert job["parameters"] == {"word": "hello", "dotted.key": "x"}
    assert (job["tags"], job["dependsOn"], job["retryStrategy"]) == ({"j": "2"}, [], {"attempts": 1})
    assert job["timeout"] == limit
    shown = job["container"]
    assert shown["command"] == ["sh", "-c", "echo hello; exit 7"]
    assert {name: shown[name] for name in container if name != "command"} == {
        name: value for name, value in container.items() if name != "command"
    }
    assert (shown["exitCode"], shown["resourceRequirements"]) == (7, SMALL)
    (attempt,) = job["attempts"]
    assert attempt["container"].keys() >= {"exitCode", "logStreamName", "taskArn", "containerInstanceArn"}
    assert attempt["container"]["networkInterfaces"] == []
    assert attempt["startedAt"] <= attempt["stoppedAt"]
    assert attempt["statusReason"] == "Essential container in task exited"
    prefix, middle, task = shown["logStreamName"].split("/")
    assert (prefix, middle, task) == (definition.partition(":")[0], "default", shown["taskArn"].split("/")[-1])
    assert re.fullmatch("[0-9a-f]{32}", task)  # 12.01


def test_an_array_has_its_size_summary_and_environment(yard: RunningYard) -> None:  # 4.21
    definition = yard.define("true", container={"environment": [{"name": "A", "value": "1"}]})
    array = yard.wait(yard.submit(definition, arrayProperties={"size": 2}))
    summary = {"SUBMITTED": 0, "PENDING": 0, "RUNNABLE": 0, "STARTING": 0, "RUNNING": 0, "SUCCEEDED": 2, "FAILED": 0}
    assert array["arrayProperties"]["size"] == 2
    assert array["arrayProperties"]["statusSummary"] == summary
    assert array["container"]["environment"] == [{"name": "A", "value": "1"}]
    assert array["stoppedAt"]
    assert yard.job(f"{array['jobId']}:1")["arrayProperties"] == {"index": 1}


def test_the_log_stream_is_named_while_the_job_runs(yard: RunningYard) -> None:
    job_id = yard.submit(yard.define("sh", "-c", "echo started; sleep 30"))
    job = yard.wait(job_id, "RUNNING")
    assert job["startedAt"]
    end = time.monotonic() + 5
    while yard.lines(job) != ["started"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    yard.batch.terminate_job(jobId=job_id, reason="seen")
    assert yard.wait(job_id)["attempts"][0]["container"]["exitCode"] == 143


def test_dependants_of_a_failed_job_fail(yard: RunningYard) -> None:  # 3.55
    failed = yard.submit(yard.define("false"))
    chain = failed
    for _ in range(3):
        chain = yard.submit(yard.define("true"), dependsOn=[{"jobId": chain}])
    last = yard.wait(chain)
    assert (last["status"], last["statusReason"], last["attempts"]) == ("FAILED", "Dependent Job failed", [])
    assert last["stoppedAt"]
    assert "startedAt" not in last


# --- tolerance ---


def test_empty_lists_and_maps_are_taken_and_come_back(yard: RunningYard) -> None:
    lists = ("command", "environment", "mountPoints", "volumes", "ulimits", "secrets")
    container: dict[str, Any] = {"image": "any", "vcpus": 1, "memory": 64} | {name: [] for name in lists}
    definition = yard.batch.register_job_definition(
        jobDefinitionName=yard.name("empty"), type="container", containerProperties=container, parameters={}, tags={}
    )["jobDefinitionArn"]
    found = yard.batch.describe_job_definitions(jobDefinitions=[definition])["jobDefinitions"][0]
    assert found["containerProperties"] == {**container, "resourceRequirements": []}  # 2.09
    assert (found["parameters"], found["tags"]) == ({}, {})
    job_id = yard.submit(
        definition,
        containerOverrides={"command": ["true"], "environment": [], "resourceRequirements": []},
        arrayProperties={}, dependsOn=[], parameters={}, tags={},
    )  # fmt: skip
    assert yard.wait(job_id)["status"] == "SUCCEEDED"


def test_old_sizes_are_taken_in_definitions_and_overrides(yard: RunningYard) -> None:
    made = yard.batch.register_job_definition(
        jobDefinitionName=yard.name("old"),
        type="container",
        containerProperties={"image": "any", "vcpus": 1, "memory": 64, "command": ["true"]},
    )
    job = yard.wait(yard.submit(made["jobDefinitionArn"], containerOverrides={"vcpus": 2, "memory": 128}))
    assert (job["container"]["vcpus"], job["container"]["memory"], job["status"]) == (2, 128, "SUCCEEDED")


def test_a_large_number_of_tags_is_taken(yard: RunningYard) -> None:  # 1.40
    tags = {f"key {n}": "v" * 256 for n in range(50)}
    assert yard.job(yard.submit(yard.define("true", tags=tags), tags=tags))["tags"] == tags


def test_what_the_settings_add_to_every_job_is_there_and_not_shown(yard: RunningYard) -> None:
    job = yard.run("echo $AWS_ENDPOINT_URL_S3", container={"environment": [{"name": "A", "value": "1"}]})
    assert yard.lines(job) == ["http://127.0.0.1:9000"]
    assert job["container"]["environment"] == [{"name": "A", "value": "1"}]
    own = [{"name": "AWS_ENDPOINT_URL_S3", "value": "http://own"}]
    assert yard.lines(yard.run("echo $AWS_ENDPOINT_URL_S3", container={"environment": own})) == ["http://own"]


# --- logs ---


def test_tokens_are_stable_at_both_ends(yard: RunningYard) -> None:  # 12.33
    job = yard.run("seq 1 5")
    arguments = {"logGroupName": GROUP, "logStreamName": job["container"]["logStreamName"]}
    newest = yard.logs.get_log_events(**arguments, limit=2)  # 12.32: startFromHead is false
    assert [event["message"] for event in newest["events"]] == ["4", "5"]
    before = yard.logs.get_log_events(**arguments, limit=2, nextToken=newest["nextBackwardToken"])
    assert [event["message"] for event in before["events"]] == ["2", "3"]
    end = yard.logs.get_log_events(**arguments, nextToken=newest["nextForwardToken"], startFromHead=True)
    assert (end["events"], end["nextForwardToken"]) == ([], newest["nextForwardToken"])
    head = yard.logs.get_log_events(**arguments, startFromHead=True, limit=1)
    start = yard.logs.get_log_events(**arguments, nextToken=head["nextBackwardToken"])
    assert (start["events"], start["nextBackwardToken"]) == ([], head["nextBackwardToken"])
    later = newest["events"][1]["timestamp"] + 1
    assert yard.logs.get_log_events(**arguments, startTime=later, startFromHead=True)["events"] == []
    assert newest["events"][0]["timestamp"] == pytest.approx(time.time() * 1000, abs=60_000)


def test_streams_are_found_by_prefix_and_what_is_not_there_is_said(yard: RunningYard) -> None:
    job = yard.run("echo hello")
    stream = job["container"]["logStreamName"]
    found = yard.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream.split("/")[0] + "/")
    assert [each["logStreamName"] for each in found["logStreams"]] == [stream]
    with pytest.raises(yard.logs.exceptions.ResourceNotFoundException, match="The specified log stream does not exist"):
        yard.logs.get_log_events(logGroupName=GROUP, logStreamName="none/default/0")
    with pytest.raises(yard.logs.exceptions.ResourceNotFoundException, match="The specified log group does not exist"):
        yard.logs.filter_log_events(logGroupName="/none")


def test_the_caller_has_an_account_and_an_arn(yard: RunningYard) -> None:
    identity = yard.client("sts").get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"].startswith("arn:aws:iam::123456789012:user/")
    assert identity["UserId"]
