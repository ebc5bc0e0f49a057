"""Job queues: every text of BEHAVIOUR 8.1, 8.2 and 8.5, and what describe shows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from batchyard.api import batch
from batchyard.domain import queues
from batchyard.domain.arns import Identity
from batchyard.domain.environments import Environment
from batchyard.domain.errors import Conflicting, Invalid, NotFound
from batchyard.domain.policies import Policy
from batchyard.domain.queues import Known, Queue

IDENTITY = Identity()


def an_environment(name: str, kind: str = "EC2", instance_type: str = "c5", **members: Any) -> Environment:
    resources = None if kind == "UNMANAGED" else batch.ComputeResource(type=kind, maxvCpus=4)
    if resources is not None and kind in ("EC2", "SPOT"):
        resources.instanceTypes = [instance_type]
    return Environment(
        name=name, uuid="u", type="MANAGED", service_role="r", resources=resources, created_at=0.0, **members
    )


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        an_environment("one"),
        an_environment("two"),
        an_environment("three"),
        an_environment("four"),
        an_environment("spot", "SPOT"),
        an_environment("off", state="DISABLED"),
        an_environment("broken", status="INVALID"),
        an_environment("arm", instance_type="c6g"),
        an_environment("fargate", "FARGATE"),
        an_environment("fargate-spot", "FARGATE_SPOT"),
        an_environment("instances", "ECS_MANAGED_INSTANCES"),
        an_environment("unmanaged", "UNMANAGED"),
    )
}
POLICIES = {
    policy.name: policy
    for policy in (
        Policy(name="fair", fair_share=batch.FairsharePolicy(), created_at=0.0),
        Policy(name="plain", created_at=0.0),
        Policy(name="quota", quota_share=batch.QuotaSharePolicy(idleResourceAssignmentStrategy="FIFO"), created_at=0.0),
    )
}
KNOWN = Known(IDENTITY, ENVIRONMENTS.get, POLICIES.get)


def order(*names: str) -> list[dict[str, Any]]:
    return [{"order": n + 1, "computeEnvironment": name} for n, name in enumerate(names)]


def action(**members: Any) -> dict[str, Any]:
    return {
        "reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
        "state": "RUNNABLE",
        "maxTimeSeconds": 600,
        "action": "CANCEL",
        **members,
    }


def created(**members: Any) -> Queue:
    body = {"jobQueueName": "q", "priority": 1, "computeEnvironmentOrder": order("one"), **members}
    request = msgspec.convert(body, batch.CreateJobQueueRequest)
    return queues.create(request, KNOWN, now=1.0, environment_limit=3, tag_limit=50)


def updated(queue: Queue, **members: Any) -> Queue:
    request = msgspec.convert({"jobQueue": "q", **members}, batch.UpdateJobQueueRequest)
    return queues.update(queue, request, KNOWN, environment_limit=3)


# -- create


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"jobQueueName": "a b"}, "^Job Queue name should match a valid pattern.$"),  # 1.32
        ({"jobQueueName": "a" * 129}, "^Job Queue name should match a valid pattern.$"),
        ({"state": "OFF"}, "state must be one of"),
        ({"priority": -1}, "priority must be between 0 and 1000, got -1"),  # 8.02
        ({"priority": 1001}, "priority must be between 0 and 1000, got 1001"),
        ({"computeEnvironmentOrder": []}, "computeEnvironmentOrder must have 1 to 3 entries, got 0"),  # 8.03
        ({"computeEnvironmentOrder": None}, "computeEnvironmentOrder must have 1 to 3 entries, got 0"),
        ({"computeEnvironmentOrder": order("one", "two", "three", "four")}, "1 to 3 entries, got 4"),
        (
            {"computeEnvironmentOrder": [*order("one"), *order("two")]},
            "^Duplicate ComputeEnvironment order values.$",
        ),
        ({"computeEnvironmentOrder": order("one", IDENTITY.environment("one"))}, "Duplicate ComputeEnvironment"),
        (
            {"computeEnvironmentOrder": order("gone")},
            "^Compute Environments must be created and valid before attaching them to a job queue: gone does not exist",
        ),
        (
            {"computeEnvironmentOrder": order("broken")},
            "^Compute Environments must be created and valid before attaching them to a job queue: broken is INVALID",
        ),
        (
            {"computeEnvironmentOrder": order("arn:aws:batch:eu-west-1:123456789012:compute-environment/one")},
            "does not exist",  # another Region's
        ),
        # 8.05
        (
            {"computeEnvironmentOrder": order("one", "fargate")},
            "^Fargate and EC2 compute environments can not be mixed.$",
        ),
        (
            {"computeEnvironmentOrder": order("unmanaged", "fargate-spot")},
            "^Fargate and EC2 compute environments can not be mixed.$",
        ),
        ({"computeEnvironmentOrder": order("one", "instances")}, "ECS, ECS_MANAGED_INSTANCES can not be mixed"),
        ({"computeEnvironmentOrder": order("one", "arm")}, "x86_64 and arm64 can not be mixed"),
        # 8.06, 8.09
        ({"jobQueueType": "BIG"}, "jobQueueType must be one of"),
        ({"jobQueueType": "EKS"}, "jobQueueType EKS does not fit its compute environments, which are ECS"),
        ({"jobQueueType": "ECS_FARGATE"}, "does not fit"),
        (
            {"jobQueueType": "SAGEMAKER_TRAINING"},
            "^Job queues of type SAGEMAKER_TRAINING must have serviceEnvironmentOrder.$",
        ),
        # 8.07, 8.08
        ({"schedulingPolicyArn": IDENTITY.policy("gone")}, "^SchedulingPolicy .*scheduling-policy/gone not found.$"),
        ({"schedulingPolicyArn": "fair"}, "^SchedulingPolicy fair not found.$"),
        (
            {"schedulingPolicyArn": IDENTITY.policy("quota")},
            "^Quota Management feature is only supported for SageMaker Training job queues.$",
        ),
        # 8.50, 8.51
        ({"jobStateTimeLimitActions": [action(state="RUNNING")]}, "state must be one of RUNNABLE, got RUNNING"),
        ({"jobStateTimeLimitActions": [action(maxTimeSeconds=599)]}, "maxTimeSeconds must be between 600 and 86400"),
        ({"jobStateTimeLimitActions": [action(maxTimeSeconds=86_401)]}, "maxTimeSeconds"),
        (
            {"jobStateTimeLimitActions": [action(action="TERMINATE")]},
            r"^Invalid job action. Valid job actions: \[CANCEL\]$",
        ),
        ({"jobStateTimeLimitActions": [action(reason="ACTION_REQUIRED")]}, "reason must be one of"),
        (
            {"jobStateTimeLimitActions": [action(), action(maxTimeSeconds=900)]},
            "^Duplicate job state limit actions are not allowed.$",
        ),
        ({"tags": {"aws:a": "b"}}, "reserved"),  # 1.41
    ],
)
def test_what_cannot_be_created(members: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        created(**members)


def test_an_unknown_policy_is_not_found() -> None:  # 8.07
    with pytest.raises(NotFound):
        created(schedulingPolicyArn=IDENTITY.policy("gone"))


@pytest.mark.parametrize(
    ("names", "queue_type"),
    [
        (["one", "spot"], "ECS"),
        (["off"], "ECS"),  # 8.04: the state may be DISABLED
        (["unmanaged", "one"], "ECS"),  # 8.05
        (["fargate", "fargate-spot"], "ECS_FARGATE"),
        (["instances"], "ECS_MANAGED_INSTANCES"),
    ],
)
def test_the_type_follows_from_the_environments(names: list[str], queue_type: str) -> None:  # 8.06
    assert created(computeEnvironmentOrder=order(*names)).type == queue_type
    assert created(computeEnvironmentOrder=order(*names), jobQueueType=queue_type).type == queue_type


# -- describe


def test_describe_shows_arns_and_empty_lists() -> None:  # 1.31, 8.24
    assert msgspec.to_builtins(created().describe(IDENTITY)) == {
        "jobQueueName": "q",
        "jobQueueArn": "arn:aws:batch:us-east-1:123456789012:job-queue/q",
        "state": "ENABLED",  # 8.01
        "status": "VALID",
        "statusReason": "JobQueue Healthy",  # 8.20
        "priority": 1,
        "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": IDENTITY.environment("one")}],
        "serviceEnvironmentOrder": [],
        "jobQueueType": "ECS",
        "tags": {},
        "jobStateTimeLimitActions": [],
    }


def test_describe_shows_all_that_was_sent() -> None:
    shown = created(
        state="DISABLED",
        priority=1000,
        schedulingPolicyArn=IDENTITY.policy("fair"),
        jobStateTimeLimitActions=[action(), action(reason="CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY")],
        tags={"a": ""},
    ).describe(IDENTITY)
    assert (shown.state, shown.priority, shown.tags) == ("DISABLED", 1000, {"a": ""})
    assert shown.schedulingPolicyArn == IDENTITY.policy("fair")
    assert msgspec.to_builtins(shown.jobStateTimeLimitActions)[0] == action()


def test_environments_are_tried_in_their_order_and_shown_as_sent() -> None:  # 9.01
    sent = [{"order": 7, "computeEnvironment": "two"}, {"order": 0, "computeEnvironment": "one"}]
    queue = created(computeEnvironmentOrder=sent)
    assert queue.environment_names == ("one", "two")
    assert [each.order for each in queue.describe(IDENTITY).computeEnvironmentOrder or []] == [7, 0]


# -- update


def test_members_left_out_stay() -> None:  # 8.21
    before = created(schedulingPolicyArn=IDENTITY.policy("fair"), jobStateTimeLimitActions=[action()], tags={"a": "b"})
    assert updated(before) == before
    after = updated(before, state="DISABLED", priority=0)
    assert after == msgspec.structs.replace(before, state="DISABLED", priority=0)
    assert not after.accepts_jobs  # 8.22


def test_lists_are_replaced() -> None:  # 8.21
    before = created(computeEnvironmentOrder=order("one", "two"), jobStateTimeLimitActions=[action()])
    after = updated(before, computeEnvironmentOrder=order("spot"), jobStateTimeLimitActions=[])
    assert after.environment_names == ("spot",)
    assert after.time_limit_actions == ()


def test_the_policy_can_be_replaced() -> None:  # 8.07
    before = created(schedulingPolicyArn=IDENTITY.policy("fair"))
    assert updated(before, schedulingPolicyArn=IDENTITY.policy("plain")).policy == "plain"
    assert updated(created(), schedulingPolicyArn="").policy is None


@pytest.mark.parametrize(
    ("before", "members", "text"),
    [
        ({}, {"state": "OFF"}, "state must be one of"),
        ({}, {"priority": 1001}, "priority must be between"),
        ({}, {"computeEnvironmentOrder": []}, "1 to 3 entries, got 0"),
        ({}, {"computeEnvironmentOrder": order("broken")}, "must be created and valid"),
        ({}, {"computeEnvironmentOrder": order("fargate")}, "of type ECS cannot have .* of type ECS_FARGATE"),
        ({}, {"schedulingPolicyArn": IDENTITY.policy("fair")}, "cannot be added to q"),  # 8.07
        ({"schedulingPolicyArn": IDENTITY.policy("fair")}, {"schedulingPolicyArn": ""}, "but not removed"),
        (
            {"schedulingPolicyArn": IDENTITY.policy("fair")},
            {"schedulingPolicyArn": IDENTITY.policy("gone")},
            "not found",
        ),
        (
            {"schedulingPolicyArn": IDENTITY.policy("fair")},
            {"schedulingPolicyArn": IDENTITY.policy("quota")},
            "of the same kind",
        ),
        ({}, {"jobStateTimeLimitActions": [action(action="TERMINATE")]}, "Invalid job action"),
    ],
)
def test_updates_that_are_refused(before: dict[str, Any], members: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        updated(created(**before), **members)


@pytest.mark.parametrize("status", ["CREATING", "UPDATING", "DELETING"])
def test_no_update_while_another_goes_on(status: str) -> None:
    with pytest.raises(Conflicting, match="resource is being modified"):
        updated(msgspec.structs.replace(created(), status=status), priority=2)


# -- delete


def test_deleting() -> None:  # 8.23
    queue = created(state="DISABLED")
    gone = queues.deleting(queue)
    assert (gone.status, gone.accepts_jobs) == ("DELETING", False)
    assert queues.deleting(gone) == gone
    with pytest.raises(Invalid, match=r"^Cannot delete, job queue state must be DISABLED$"):
        queues.deleting(created())
    with pytest.raises(Conflicting, match=r"^Cannot delete, resource is being modified.$"):
        queues.deleting(msgspec.structs.replace(queue, status="UPDATING"))


def test_the_first_queue_keeps_the_rules() -> None:
    request = queues.default_request()
    known = Known(IDENTITY, {"local": an_environment("local")}.get, POLICIES.get)
    queue = queues.create(request, known, now=1.0, environment_limit=3, tag_limit=50)
    assert (queue.name, queue.environment_names, queue.accepts_jobs) == ("default", ("local",), True)


def test_it_is_the_same_after_storing() -> None:
    queue = created(schedulingPolicyArn=IDENTITY.policy("fair"), jobStateTimeLimitActions=[action()], tags={"a": "b"})
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(queue), type=Queue) == queue
