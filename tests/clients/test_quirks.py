"""What single clients do that others do not, replayed with boto3 as their sources have it; tests are named for them.

The definitions, requests and reads are the clients' own; the server is real and runs the jobs.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from tests.e2e.server import GROUP, QUEUE, SMALL, RunningYard

ROLE = "arn:aws:iam::123456789012:role/jobs"


def test_pcluster_submits_with_empty_lists_and_reads_sizes_and_names(yard: RunningYard) -> None:
    batch = yard.batch
    old = {"image": "any", "vcpus": 1, "memory": 128, "command": ["/bin/true"]}
    definition = batch.register_job_definition(
        jobDefinitionName=yard.name("pcluster"), type="container", containerProperties=old
    )
    job_id = batch.submit_job(
        jobName="hostname",
        jobQueue=QUEUE,
        jobDefinition=definition["jobDefinitionArn"],
        arrayProperties={},
        dependsOn=[],
        containerOverrides={"command": ["/bin/sh", "-c", "hostname"], "environment": [], "vcpus": 1, "memory": 64},
        retryStrategy={"attempts": 1},
        parameters={},
        tags={},
    )["jobId"]

    queue = batch.describe_job_queues(jobQueues=[QUEUE], nextToken="")["jobQueues"][0]
    assert (queue["status"], queue["statusReason"]) == ("VALID", "JobQueue Healthy")
    environment = queue["computeEnvironmentOrder"][0]["computeEnvironment"]
    assert environment.split("/")[-1] == "local"
    found = batch.describe_compute_environments(computeEnvironments=[environment])["computeEnvironments"][0]
    assert found["ecsClusterArn"].split("/")[-1].startswith("local_Batch_")
    assert found["statusReason"] == "ComputeEnvironment Healthy"

    job = yard.wait(job_id)
    assert job["jobQueue"].split("/")[-1] == QUEUE
    assert job["jobDefinition"].split("/")[-1] == definition["jobDefinitionArn"].split("/")[-1]
    assert (job["container"]["vcpus"], job["container"]["memory"]) == (1, 64)
    assert job["container"]["command"] == ["/bin/sh", "-c", "hostname"]
    ids, token = [], ""
    for _ in range(20):  # awsbstat reads a status page by page, beginning with an empty token
        page = batch.list_jobs(jobQueue=QUEUE, jobStatus="SUCCEEDED", nextToken=token, maxResults=50)
        ids += [each["jobId"] for each in page["jobSummaryList"]]
        token = page.get("nextToken")
        if not token:
            break
    assert job_id in ids
    assert len(yard.lines(job)) == 1  # awsbout


def test_metaflow_waits_for_stopped_at_of_a_job_that_never_ran(yard: RunningYard) -> None:
    queue = yard.batch.describe_job_queues(jobQueues=[QUEUE])["jobQueues"][0]
    order = queue["computeEnvironmentOrder"]
    found = yard.batch.describe_compute_environments(computeEnvironments=[order[0]["computeEnvironment"]])
    environment = found["computeEnvironments"][0]
    assert environment["type"] == "MANAGED"  # it refuses queues without one
    assert environment["computeResources"]["type"] in {"EC2", "SPOT"}

    definition = yard.define("echo", "hello world", container={"jobRoleArn": ROLE, "environment": []})
    name = definition.split(":")[0]
    active = yard.batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")["jobDefinitions"]
    assert [each["revision"] for each in active] == [1]
    blocker = yard.submit(yard.define("sleep", "30"))
    parameters = {"metaflow.user": "ann", "metaflow.flow_name": "Flow", "metaflow.step_name": "start"}
    job_id = yard.submit(definition, parameters=parameters, dependsOn=[{"jobId": blocker}])
    yard.wait(job_id, "PENDING")
    yard.batch.terminate_job(jobId=job_id, reason="Metaflow initiated job termination.")
    yard.batch.terminate_job(jobId=blocker, reason="Metaflow initiated job termination.")
    job = yard.wait(job_id)
    assert job["parameters"] == parameters
    assert job["status"] == "FAILED"
    assert job["stoppedAt"] >= job["createdAt"]
    assert "startedAt" not in job
    assert job["attempts"] == []


def test_metaflow_reads_code_and_reason_of_the_last_attempt(yard: RunningYard) -> None:
    job = yard.run("exit 3", tags={"app": "metaflow", "metaflow.flow_name": "Flow"}, retryStrategy={"attempts": 1})
    assert job["attempts"][-1]["container"]["exitCode"] == 3
    assert job["statusReason"] == "Essential container in task exited"
    assert "reason" not in job["container"]
    assert job["startedAt"] <= job["stoppedAt"]
    assert job["tags"]["metaflow.flow_name"] == "Flow"


def test_miniwdl_deregisters_at_once_and_reads_the_tags_later(yard: RunningYard) -> None:
    tags = {f"miniwdl:tag{n}": "x" * 60 for n in range(42)}
    container = {
        "image": "any",
        "resourceRequirements": SMALL,
        "command": ["/bin/bash", "-ec", "echo one; echo two; sleep 0.3; echo three"],
        "volumes": [{"name": "efs", "host": {"sourcePath": "/mnt/efs"}}],
        "mountPoints": [{"containerPath": "/mnt/efs", "sourceVolume": "efs"}],
        "environment": [],
        "privileged": True,
    }
    arn = yard.batch.register_job_definition(
        jobDefinitionName=yard.name("miniwdl"), type="container", containerProperties=container, tags=tags
    )["jobDefinitionArn"]
    job_id = yard.submit(arn, tags=tags, retryStrategy={"attempts": 2})
    yard.batch.deregister_job_definition(jobDefinition=arn)
    job = yard.wait(job_id)
    assert job["status"] == "SUCCEEDED"
    assert job["tags"] == tags
    found = yard.batch.describe_job_definitions(jobDefinitions=[job["jobDefinition"]])["jobDefinitions"][0]
    assert (found["tags"], found["status"]) == (tags, "INACTIVE")
    assert yard.batch.list_tags_for_resource(resourceArn=arn)["tags"] == tags
    assert job["container"]["mountPoints"] == container["mountPoints"]

    events, token = [], {}
    while True:
        page = yard.logs.filter_log_events(
            logGroupName=GROUP, logStreamNames=[job["container"]["logStreamName"]], startTime=job["createdAt"], limit=2,
            **token,
        )  # fmt: skip
        events += page["events"]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert [event["message"] for event in events] == ["one", "two", "three"]
    assert len({event["eventId"] for event in events}) == 3
    assert events[2]["timestamp"] - events[1]["timestamp"] >= 150


def test_toil_gives_the_command_only_with_the_job_and_stops_it_twice(yard: RunningYard) -> None:
    container = {
        "image": "toil",
        "resourceRequirements": SMALL,
        "volumes": [{"name": "var", "host": {"sourcePath": "/nowhere/toil"}}],
        "mountPoints": [{"containerPath": "/nowhere/toil", "sourceVolume": "var", "readOnly": False}],
        "environment": [{"name": "TOIL_WORKDIR", "value": "/tmp"}],
    }
    definition = yard.batch.register_job_definition(
        jobDefinitionName=yard.name("toil"), type="container", containerProperties=container
    )["jobDefinitionArn"]
    job_id = yard.submit(definition, containerOverrides={"command": ["sh", "-c", "echo $TOIL_WORKDIR; sleep 60"]})
    own = yard.wait(yard.submit(definition))
    assert yard.lines(own) == ["the image's own command"]  # the settings' word for what the image would run
    yard.wait(job_id, "RUNNING")
    yard.batch.terminate_job(jobId=job_id, reason="Killed by Toil")
    job = yard.wait(job_id)
    assert (job["status"], job["statusReason"], job["isTerminated"]) == ("FAILED", "Killed by Toil", True)
    assert job["attempts"][-1]["container"]["exitCode"] == 143
    assert yard.lines(job) == ["/tmp"]
    yard.batch.terminate_job(jobId=job_id, reason="again")
    yard.batch.terminate_job(jobId=str(uuid.uuid4()), reason="Killed by Toil")
    assert yard.job(job_id)["statusReason"] == "Killed by Toil"
    yard.batch.deregister_job_definition(jobDefinition=definition)
    yard.batch.deregister_job_definition(jobDefinition=definition)


def test_redun_finds_its_definition_equal_to_what_it_would_send(yard: RunningYard) -> None:
    name = yard.name("redun")
    wanted: dict[str, Any] = {
        "jobDefinitionName": name,
        "type": "container",
        "parameters": {},
        "containerProperties": {
            "command": ["ls"],
            "image": "any",
            "jobRoleArn": ROLE,
            "environment": [],
            "mountPoints": [],
            "volumes": [],
            "resourceRequirements": SMALL,
            "ulimits": [],
            "privileged": False,
            "linuxParameters": {"devices": [], "tmpfs": []},
            "secrets": [],
        },
        "platformCapabilities": [],
        "propagateTags": True,
        "retryStrategy": {"attempts": 1, "evaluateOnExit": []},
        "tags": {"project": "redun"},
    }
    yard.batch.register_job_definition(**wanted)
    found = yard.batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")["jobDefinitions"][0]
    assert {key: found[key] for key in wanted} == wanted


def test_redun_reads_arrays_by_their_children_and_logs_until_the_first_empty_page(yard: RunningYard) -> None:
    definition = yard.define("sh", "-c", "echo child $AWS_BATCH_JOB_ARRAY_INDEX; exit $AWS_BATCH_JOB_ARRAY_INDEX")
    array = yard.submit(definition, arrayProperties={"size": 3})
    assert yard.wait(array)["statusReason"] == "Array Child Job failed"
    listed = [
        each
        for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
        for page in yard.batch.get_paginator("list_jobs").paginate(arrayJobId=array, jobStatus=status)
        for each in page["jobSummaryList"]
    ]
    assert sorted(each["jobId"] for each in listed) == [f"{array}:{index}" for index in range(3)]
    assert {each["jobId"]: each["status"] for each in listed}[f"{array}:0"] == "SUCCEEDED"
    child = yard.job(f"{array}:2")
    assert child["arrayProperties"]["index"] == 2
    assert child["attempts"][-1]["container"]["exitCode"] == 2
    arguments = {"logGroupName": GROUP, "logStreamName": child["attempts"][-1]["container"]["logStreamName"]}
    lines: list[str] = []
    page = yard.logs.get_log_events(**arguments, startFromHead=True)
    while page["events"]:
        lines += [event["message"] for event in page["events"]]
        page = yard.logs.get_log_events(**arguments, startFromHead=True, nextToken=page["nextForwardToken"])
    assert lines == ["child 2"]


def test_cloudknot_reads_the_environment_of_an_array_and_gives_only_arguments(yard: RunningYard) -> None:
    definition = yard.define("placeholder", container={"image": "cloudknot", "jobRoleArn": ROLE})
    environment = [
        {"name": "CLOUDKNOT_JOBS_S3_BUCKET", "value": "bucket"},
        {"name": "CLOUDKNOT_S3_JOB_KEY", "value": "k"},
    ]
    array = yard.submit(
        definition,
        arrayProperties={"size": 2},
        containerOverrides={"command": ["--starmap", "bucket"], "environment": environment},
    )
    parent = yard.job(array)
    assert parent["container"]["environment"] == environment
    parent = yard.wait(array)
    assert parent["container"]["environment"] == environment
    assert parent["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 2
    assert parent["attempts"] == []
    assert yard.lines(yard.job(f"{array}:1")) == ["entrypoint --starmap bucket"]
    for call in (yard.batch.cancel_job, yard.batch.terminate_job):  # it does both to whatever there is
        call(jobId=array, reason="clobbered")
    assert yard.job(array)["status"] == "SUCCEEDED"


def test_luigi_reads_the_log_of_the_first_attempt_of_a_failed_job(yard: RunningYard) -> None:
    queues = [each for each in yard.batch.describe_job_queues()["jobQueues"] if each["jobQueueName"] == QUEUE]
    assert (queues[0]["state"], queues[0]["status"]) == ("ENABLED", "VALID")
    job_id = yard.submit(yard.define("sh", "-c", "echo first; exit 1"), parameters={}, retryStrategy={"attempts": 1})
    job = yard.wait(job_id)
    stream = job["attempts"][0]["container"]["logStreamName"]
    events = yard.logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)["events"]
    assert [event["message"] for event in events] == ["first"]
    failed = yard.batch.list_jobs(jobQueue=QUEUE, jobStatus="FAILED")["jobSummaryList"]
    assert job_id in {each["jobId"] for each in failed}


def test_airflow_finds_a_job_at_once_and_nothing_of_unknown_ids(yard: RunningYard) -> None:
    assert yard.batch.describe_jobs(jobs=[str(uuid.uuid4()) for _ in range(99)])["jobs"] == []
    definition = yard.define("sh", "-c", "seq 1 25")
    job_id = yard.submit(definition, containerOverrides={}, parameters={}, tags={}, retryStrategy={"attempts": 1})
    assert [job["jobId"] for job in yard.batch.describe_jobs(jobs=[job_id])["jobs"]] == [job_id]
    job = yard.wait(job_id)
    arguments = {"logGroupName": GROUP, "logStreamName": job["container"]["logStreamName"], "startFromHead": True}
    lines: list[str] = []
    token: dict[str, str] = {}
    while True:  # its fetcher ends when the forward token comes back as it was sent
        page = yard.logs.get_log_events(**arguments, **token, limit=10)
        lines += [event["message"] for event in page["events"]]
        if token.get("nextToken") == page["nextForwardToken"]:
            break
        token = {"nextToken": page["nextForwardToken"]}
    assert lines == [str(n) for n in range(1, 26)]


def test_airflow_makes_an_environment_and_waits_until_it_is_valid(yard: RunningYard) -> None:
    name = yard.name("airflow")
    resources = {"type": "FARGATE", "maxvCpus": 4, "subnets": ["s"], "securityGroupIds": ["g"]}
    made = yard.batch.create_compute_environment(
        computeEnvironmentName=name, type="MANAGED", state="ENABLED", computeResources=resources, serviceRole=ROLE
    )
    found = yard.batch.describe_compute_environments(computeEnvironments=[made["computeEnvironmentArn"]])
    assert found["computeEnvironments"][0]["status"] == "VALID"
    assert yard.batch.describe_compute_environments(computeEnvironments=["no-such"])["computeEnvironments"] == []
    yard.batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
    yard.batch.delete_compute_environment(computeEnvironment=name)


def test_snakemake_asks_for_privileges_and_cleans_up_after_success(yard: RunningYard) -> None:
    container = {"image": "snakemake/snakemake:v8", "command": ["/bin/bash", "-c", "echo rule"], "privileged": True}
    made = yard.batch.register_job_definition(
        jobDefinitionName=yard.name("snakejob-def"),
        type="container",
        containerProperties=container
        | {"resourceRequirements": SMALL, "jobRoleArn": ROLE, "environment": [{"name": "A", "value": "1"}]},
        timeout={"attemptDurationSeconds": 300},
        tags={},
    )
    job_id = yard.submit(f"{made['jobDefinitionName']}:{made['revision']}")
    job = yard.wait(job_id)
    assert (job["status"], job["container"]["privileged"]) == ("SUCCEEDED", True)
    yard.batch.terminate_job(jobId=job_id, reason="terminated by snakemake")
    yard.batch.deregister_job_definition(jobDefinition=made["jobDefinitionArn"])
    assert yard.job(job_id)["status"] == "SUCCEEDED"
    assert yard.job(job_id)["statusReason"] == "Essential container in task exited"


@pytest.mark.parametrize(
    "shape",
    [
        {"containerProperties": {"image": "any", "vcpus": 1, "memory": 64, "command": ["true"]}},
        {
            "containerProperties": {
                "image": "any", "resourceRequirements": SMALL, "privileged": True, "user": "nobody",
                "environment": [{"name": "A", "value": "1"}],
                "logConfiguration": {"logDriver": "awslogs", "options": {}},
                "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
            },
            "retryStrategy": {"attempts": 2, "evaluateOnExit": [{"onExitCode": "1", "action": "RETRY"}]},
            "timeout": {"attemptDurationSeconds": 60}, "parameters": {"a": "b"}, "tags": {"t": "1"},
        },
        {
            "containerProperties": {
                "image": "any", "executionRoleArn": ROLE,
                "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
            },
            "platformCapabilities": ["FARGATE"],
        },
    ],
    ids=["old sizes", "many members", "fargate"],
)  # fmt: skip
def test_scripthut_registers_again_what_was_described(yard: RunningYard, shape: dict[str, Any]) -> None:
    name = yard.name("scripthut")
    first = yard.batch.register_job_definition(jobDefinitionName=name, type="container", **shape)
    known = yard.batch.describe_job_definitions(jobDefinitions=[first["jobDefinitionArn"]])["jobDefinitions"][0]
    own = {"jobDefinitionArn", "revision", "status", "containerOrchestrationType"}
    again = yard.batch.register_job_definition(**{key: value for key, value in known.items() if key not in own})
    assert again["revision"] == 2
    newest = yard.batch.describe_job_definitions(jobDefinitions=[again["jobDefinitionArn"]])["jobDefinitions"][0]
    assert {**newest, "revision": 1, "jobDefinitionArn": first["jobDefinitionArn"]} == known


def test_nextflow_picks_the_active_definition_from_the_first_page(yard: RunningYard) -> None:
    name = yard.name("nf-ubuntu")
    for _ in range(3):
        yard.define("true", name=name)
    yard.batch.deregister_job_definition(jobDefinition=f"{name}:3")
    page = yard.batch.describe_job_definitions(jobDefinitionName=name)["jobDefinitions"]
    assert [(each["revision"], each["status"]) for each in page] == [(3, "INACTIVE"), (2, "ACTIVE"), (1, "ACTIVE")]


def test_nextflow_submits_an_array_with_the_usual_retries_and_reads_the_last_attempt(yard: RunningYard) -> None:
    spot = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    definition = yard.define("true", container={"logConfiguration": {"logDriver": "awslogs", "options": {}}})
    array = yard.submit(
        definition,
        arrayProperties={"size": 2},
        retryStrategy={"attempts": 5, "evaluateOnExit": spot},
        containerOverrides={
            "command": ["bash", "-o", "pipefail", "-c", "echo $AWS_BATCH_JOB_ARRAY_INDEX; exit 1"],
            "resourceRequirements": SMALL,
            "environment": [{"name": "NXF_TASK", "value": "1"}],
        },
        propagateTags=True,
        tags={"nextflow.io/sessionId": str(uuid.uuid4())},
    )
    yard.wait(array)
    jobs = yard.batch.describe_jobs(jobs=[f"{array}:0", f"{array}:1"])["jobs"]
    assert [job["status"] for job in jobs] == ["FAILED", "FAILED"]
    assert [len(job["attempts"]) for job in jobs] == [1, 1]  # an ordinary exit is not tried again
    assert [job["attempts"][-1]["container"].get("reason") for job in jobs] == [None, None]
    page = yard.logs.get_log_events(logGroupName=GROUP, logStreamName=jobs[1]["container"]["logStreamName"])
    assert [event["message"] for event in page["events"]] == ["1"]  # a single call without token or direction


def test_nextflow_shows_why_a_container_could_not_start(yard: RunningYard) -> None:
    job = yard.run("no-such-program", "argument")
    assert job["statusReason"] == "Task failed to start"
    assert job["attempts"][-1]["container"]["reason"].startswith("CannotStartContainerError: ")
    assert "exitCode" not in job["attempts"][-1]["container"]
    assert "startedAt" not in job
    assert job["stoppedAt"]


def test_nextflow_believes_what_is_said_of_a_job_that_can_never_run(yard: RunningYard) -> None:
    """The reason must be true, hold numbers, and stay as it is while the job waits (8.4)."""
    queue = _a_queue(yard)
    huge = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "999999"}]
    job_id = yard.submit(yard.define("true", container={"resourceRequirements": huge}), jobQueue=queue)
    end = time.monotonic() + 10
    while "statusReason" not in (job := yard.wait(job_id, "RUNNABLE")):
        assert time.monotonic() < end
        time.sleep(0.02)
    reason = job["statusReason"]
    assert reason.startswith("MISCONFIGURATION:")
    assert "999,999" in reason or "999999" in reason
    other = yard.submit(yard.define("true"), jobQueue=QUEUE)
    yard.wait(other)
    assert yard.job(job_id)["statusReason"] == reason
    fits = yard.wait(other)
    assert not fits["statusReason"].startswith("MISCONFIGURATION:")
    yard.batch.cancel_job(jobId=job_id, reason="enough")
    assert yard.wait(job_id)["statusReason"] == "enough"


def _a_queue(yard: RunningYard, **members: Any) -> str:
    name = yard.name("queue")
    order = [{"order": 1, "computeEnvironment": "local"}]
    yard.batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order, **members)
    return name
