"""`nodeProperties`: the node ranges of a multi-node job (BEHAVIOUR 2.12, 3.31)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from batchyard.api.batch import (
    ConsumableResourceProperties,
    ContainerOverrides,
    ContainerProperties,
    NodeOverrides,
    NodeProperties,
    NodePropertyOverride,
    NodeRangeProperty,
)
from batchyard.domain.containers import check_container, echoed
from batchyard.domain.ecs import check_ecs, echoed_ecs, merged_ecs, task_needs
from batchyard.domain.eks import check_eks, merged_eks, pod_needs
from batchyard.domain.errors import Invalid
from batchyard.domain.overrides import check_consumables, merged_consumables, merged_container, substituted
from batchyard.domain.resources import EC2, Needs, container_amounts, needs

_TARGET = re.compile(r"([0-9]{0,6})(?:(:)([0-9]{0,6}))?")


def span(target: str, nodes: int) -> tuple[int, int]:
    """First and last node of `targetNodes` in a job of `nodes` nodes (2.121). Raises Invalid."""
    found = _TARGET.fullmatch(target)
    if found is None or not target:
        raise Invalid("targetNodes should contain only digits.")
    low = int(found[1] or 0)
    high = int(found[3]) if found[3] else nodes - 1 if found[2] else low
    if low > high or high >= nodes:
        raise Invalid(f"targetNodes {target} must lie between 0 and {nodes - 1}.")
    return low, high


def check_nodes(properties: NodeProperties, nodes_limit: int, ranges_limit: int) -> None:
    """Refuse what breaks 2.120-2.125."""
    nodes = properties.numNodes
    if not 1 <= nodes <= nodes_limit:
        raise Invalid(f"Number of nodes must be between 1 and {nodes_limit}.")
    if not 0 <= properties.mainNode < nodes:
        raise Invalid(f"mainNode must be between 0 and {nodes - 1}, got {properties.mainNode}.")
    ranges = properties.nodeRangeProperties
    if len(ranges) > ranges_limit:
        raise Invalid(f"Maximum allowed size of node range properties is {ranges_limit}")
    if not ranges:
        raise Invalid("nodeRangeProperties is required.")
    _check_cover([span(part.targetNodes, nodes) for part in ranges], nodes)
    for part in ranges:
        _check_range(part)
    if len({tuple(_instance_types(part)) for part in ranges}) > 1:
        raise Invalid("All node ranges must use the same instance type.")


def _check_cover(spans: list[tuple[int, int]], nodes: int) -> None:
    """The ranges cover every node, and those that share nodes are nested (2.122)."""
    for position, (low, high) in enumerate(spans):
        for other_low, other_high in spans[:position]:
            apart = high < other_low or other_high < low
            nested = (low - other_low) * (high - other_high) <= 0 and (low, high) != (other_low, other_high)
            if not apart and not nested:
                raise Invalid(f"Node ranges {low}:{high} and {other_low}:{other_high} overlap; nest or separate them.")
    next_node = 0
    for low, high in sorted(spans):
        if low > next_node:
            break
        next_node = max(next_node, high + 1)
    if next_node < nodes:
        raise Invalid(f"Node ranges must cover all nodes from 0 to {nodes - 1}; node {next_node} is in none.")


def _check_range(part: NodeRangeProperty) -> None:
    given = {
        member: value
        for member, value in (
            ("container", part.container),
            ("ecsProperties", part.ecsProperties),
            ("eksProperties", part.eksProperties),
        )
        if value is not None
    }
    if not given:
        raise Invalid(f"Must specify container for node range {part.targetNodes}")
    if len(given) > 1:
        both = [member for member in ("ecsProperties", "eksProperties", "container") if member in given]
        raise Invalid(f"NodeRangeProperties can not use both {both[0]} and {both[1]} fields")
    if part.instanceTypes and part.ecsProperties is None:
        raise Invalid("Using instanceTypes with nodeRangeProperty is only allowed for ecsProperties jobs.")
    if len(part.instanceTypes or ()) > 1:
        raise Invalid("instanceTypes can have at most one element.")
    check_consumables(part.consumableResourceProperties)
    if part.container is not None:
        check_container(part.container, EC2, multinode=True)
    if part.ecsProperties is not None:
        check_ecs(part.ecsProperties, EC2)
    if part.eksProperties is not None:
        check_eks(part.eksProperties)


def node_needs(properties: NodeProperties) -> Needs:
    """What the host of any one node must offer: the largest of the ranges' needs, amount by amount."""
    each = [_range_needs(part) for part in properties.nodeRangeProperties]
    return Needs(
        max(part.vcpus for part in each), max(part.memory_mib for part in each), max(part.gpus for part in each)
    )


def _range_needs(part: NodeRangeProperty) -> Needs:
    if part.eksProperties is not None:
        return pod_needs(part.eksProperties)
    if part.ecsProperties is not None:
        return task_needs(part.ecsProperties, EC2)
    return needs([container_amounts(part.container or ContainerProperties(), EC2)], EC2)


def _instance_types(part: NodeRangeProperty) -> list[str]:
    if part.container is not None:
        return [part.container.instanceType] if part.container.instanceType else []
    return part.instanceTypes or []


def echoed_nodes(properties: NodeProperties) -> NodeProperties:
    """`properties` as stored: each range's payload as it would be stored alone."""
    return _with_ranges(
        properties,
        lambda part: msgspec.structs.replace(
            part,
            container=part.container and echoed(part.container, EC2),
            ecsProperties=part.ecsProperties and echoed_ecs(part.ecsProperties),
        ),
    )


def merged_nodes(
    properties: NodeProperties, override: NodeOverrides | None, parameters: Mapping[str, str]
) -> NodeProperties:
    """`properties` under `override`, with placeholders replaced. Raises Invalid where 3.31 forbids it."""
    change = override or NodeOverrides()
    if change.numNodes is not None:
        properties = _resized(properties, change.numNodes)
    targets = [part.targetNodes for part in properties.nodeRangeProperties]
    asked = {part.targetNodes: part for part in change.nodePropertyOverrides or ()}
    strangers = [target for target in asked if target not in targets]
    if strangers:
        raise Invalid(
            f"NodeOverride targets should match job definition. Non matching targets - {', '.join(strangers)}"
        )
    return _with_ranges(properties, lambda part: _merged_range(part, asked.get(part.targetNodes), parameters))


def _resized(properties: NodeProperties, nodes: int) -> NodeProperties:
    """`properties` with another number of nodes."""
    if nodes == properties.numNodes:
        return properties
    if properties.mainNode >= nodes:
        raise Invalid(f"nodeOverrides.numNodes must be greater than mainNode {properties.mainNode}, got {nodes}.")
    opened = [part.targetNodes for part in properties.nodeRangeProperties if part.targetNodes.endswith(":")]
    if not opened:
        raise Invalid(
            "nodeOverrides.numNodes requires a node range without an upper end, such as 0: in the definition."
        )
    _check_cover([span(part.targetNodes, nodes) for part in properties.nodeRangeProperties], nodes)
    return msgspec.structs.replace(properties, numNodes=nodes)


def _merged_range(
    part: NodeRangeProperty, change: NodePropertyOverride | None, parameters: Mapping[str, str]
) -> NodeRangeProperty:
    change = change or NodePropertyOverride(targetNodes=part.targetNodes)
    for member, value, payload in (
        ("containerOverrides", change.containerOverrides, part.container),
        ("ecsPropertiesOverride", change.ecsPropertiesOverride, part.ecsProperties),
        ("eksPropertiesOverride", change.eksPropertiesOverride, part.eksProperties),
    ):
        if value is not None and payload is None:
            raise Invalid(f"{member} does not fit the node range {part.targetNodes} of the job definition.")
    container = part.container
    if container is not None:
        override = change.containerOverrides or ContainerOverrides()
        container = substituted(merged_container(container, override, multinode=True), parameters)
    consumables = merged_consumables(part.consumableResourceProperties, change.consumableResourcePropertiesOverride)
    return msgspec.structs.replace(
        part,
        container=container,
        ecsProperties=part.ecsProperties and merged_ecs(part.ecsProperties, change.ecsPropertiesOverride, parameters),
        eksProperties=part.eksProperties and merged_eks(part.eksProperties, change.eksPropertiesOverride, parameters),
        instanceTypes=change.instanceTypes or part.instanceTypes,
        consumableResourceProperties=ConsumableResourceProperties(consumableResourceList=consumables)
        if consumables
        else part.consumableResourceProperties,
    )


def _with_ranges(
    properties: NodeProperties, change: Callable[[NodeRangeProperty], NodeRangeProperty]
) -> NodeProperties:
    ranges = [change(part) for part in properties.nodeRangeProperties]
    return msgspec.structs.replace(properties, nodeRangeProperties=ranges)
