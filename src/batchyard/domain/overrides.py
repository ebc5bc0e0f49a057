"""What the overrides of SubmitJob make of containers (BEHAVIOUR 3.30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from batchyard.api.batch import (
    ConsumableResourceProperties,
    ConsumableResourceRequirement,
    ContainerOverrides,
    ContainerProperties,
    ResourceRequirement,
)
from batchyard.domain.checks import within
from batchyard.domain.containers import check_environment
from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.references import substitute

_DEPRECATED = (
    "This value was submitted in a deprecated key and may conflict with the value provided by the job definition's "
    "resource requirements."
)


class _Variable(Protocol):
    @property
    def name(self) -> str | None: ...
    @property
    def value(self) -> str | None: ...


V = TypeVar("V", bound=_Variable)
N = TypeVar("N", bound="_Named")


class _Named(Protocol):
    @property
    def name(self) -> str | None: ...


def merged_container(
    container: ContainerProperties, override: ContainerOverrides, *, multinode: bool = False
) -> ContainerProperties:
    """`container` under `override`; placeholders are not yet replaced."""
    if override.instanceType and not multinode:
        raise Invalid("containerOverrides.instanceType is only for multi-node jobs.")
    vcpus, memory = _legacy(container, override)
    return msgspec.structs.replace(
        container,
        command=merged_command(container.command, override.command),
        environment=merged_environment(container.environment, override.environment),
        resourceRequirements=merged_requirements(container.resourceRequirements, override.resourceRequirements),
        vcpus=vcpus,
        memory=memory,
        instanceType=override.instanceType or container.instanceType,
    )


def _legacy(container: ContainerProperties, override: ContainerOverrides) -> tuple[int | None, int | None]:
    """The deprecated `vcpus` and `memory`: overridden by their like, or displaced by a `resourceRequirements` entry."""
    own = {requirement.type for requirement in container.resourceRequirements or ()}
    asked = {requirement.type for requirement in override.resourceRequirements or ()}
    values: list[int | None] = []
    for kind, before, after in (
        ("VCPU", container.vcpus, override.vcpus),
        ("MEMORY", container.memory, override.memory),
    ):
        if after is not None and kind in own | asked:
            raise Invalid(_DEPRECATED)
        values.append(None if kind in asked else before if after is None else after)
    return values[0], values[1]


def merged_command(command: list[str] | None, override: list[str] | None) -> list[str] | None:
    """The whole override, or the definition's when that is absent or empty. Raises Invalid for an empty word (3.03)."""
    if not override:
        return command
    if "" in override:
        raise Invalid("Command cannot be empty")
    return override


def merged_environment(environment: list[V] | None, override: list[V] | None) -> list[V] | None:
    """By name: the override's value in the definition's place, new names behind. Refuses Batch's own names (6.02)."""
    if not override:
        return environment
    check_environment(override)
    return list(
        ({entry.name: entry for entry in environment or ()} | {entry.name: entry for entry in override}).values()
    )


def merged_requirements(
    requirements: list[ResourceRequirement] | None, override: list[ResourceRequirement] | None
) -> list[ResourceRequirement] | None:
    """By type; types that are not named keep the definition's value."""
    if not override:
        return requirements
    asked = {requirement.type: requirement for requirement in override}
    if len(asked) < len(override):
        raise Invalid("Cannot provide duplicates in resourceRequirements.")
    return list(({requirement.type: requirement for requirement in requirements or ()} | asked).values())


def by_name(overrides: Sequence[N] | None, names: Sequence[str | None], member: str) -> Mapping[str | None, N]:
    """Overrides by the name of the container that they are for; it may be left out where there is only one.

    Raises NotFound for a name that is not among `names`, Invalid for a name given twice.
    """
    found: dict[str | None, N] = {}
    for override in overrides or ():
        name = override.name or (names[0] if len(names) == 1 else None)
        if name not in names:
            raise NotFound(f"{member}: container {override.name or '(no name)'} does not exist in the job definition.")
        if name in found:
            raise Invalid(f"{member}: container {name} is named twice.")
        found[name] = override
    return found


def substituted(container: ContainerProperties, parameters: Mapping[str, str]) -> ContainerProperties:
    """`container` with the placeholders of its command replaced (2.31)."""
    if not container.command:
        return container
    return msgspec.structs.replace(container, command=substitute(container.command, parameters))


def check_consumables(properties: ConsumableResourceProperties | None) -> None:
    """At most five resources, none twice, each with a name and a quantity (2.26)."""
    entries = (properties and properties.consumableResourceList) or []
    within(len(entries), 0, 5, "The number of entries in consumableResourceList")
    names = [_resource(entry) for entry in entries]
    if len(set(names)) < len(names):
        raise Invalid("consumableResourceList cannot name a resource twice.")
    for entry in entries:
        if entry.quantity is None or entry.quantity < 1:
            raise Invalid(f"consumableResourceList: quantity of {entry.consumableResource} must be at least 1.")


def merged_consumables(
    properties: ConsumableResourceProperties | None, override: ConsumableResourceProperties | None
) -> list[ConsumableResourceRequirement]:
    """The override's quantity per resource; what it does not name stays, what is new is added."""
    check_consumables(override)
    found = {_resource(entry): entry for entry in (properties and properties.consumableResourceList) or ()}
    found |= {_resource(entry): entry for entry in (override and override.consumableResourceList) or ()}
    return list(found.values())


def _resource(entry: ConsumableResourceRequirement) -> str:
    """A resource's name, whether it was given so or by its ARN."""
    name = (entry.consumableResource or "").rpartition("/")[2]
    if not name:
        raise Invalid("consumableResourceList: consumableResource is required.")
    return name
