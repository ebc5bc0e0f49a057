"""`containerProperties`: what one container may ask for on which platform, and how it is echoed (BEHAVIOUR 2.4-2.9)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from batchyard.api.batch import (
    ASSIGN_PUBLIC_IP_VALUES,
    DEVICE_CGROUP_PERMISSION_VALUES,
    ContainerProperties,
    FargatePlatformConfiguration,
    KeyValuePair,
    LinuxParameters,
    RuntimePlatform,
    Ulimit,
)
from batchyard.domain.checks import at_least, one_of, required, within
from batchyard.domain.errors import Invalid
from batchyard.domain.logs import check_log
from batchyard.domain.resources import EC2, FARGATE, container_amounts, needs
from batchyard.domain.secrets import check_secrets
from batchyard.domain.volumes import check_mounts, check_volumes

_IMAGE = re.compile(r"[A-Za-z0-9_.:/#@-]{1,255}")
_USER_PART = r"[a-z0-9_][a-z0-9_-]{0,30}"
_USER = re.compile(rf"{_USER_PART}(:{_USER_PART})?")
_PLATFORM_VERSIONS = ("LATEST", "1.4.0", "1.3.0")
_ARCHITECTURES = ("X86_64", "ARM64")
_SYSTEMS = (
    "WINDOWS_SERVER_2019_CORE",
    "WINDOWS_SERVER_2019_FULL",
    "WINDOWS_SERVER_2022_CORE",
    "WINDOWS_SERVER_2022_FULL",
    "LINUX",
)
_ULIMITS = "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack"
_MOUNT_OPTIONS = (
    "defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime noatime diratime "
    "nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave rslave relatime norelatime "
    "strictatime nostrictatime mode uid gid nr_inodes nr_blocks mpol"
)


class _Variable(Protocol):
    @property
    def name(self) -> str | None: ...


def echoed(container: ContainerProperties, platform: str) -> ContainerProperties:
    """`container` as it is stored and described: 2.09, 2.10 and 2.12, and nothing else."""
    fargate = container.fargatePlatformConfiguration
    if platform == FARGATE and (fargate is None or not fargate.platformVersion):
        fargate = FargatePlatformConfiguration(platformVersion="LATEST")
    return msgspec.structs.replace(
        container,
        command=container.command or [],
        environment=kept_environment(container.environment) or [],
        mountPoints=container.mountPoints or [],
        resourceRequirements=container.resourceRequirements or [],
        secrets=container.secrets or [],
        ulimits=container.ulimits or [],
        volumes=container.volumes or [],
        fargatePlatformConfiguration=fargate,
    )


def kept_environment(environment: list[KeyValuePair] | None) -> list[KeyValuePair] | None:
    """Entries with an empty value are not stored (2.12)."""
    return None if environment is None else [entry for entry in environment if entry.value]


def check_container(container: ContainerProperties, platform: str, *, multinode: bool = False) -> None:
    """Refuse a whole `containerProperties`, its resources included."""
    check_parts(container, platform, multinode=multinode)
    needs([container_amounts(container, platform)], platform, windows=is_windows(container.runtimePlatform))


def check_parts(
    container: ContainerProperties, platform: str, *, multinode: bool = False, firelens: bool = False
) -> None:
    """Everything but the resources, which several containers of one task have together."""
    image = required(container.image, "image")
    if _IMAGE.fullmatch(image) is None:
        raise Invalid(f"image {image} must have 1 to 255 letters, digits or any of - _ . : / # @")
    check_environment(container.environment)
    check_environment(container.secrets)
    if container.user and _USER.fullmatch(container.user) is None:
        raise Invalid(f"User '{container.user}' does not match regex ^({_USER_PART})(:{_USER_PART})?$")
    if container.instanceType and not multinode:
        raise Invalid("instanceType is only for the containers of multi-node jobs.")
    _check_platform(container, platform)
    windows = is_windows(container.runtimePlatform)
    if windows:
        _check_windows(container)
    _check_ulimits(container.ulimits)
    _check_linux(container.linuxParameters)
    fargate = container.fargatePlatformConfiguration
    check_volumes(
        container.volumes,
        platform=platform,
        platform_version=fargate.platformVersion if fargate else None,
        role=container.jobRoleArn,
        windows=windows,
    )
    check_mounts(container.mountPoints, container.volumes)
    check_log(container.logConfiguration, platform=platform, firelens=firelens)
    check_secrets(container.secrets, "secrets")
    if has_secrets(container) and not container.executionRoleArn:
        raise Invalid("executionRoleArn is required when secrets or secretOptions are used.")


def check_environment(environment: Iterable[_Variable] | None) -> None:
    """Each variable, secret ones too, has a name that is not one of Batch's own (2.12, 6.02)."""
    for entry in environment or ():
        if required(entry.name, "environment.name").startswith("AWS_BATCH"):
            raise Invalid(f"Environment variables must not start with AWS_BATCH, got {entry.name}.")


def has_secrets(container: ContainerProperties) -> bool:
    """Whether something must be fetched from a secret store before the container can start."""
    log = container.logConfiguration
    return bool(container.secrets or (log is not None and log.secretOptions))


def is_windows(runtime: RuntimePlatform | None) -> bool:
    """Whether the container is a Windows one."""
    return runtime is not None and (runtime.operatingSystemFamily or "").startswith("WINDOWS")


def _filled(value: msgspec.Struct | None) -> bool:
    """Whether a structure was given with anything in it: some clients send empty ones."""
    return value is not None and any(msgspec.structs.astuple(value))


def _check_platform(container: ContainerProperties, platform: str) -> None:
    """The table of 2.4: members that one platform has and the other has not."""
    fargate, network = container.fargatePlatformConfiguration, container.networkConfiguration
    runtime, storage = container.runtimePlatform, container.ephemeralStorage
    if platform == EC2:
        if _filled(network):
            raise Invalid("networkConfiguration not applicable for EC2.")
        for member, value in (
            ("fargatePlatformConfiguration", fargate),
            ("ephemeralStorage", storage),
            ("runtimePlatform", runtime),
        ):
            if _filled(value):
                raise Invalid(f"{member} is not applicable for EC2.")
        return
    if platform == FARGATE:
        _check_fargate(container)
    if network is not None:
        one_of(network.assignPublicIp, ASSIGN_PUBLIC_IP_VALUES, "assignPublicIp")
    if fargate is not None and fargate.platformVersion:
        one_of(fargate.platformVersion, _PLATFORM_VERSIONS, "platformVersion")
    if storage is not None:
        within(storage.sizeInGiB, 21, 200, "ephemeralStorage.sizeInGiB")
    if runtime is not None:
        one_of(runtime.cpuArchitecture, _ARCHITECTURES, "cpuArchitecture")
        system = runtime.operatingSystemFamily or "LINUX"
        if system not in _SYSTEMS:
            raise Invalid(
                f"RuntimePlatform supports only one from [{', '.join(_SYSTEMS)}] operating systems, provided {system}"
            )
        if system != "LINUX" and runtime.cpuArchitecture not in (None, "X86_64"):
            raise Invalid("Windows supported only by X86_64 cpuArchitecture")


def _check_fargate(container: ContainerProperties) -> None:
    linux = container.linuxParameters or LinuxParameters()
    for member, value in (
        ("privileged", container.privileged),
        ("ulimits", container.ulimits),
        ("instanceType", container.instanceType),
        ("linuxParameters.devices", linux.devices),
        ("linuxParameters.sharedMemorySize", linux.sharedMemorySize is not None),
        ("linuxParameters.tmpfs", linux.tmpfs),
        ("linuxParameters.maxSwap", linux.maxSwap is not None),
        ("linuxParameters.swappiness", linux.swappiness is not None),
    ):
        if value:
            raise Invalid(f"{member} is not applicable for Fargate.")
    if not container.executionRoleArn:
        raise Invalid("executionRoleArn is required for Fargate.")


def _check_windows(container: ContainerProperties) -> None:
    for member, value in (
        ("linuxParameters", container.linuxParameters),
        ("privileged", container.privileged),
        ("user", container.user),
        ("ulimits", container.ulimits),
        ("readonlyRootFilesystem", container.readonlyRootFilesystem),
    ):
        if value:
            raise Invalid(f"{member} is not applicable for Windows containers.")


def _check_ulimits(ulimits: Sequence[Ulimit] | None) -> None:
    for ulimit in ulimits or ():
        one_of(ulimit.name, _ULIMITS.split(), "ulimits.name")


def _check_linux(linux: LinuxParameters | None) -> None:
    """2.60-2.62; `swappiness` without `maxSwap` and `maxSwap` without `swappiness` are both accepted."""
    if linux is None:
        return
    for device in linux.devices or ():
        required(device.hostPath, "devices.hostPath")
        for permission in device.permissions or ():
            one_of(permission, DEVICE_CGROUP_PERMISSION_VALUES, "devices.permissions")
    for tmpfs in linux.tmpfs or ():
        required(tmpfs.containerPath, "tmpfs.containerPath")
        at_least(tmpfs.size, 1, "tmpfs.size")
        for option in tmpfs.mountOptions or ():
            one_of(option.partition("=")[0], _MOUNT_OPTIONS.split(), "tmpfs.mountOptions")
    at_least(linux.sharedMemorySize, 1, "linuxParameters.sharedMemorySize")
    at_least(linux.maxSwap, 0, "linuxParameters.maxSwap")
    within(linux.swappiness, 0, 100, "linuxParameters.swappiness")
