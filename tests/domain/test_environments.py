"""Compute environments: every text of BEHAVIOUR 10.1, 10.6 and 10.10, and what describe shows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from batchyard.api import batch
from batchyard.domain import environments
from batchyard.domain.arns import Identity
from batchyard.domain.environments import Environment
from batchyard.domain.errors import Conflicting, Invalid

ROLE = "arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
EC2: dict[str, Any] = {
    "type": "EC2",
    "minvCpus": 0,
    "maxvCpus": 16,
    "instanceTypes": ["optimal"],
    "subnets": ["subnet-1"],
    "securityGroupIds": ["sg-1"],
    "instanceRole": "ecsInstanceRole",
}
PROGRESSIVE = {**EC2, "allocationStrategy": "BEST_FIT_PROGRESSIVE"}
SPOT = {**EC2, "type": "SPOT", "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED"}
FARGATE: dict[str, Any] = {"type": "FARGATE", "maxvCpus": 4, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
MANAGED_INSTANCES: dict[str, Any] = {
    "type": "ECS_MANAGED_INSTANCES",
    "maxvCpus": 4,
    "managedInstancesProvider": {
        "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infra",
        "instanceLaunchTemplate": {
            "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/i",
            "networkConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
        },
    },
}


def but(resources: dict[str, Any], **members: Any) -> dict[str, Any]:
    """`resources` with these members, without those that are None."""
    return {name: value for name, value in {**resources, **members}.items() if value is not None}


def created(**members: Any) -> Environment:
    body = {"computeEnvironmentName": "ce", "type": "MANAGED", **members}
    return environments.create(
        msgspec.convert(body, batch.CreateComputeEnvironmentRequest),
        identity=Identity(),
        uuid="11111111-2222-3333-4444-555555555555",
        now=1.0,
        providers=["local", "big"],
        tag_limit=50,
    )


def managed(resources: dict[str, Any]) -> Environment:
    return created(computeResources=resources)


def updated(environment: Environment, **members: Any) -> Environment:
    request = msgspec.convert({"computeEnvironment": "ce", **members}, batch.UpdateComputeEnvironmentRequest)
    return environments.update(environment, request, identity=Identity())


def resources_of(environment: Environment) -> dict[str, Any]:
    return msgspec.to_builtins(environment.resources)


# -- create


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"computeEnvironmentName": "a b"}, "computeEnvironmentName should match a valid pattern"),  # 1.32
        ({"type": "OTHER"}, "type must be one of MANAGED, UNMANAGED, got OTHER"),
        ({"state": "OFF"}, "state must be one of"),
        ({"state": "DISABLED"}, "^Compute Environment must be created in ENABLED state.$"),  # 10.01
        ({}, "^computeResources must be provided for a MANAGED compute environment$"),  # 10.02
        ({"type": "UNMANAGED"}, "^ServiceRole is required.$"),
        ({"type": "UNMANAGED", "serviceRole": ""}, "^ServiceRole is required.$"),
        (
            {"type": "UNMANAGED", "serviceRole": ROLE},
            "^Service Linked Role cannot be used with UNMANAGED Compute Environment$",
        ),
        ({"type": "UNMANAGED", "serviceRole": "r", "computeResources": EC2}, "computeResources must not be provided"),
        ({"computeResources": EC2, "unmanagedvCpus": 4}, "unmanagedvCpus is only applicable"),  # 10.04
        ({"type": "UNMANAGED", "serviceRole": "r", "unmanagedvCpus": -1}, "unmanagedvCpus must be at least 0"),
        ({"computeResources": EC2, "ecsSettings": {"containerInsights": "ON"}}, "containerInsights"),  # 10.72
        ({"computeResources": EC2, "tags": {"aws:a": "b"}}, "reserved"),  # 1.41
        (
            {"computeResources": EC2, "tags": {"batchyard:provider": "x"}},
            'names the provider "x", which the settings lack. Known: big, local.',
        ),
    ],
)
def test_what_cannot_be_created(members: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        created(**members)


# -- describe


def test_describe_shows_what_was_sent_and_what_aws_adds() -> None:  # 10.07, C.1
    shown = msgspec.to_builtins(created(computeResources=EC2).describe(Identity()))
    assert shown == {
        "computeEnvironmentName": "ce",
        "computeEnvironmentArn": "arn:aws:batch:us-east-1:123456789012:compute-environment/ce",
        "ecsClusterArn": (
            "arn:aws:ecs:us-east-1:123456789012:cluster/ce_Batch_11111111-2222-3333-4444-555555555555"
        ),
        "uuid": "11111111-2222-3333-4444-555555555555",
        "containerOrchestrationType": "ECS",
        "type": "MANAGED",
        "state": "ENABLED",
        "status": "VALID",
        "statusReason": "ComputeEnvironment Healthy",
        "serviceRole": ROLE,  # 10.03
        "tags": {},
        "computeResources": {**EC2, "desiredvCpus": 0, "ec2Configuration": [{"imageType": "ECS_AL2023"}]},
    }  # fmt: skip


def test_an_unmanaged_environment() -> None:  # 10.02
    environment = created(type="UNMANAGED", serviceRole="r", unmanagedvCpus=8)
    shown = msgspec.to_builtins(environment.describe(Identity()))
    assert "computeResources" not in shown
    assert shown["unmanagedvCpus"] == 8
    assert shown["serviceRole"] == "r"
    assert environment.max_vcpus is None


@pytest.mark.parametrize(
    ("resources", "platform", "queue_type", "architecture"),
    [
        (EC2, "EC2", "ECS", "x86_64"),
        (but(EC2, instanceTypes=["c6g"]), "EC2", "ECS", "arm64"),
        (SPOT, "EC2", "ECS", "x86_64"),
        (FARGATE, "FARGATE", "ECS_FARGATE", None),
        (MANAGED_INSTANCES, "MANAGED_INSTANCES", "ECS_MANAGED_INSTANCES", None),
        (None, "UNMANAGED", "ECS", None),
    ],
)
def test_platform(resources: dict[str, Any] | None, platform: str, queue_type: str, architecture: str | None) -> None:
    environment = managed(resources) if resources else created(type="UNMANAGED", serviceRole="r")
    assert (environment.platform, environment.queue_type, environment.architecture) == (
        platform, queue_type, architecture,
    )  # fmt: skip


def test_the_tag_names_the_provider() -> None:
    assert created(computeResources=EC2).provider("local") == "local"
    tagged = created(computeResources=EC2, tags={"batchyard:provider": "big"})
    assert tagged.provider("local") == "big"
    assert environments.retag(tagged, {"batchyard:provider": "big", "a": "b"}).tags["a"] == "b"
    with pytest.raises(Invalid, match="batchyard:provider cannot change"):
        environments.retag(tagged, {})


# -- update


def test_members_left_out_stay() -> None:  # 10.60
    before = created(computeResources=PROGRESSIVE, tags={"a": "b"}, ecsSettings={"containerInsights": "ENABLED"})
    assert updated(before) == before
    after = updated(before, state="DISABLED")
    assert after == msgspec.structs.replace(before, state="DISABLED")
    assert not after.accepts_jobs


def test_an_infrastructure_update_needs_the_service_linked_role() -> None:  # 10.62
    environment = created(computeResources=PROGRESSIVE, serviceRole="arn:aws:iam::123456789012:role/mine")
    updated(environment, computeResources={"maxvCpus": 99})
    with pytest.raises(Invalid, match="needs the service-linked role AWSServiceRoleForBatch"):
        updated(environment, computeResources={"ec2KeyPair": "k"})


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"state": "OFF"}, "state must be one of"),
        ({"unmanagedvCpus": 4}, "unmanagedvCpus is only applicable"),
        ({"serviceRole": "r"}, "serviceRole cannot change between"),  # 10.66
        ({"updatePolicy": {"jobExecutionTimeoutMinutes": 0}}, "jobExecutionTimeoutMinutes must be between 1 and 7200"),
        ({"updatePolicy": {"jobExecutionTimeoutMinutes": 7201}}, "jobExecutionTimeoutMinutes"),  # 10.63
        ({"ecsSettings": {"containerInsights": "ON"}}, "containerInsights"),
    ],
)
def test_updates_that_are_refused(members: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        updated(managed(EC2), **members)


def test_the_service_role_may_change_among_its_kind() -> None:  # 10.66
    assert updated(managed(EC2), serviceRole="").service_role == ROLE
    own = created(computeResources=EC2, serviceRole="one")
    assert updated(own, serviceRole="two").service_role == "two"
    with pytest.raises(Invalid, match="serviceRole cannot change between"):
        updated(own, serviceRole="")


def test_an_unmanaged_environment_has_no_resources_to_update() -> None:
    environment = created(type="UNMANAGED", serviceRole="r")
    assert updated(environment, unmanagedvCpus=0).unmanaged_vcpus == 0
    with pytest.raises(Invalid, match="computeResources must not be provided"):
        updated(environment, computeResources={"maxvCpus": 1})


def test_the_update_policy_is_shown_once_it_was_set() -> None:  # 10.05, 10.63
    before = managed(EC2)
    assert before.describe(Identity()).updatePolicy is None
    after = updated(before, updatePolicy={"terminateJobsOnUpdate": True}).describe(Identity())
    assert msgspec.to_builtins(after.updatePolicy) == {
        "terminateJobsOnUpdate": True, "jobExecutionTimeoutMinutes": 30
    }  # fmt: skip


def test_an_update_repairs() -> None:  # 10.81
    broken = msgspec.structs.replace(managed(EC2), status="INVALID", status_reason="CLIENT_ERROR - x")
    assert not broken.accepts_jobs
    repaired = updated(broken, computeResources={"maxvCpus": 8})
    assert (repaired.status, repaired.status_reason) == ("VALID", "ComputeEnvironment Healthy")


@pytest.mark.parametrize("status", ["CREATING", "UPDATING", "DELETING"])
def test_no_update_while_another_goes_on(status: str) -> None:  # 10.68
    with pytest.raises(Conflicting, match="resource is being modified"):
        updated(msgspec.structs.replace(managed(EC2), status=status), state="DISABLED")


# -- delete


def test_deleting() -> None:  # 10.90
    enabled = managed(EC2)
    disabled = updated(enabled, state="DISABLED")
    environments.check_deletable(disabled, [], 0)
    for environment, queues, jobs, text in (
        (enabled, [], 0, "^Cannot delete, compute environment state must be DISABLED$"),
        (disabled, ["q"], 0, "^Cannot delete, found existing JobQueue relationship"),
        (disabled, [], 2, "^Cannot delete, 2 jobs still run there"),
        (msgspec.structs.replace(disabled, status="UPDATING"), [], 0, "^Cannot delete, resource is being modified.$"),
    ):
        with pytest.raises(Invalid, match=text):
            environments.check_deletable(environment, queues, jobs)


def test_the_first_environment_keeps_the_rules() -> None:
    request = environments.default_request(2)
    environment = created(**msgspec.to_builtins(request))
    assert (environment.name, environment.max_vcpus, environment.accepts_jobs) == ("local", 2, True)
    assert resources_of(updated(environment, computeResources={"maxvCpus": 1}))["maxvCpus"] == 1


def test_it_is_the_same_after_storing() -> None:
    environment = created(computeResources=PROGRESSIVE, tags={"a": "b"}, context="c")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(environment), type=Environment) == environment
