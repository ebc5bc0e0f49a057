"""Tasks of several containers, pods, and node ranges: what may be registered (BEHAVIOUR 2.10, 2.11, 2.12)."""

# ruff: noqa: E501 - a case is one line of a table

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from batchyard.api.batch import EcsProperties, EksProperties, NodeProperties
from batchyard.domain.ecs import check_ecs, echoed_ecs, task_needs
from batchyard.domain.eks import check_eks, pod_needs
from batchyard.domain.errors import Invalid
from batchyard.domain.nodes import check_nodes, echoed_nodes, span
from batchyard.domain.resources import EC2, FARGATE, Needs

SMALL = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]


def a_task(*containers: dict[str, Any], **task: Any) -> dict[str, Any]:
    return {"taskProperties": [{"containers": list(containers), **task}]}


def c(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "image": "busybox", "resourceRequirements": SMALL, **changes}


def after(name: str, condition: str | None = "START") -> list[dict[str, Any]]:
    return [{"containerName": name, "condition": condition}]


REFUSED_TASKS: list[tuple[str, dict[str, Any], str, str]] = [
    ("2.100", {"taskProperties": []}, EC2, "taskProperties must have exactly one element, got 0."),
    ("2.100", a_task(), EC2, "The number of containers must be between 1 and 10, got 0."),
    ("2.100", a_task(*(c(f"c{n}") for n in range(11))), EC2, "The number of containers must be between 1 and 10, got 11."),
    ("2.101", a_task(c("a"), ipcMode="shared"), EC2, "ipcMode must be one of host, task, none, got shared."),
    ("2.101", a_task(c("a"), ipcMode="task", executionRoleArn="r"), FARGATE, "ipcMode is not applicable for Fargate."),
    ("2.101", a_task(c("a"), pidMode="none"), EC2, "pidMode must be one of host, task, got none."),
    ("2.101", a_task(c("a"), networkMode="host"), EC2, "networkMode is not applicable for EC2."),
    ("2.102", a_task(c("a", image="")), EC2, "image is required."),
    ("2.102", a_task(c("a"), c("")), EC2, "containers.name is required."),
    ("2.103", a_task(c("a"), c("a")), EC2, "Container names must be unique"),
    ("2.103", a_task(c("a", essential=False)), EC2, "At least one container must be essential."),
    ("2.104", a_task(c("a"), c("b", dependsOn=after("a", "DONE"))), EC2, "TaskContainer dependency DONE is not valid. Valid values are: [START, COMPLETE, SUCCESS]"),
    ("2.104", a_task(c("a"), c("b", dependsOn=after("x"))), EC2, "dependsOn: container x does not exist among the containers."),
    ("2.104", a_task(c("a"), c("b", dependsOn=after("a", "SUCCESS"))), EC2, "condition SUCCESS cannot point at the essential container a."),
    ("2.104", a_task(c("a", dependsOn=after("b")), c("b", dependsOn=after("a"))), EC2, "dependsOn: containers a, b wait for each other."),
    ("2.106", a_task(c("a", startTimeout=1)), EC2, "startTimeout must be at least 2, got 1."),
    ("2.107", a_task(c("a", stopTimeout=121), executionRoleArn="r"), FARGATE, "stopTimeout must be between 2 and 120, got 121."),
    ("2.108", a_task(c("a", resourceRequirements=[])), EC2, "vCPU is required."),
    ("2.108", a_task(c("a"), c("b"), executionRoleArn="r"), FARGATE, "Fargate resource requirements (2.00 vCPU, 256 MiB) not valid."),
    ("2.85", a_task(c("a", firelensConfiguration={"type": "vector"})), EC2, "firelensConfiguration must be one of fluentd, fluentbit, got vector."),
    ("2.72", a_task(c("a", mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}])), EC2, "sourceVolume v does not exist"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "task", "platform", "text"), REFUSED_TASKS)
def test_tasks_that_are_refused(rule: str, task: dict[str, Any], platform: str, text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_ecs(msgspec.convert(task, EcsProperties), platform)
    assert text in str(refusal.value), rule


def test_a_task_of_containers_that_wait_for_each_other_in_order() -> None:  # 2.85, 2.104, 2.108
    task = msgspec.convert(
        a_task(
            c("init", essential=False, resourceRequirements=[], environment=[{"name": "EMPTY", "value": ""}]),
            c("router", firelensConfiguration={"type": "fluentbit"}, dependsOn=after("init", "SUCCESS")),
            c("main", logConfiguration={"logDriver": "awsfirelens"}, dependsOn=after("router")),
        ),
        EcsProperties,
    )
    check_ecs(task, EC2)
    assert task_needs(task, EC2) == Needs(2, 256)
    echo = msgspec.to_builtins(echoed_ecs(task))["taskProperties"][0]["containers"]
    assert echo[0]["environment"] == []  # 2.12
    assert echo[1:] == msgspec.to_builtins(task)["taskProperties"][0]["containers"][1:]  # and nothing is added


LIMITS = {"limits": {"cpu": "1", "memory": "128Mi"}}


def a_pod(*containers: dict[str, Any], **pod: Any) -> dict[str, Any]:
    return {"podProperties": {"containers": list(containers), **pod}}


def p(**changes: Any) -> dict[str, Any]:
    return {"image": "busybox", "resources": LIMITS, **changes}


def amounts(limits: dict[str, str], requests: dict[str, str] | None = None) -> dict[str, Any]:
    return p(resources={"limits": limits, "requests": requests or {}})


REFUSED_PODS: list[tuple[str, dict[str, Any], str]] = [
    ("2.110", {}, "eksProperties.podProperties is required."),
    ("2.110", a_pod(), "The number of podProperties.containers must be between 1 and 10, got 0."),
    ("2.110", a_pod(p(), initContainers=[p(name=f"i{n}") for n in range(11)]), "podProperties.initContainers can have at most 10 entries, got 11."),
    ("2.110", a_pod(p(), dnsPolicy="None"), "Unsupported DNS policy value."),
    ("2.111", a_pod(p(image="")), "containers.image is required."),
    ("2.111", a_pod(p(), p(name="b")), "containers.name is required."),
    ("2.111", a_pod(p(name="b"), p(name="b")), "Container names must be unique"),
    ("2.111", a_pod(p(imagePullPolicy="Often")), "imagePullPolicy must be one of Always, IfNotPresent, Never, got Often."),
    ("2.111", a_pod(p(securityContext={"capabilities": {"add": ["X"] * 65}})), "capabilities.add can have at most 64 entries, got 65."),
    ("2.111", a_pod(p(securityContext={"seccompProfile": {"type": "None"}})), "seccompProfile.type must be one of RuntimeDefault, Localhost, Unconfined, got None."),
    ("2.112", a_pod(amounts({"cpu": "1", "memory": "1Gi"})), "Value 1Gi for type memory is not valid."),
    ("2.112", a_pod(amounts({"cpu": "1", "memory": "3Mi"})), "Value 3Mi for type memory is not valid."),
    ("2.112", a_pod(amounts({"cpu": "100m", "memory": "4Mi"})), "Value 100m for type cpu is not valid."),
    ("2.112", a_pod(amounts({"cpu": "0.3", "memory": "4Mi"})), "Value 0.3 for type cpu is not valid."),
    ("2.112", a_pod(amounts({"cpu": "1", "memory": "4Mi", "nvidia.com/gpu": "0.5"})), "Value 0.5 for type nvidia.com/gpu is not valid."),
    ("2.112", a_pod(amounts({"cpu": "1", "memory": "4Mi", "disk": "1"})), "resources: disk must be one of cpu, memory, nvidia.com/gpu."),
    ("2.112", a_pod(amounts({"cpu": "1", "memory": "4Mi"}, {"cpu": "2"})), "cpu request must be <= to cpu limit if both are provided."),
    ("2.112", a_pod(amounts({"cpu": "1", "memory": "8Mi"}, {"memory": "4Mi"})), "memory request must be equal to memory limit if both are provided, got 4Mi, 8Mi."),
    ("2.112", a_pod(amounts({"cpu": "1"})), "resources: memory is required."),
    ("2.113", a_pod(p(volumeMounts=[{"name": "v", "mountPath": "/v"}])), "volumeMounts: volume v does not exist among the volumes."),
    ("2.113", a_pod(p(), volumes=[{"name": "v", "emptyDir": {"medium": "Disk"}}]), "Invalid Volume mount. Allowed values - Memory or null."),
    ("2.113", a_pod(p(), volumes=[{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}]), "Volume v can be of one kind only."),
    ("2.115", a_pod(p(), metadata={"namespace": "default"}), "namespace default must have"),
    ("2.115", a_pod(p(), metadata={"namespace": "kube-system"}), "namespace kube-system must have"),
    ("2.115", a_pod(p(), metadata={"namespace": "a" * 64}), "must have 1 to 63"),
    ("6.02", a_pod(p(env=[{"name": "AWS_BATCH_X", "value": "1"}])), "Environment variables must not start with AWS_BATCH, got AWS_BATCH_X."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "pod", "text"), REFUSED_PODS)
def test_pods_that_are_refused(rule: str, pod: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_eks(msgspec.convert(pod, EksProperties))
    assert text in str(refusal.value), rule


def test_a_pod_needs_its_requests_which_are_the_limits_where_they_are_missing() -> None:  # 2.112
    pod = a_pod(
        {**amounts({"cpu": "2", "memory": "8Mi"}, {"cpu": "0.25"}), "name": "a"},
        {**amounts({}, {"cpu": "0.5", "memory": "4Mi", "nvidia.com/gpu": "1"}), "name": "b"},
        initContainers=[{"name": "i", "image": "busybox"}],
        volumes=[{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}],
        metadata={"namespace": "team-a"},
    )
    properties = msgspec.convert(pod, EksProperties)
    check_eks(properties)
    assert pod_needs(properties) == Needs(0.75, 12, 1)


def nodes(total: int, *ranges: dict[str, Any] | str, main: int = 0) -> dict[str, Any]:
    full = [part if isinstance(part, dict) else a_range(part) for part in ranges]
    return {"numNodes": total, "mainNode": main, "nodeRangeProperties": full}


def a_range(target: str, **changes: Any) -> dict[str, Any]:
    payload = changes or {"container": {"image": "busybox", "resourceRequirements": SMALL}}
    return {"targetNodes": target, **payload}


CONTAINER = {"image": "busybox", "resourceRequirements": SMALL}
REFUSED_NODES: list[tuple[str, dict[str, Any], str]] = [
    ("2.120", nodes(0, "0"), "Number of nodes must be between 1 and 1000."),
    ("2.120", nodes(1001, "0:"), "Number of nodes must be between 1 and 1000."),
    ("2.120", nodes(2, "0:", main=2), "mainNode must be between 0 and 1, got 2."),
    ("2.120", nodes(6, *"012345"), "Maximum allowed size of node range properties is 5"),
    ("2.120", nodes(1), "nodeRangeProperties is required."),
    ("2.121", nodes(2, "all"), "targetNodes should contain only digits."),
    ("2.121", nodes(2, ""), "targetNodes should contain only digits."),
    ("2.121", nodes(2, "0:2"), "targetNodes 0:2 must lie between 0 and 1."),
    ("2.121", nodes(2, "1:0"), "targetNodes 1:0 must lie between 0 and 1."),
    ("2.122", nodes(3, "0", "2"), "Node ranges must cover all nodes from 0 to 2; node 1 is in none."),
    ("2.122", nodes(4, "0:2", "1:3"), "Node ranges 1:3 and 0:2 overlap; nest or separate them."),
    ("2.122", nodes(2, ":", "0:"), "Node ranges 0:1 and 0:1 overlap; nest or separate them."),
    ("2.123", nodes(1, {"targetNodes": "0"}), "Must specify container for node range 0"),
    ("2.123", nodes(1, a_range("0", container=CONTAINER, ecsProperties=a_task(c("a")))), "NodeRangeProperties can not use both ecsProperties and container fields"),
    ("2.124", nodes(1, a_range("0", container=CONTAINER, instanceTypes=["c5.large"])), "Using instanceTypes with nodeRangeProperty is only allowed for ecsProperties jobs."),
    ("2.124", nodes(1, a_range("0", ecsProperties=a_task(c("a")), instanceTypes=["c5.large", "c5.xlarge"])), "instanceTypes can have at most one element."),
    ("2.124", nodes(2, a_range("0", container={**CONTAINER, "instanceType": "c5.large"}), "1"), "All node ranges must use the same instance type."),
    ("2.125", nodes(1, a_range("0", container={"image": "busybox"})), "vCPU is required."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "properties", "text"), REFUSED_NODES)
def test_node_ranges_that_are_refused(rule: str, properties: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_nodes(msgspec.convert(properties, NodeProperties), 1000, 5)
    assert text in str(refusal.value), rule


@pytest.mark.parametrize(
    "properties", [nodes(4, "0:", "1:2", "2"), nodes(4, ":1", "2:3"), nodes(1, ":"), nodes(3, "0", "1:")]
)
def test_node_ranges_that_are_accepted(properties: dict[str, Any]) -> None:  # 2.121, 2.122
    check_nodes(msgspec.convert(properties, NodeProperties), 1000, 5)


@pytest.mark.parametrize(
    ("target", "expected"), [("3", (3, 3)), ("1:3", (1, 3)), (":3", (0, 3)), ("2:", (2, 7)), (":", (0, 7))]
)
def test_how_target_nodes_are_read(target: str, expected: tuple[int, int]) -> None:  # 2.121
    assert span(target, 8) == expected


def test_a_node_container_is_echoed_like_any_other() -> None:  # 2.09
    echo = echoed_nodes(msgspec.convert(nodes(1, "0"), NodeProperties))
    container = echo.nodeRangeProperties[0].container
    assert container is not None
    assert (container.command, container.environment, container.volumes) == ([], [], [])
