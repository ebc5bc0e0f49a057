"""What DescribeJobs and ListJobs show of a job over its life (BEHAVIOUR 4.1-4.3, 14.15; what clients need)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from tests.builders import (
    T0,
    a_container,
    a_job,
    a_queue,
    a_spec,
    an_environment,
    dependencies,
    environment_of,
    uuid_of,
)

from batchyard.api.batch import (
    ArrayPropertiesDetail,
    EcsProperties,
    EcsTaskProperties,
    ResourceRequirement,
    TaskContainerProperties,
)
from batchyard.domain.arns import Identity
from batchyard.domain.arrays import Array
from batchyard.domain.environments import Environment
from batchyard.domain.job_details import Facts, describe, summarise, unmade_child
from batchyard.domain.jobs import Attempt, Job, Kind, Request
from batchyard.domain.states import Status
from batchyard.domain.submissions import Spec

HOST = "i-0123456789abcdef0"
ARN = "arn:aws:batch:us-east-1:123456789012:"
ECS = "arn:aws:ecs:us-east-1:123456789012:"
AT_MS = 1_700_000_000_000


def facts(
    job: Job,
    *,
    spec: Spec | None = None,
    array: Array | None = None,
    attempts: Sequence[Attempt] = (),
    environment: Environment | None = None,
    tags: Mapping[str, str] | None = None,
) -> Facts:
    return Facts(
        job=job,
        name="sim",
        tags=tags or {},
        spec=spec or a_spec(),
        queue=a_queue("q"),
        array=array,
        attempts=attempts,
        environments={1: environment or an_environment("ce")},
    )


def described(job: Job, **given: Any) -> dict[str, Any]:
    return msgspec.to_builtins(describe(facts(job, **given), Identity()))


def summarised(job: Job, **given: Any) -> dict[str, Any]:
    return msgspec.to_builtins(summarise(facts(job, **given), Identity()))


WAITING = a_job("j", status=Status.RUNNABLE)
PLACED = a_job("j", status=Status.STARTING, placement=1, host=HOST, environment_pk=1)
RUNS = msgspec.structs.replace(PLACED, status=Status.RUNNING, started_at=T0 + 1)
DONE = msgspec.structs.replace(
    RUNS,
    status=Status.SUCCEEDED,
    stopped_at=T0 + 2.0004,
    exit_code=0,
    status_reason="Essential container in task exited",
)


def an_attempt(number: int = 1, **given: Any) -> Attempt:
    base: dict[str, Any] = {
        "environment_pk": 1,
        "host": HOST,
        "started_at": T0 + 1,
        "stopped_at": T0 + 2,
        "exit_code": 1,
        "reason": None,
        "status_reason": "Essential container in task exited",
    }
    return Attempt(**base | {"number": number, "placement": number} | given)


def test_a_job_that_just_came() -> None:  # 4.18
    spec = a_spec(parameters={"a.b": "c"}, timeout_s=60, attempts=3, depends_on=dependencies(uuid_of("x")))
    found = described(a_job("j"), spec=spec, tags={"k": "v"})
    container = found.pop("container")
    assert found == {
        "jobArn": f"{ARN}job/{uuid_of('j')}",
        "jobName": "sim",
        "jobId": uuid_of("j"),
        "jobQueue": f"{ARN}job-queue/q",
        "status": "SUBMITTED",
        "attempts": [],  # 4.15a
        "createdAt": AT_MS,
        "retryStrategy": {"attempts": 3},
        "dependsOn": [{"jobId": uuid_of("x")}],
        "jobDefinition": f"{ARN}job-definition/d:1",
        "parameters": {"a.b": "c"},
        "timeout": {"attemptDurationSeconds": 60},
        "tags": {"k": "v"},
        "propagateTags": False,
        "platformCapabilities": [],
        "isCancelled": False,
        "isTerminated": False,
    }
    assert container == {
        "image": "busybox",
        "command": ["true"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}],
        "volumes": [],
        "environment": [],
        "mountPoints": [],
        "ulimits": [],
        "secrets": [],
        "networkInterfaces": [],
    }


def test_lists_that_nobody_used_are_there() -> None:
    found = described(a_job("j"))
    assert (found["dependsOn"], found["tags"], found["parameters"]) == ([], {}, {})  # 3.60, 1.08


RUN_MEMBERS = ["taskArn", "containerInstanceArn", "logStreamName", "exitCode", "reason"]


@pytest.mark.parametrize(
    ("job", "times", "members"),
    [
        (WAITING, [], []),  # 4.11: no startedAt before the start
        (PLACED, [], ["taskArn", "containerInstanceArn", "logStreamName"]),  # 4.13
        (RUNS, ["startedAt"], ["taskArn", "containerInstanceArn", "logStreamName"]),
        (DONE, ["startedAt", "stoppedAt"], ["taskArn", "containerInstanceArn", "logStreamName", "exitCode"]),
    ],
    ids=["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"],
)
def test_fields_over_time(job: Job, times: list[str], members: list[str]) -> None:
    found = described(job)
    assert [each for each in ("startedAt", "stoppedAt") if each in found] == times
    assert [each for each in RUN_MEMBERS if each in found["container"]] == members


def test_times_are_milliseconds() -> None:  # 1.09
    found = described(DONE)
    assert (found["createdAt"], found["startedAt"], found["stoppedAt"]) == (AT_MS, AT_MS + 1000, AT_MS + 2000)


def test_what_never_ran_has_stopped_all_the_same() -> None:  # 4.12
    found = described(a_job("j", status=Status.FAILED, stopped_at=T0, status_reason="Dependent Job failed"))
    assert "startedAt" not in found
    assert (found["stoppedAt"], found["statusReason"], found["attempts"]) == (AT_MS, "Dependent Job failed", [])


def test_arns_of_a_run() -> None:
    container = described(RUNS)["container"]
    place = f"ce_Batch_{uuid_of('ce')}"
    prefix = f"{ECS}task/{place}/"
    assert container["taskArn"].startswith(prefix)
    task_id = container["taskArn"].removeprefix(prefix)
    assert len(task_id) == 32
    assert container["logStreamName"] == f"d/default/{task_id}"  # 12.01
    assert container["containerInstanceArn"].startswith(f"{ECS}container-instance/{place}/")


def test_each_placement_is_a_task_of_its_own_on_the_same_host() -> None:
    again = msgspec.structs.replace(RUNS, placement=2)
    first, second = described(RUNS)["container"], described(again)["container"]
    assert first["taskArn"] != second["taskArn"]
    assert first["containerInstanceArn"] == second["containerInstanceArn"]


def test_fargate_has_no_container_instance() -> None:  # 4.13
    environment = an_environment("ce")
    assert environment.resources is not None
    environment.resources.type = "FARGATE"
    found = described(RUNS, environment=environment, attempts=[an_attempt()])
    assert "containerInstanceArn" not in found["container"]
    assert "containerInstanceArn" not in found["attempts"][0]["container"]


def test_attempts_are_told_oldest_first_and_as_they_were() -> None:  # 4.14, 4.15, 5.20
    gone = f"Host EC2 (instance {HOST}) terminated."
    unpulled = {"started_at": None, "exit_code": None, "reason": "CannotPullContainerError: no", "status_reason": "x"}
    attempts = [
        an_attempt(1),
        an_attempt(2, exit_code=None, status_reason=gone),
        an_attempt(3, **unpulled),
    ]
    first, second, third = described(DONE, attempts=attempts)["attempts"]
    assert (first["container"]["exitCode"], first["startedAt"], first["stoppedAt"]) == (1, AT_MS + 1000, AT_MS + 2000)
    assert first["container"]["networkInterfaces"] == []
    assert {"taskArn", "containerInstanceArn", "logStreamName"} <= first["container"].keys()
    assert second["statusReason"] == gone
    assert "exitCode" not in second["container"]
    assert "startedAt" not in third
    assert third["container"]["reason"] == "CannotPullContainerError: no"
    assert first["container"]["taskArn"] != second["container"]["taskArn"]


def test_a_retry_shows_the_last_attempt_until_the_next() -> None:  # 4.16
    waits = msgspec.structs.replace(DONE, status=Status.RUNNABLE, stopped_at=None, exit_code=3, tries=1)
    found = described(waits)
    assert (found["container"]["exitCode"], "stoppedAt" in found) == (3, False)
    assert found["statusReason"] == "Essential container in task exited"
    assert found["container"]["taskArn"] == described(DONE)["container"]["taskArn"]


@pytest.mark.parametrize(
    ("request_", "flags"),
    [
        (Request.NONE, (False, False)),
        (Request.CANCEL, (True, False)),
        (Request.TERMINATE, (False, True)),
        (Request.TIMEOUT, (False, False)),  # nobody's doing
        (Request.DELETE_QUEUE, (False, False)),
    ],
)
def test_requests_show(request_: Request, flags: tuple[bool, bool]) -> None:  # 4.17
    job = msgspec.structs.replace(RUNS, request=request_)
    found, row = described(job), summarised(job)
    assert (found["isCancelled"], found["isTerminated"]) == flags
    assert ("isCancelled" in row, "isTerminated" in row) == flags  # only when true


def test_shares_show_only_in_fair_share_queues() -> None:
    spec = a_spec(scheduling_priority=7, share="blue")
    found = described(msgspec.structs.replace(WAITING, share="blue"), spec=spec)
    assert (found["shareIdentifier"], found["schedulingPriority"]) == ("blue", 7)
    assert "schedulingPriority" not in described(WAITING, spec=a_spec(scheduling_priority=7))


ARRAY = Array(size=4, made=3, totals=(0, 1, 0, 0, 1, 1, 0), updated_at=T0 + 3)
PARENT = a_job("j", kind=Kind.ARRAY, status=Status.PENDING)
CHILD = msgspec.structs.replace(RUNS, part=2, kind=Kind.CHILD, parent_pk=1)


def test_an_array_parent() -> None:  # 4.21, 4.23
    spec = a_spec(array_size=4, container=a_container(environment=environment_of(A="b")))
    found = described(PARENT, array=ARRAY, spec=spec)
    assert found["arrayProperties"] == {
        "size": 4,
        "statusSummary": {
            "SUBMITTED": 1,  # the one that is not made yet
            "PENDING": 1,
            "RUNNABLE": 0,
            "STARTING": 0,
            "RUNNING": 1,
            "SUCCEEDED": 1,
            "FAILED": 0,
        },
        "statusSummaryLastUpdatedAt": AT_MS + 3000,
    }
    assert found["attempts"] == []
    assert found["container"]["environment"] == [{"name": "A", "value": "b"}]  # cloudknot reads it on a parent
    assert not found["container"].keys() & set(RUN_MEMBERS)


def test_a_child() -> None:  # 4.21, 3.40
    found = described(CHILD, spec=a_spec(array_size=4))
    assert (found["jobId"], found["jobArn"]) == (f"{uuid_of('j')}:2", f"{ARN}job/{uuid_of('j')}:2")
    assert found["arrayProperties"] == {"index": 2}
    assert "logStreamName" in found["container"]


@pytest.mark.parametrize(
    ("parent", "status"),
    [
        (PARENT, "SUBMITTED"),
        (msgspec.structs.replace(PARENT, status=Status.FAILED, stopped_at=T0, status_reason="why"), "FAILED"),
    ],
)
def test_a_child_that_is_not_made_is_as_its_parent_says(parent: Job, status: str) -> None:
    found = described(unmade_child(parent, 3))
    assert (found["jobId"], found["status"], found["arrayProperties"]) == (f"{uuid_of('j')}:3", status, {"index": 3})
    assert found.get("statusReason") == parent.status_reason
    assert ("stoppedAt" in found) is parent.status.final


def test_a_task_of_one_container() -> None:
    container = TaskContainerProperties(
        name="main",
        image="busybox",
        command=["true"],
        resourceRequirements=[ResourceRequirement(type="VCPU", value="1")],
    )
    ecs = EcsProperties(taskProperties=[EcsTaskProperties(containers=[container])])
    found = described(DONE, spec=a_spec(container=None, ecs=ecs))
    assert "container" not in found
    (task,) = found["ecsProperties"]["taskProperties"]
    assert {"taskArn", "containerInstanceArn"} <= task.keys()
    assert task["containers"][0]["exitCode"] == 0
    assert task["containers"][0]["logStreamName"].startswith("d/main/")


def test_a_row_of_a_listing() -> None:  # 14.15
    assert summarised(DONE) == {
        "jobArn": f"{ARN}job/{uuid_of('j')}",
        "jobId": uuid_of("j"),
        "jobName": "sim",
        "capacityUsage": [{"capacityUnit": "VCPU", "quantity": 1.0}],
        "createdAt": AT_MS,
        "status": "SUCCEEDED",
        "statusReason": "Essential container in task exited",
        "startedAt": AT_MS + 1000,
        "stoppedAt": AT_MS + 2000,
        "container": {"exitCode": 0},
        "jobDefinition": f"{ARN}job-definition/d:1",
    }
    waiting = summarised(WAITING)
    assert not {"startedAt", "stoppedAt", "container", "arrayProperties", "isCancelled"} & waiting.keys()


def test_rows_of_parents_and_children() -> None:
    parent = summarised(PARENT, array=ARRAY)["arrayProperties"]
    assert (parent["size"], parent["statusSummary"]["SUCCEEDED"]) == (4, 1)
    assert summarised(CHILD)["arrayProperties"] == {"index": 2}


def test_the_shape_is_the_models() -> None:
    assert isinstance(describe(facts(CHILD), Identity()).arrayProperties, ArrayPropertiesDetail)
