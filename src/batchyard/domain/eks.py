"""`eksProperties`: a pod (BEHAVIOUR 2.11)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from batchyard.api.batch import (
    EKS_SECCOMP_PROFILE_TYPE_VALUES,
    EksContainer,
    EksContainerOverride,
    EksContainerResourceRequirements,
    EksContainerSecurityContext,
    EksMetadata,
    EksPodProperties,
    EksPodPropertiesOverride,
    EksPodSecurityContext,
    EksProperties,
    EksPropertiesOverride,
    EksVolume,
)
from batchyard.domain.checks import not_longer, one_of, required, within
from batchyard.domain.containers import check_environment
from batchyard.domain.errors import Invalid
from batchyard.domain.overrides import by_name, merged_command, merged_environment
from batchyard.domain.references import substitute
from batchyard.domain.resources import Needs, bounded

_DNS_POLICIES = ("Default", "ClusterFirst", "ClusterFirstWithHostNet")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_MEMORY = re.compile(r"([0-9]{1,9})Mi")
_CPU = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_GPU = "nvidia.com/gpu"
_WHOLE = re.compile(r"[0-9]{1,9}")


def check_eks(properties: EksProperties) -> None:
    """Refuse what breaks 2.110-2.115."""
    pod = pod_of(properties)
    if pod.dnsPolicy and pod.dnsPolicy not in _DNS_POLICIES:
        raise Invalid("Unsupported DNS policy value.")
    within(len(pod.containers or ()), 1, 10, "The number of podProperties.containers")
    not_longer(pod.initContainers, 10, "podProperties.initContainers")
    everything = [*(pod.containers or ()), *(pod.initContainers or ())]
    names = [container.name for container in everything]
    if len(names) > 1:
        for name in names:
            required(name, "containers.name")
    if len(set(names)) < len(names):
        raise Invalid("Container names must be unique")
    volumes = {volume.name for volume in pod.volumes or ()}
    for container in everything:
        _check_container(container, volumes)
    for volume in pod.volumes or ():
        _check_volume(volume)
    _check_seccomp(pod.securityContext)
    _check_namespace(pod.metadata)
    pod_needs(properties)


def pod_of(properties: EksProperties) -> EksPodProperties:
    """The pod. Raises Invalid where there is none."""
    return required(properties.podProperties, "eksProperties.podProperties")


def _check_container(container: EksContainer, volumes: set[str]) -> None:
    required(container.image, "containers.image")
    one_of(container.imagePullPolicy, _PULL_POLICIES, "imagePullPolicy")
    check_environment(container.env)
    for mount in container.volumeMounts or ():
        if required(mount.name, "volumeMounts.name") not in volumes:
            raise Invalid(f"volumeMounts: volume {mount.name} does not exist among the volumes.")
    context = container.securityContext
    if context is not None and context.capabilities is not None:
        not_longer(context.capabilities.add, 64, "capabilities.add")
        not_longer(context.capabilities.drop, 64, "capabilities.drop")
    _check_seccomp(context)


def _check_seccomp(context: EksContainerSecurityContext | EksPodSecurityContext | None) -> None:
    if context is not None and context.seccompProfile is not None:
        one_of(context.seccompProfile.type, EKS_SECCOMP_PROFILE_TYPE_VALUES, "seccompProfile.type")


def _check_volume(volume: EksVolume) -> None:
    kinds = (volume.hostPath, volume.emptyDir, volume.secret, volume.persistentVolumeClaim)
    if sum(kind is not None for kind in kinds) > 1:
        raise Invalid(f"Volume {volume.name} can be of one kind only.")
    if volume.emptyDir is not None and volume.emptyDir.medium not in (None, "", "Memory"):
        raise Invalid("Invalid Volume mount. Allowed values - Memory or null.")


def _check_namespace(metadata: EksMetadata | None) -> None:
    namespace = metadata and metadata.namespace
    if not namespace:
        return
    if _NAMESPACE.fullmatch(namespace) is None or namespace == "default" or namespace.startswith("kube"):
        raise Invalid(
            f"namespace {namespace} must have 1 to 63 lower-case letters, digits or hyphens between them, "
            "must not be default and must not begin with kube."
        )


def pod_needs(properties: EksProperties) -> Needs:
    """The sum of the containers' requests, which are their limits where they are missing (2.112). Raises Invalid."""
    pod = pod_of(properties)
    for container in pod.initContainers or ():
        _requests(container.resources)
    vcpus, memory, gpus = 0.0, 0, 0
    for container in pod.containers or ():
        requests = _requests(container.resources)
        vcpus += float(required(requests.get("cpu"), "resources: cpu"))
        memory += int(required(requests.get("memory"), "resources: memory").removesuffix("Mi"))
        gpus += int(requests.get(_GPU, "0"))
    return bounded(vcpus, memory, gpus)


def _requests(resources: EksContainerResourceRequirements | None) -> dict[str, str]:
    """Limits under requests, once both are seen to be sound."""
    limits = (resources and resources.limits) or {}
    requests = (resources and resources.requests) or {}
    for amounts in (limits, requests):
        for kind, value in amounts.items():
            _check_amount(kind, value)
    for kind in limits.keys() & requests.keys():
        limit, request = limits[kind], requests[kind]
        if kind == "cpu" and float(request) > float(limit):
            raise Invalid("cpu request must be <= to cpu limit if both are provided.")
        if kind != "cpu" and limit != request:
            raise Invalid(f"{kind} request must be equal to {kind} limit if both are provided, got {request}, {limit}.")
    return {**limits, **requests}


def _check_amount(kind: str, value: str) -> None:
    if kind == "cpu":
        valid = _CPU.fullmatch(value) is not None and float(value) > 0 and float(value) * 4 % 1 == 0
    elif kind == "memory":
        found = _MEMORY.fullmatch(value)
        valid = found is not None and int(found[1]) >= 4
    elif kind == _GPU:
        valid = _WHOLE.fullmatch(value) is not None
    else:
        raise Invalid(f"resources: {kind} must be one of cpu, memory, {_GPU}.")
    if not valid:
        raise Invalid(f"Value {value} for type {kind} is not valid.")


def merged_eks(
    properties: EksProperties, override: EksPropertiesOverride | None, parameters: Mapping[str, str]
) -> EksProperties:
    """`properties` under `override`, with placeholders in `command` and `args` replaced (3.30, 2.31)."""
    pod = pod_of(properties)
    change = (override and override.podProperties) or EksPodPropertiesOverride()
    pod = msgspec.structs.replace(
        pod,
        containers=_merged(pod.containers, change.containers, parameters, "containers"),
        initContainers=_merged(pod.initContainers, change.initContainers, parameters, "initContainers"),
        metadata=_merged_metadata(pod.metadata, change.metadata),
    )
    return EksProperties(podProperties=pod)


def _merged(
    own: list[EksContainer] | None,
    overrides: Sequence[EksContainerOverride] | None,
    parameters: Mapping[str, str],
    member: str,
) -> list[EksContainer] | None:
    asked = by_name(overrides, [container.name for container in own or ()], f"eksPropertiesOverride.{member}")
    if own is None:
        return None
    done: list[EksContainer] = []
    for container in own:
        change = asked.get(container.name, EksContainerOverride())
        resources, wanted = container.resources, change.resources
        if wanted is not None:
            resources = EksContainerResourceRequirements(
                limits=wanted.limits or (resources and resources.limits),
                requests=wanted.requests or (resources and resources.requests),
            )
        command = merged_command(container.command, change.command)
        args = merged_command(container.args, change.args)
        done.append(
            msgspec.structs.replace(
                container,
                image=change.image or container.image,
                command=command and substitute(command, parameters),
                args=args and substitute(args, parameters),
                env=merged_environment(container.env, change.env),
                resources=resources,
            )
        )
    return done


def _merged_metadata(own: EksMetadata | None, change: EksMetadata | None) -> EksMetadata | None:
    if own is None or change is None:
        return own or change
    return EksMetadata(
        labels={**(own.labels or {}), **(change.labels or {})} or own.labels,
        annotations={**(own.annotations or {}), **(change.annotations or {})} or own.annotations,
        namespace=change.namespace or own.namespace,
    )
