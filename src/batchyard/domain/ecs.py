"""`ecsProperties`: one task of several containers (BEHAVIOUR 2.10)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from batchyard.api.batch import (
    FIRELENS_CONFIGURATION_TYPE_VALUES,
    ContainerProperties,
    EcsProperties,
    EcsPropertiesOverride,
    EcsTaskProperties,
    FargatePlatformConfiguration,
    TaskContainerProperties,
)
from batchyard.domain.checks import at_least, one_of, required, within
from batchyard.domain.containers import check_parts, is_windows, kept_environment
from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.overrides import by_name, merged_command, merged_environment, merged_requirements
from batchyard.domain.references import substitute
from batchyard.domain.resources import EC2, FARGATE, Needs, amounts, needs

_MAX_CONTAINERS = 10
_CONDITIONS = ("START", "COMPLETE", "SUCCESS")


def as_container(task: EcsTaskProperties, container: TaskContainerProperties) -> ContainerProperties:
    """One container of a task in the form of `containerProperties`, with what the task says for all of them."""
    return ContainerProperties(
        image=container.image,
        command=container.command,
        jobRoleArn=task.taskRoleArn,
        executionRoleArn=task.executionRoleArn,
        volumes=task.volumes,
        environment=container.environment,
        mountPoints=container.mountPoints,
        readonlyRootFilesystem=container.readonlyRootFilesystem,
        privileged=container.privileged,
        ulimits=container.ulimits,
        user=container.user,
        resourceRequirements=container.resourceRequirements,
        linuxParameters=container.linuxParameters,
        logConfiguration=container.logConfiguration,
        secrets=container.secrets,
        networkConfiguration=task.networkConfiguration,
        fargatePlatformConfiguration=FargatePlatformConfiguration(platformVersion=task.platformVersion)
        if task.platformVersion
        else None,
        enableExecuteCommand=task.enableExecuteCommand,
        ephemeralStorage=task.ephemeralStorage,
        runtimePlatform=task.runtimePlatform,
        repositoryCredentials=container.repositoryCredentials,
    )


def containers(properties: EcsProperties) -> list[ContainerProperties]:
    """All containers of the one task, in the form of `containerProperties`."""
    task = properties.taskProperties[0]
    return [as_container(task, container) for container in task.containers]


def task_needs(properties: EcsProperties, platform: str) -> Needs:
    """The sum over the task's containers (2.108). Raises Invalid."""
    task = properties.taskProperties[0]
    parts = [amounts(container.resourceRequirements, platform) for container in task.containers]
    return needs(parts, platform, windows=is_windows(task.runtimePlatform))


def is_plain(properties: EcsProperties) -> bool:
    """Whether the task is one container that a `containerProperties` could say as well."""
    task = properties.taskProperties[0]
    if len(task.containers) != 1 or task.pidMode or task.ipcMode or task.networkMode:
        return False
    container = task.containers[0]
    timed = container.startTimeout is not None or container.stopTimeout is not None
    return container.firelensConfiguration is None and not timed


def check_ecs(properties: EcsProperties, platform: str) -> None:
    """Refuse what breaks 2.100-2.108."""
    if len(properties.taskProperties) != 1:
        raise Invalid(f"taskProperties must have exactly one element, got {len(properties.taskProperties)}.")
    task = properties.taskProperties[0]
    within(len(task.containers), 1, _MAX_CONTAINERS, "The number of containers")
    _check_modes(task, platform)
    names = [container.name for container in task.containers]
    if len(names) > 1:
        for name in names:
            required(name, "containers.name")
    if len(set(names)) < len(names):
        raise Invalid("Container names must be unique")
    if all(container.essential is False for container in task.containers):
        raise Invalid("At least one container must be essential.")
    firelens = any(container.firelensConfiguration is not None for container in task.containers)
    for container in task.containers:
        check_parts(as_container(task, container), platform, firelens=firelens)
        if container.firelensConfiguration is not None:
            one_of(container.firelensConfiguration.type, FIRELENS_CONFIGURATION_TYPE_VALUES, "firelensConfiguration")
        for member, value in (("startTimeout", container.startTimeout), ("stopTimeout", container.stopTimeout)):
            at_least(value, 2, member)
            if platform == FARGATE:
                within(value, 2, 120, member)
    _check_dependencies(task.containers)
    task_needs(properties, platform)


def _check_modes(task: EcsTaskProperties, platform: str) -> None:
    one_of(task.ipcMode, ("host", "task", "none"), "ipcMode")
    one_of(task.pidMode, ("host", "task"), "pidMode")
    one_of(task.networkMode, ("host",), "networkMode")
    if task.ipcMode and platform == FARGATE:
        raise Invalid("ipcMode is not applicable for Fargate.")
    if task.networkMode and platform in (EC2, FARGATE):
        raise Invalid(f"networkMode is not applicable for {'EC2' if platform == EC2 else 'Fargate'}.")


def _check_dependencies(tasks: list[TaskContainerProperties]) -> None:
    """2.104: conditions, names and no cycle."""
    named = {container.name: container for container in tasks}
    waits: dict[str | None, set[str | None]] = {}
    for container in tasks:
        waits[container.name] = set()
        for dependency in container.dependsOn or ():
            condition, on = dependency.condition, dependency.containerName
            if condition not in _CONDITIONS:
                raise Invalid(
                    f"TaskContainer dependency {condition} is not valid. Valid values are: [{', '.join(_CONDITIONS)}]"
                )
            if on is None or on not in named:
                raise NotFound(f"dependsOn: container {on} does not exist among the containers.")
            if condition != "START" and named[on].essential is not False:
                raise Invalid(f"dependsOn: condition {condition} cannot point at the essential container {on}.")
            waits[container.name].add(on)
    while ready := {name for name, on in waits.items() if not on & waits.keys()}:
        waits = {name: on for name, on in waits.items() if name not in ready}
    if waits:
        raise Invalid(f"dependsOn: containers {', '.join(sorted(map(str, waits)))} wait for each other.")


def echoed_ecs(properties: EcsProperties) -> EcsProperties:
    """`properties` as stored: without variables that have an empty value (2.12), and nothing added."""
    return _with_containers(
        properties,
        [
            msgspec.structs.replace(container, environment=kept_environment(container.environment))
            for container in properties.taskProperties[0].containers
        ],
    )


def merged_ecs(
    properties: EcsProperties, override: EcsPropertiesOverride | None, parameters: Mapping[str, str]
) -> EcsProperties:
    """`properties` under `override`, container by container, with placeholders replaced (3.30, 2.31)."""
    tasks = (override and override.taskProperties) or []
    if len(tasks) > 1:
        raise Invalid(f"ecsPropertiesOverride.taskProperties can have at most one element, got {len(tasks)}.")
    own = properties.taskProperties[0].containers
    asked = by_name(
        tasks[0].containers if tasks else None, [container.name for container in own], "ecsPropertiesOverride"
    )
    done: list[TaskContainerProperties] = []
    for container in own:
        change = asked.get(container.name)
        if change is not None:
            container = msgspec.structs.replace(
                container,
                command=merged_command(container.command, change.command),
                environment=merged_environment(container.environment, change.environment),
                resourceRequirements=merged_requirements(container.resourceRequirements, change.resourceRequirements),
            )
        if container.command:
            container = msgspec.structs.replace(container, command=substitute(container.command, parameters))
        done.append(container)
    return _with_containers(properties, done)


def _with_containers(properties: EcsProperties, done: list[TaskContainerProperties]) -> EcsProperties:
    task = msgspec.structs.replace(properties.taskProperties[0], containers=done)
    return EcsProperties(taskProperties=[task])
