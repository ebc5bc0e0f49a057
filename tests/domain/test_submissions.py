"""What a SubmitJob becomes (BEHAVIOUR 2.3, 3.1-3.6, 12.1)."""

# ruff: noqa: E501 - a case is one line of a table

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from batchyard.api.batch import RegisterJobDefinitionRequest, SubmitJobRequest
from batchyard.config import Jobs, Limits
from batchyard.domain.definitions import Definition, check_registration
from batchyard.domain.ecs import merged_ecs
from batchyard.domain.eks import merged_eks
from batchyard.domain.errors import Invalid, NotFound, Unsupported
from batchyard.domain.nodes import merged_nodes
from batchyard.domain.resources import Needs
from batchyard.domain.submissions import Spec, check_platform, check_size, dispatch_fault, effective

JOB = "11111111-2222-4333-8444-555555555555"
SMALL = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]
DEPRECATED = (
    "This value was submitted in a deprecated key and may conflict with the value provided by the job definition's "
    "resource requirements."
)


def a_definition(*, name: str = "sim", status: str = "ACTIVE", **changes: Any) -> Definition:
    """A definition whose container has `changes`, or whose payload is one of `changes`."""
    payloads = {key: changes.pop(key) for key in list(changes) if key in RegisterJobDefinitionRequest.__struct_fields__}
    request: dict[str, Any] = {"jobDefinitionName": name, "type": "container"}
    if not payloads.keys() & {"ecsProperties", "eksProperties", "nodeProperties"}:
        request["containerProperties"] = {"image": "busybox", "resourceRequirements": SMALL, **changes}
    shape = msgspec.convert({**request, **payloads}, RegisterJobDefinitionRequest)
    registration = check_registration(shape, Limits(), Jobs())
    return Definition(
        pk=1,
        name=name,
        revision=3,
        status=status,
        registration=registration,
        tags=registration.tags or {},
        created_at=0.0,
    )


def submit(definition: Definition, *, fair_share: bool = False, limits: Limits | None = None, **request: Any) -> Spec:
    given = {"jobName": "job", "jobQueue": "q", "jobDefinition": definition.name, **request}
    spec = effective(
        definition, msgspec.convert(given, SubmitJobRequest), fair_share=fair_share, limits=limits or Limits()
    )
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(spec), type=Spec) == spec, "a spec survives its storage"
    return spec


def env(**variables: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in variables.items()]


def requirements(**amounts: str) -> list[dict[str, str]]:
    return [{"type": kind, "value": value} for kind, value in amounts.items()]


def container(spec: Spec) -> dict[str, Any]:
    return msgspec.to_builtins(spec.container)


def test_a_job_without_overrides_is_its_definition() -> None:
    definition = a_definition(command=["sleep", "1"], environment=env(A="1"))
    spec = submit(definition)
    assert (spec.definition, spec.revision, spec.type, spec.platform) == ("sim", 3, "container", "EC2")
    assert spec.container == definition.registration.containerProperties
    assert spec.needs == Needs(1, 128)
    assert spec.retry.attempts == 1  # 2.22
    assert (spec.timeout, spec.array_size, spec.depends_on, spec.share, spec.override_chars) == (
        None,
        None,
        [],
        None,
        0,
    )


# 3.30: definition's container, override, what is expected of the merged container
MERGED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"command": ["a", "b"]}, {"command": ["c"]}, {"command": ["c"]}),
    ({"command": ["a", "b"]}, {"command": []}, {"command": ["a", "b"]}),
    ({"command": ["a", "b"]}, {}, {"command": ["a", "b"]}),
    ({}, {"command": ["c"]}, {"command": ["c"]}),
    ({"environment": env(A="1", B="2")}, {"environment": env(B="3", C="4")}, {"environment": env(A="1", B="3", C="4")}),
    ({"environment": env(A="1")}, {"environment": env(A="")}, {"environment": env(A="")}),
    ({"environment": env(A="1")}, {"environment": []}, {"environment": env(A="1")}),
    ({}, {"environment": env(MANAGED_BY_AWS="STARTED_BY_STEP_FUNCTIONS")}, {"environment": env(MANAGED_BY_AWS="STARTED_BY_STEP_FUNCTIONS")}),
    ({}, {"resourceRequirements": requirements(MEMORY="256")}, {"resourceRequirements": requirements(VCPU="1", MEMORY="256")}),
    ({}, {"resourceRequirements": requirements(GPU="2")}, {"resourceRequirements": requirements(VCPU="1", MEMORY="128", GPU="2")}),
    ({}, {"resourceRequirements": []}, {"resourceRequirements": SMALL}),
    ({"resourceRequirements": [], "vcpus": 1, "memory": 64}, {"vcpus": 2}, {"vcpus": 2, "memory": 64}),
    ({"resourceRequirements": [], "vcpus": 1, "memory": 64}, {"memory": 128}, {"vcpus": 1, "memory": 128}),
    ({"resourceRequirements": [], "vcpus": 1, "memory": 64}, {"resourceRequirements": requirements(VCPU="4")}, {"resourceRequirements": requirements(VCPU="4"), "memory": 64}),
]  # fmt: skip


@pytest.mark.parametrize(("own", "override", "expected"), MERGED)
def test_how_container_overrides_are_merged(
    own: dict[str, Any], override: dict[str, Any], expected: dict[str, Any]
) -> None:
    merged = container(submit(a_definition(**own), containerOverrides=override))
    assert {member: merged.get(member) for member in expected} == expected


def test_what_a_job_needs_follows_from_the_merged_container() -> None:
    old = a_definition(resourceRequirements=[], vcpus=1, memory=64)
    assert submit(old).needs == Needs(1, 64)
    assert submit(old, containerOverrides={"vcpus": 2}).needs == Needs(2, 64)
    override = {"resourceRequirements": requirements(VCPU="4", GPU="1")}
    merged = submit(old, containerOverrides=override)
    assert merged.needs == Needs(4, 64, 1)
    assert container(merged).get("vcpus") is None
    quarter = a_definition(
        platformCapabilities=["FARGATE"],
        resourceRequirements=requirements(VCPU="0.25", MEMORY="512"),
        executionRoleArn="r",
    )
    assert submit(quarter).needs == Needs(0.25, 512)


def test_parameters_are_merged_and_put_into_the_command() -> None:  # 2.30-2.36
    definition = a_definition(
        command=["Ref::tool", "-c", "x Ref::a;Ref::a-b Ref::", "Ref::tool"],
        environment=env(A="Ref::tool"),
        image="Ref::tool",
        parameters={"tool": "ls", "a": "1", "unused.with.dots": "u"},
    )
    spec = submit(definition, parameters={"a": "Ref::tool", "a-b": "3"})
    assert spec.container is not None
    assert spec.container.command == ["ls", "-c", "x Ref::tool;3 Ref::", "ls"]  # 2.32, 2.34
    assert container(spec)["environment"] == env(A="Ref::tool")  # 2.31
    assert spec.container.image == "Ref::tool"
    assert spec.parameters == {"tool": "ls", "a": "Ref::tool", "a-b": "3", "unused.with.dots": "u"}  # 2.35, 2.36
    overridden = submit(definition, containerOverrides={"command": ["Ref::a"]})
    assert overridden.container is not None
    assert overridden.container.command == ["1"]


RETRY = {"attempts": 3, "evaluateOnExit": [{"onReason": "*", "action": "EXIT"}]}


def test_retry_strategy_and_timeout_are_replaced_as_a_whole() -> None:  # 3.30
    definition = a_definition(retryStrategy=RETRY, timeout={"attemptDurationSeconds": 600})
    own = submit(definition)
    assert (own.retry.attempts, len(own.retry.evaluateOnExit or [])) == (3, 1)
    assert own.timeout is not None and own.timeout.attemptDurationSeconds == 600
    other = submit(definition, retryStrategy={"attempts": 2}, timeout={"attemptDurationSeconds": 60})
    assert (other.retry.attempts, other.retry.evaluateOnExit) == (2, None)
    assert other.timeout is not None and other.timeout.attemptDurationSeconds == 60
    assert submit(definition, retryStrategy={}, timeout={}) == own


def test_what_else_is_replaced_or_taken_over() -> None:  # 3.23, 3.30, 3.40, 3.60
    definition = a_definition(propagateTags=True, schedulingPriority=5, tags={"a": "1", "b": "2"})
    assert submit(definition).propagate_tags
    assert submit(definition, tags={"b": "3", "c": "4"}).task_tags == 3
    assert not submit(definition, propagateTags=False).propagate_tags
    assert submit(definition, propagateTags=False).task_tags == 0
    assert submit(definition).scheduling_priority == 5
    fair = submit(definition, fair_share=True, shareIdentifier="team-a_1", schedulingPriorityOverride=0)
    assert (fair.share, fair.scheduling_priority) == ("team-a_1", 0)
    waits = [{"jobId": JOB}, {"type": "SEQUENTIAL"}, {"jobId": JOB, "type": "N_TO_N"}, {"jobId": f"{JOB}:3"}]
    array = submit(definition, arrayProperties={"size": 2}, dependsOn=waits)
    assert (array.array_size, msgspec.to_builtins(array.depends_on)) == (2, waits)


def test_empty_lists_and_maps_are_as_good_as_nothing() -> None:  # CLIENTS 4: pcluster, airflow
    empty = {"vcpus": None, "environment": [], "command": [], "resourceRequirements": []}
    spec = submit(
        a_definition(),
        containerOverrides=empty,
        arrayProperties={},
        dependsOn=[],
        parameters={},
        nodeOverrides={},
        ecsPropertiesOverride={},
        shareIdentifier="",
        consumableResourcePropertiesOverride={"consumableResourceList": []},
    )
    assert spec == submit(a_definition())


LEGACY = a_definition(resourceRequirements=[], vcpus=1, memory=64)
FARGATE = a_definition(platformCapabilities=["FARGATE"], executionRoleArn="r", resourceRequirements=requirements(VCPU="1", MEMORY="2048"))  # fmt: skip
MULTI = a_definition(
    type="multinode",
    nodeProperties={
        "numNodes": 4,
        "mainNode": 1,
        "nodeRangeProperties": [
            {"targetNodes": "0:1", "container": {"image": "i", "resourceRequirements": SMALL, "command": ["Ref::a"]}},
            {"targetNodes": "2:", "container": {"image": "i", "resourceRequirements": requirements(VCPU="4", MEMORY="64")}},
        ],
    },
    parameters={"a": "1"},
)  # fmt: skip
CLOSED = a_definition(type="multinode", nodeProperties={"numNodes": 2, "mainNode": 0, "nodeRangeProperties": [{"targetNodes": "0:1", "container": {"image": "i", "resourceRequirements": SMALL}}]})  # fmt: skip
TASK = a_definition(ecsProperties={"taskProperties": [{"containers": [{"name": name, "image": "i", "resourceRequirements": SMALL} for name in "ab"]}]})  # fmt: skip
POD = a_definition(eksProperties={"podProperties": {"containers": [{"image": "i", "resources": {"limits": {"cpu": "1", "memory": "4Mi"}}}]}})  # fmt: skip
SIM = a_definition()
SHARE = "Job with shareIdentifier or schedulingPriority can onlybe submitted to job queue with fair share scheduling policy."

REFUSED: list[tuple[str, Definition, dict[str, Any], str]] = [
    ("1.33", SIM, {"jobName": "-x"}, "Job name should match valid pattern"),
    ("1.33", SIM, {"jobName": "x" * 129}, "Job name should match valid pattern"),
    ("2.05", a_definition(status="INACTIVE"), {}, "Job definition sim:3 does not exist in status ACTIVE: it was deregistered."),
    ("2.33", a_definition(command=["Ref::who"]), {}, "Unable to substitute value. No parameter found for reference who"),
    ("2.33", SIM, {"containerOverrides": {"command": ["a Ref::who"]}}, "Unable to substitute value. No parameter found for reference who"),
    ("3.03", SIM, {"containerOverrides": {"command": ["a", ""]}}, "Command cannot be empty"),
    ("3.03", SIM, {"arrayProperties": {"size": 1}}, "arrayProperties.size must be between 2 and 10000, got 1."),
    ("3.03", SIM, {"arrayProperties": {"size": 10001}}, "arrayProperties.size must be between 2 and 10000, got 10001."),
    ("3.03", SIM, {"dependsOn": [{"jobId": JOB}] * 21}, "Job cannot have more than 20 dependencies"),
    ("3.03", FARGATE, {"containerOverrides": {"resourceRequirements": requirements(MEMORY="1024")}}, "Fargate resource requirements (1.00 vCPU, 1024 MiB) not valid."),
    ("3.20", SIM, {"shareIdentifier": "a"}, SHARE),
    ("3.20", SIM, {"schedulingPriorityOverride": 1}, SHARE),
    ("3.20", SIM, {"fair_share": True}, "shareIdentifier is required: the job queue has a fair share scheduling policy."),
    ("3.21", SIM, {"fair_share": True, "shareIdentifier": "a*"}, "shareIdentifier a* must have 1 to 255 letters, digits, hyphens or underscores."),
    ("3.21", SIM, {"fair_share": True, "shareIdentifier": "a" * 256}, "must have 1 to 255"),
    ("3.23", SIM, {"fair_share": True, "shareIdentifier": "a", "schedulingPriorityOverride": 10000}, "schedulingPriorityOverride must be between 0 and 9999, got 10000."),
    ("3.30", SIM, {"containerOverrides": {"vcpus": 2}}, DEPRECATED),
    ("3.30", SIM, {"containerOverrides": {"memory": 2}}, DEPRECATED),
    ("3.30", FARGATE, {"containerOverrides": {"vcpus": 2}}, DEPRECATED),
    ("3.30", LEGACY, {"containerOverrides": {"vcpus": 2, "resourceRequirements": requirements(VCPU="2")}}, DEPRECATED),
    ("3.30", LEGACY, {"containerOverrides": {"vcpus": 0}}, "vCPU must be at least 1, got 0."),
    ("3.30", SIM, {"containerOverrides": {"instanceType": "c5.large"}}, "containerOverrides.instanceType is only for multi-node jobs."),
    ("6.02", SIM, {"containerOverrides": {"environment": env(AWS_BATCH_JOB_ID="x")}}, "Environment variables must not start with AWS_BATCH, got AWS_BATCH_JOB_ID."),
    ("2.40", SIM, {"containerOverrides": {"resourceRequirements": [*SMALL, SMALL[0]]}}, "Cannot provide duplicates in resourceRequirements."),
    ("2.51", SIM, {"containerOverrides": {"resourceRequirements": requirements(VCPU="1.5")}}, "Value 1.5 for type VCPU in resourceRequirement is not valid."),
    ("2.22", SIM, {"retryStrategy": {"attempts": 11}}, "retryStrategy.attempts must be between 1 and 10, got 11."),
    ("2.22", SIM, {"retryStrategy": {"evaluateOnExit": [{"onReason": "*", "action": "EXIT"}]}}, "RetryAttempts must be provided with retry strategy."),
    ("2.23", SIM, {"timeout": {"attemptDurationSeconds": 1}}, "timeout.attemptDurationSeconds must be at least 60, got 1."),
    ("1.40", SIM, {"tags": {"": "x"}}, "A tag's key must have 1 to 128 characters, got 0."),
    ("3.31", MULTI, {"nodeOverrides": {"numNodes": 1}}, "nodeOverrides.numNodes must be greater than mainNode 1, got 1."),
    ("3.31", MULTI, {"nodeOverrides": {"numNodes": 2}}, "targetNodes 2: must lie between 0 and 1."),
    ("3.31", MULTI, {"nodeOverrides": {"numNodes": 2000}}, "Number of nodes must be between 1 and 1000."),
    ("3.31", CLOSED, {"nodeOverrides": {"numNodes": 3}}, "nodeOverrides.numNodes requires a node range without an upper end"),
    ("3.31", MULTI, {"nodeOverrides": {"nodePropertyOverrides": [{"targetNodes": "0:0"}]}}, "NodeOverride targets should match job definition. Non matching targets - 0:0"),
    ("3.32", MULTI, {"nodeOverrides": {"nodePropertyOverrides": [{"targetNodes": "2:", "ecsPropertiesOverride": {"taskProperties": []}}]}}, "ecsPropertiesOverride does not fit the node range 2: of the job definition."),
    ("3.32", SIM, {"nodeOverrides": {"numNodes": 2}}, "nodeOverrides does not fit the job definition"),
    ("3.32", SIM, {"ecsPropertiesOverride": {"taskProperties": [{"containers": []}]}}, "ecsPropertiesOverride does not fit the job definition"),
    ("3.32", MULTI, {"containerOverrides": {"command": ["x"]}}, "containerOverrides does not fit the job definition"),
    ("3.32", MULTI, {"arrayProperties": {"size": 2}}, "arrayProperties is not applicable for multi-node jobs."),
    ("3.30", TASK, {"ecsPropertiesOverride": {"taskProperties": [{"containers": [{"name": "x"}]}]}}, "ecsPropertiesOverride: container x does not exist in the job definition."),
    ("3.30", TASK, {"ecsPropertiesOverride": {"taskProperties": [{"containers": [{}]}]}}, "ecsPropertiesOverride: container (no name) does not exist in the job definition."),
    ("3.30", TASK, {"ecsPropertiesOverride": {"taskProperties": [{"containers": [{"name": "a"}, {"name": "a"}]}]}}, "ecsPropertiesOverride: container a is named twice."),
    ("3.30", POD, {"eksPropertiesOverride": {"podProperties": {"initContainers": [{"name": "x"}]}}}, "eksPropertiesOverride.initContainers: container x does not exist in the job definition."),
    ("3.50", SIM, {"dependsOn": [{"jobId": "my-job"}]}, "Job my-job not found: dependsOn takes job ids."),
    ("3.50", SIM, {"dependsOn": [{}]}, "dependsOn: jobId is required unless the type is SEQUENTIAL."),
    ("3.51", SIM, {"dependsOn": [{"jobId": f"{JOB}#1"}]}, f"dependsOn: {JOB}#1 is one node; depend on the multi-node job {JOB}."),
    ("3.52", SIM, {"dependsOn": [{"type": "SEQUENTIAL"}]}, "dependsOn: type SEQUENTIAL is only for array jobs."),
    ("3.52", SIM, {"arrayProperties": {"size": 2}, "dependsOn": [{"type": "SEQUENTIAL", "jobId": JOB}]}, "dependsOn: type SEQUENTIAL takes no jobId"),
    ("3.53", SIM, {"dependsOn": [{"type": "N_TO_N", "jobId": JOB}]}, "dependsOn: type N_TO_N is only for array jobs."),
    ("3.53", SIM, {"arrayProperties": {"size": 2}, "dependsOn": [{"type": "N_TO_N", "jobId": f"{JOB}:1"}]}, "dependsOn: type N_TO_N needs the id of an array job"),
    ("3.50", SIM, {"dependsOn": [{"type": "AFTER", "jobId": JOB}]}, "dependsOn.type must be one of N_TO_N, SEQUENTIAL, got AFTER."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "definition", "request_", "text"), REFUSED)
def test_what_is_refused_at_once_and_with_which_text(
    rule: str, definition: Definition, request_: dict[str, Any], text: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        submit(definition, **request_)
    assert text in str(refusal.value), rule


SECRETS = {"executionRoleArn": "r", "secrets": [{"name": "A", "valueFrom": "p"}]}
CONSUMABLES = {"consumableResourceList": [{"consumableResource": "r", "quantity": 1}]}


@pytest.mark.parametrize(
    ("definition", "request_", "text"),
    [
        (MULTI, {}, "Multi-node parallel jobs are not supported"),
        (TASK, {}, r"Jobs of several containers \(ecsProperties\) are not supported"),
        (POD, {}, r"Kubernetes jobs \(eksProperties\) are not supported"),
        (a_definition(**SECRETS), {}, "Secrets .* are not supported"),
        (a_definition(consumableResourceProperties=CONSUMABLES), {}, "Consumable resources are not supported"),
        (SIM, {"consumableResourcePropertiesOverride": CONSUMABLES}, "Consumable resources are not supported"),
    ],
)
def test_what_can_be_registered_but_not_run(definition: Definition, request_: dict[str, Any], text: str) -> None:
    with pytest.raises(Unsupported, match=text):
        submit(definition, **request_)


def test_a_task_of_one_container_runs_like_a_container() -> None:  # 2.10, 12.02
    one = {
        "name": "solo",
        "image": "i",
        "command": ["Ref::x"],
        "resourceRequirements": SMALL,
        "environment": env(A="1"),
    }
    definition = a_definition(
        ecsProperties={"taskProperties": [{"containers": [one], "taskRoleArn": "role"}]}, parameters={"x": "run"}
    )
    override = {"containers": [{"environment": env(A="2"), "resourceRequirements": requirements(VCPU="2")}]}
    spec = submit(definition, ecsPropertiesOverride={"taskProperties": [override]})
    assert spec.container is None and spec.main is not None
    main = msgspec.to_builtins(spec.main)
    assert (main["image"], main["command"], main["jobRoleArn"]) == ("i", ["run"], "role")
    assert (main["environment"], spec.needs) == (env(A="2"), Needs(2, 128))
    assert spec.stream_name("f" * 32) == f"sim/solo/{'f' * 32}"
    assert spec.override_chars > 0


def test_tasks_are_merged_container_by_container() -> None:  # 3.30
    task = TASK.registration.ecsProperties
    override = {"taskProperties": [{"containers": [{"name": "b", "command": ["x", "Ref::p"]}]}]}
    request = msgspec.convert({"jobName": "j", "jobQueue": "q", "jobDefinition": "d", "ecsPropertiesOverride": override}, SubmitJobRequest)  # fmt: skip
    assert task is not None
    merged = merged_ecs(task, request.ecsPropertiesOverride, {"p": "1"}).taskProperties[0].containers
    assert [one.command for one in merged] == [None, ["x", "1"]]


def test_pods_are_merged_container_by_container() -> None:  # 3.30
    properties = a_definition(
        eksProperties={
            "podProperties": {
                "containers": [
                    {
                        "image": "i",
                        "command": ["Ref::p"],
                        "args": ["a"],
                        "env": env(A="1"),
                        "resources": {"limits": {"cpu": "1", "memory": "4Mi"}},
                    }
                ],
                "metadata": {"labels": {"a": "1", "b": "2"}},
            }
        }
    ).registration.eksProperties
    change = {
        "containers": [
            {
                "image": "j",
                "args": ["Ref::p"],
                "env": env(B="2"),
                "resources": {"limits": {"cpu": "2", "memory": "8Mi"}},
            }
        ],
        "metadata": {"labels": {"b": "3"}},
    }
    request = msgspec.convert({"jobName": "j", "jobQueue": "q", "jobDefinition": "d", "eksPropertiesOverride": {"podProperties": change}}, SubmitJobRequest)  # fmt: skip
    assert properties is not None
    pod = msgspec.to_builtins(merged_eks(properties, request.eksPropertiesOverride, {"p": "1"}))["podProperties"]
    one = pod["containers"][0]
    assert (one["image"], one["command"], one["args"], one["env"]) == ("j", ["1"], ["1"], env(A="1", B="2"))
    assert one["resources"]["limits"] == {"cpu": "2", "memory": "8Mi"}
    assert pod["metadata"]["labels"] == {"a": "1", "b": "3"}


def test_node_ranges_are_merged_one_by_one() -> None:  # 3.31
    properties = MULTI.registration.nodeProperties
    change = {
        "numNodes": 6,
        "nodePropertyOverrides": [
            {"targetNodes": "2:", "containerOverrides": {"command": ["Ref::a"], "environment": env(A="1")}}
        ],
    }
    request = msgspec.convert({"jobName": "j", "jobQueue": "q", "jobDefinition": "d", "nodeOverrides": change}, SubmitJobRequest)  # fmt: skip
    assert properties is not None
    merged = merged_nodes(properties, request.nodeOverrides, {"a": "7"})
    assert merged.numNodes == 6
    first, second = (msgspec.to_builtins(part.container) for part in merged.nodeRangeProperties)
    assert (first["command"], second["command"], second["environment"]) == (["7"], ["7"], env(A="1"))


def test_a_request_may_not_be_larger_than_the_limit() -> None:  # 3.03
    check_size(30 * 1024, Limits())
    with pytest.raises(Invalid, match="Job size must be less than 30 KiB, got 47 KiB"):
        check_size(47 * 1024 - 5, Limits())


def test_the_queue_must_offer_the_platform() -> None:  # 3.03
    check_platform(submit(SIM), {"EC2", "FARGATE"})
    text = "Job Queue is attached to Compute Environment that can not run Jobs with capability FARGATE"
    with pytest.raises(Invalid, match=text):
        check_platform(submit(FARGATE), {"EC2"})


def test_array_sizes_are_a_setting() -> None:
    assert submit(SIM, arrayProperties={"size": 1_000_000}, limits=Limits(array_size=1_000_000)).array_size == 1_000_000


def test_long_overrides_are_only_found_at_dispatch() -> None:  # 3.04
    limits = Limits()
    long = a_definition(command=["x" * 9000])
    assert dispatch_fault(submit(long), limits) is None, "what the definition says is no override"
    for request in (
        {"containerOverrides": {"command": ["x" * 8200]}},
        {"containerOverrides": {"environment": env(A="x" * 8200)}},
    ):
        assert dispatch_fault(submit(SIM, **request), limits) == "Container Overrides length must be at most 8192"
    substituted = submit(a_definition(command=["Ref::a"]), parameters={"a": "x" * 8200})
    assert dispatch_fault(substituted, limits) == "Container Overrides length must be at most 8192"
    assert dispatch_fault(submit(SIM, containerOverrides={"command": ["x" * 8000]}), limits) is None


def test_too_many_tags_to_propagate_are_only_found_at_dispatch() -> None:  # 2.25, 3.04
    definition = a_definition(propagateTags=True, tags={f"d{n}": "" for n in range(30)})
    tags = {f"j{n}": "" for n in range(30)}
    fault = dispatch_fault(submit(definition, tags=tags), Limits())
    assert fault == "Tags propagated to the task must be at most 50, got 60"
    assert dispatch_fault(submit(definition, tags=tags, propagateTags=False), Limits()) is None


@pytest.mark.parametrize(
    ("rule", "log", "group", "stream"),
    [
        ("12.01", None, "/aws/batch/job", "sim/default/t"),
        ("12.01", {"logDriver": "awslogs"}, "/aws/batch/job", "sim/default/t"),
        ("12.02", {"logDriver": "awslogs", "options": {"awslogs-stream-prefix": "p"}}, "/aws/batch/job", "p/default/t"),
        ("12.03", {"logDriver": "awslogs", "options": {"awslogs-group": "mine"}}, "mine", "sim/default/t"),
        ("12.06", {"logDriver": "syslog"}, None, None),
    ],
)
def test_where_the_log_goes(rule: str, log: dict[str, Any] | None, group: str | None, stream: str | None) -> None:
    spec = submit(a_definition(**({"logConfiguration": log} if log else {})))
    assert (spec.log_group(), spec.stream_name("t")) == (group, stream), rule
    assert spec.stream_prefix() == (stream and stream.removesuffix("/default/t"))


def test_an_unknown_dependency_form_is_a_job_that_was_not_found() -> None:  # 3.58
    with pytest.raises(NotFound):
        submit(SIM, dependsOn=[{"jobId": "x"}])
