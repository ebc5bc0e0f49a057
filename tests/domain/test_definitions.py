"""What may be registered as a job definition, and what becomes of it (BEHAVIOUR 2, 3.01)."""

# ruff: noqa: E501 - a case is one line of a table

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from batchyard.api.batch import RegisterJobDefinitionRequest
from batchyard.config import Jobs, Limits
from batchyard.domain.arns import Identity
from batchyard.domain.definitions import Definition, check_registration, definition_reference, describe
from batchyard.domain.errors import Invalid, NotFound

SMALL = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]
QUARTER = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]
SECRET = {"name": "TOKEN", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:t-AbCdEf"}


def a_request(**changes: Any) -> dict[str, Any]:
    """A sound registration with `changes`; a member given as None is left out."""
    request = {
        "jobDefinitionName": "sim",
        "type": "container",
        "containerProperties": {"image": "busybox", "resourceRequirements": SMALL},
    }
    return {member: value for member, value in {**request, **changes}.items() if value is not None}


def a_container(**changes: Any) -> dict[str, Any]:
    return a_request(containerProperties={"image": "busybox", "resourceRequirements": SMALL, **changes})


def fargate(**changes: Any) -> dict[str, Any]:
    container = {"image": "busybox", "resourceRequirements": QUARTER, "executionRoleArn": "arn:aws:iam::1:role/e"}
    return a_request(platformCapabilities=["FARGATE"], containerProperties={**container, **changes})


def register(
    request: dict[str, Any], limits: Limits | None = None, jobs: Jobs | None = None
) -> RegisterJobDefinitionRequest:
    shape = msgspec.convert(request, RegisterJobDefinitionRequest)
    before = msgspec.json.encode(shape)
    registration = check_registration(shape, limits or Limits(), jobs or Jobs())
    assert msgspec.json.encode(shape) == before, "the request itself is left alone"
    return registration


def described(request: dict[str, Any]) -> dict[str, Any]:
    registration = register(request)
    definition = Definition(
        pk=1,
        name="sim",
        revision=3,
        status="ACTIVE",
        registration=registration,
        tags=registration.tags or {},
        created_at=0.0,
    )
    return msgspec.to_builtins(describe(definition, Identity()))


def resources(vcpu: str | None, memory: str | None, **more: str) -> list[dict[str, str]]:
    given = {"VCPU": vcpu, "MEMORY": memory, **more}
    return [{"type": kind, "value": value} for kind, value in given.items() if value is not None]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("1.32", a_request(jobDefinitionName="sim:latest"), "Provided name sim:latest is not supported pattern[a-zA-Z_0-9-]{1,128}"),
    ("2.01", a_request(type="batch"), "type must be one of container, multinode, got batch."),
    ("2.06", a_request(ecsProperties={"taskProperties": []}), "Cannot use both ECS containerProperties and ecsProperties"),
    ("2.06", a_request(containerProperties=None, ecsProperties={"taskProperties": []}, eksProperties={}), "Cannot use both ecsProperties and eksProperties"),
    ("2.06", a_request(eksProperties={}), "Cannot use both ECS containerProperties and eksProperties"),
    ("2.06", a_request(containerProperties=None), "One of containerProperties, ecsProperties and eksProperties is required for type container."),
    ("2.06", a_request(nodeProperties={"numNodes": 1, "mainNode": 0, "nodeRangeProperties": []}), "nodeProperties is only for job definitions of type multinode."),
    ("2.06", a_request(type="multinode"), "nodeProperties is required for type multinode."),
    ("2.06", a_request(type="multinode", nodeProperties={"numNodes": 1, "mainNode": 0, "nodeRangeProperties": []}), "Type multinode takes its containers from nodeProperties alone"),
    ("2.07", a_container(command=["x" * 25 * 1024]), "Job definition size must be less than 24 KiB, got 26 KiB"),
    ("2.21", a_request(schedulingPriority=10000), "schedulingPriority must be between 0 and 9999, got 10000."),
    ("2.21", a_request(schedulingPriority=-1), "schedulingPriority must be between 0 and 9999, got -1."),
    ("2.22", a_request(retryStrategy={"evaluateOnExit": [{"onReason": "*", "action": "EXIT"}]}), "RetryAttempts must be provided with retry strategy."),
    ("2.22", a_request(retryStrategy={"attempts": 11}), "retryStrategy.attempts must be between 1 and 10, got 11."),
    ("2.22", a_request(retryStrategy={"attempts": 0}), "retryStrategy.attempts must be between 1 and 10, got 0."),
    ("2.22", a_request(retryStrategy={"attempts": 2, "evaluateOnExit": [{"action": "EXIT"}]}), "evaluateOnExit needs at least one of onStatusReason, onReason and onExitCode"),
    ("2.22", a_request(retryStrategy={"attempts": 2, "evaluateOnExit": [{"onReason": "*", "action": "stop"}]}), "evaluateOnExit.action must be one of RETRY, EXIT, got STOP."),
    ("2.22", a_request(retryStrategy={"attempts": 2, "evaluateOnExit": [{"onReason": "*", "action": "EXIT"}] * 6}), "retryStrategy.evaluateOnExit can have at most 5 entries, got 6."),
    ("5.12", a_request(retryStrategy={"attempts": 2, "evaluateOnExit": [{"onReason": "x" * 513, "action": "EXIT"}]}), "onReason can have at most 512 characters, got 513."),
    ("5.12", a_request(retryStrategy={"attempts": 2, "evaluateOnExit": [{"onExitCode": "1?", "action": "EXIT"}]}), "onExitCode must be digits with an optional * at the end, got 1?."),
    ("2.23", a_request(timeout={"attemptDurationSeconds": 59}), "timeout.attemptDurationSeconds must be at least 60, got 59."),
    ("2.24", a_request(platformCapabilities=["EC2", "FARGATE"]), "platformCapabilities must have exactly one value, got 2."),
    ("2.24", a_request(platformCapabilities=["LAMBDA"]), "platformCapabilities must be one of EC2, FARGATE, MANAGED_INSTANCES, got LAMBDA."),
    ("2.26", a_request(consumableResourceProperties={"consumableResourceList": [{"consumableResource": f"r{n}", "quantity": 1} for n in range(6)]}), "The number of entries in consumableResourceList must be between 0 and 5, got 6."),
    ("2.26", a_request(consumableResourceProperties={"consumableResourceList": [{"consumableResource": name, "quantity": 1} for name in ("r", "arn:aws:batch:us-east-1:1:consumable-resource/r")]}), "consumableResourceList cannot name a resource twice."),
    ("2.26", a_request(consumableResourceProperties={"consumableResourceList": [{"quantity": 1}]}), "consumableResource is required."),
    ("2.26", a_request(consumableResourceProperties={"consumableResourceList": [{"consumableResource": "r"}]}), "quantity of r must be at least 1."),
    ("1.40", a_request(tags={f"k{n}": "" for n in range(51)}), "at most 50 tags, got 51"),
    ("1.41", a_request(tags={"AWS:mine": "x"}), "AWS:mine"),
    # 2.4: the table
    ("2.4", a_container(image=""), "image is required."),
    ("2.4", a_request(containerProperties={}), "image is required."),
    ("2.4", a_container(image="x" * 256), "must have 1 to 255"),
    ("2.4", a_container(image="busy box"), "image busy box must have"),
    ("2.12", a_container(environment=[{"value": "x"}]), "environment.name is required."),
    ("6.02", a_container(environment=[{"name": "AWS_BATCH_JOB_ID", "value": "x"}]), "Environment variables must not start with AWS_BATCH, got AWS_BATCH_JOB_ID."),
    ("2.4", a_container(user="Root!"), "User 'Root!' does not match regex"),
    ("2.4", a_container(instanceType="c5.large"), "instanceType is only for the containers of multi-node jobs."),
    ("2.4", a_container(ulimits=[{"name": "files", "softLimit": 1, "hardLimit": 1}]), "ulimits.name must be one of core, cpu,"),
    ("2.4", a_container(networkConfiguration={"assignPublicIp": "ENABLED"}), "networkConfiguration not applicable for EC2."),
    ("2.4", a_container(fargatePlatformConfiguration={"platformVersion": "LATEST"}), "fargatePlatformConfiguration is not applicable for EC2."),
    ("2.4", a_container(ephemeralStorage={"sizeInGiB": 30}), "ephemeralStorage is not applicable for EC2."),
    ("2.40", a_container(runtimePlatform={"cpuArchitecture": "ARM64"}), "runtimePlatform is not applicable for EC2."),
    ("2.4", fargate(vcpus=1), "vcpus is not applicable for Fargate."),
    ("2.4", fargate(memory=512), "memory is not applicable for Fargate."),
    ("2.4", fargate(privileged=True), "privileged is not applicable for Fargate."),
    ("2.4", fargate(ulimits=[{"name": "core", "softLimit": 1, "hardLimit": 1}]), "ulimits is not applicable for Fargate."),
    ("2.4", fargate(linuxParameters={"sharedMemorySize": 64}), "linuxParameters.sharedMemorySize is not applicable for Fargate."),
    ("2.4", fargate(linuxParameters={"devices": [{"hostPath": "/dev/fuse"}]}), "linuxParameters.devices is not applicable for Fargate."),
    ("2.4", fargate(linuxParameters={"maxSwap": 0}), "linuxParameters.maxSwap is not applicable for Fargate."),
    ("2.4", fargate(executionRoleArn=None), "executionRoleArn is required for Fargate."),
    ("2.4", fargate(networkConfiguration={"assignPublicIp": "MAYBE"}), "assignPublicIp must be one of ENABLED, DISABLED, got MAYBE."),
    ("2.4", fargate(fargatePlatformConfiguration={"platformVersion": "2.0"}), "platformVersion must be one of LATEST, 1.4.0, 1.3.0, got 2.0."),
    ("2.4", fargate(ephemeralStorage={"sizeInGiB": 20}), "ephemeralStorage.sizeInGiB must be between 21 and 200, got 20."),
    ("2.4", fargate(volumes=[{"name": "v", "host": {"sourcePath": "/x"}}]), "host.sourcePath is not applicable for Fargate."),
    ("2.40", fargate(resourceRequirements=resources("1", "2048", GPU="1")), "GPU is not applicable for Fargate."),
    ("2.40", fargate(runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2019_CORE", "cpuArchitecture": "ARM64"}), "Windows supported only by X86_64 cpuArchitecture"),
    ("2.40", fargate(runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2019_CORE"}), "vCPU must be at least 1 for Windows Job definition, got 0.25."),
    ("2.40", fargate(runtimePlatform={"operatingSystemFamily": "BEOS"}), "RuntimePlatform supports only one from [WINDOWS_SERVER_2019_CORE, WINDOWS_SERVER_2019_FULL, WINDOWS_SERVER_2022_CORE, WINDOWS_SERVER_2022_FULL, LINUX] operating systems, provided BEOS"),
    ("2.41", fargate(runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_FULL"}, user="me"), "user is not applicable for Windows containers."),
    ("2.42", a_request(type="multinode", containerProperties=None, platformCapabilities=["FARGATE"], nodeProperties={"numNodes": 1, "mainNode": 0, "nodeRangeProperties": []}), "Type multinode cannot run on FARGATE."),
    # 2.5: vCPU, memory, GPU
    ("2.40", a_container(resourceRequirements=resources(None, "128")), "vCPU is required."),
    ("2.53", a_container(resourceRequirements=resources("1", None)), "Memory is required."),
    ("2.40", a_container(resourceRequirements=resources("0", "128")), "vCPU must be at least 1, got 0."),
    ("2.40", a_container(resourceRequirements=resources(None, "128"), vcpus=0), "vCPU must be at least 1, got 0."),
    ("2.40", a_container(resourceRequirements=resources("1", "3")), "Memory must be at least 4 Mib, got 3 Mib."),
    ("2.40", a_container(resourceRequirements=[*SMALL, SMALL[0]]), "Cannot provide duplicates in resourceRequirements."),
    ("2.50", a_container(resourceRequirements=[*SMALL, {"type": "DISK", "value": "1"}]), "resourceRequirements.type must be one of GPU, VCPU, MEMORY, got DISK."),
    ("2.51", a_container(resourceRequirements=resources("1.0", "128")), "Value 1.0 for type VCPU in resourceRequirement is not valid. Please provide a numeric value."),
    ("2.51", a_container(resourceRequirements=resources("1", "1GiB")), "Value 1GiB for type MEMORY in resourceRequirement is not valid. Please provide a numeric value."),
    ("2.51", a_container(resourceRequirements=resources("1", "9" * 30)), "for type MEMORY in resourceRequirement is not valid."),
    ("2.51", a_container(resourceRequirements=resources("1", "128", GPU="half")), "Value half for type GPU in resourceRequirement is not valid."),
    ("2.51", a_container(resourceRequirements=resources("1000001", "128")), "vCPU must be at most 1000000, got 1000001."),
    ("2.51", a_container(resourceRequirements=resources("1", None), memory=2**31 - 1), "Memory must be at most 1000000000, got 2147483647."),
    ("2.53", a_container(vcpus=1), "vcpus and VCPU in resourceRequirements cannot both be given: leave out vcpus."),
    ("2.53", a_container(memory=128), "memory and MEMORY in resourceRequirements cannot both be given: leave out memory."),
    ("2.54", fargate(resourceRequirements=resources("2", "1024")), "Fargate resource requirements (2.00 vCPU, 1024 MiB) not valid."),
    ("2.54", fargate(resourceRequirements=resources("3", "8192")), "Fargate resource requirements (3.00 vCPU, 8192 MiB) not valid."),
    # 2.6: linuxParameters
    ("2.60", a_container(linuxParameters={"devices": [{"hostPath": ""}]}), "devices.hostPath is required."),
    ("2.60", a_container(linuxParameters={"devices": [{"hostPath": "/d", "permissions": ["EXEC"]}]}), "devices.permissions must be one of READ, WRITE, MKNOD, got EXEC."),
    ("2.61", a_container(linuxParameters={"tmpfs": [{"containerPath": "/t", "size": 0}]}), "tmpfs.size must be at least 1, got 0."),
    ("2.61", a_container(linuxParameters={"tmpfs": [{"containerPath": "/t", "size": 1, "mountOptions": ["fast"]}]}), "tmpfs.mountOptions must be one of defaults,"),
    ("2.62", a_container(linuxParameters={"maxSwap": -1}), "linuxParameters.maxSwap must be at least 0, got -1."),
    ("2.62", a_container(linuxParameters={"swappiness": 101}), "linuxParameters.swappiness must be between 0 and 100, got 101."),
    # 2.7: volumes
    ("2.70", a_container(volumes=[{"name": "a b"}]), "Volume name a b must have"),
    ("2.70", a_container(volumes=[{"host": {}}]), "volumes.name is required."),
    ("2.70", a_container(volumes=[{"name": "v", "host": {}, "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]), "Volume v can have only one of host, efsVolumeConfiguration and s3filesVolumeConfiguration."),
    ("2.72", a_container(mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}]), "mountPoints: sourceVolume v does not exist among the volumes."),
    ("2.72", a_container(mountPoints=[{"sourceVolume": "v"}], volumes=[{"name": "v"}]), "mountPoints.containerPath is required."),
    ("2.73", a_container(volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "efs1"}}]), "fileSystemId must have the form fs-…, got efs1."),
    ("2.73", a_container(volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryptionPort": 65536}}]), "transitEncryptionPort must be between 0 and 65535, got 65536."),
    ("2.73", a_container(volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/" * 4097}}]), "rootDirectory can have at most 4096 characters, got 4097."),
    ("2.73", a_container(volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "authorizationConfig": {"iam": "ENABLED"}}}]), "EFS IAM authorization requires TransitEncryption to be enabled."),
    ("2.73", a_container(volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "ENABLED", "authorizationConfig": {"iam": "ENABLED"}}}]), "EFS IAM authorization requires a job role."),
    ("2.73", a_container(volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/x", "transitEncryption": "ENABLED", "authorizationConfig": {"accessPointId": "a"}}}]), 'When using an EFS access point, the root directory must either be set to "/" or omitted'),
    ("2.73", a_container(volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "authorizationConfig": {"accessPointId": "a"}}}]), "An EFS access point requires TransitEncryption to be enabled."),
    ("2.73", fargate(volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]), "EFS is supported for Fargate platform version 1.4.0"),
    ("2.74", a_container(volumes=[{"name": "v", "s3filesVolumeConfiguration": {"fileSystemArn": "arn:x"}}]), "An S3 Files volume requires a job role."),
    # 2.8: logs
    ("2.80", a_container(logConfiguration={"logDriver": "logentries"}), "logDriver must be one of json-file, syslog,"),
    ("2.81", fargate(logConfiguration={"logDriver": "syslog"}), "logDriver must be one of awslogs, splunk, awsfirelens, got syslog."),
    ("2.83", a_container(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-color": "red"}}), "logConfiguration: the awslogs driver has no option awslogs-color."),
    ("2.85", a_container(logConfiguration={"logDriver": "awsfirelens"}), "logDriver awsfirelens requires a container with firelensConfiguration in ecsProperties."),
    # 2.9: secrets
    ("2.4", a_container(secrets=[SECRET]), "executionRoleArn is required when secrets or secretOptions are used."),
    ("2.4", a_container(logConfiguration={"logDriver": "splunk", "secretOptions": [SECRET]}), "executionRoleArn is required when secrets or secretOptions are used."),
    ("2.90", a_container(secrets=[{"name": "", "valueFrom": "p"}]), "environment.name is required."),
    ("6.02", a_container(secrets=[{"name": "AWS_BATCH_X", "valueFrom": "p"}]), "Environment variables must not start with AWS_BATCH, got AWS_BATCH_X."),
    ("2.91", a_container(secrets=[{"name": "A", "valueFrom": "arn:aws:s3:::bucket/key"}]), "is the ARN of neither a secret nor a parameter."),
    ("2.92", a_container(secrets=[{"name": "A", "valueFrom": SECRET["valueFrom"] + ":key:AWSCURRENT:0000"}]), "names both a version stage and a version id; give one of them."),
    ("2.93", a_container(secrets=[{"name": "A", "valueFrom": "a name"}]), "secrets: a name is neither an ARN nor the name of a parameter."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "request_", "text"), REFUSED)
def test_what_is_refused_and_with_which_text(rule: str, request_: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        register(request_)
    assert text in str(refusal.value), rule


ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("2.21", a_request(schedulingPriority=9999)),
    ("2.22", a_request(retryStrategy={"attempts": 10, "evaluateOnExit": [{"onExitCode": "*", "action": "retry"}]})),
    ("2.22", a_request(retryStrategy={})),
    ("2.23", a_request(timeout={"attemptDurationSeconds": 60})),
    ("2.24", a_request(platformCapabilities=[])),
    ("2.4", a_container(image="123456789012.dkr.ecr.us-east-1.amazonaws.com/a/b@sha256:00ff")),
    ("2.4", a_container(user="1000:1000")),
    ("2.4", fargate(privileged=False, linuxParameters={"initProcessEnabled": True})),
    ("2.4", fargate(linuxParameters={"devices": [], "tmpfs": []}, ulimits=[])),
    ("2.41", fargate(resourceRequirements=resources("1", "2048"), runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"})),
    ("2.53", a_container(resourceRequirements=resources("2", None), memory=4)),
    ("2.54", fargate(resourceRequirements=resources("0.5", "4096"))),
    ("2.54", fargate(resourceRequirements=resources("32", "249856"))),
    ("2.55", a_request(platformCapabilities=["MANAGED_INSTANCES"], containerProperties={"image": "i", "resourceRequirements": resources("0.5", "777", GPU="1")})),
    ("2.62", a_container(linuxParameters={"maxSwap": 64})),
    ("2.62", a_container(linuxParameters={"swappiness": 10})),
    ("2.61", a_container(linuxParameters={"tmpfs": [{"containerPath": "/t", "size": 1, "mountOptions": ["mode=1777"]}]})),
    ("2.71", a_container(volumes=[{"name": "v", "host": {"sourcePath": "/no/such/folder"}}])),
    ("2.73", fargate(fargatePlatformConfiguration={"platformVersion": "1.4.0"}, volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}])),
    ("2.81", fargate(logConfiguration={"logDriver": "splunk"})),
    ("2.83", a_container(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "g", "mode": "non-blocking"}})),
    ("2.91", a_container(executionRoleArn="arn:r", secrets=[{"name": "A", "valueFrom": SECRET["valueFrom"] + tail} for tail in ("", ":key::", "::AWSPREVIOUS:", ":::0000")])),
    ("2.93", a_container(executionRoleArn="arn:r", secrets=[{"name": "A", "valueFrom": "/team/db-password"}])),
    ("CLIENTS 4", a_container(privileged=True)),
    ("CLIENTS 1", a_request(parameters={"metaflow.flow_name": "x", "nf-token": "y"})),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "request_"), ACCEPTED)
def test_what_is_accepted_comes_back_as_it_was_given(rule: str, request_: dict[str, Any]) -> None:
    shown = described(request_)
    for member, value in request_.items():
        if member == "containerProperties":
            assert {name: shown[member].get(name) for name in value} == value, rule
        elif member != "jobDefinitionName":
            assert shown[member] == value, rule


@pytest.mark.parametrize(("rule", "request_"), ACCEPTED)
def test_what_is_described_can_be_registered_again_and_is_described_the_same(
    rule: str, request_: dict[str, Any]
) -> None:
    shown = described(request_)  # CLIENTS 4: scripthut
    again = {member: shown[member] for member in RegisterJobDefinitionRequest.__struct_fields__ if member in shown}
    assert described(again) == shown, rule


def test_a_description_has_empty_lists_and_maps_for_what_was_not_given() -> None:  # 2.09
    assert described(a_request()) == {
        "jobDefinitionName": "sim",
        "jobDefinitionArn": "arn:aws:batch:us-east-1:123456789012:job-definition/sim:3",
        "revision": 3,
        "status": "ACTIVE",
        "type": "container",
        "parameters": {},
        "tags": {},
        "propagateTags": False,
        "containerOrchestrationType": "ECS",
        "containerProperties": {
            "image": "busybox",
            "command": [],
            "environment": [],
            "mountPoints": [],
            "resourceRequirements": SMALL,
            "secrets": [],
            "ulimits": [],
            "volumes": [],
        },
    }


def test_deprecated_vcpus_and_memory_come_back_as_given() -> None:  # 2.09
    shown = described(a_request(containerProperties={"image": "i", "vcpus": 2, "memory": 64}))["containerProperties"]
    assert (shown["vcpus"], shown["memory"], shown["resourceRequirements"]) == (2, 64, [])


def test_fargate_definitions_name_the_platform_version() -> None:  # 2.10
    assert described(fargate())["containerProperties"]["fargatePlatformConfiguration"] == {"platformVersion": "LATEST"}


def test_retry_actions_come_back_in_lower_case() -> None:  # 2.11
    entries = [{"onExitCode": "1", "action": "Retry"}, {"onReason": "*", "action": "EXIT"}]
    shown = described(a_request(retryStrategy={"attempts": 2, "evaluateOnExit": entries}))
    assert [entry["action"] for entry in shown["retryStrategy"]["evaluateOnExit"]] == ["retry", "exit"]


def test_variables_with_an_empty_value_are_dropped() -> None:  # 2.12
    given = [{"name": "A", "value": ""}, {"name": "B", "value": "b"}, {"name": "C"}]
    assert described(a_container(environment=given))["containerProperties"]["environment"] == [
        {"name": "B", "value": "b"}
    ]


def test_empty_lists_and_maps_and_half_filled_mount_points_come_back_exactly() -> None:  # CLIENTS 1, 4
    given = {
        "mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}],
        "volumes": [{"name": "v", "host": {}}],
        "linuxParameters": {"devices": [], "tmpfs": []},
        "logConfiguration": {"logDriver": "awslogs", "options": {}, "secretOptions": []},
    }
    shown = described(a_container(**given))["containerProperties"]
    assert {member: shown[member] for member in given} == given
    assert "command" in shown and shown["command"] == []


def test_privileged_containers_are_refused_where_the_setting_says_so() -> None:
    deny = Jobs(privileged="deny")
    register(a_container(privileged=False), jobs=deny)
    node = {"targetNodes": ":", "container": {"image": "i", "resourceRequirements": SMALL, "privileged": True}}
    task = {"containers": [{"image": "i", "resourceRequirements": SMALL, "privileged": True}]}
    pod = {
        "image": "i",
        "resources": {"limits": {"cpu": "1", "memory": "4Mi"}},
        "securityContext": {"privileged": True},
    }
    for request in (
        a_container(privileged=True),
        a_request(containerProperties=None, ecsProperties={"taskProperties": [task]}),
        a_request(containerProperties=None, eksProperties={"podProperties": {"containers": [pod]}}),
        a_request(
            type="multinode",
            containerProperties=None,
            nodeProperties={"numNodes": 1, "mainNode": 0, "nodeRangeProperties": [node]},
        ),
    ):
        register(request)
        with pytest.raises(Invalid, match=r"jobs\.privileged"):
            register(request, jobs=deny)


def test_limits_come_from_the_settings() -> None:
    with pytest.raises(Invalid, match="less than 1 KiB, got 2 KiB"):
        register(a_container(command=["x" * 1500]), Limits(definition_bytes=1024))
    register(a_request(retryStrategy={"attempts": 20}), Limits(attempts=20))


ARN = "arn:aws:batch:us-east-1:123456789012:job-definition/"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("sim", ("sim", None)),
        ("sim:3", ("sim", 3)),
        (f"{ARN}sim", ("sim", None)),
        (f"{ARN}sim:12", ("sim", 12)),
    ],
)
def test_a_definition_is_named_in_four_ways(text: str, reference: tuple[str, int | None]) -> None:  # 3.01
    assert definition_reference(text, Identity()) == reference


@pytest.mark.parametrize(
    "text", ["sim:latest", "", "a b", "sim:1:2", "x" * 129, ARN.replace("definition", "queue") + "q"]
)
def test_what_is_no_name_of_a_definition(text: str) -> None:  # 1.32
    with pytest.raises(Invalid) as refusal:
        definition_reference(text, Identity())
    assert str(refusal.value) == f"Provided name {text} is not supported pattern[a-zA-Z_0-9-]{{1,128}}"


def test_a_definition_of_another_region_or_account_does_not_exist() -> None:
    for arn in (ARN.replace("us-east-1", "eu-west-1"), ARN.replace("123456789012", "210987654321")):
        with pytest.raises(NotFound, match="does not exist"):
            definition_reference(f"{arn}sim:1", Identity())
