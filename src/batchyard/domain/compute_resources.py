"""`computeResources` of a compute environment: what each type asks for and refuses, and what an update makes of them.

The rules are BEHAVIOUR 10.2 to 10.7. Whether roles, networks, images and launch templates exist is not asked here: only
the form is checked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from batchyard.api import batch
from batchyard.domain.checks import at_least, not_longer, one_of, required, within
from batchyard.domain.errors import Invalid
from batchyard.domain.instance_types import BUNDLES, check_instance_types, contains, family, has_gpus
from batchyard.domain.tags import check_tags

FARGATE = ("FARGATE", "FARGATE_SPOT")
EC2 = ("EC2", "SPOT")
MANAGED_INSTANCES = "ECS_MANAGED_INSTANCES"

_ONLY_MANAGED_INSTANCES = ("managedInstancesProvider", "capacityTags")
_ONLY_EC2 = (
    "minvCpus", "desiredvCpus", "instanceTypes", "instanceRole", "allocationStrategy", "spotIamFleetRole",
    "bidPercentage", "ec2KeyPair", "placementGroup", "launchTemplate", "tags", "scalingPolicy", "imageId",
    "ec2Configuration",
)  # fmt: skip
_NETWORK = ("subnets", "securityGroupIds")
_SCALING = ("minvCpus", "maxvCpus", "desiredvCpus", "scalingPolicy")
_REMOVED_BY_EMPTY_TEXT = ("imageId", "ec2KeyPair", "placementGroup")
_IMAGE_TYPES = ("ECS_AL2", "ECS_AL2_NVIDIA", "ECS_AL2023", "ECS_AL2023_NVIDIA")
_TEMPLATE_VERSION = re.compile(r"\$latest|\$default|\d+", re.IGNORECASE)


def kind_of(resource_type: str) -> str:
    """`EC2`, `FARGATE` or `MANAGED_INSTANCES`: types of one kind may be mixed, and changed into each other (10.66)."""
    if resource_type in FARGATE:
        return "FARGATE"
    return "EC2" if resource_type in EC2 else "MANAGED_INSTANCES"


def created(given: batch.ComputeResource) -> batch.ComputeResource:
    """What a new environment keeps of `given`, with what AWS adds: desiredvCpus and ec2Configuration (10.2, 10.50)."""
    _check(given)
    _check_network(given)
    return _completed(given)


def updated(
    now: batch.ComputeResource, update: batch.ComputeResourceUpdate, service_linked: bool
) -> batch.ComputeResource:
    """`now` with what `update` gives; members left out stay (10.6).

    `service_linked`: whether the environment has the service-linked role, which an infrastructure update needs (10.62).
    """
    given = {name: value for name in update.__struct_fields__ if (value := getattr(update, name)) is not None}
    if not given:
        raise Invalid("At least one compute-resources attribute must be specified")
    _check_type_change(now.type, given.get("type", now.type))
    _check_desired(now, given.get("desiredvCpus"))
    one_of(given.get("allocationStrategy"), batch.CR_UPDATE_ALLOCATION_STRATEGY_VALUES, "allocationStrategy")
    result = msgspec.structs.replace(now, **_effective(now, given))
    if "desiredvCpus" not in given and now.desiredvCpus is not None:
        # Batch's own number follows the limits; only a caller's is refused (10.20).
        result.desiredvCpus = min(max(now.desiredvCpus, result.minvCpus or 0), result.maxvCpus)
    _check(result)
    if kind_of(result.type) == "FARGATE":
        _check_network(result)
    result = _completed(result)
    if kind_of(result.type) == "EC2":
        _check_replaceable(now, result, service_linked)
    return result


def _effective(now: batch.ComputeResource, given: dict[str, Any]) -> dict[str, Any]:
    """What the members of an update come to: None for what an empty value removes, nothing for what has no effect."""
    effect = dict(given)
    effect.pop("updateToLatestImageVersion", None)  # falls back to false after the update (10.64)
    for name in _REMOVED_BY_EMPTY_TEXT:
        if effect.get(name) == "":
            effect[name] = None
    for name in _NETWORK:
        if kind_of(now.type) == "FARGATE" and effect.get(name) == []:  # no change (10.65)
            del effect[name]
    template = effect.get("launchTemplate")
    if template is not None and not (template.launchTemplateId or template.launchTemplateName or template.overrides):
        effect["launchTemplate"] = None
    if "managedInstancesProvider" in effect and now.managedInstancesProvider is not None:
        effect["managedInstancesProvider"] = merged(now.managedInstancesProvider, effect["managedInstancesProvider"])
    return effect


def merged(now: Any, update: Any) -> Any:
    """A copy of the struct `now` with the members that `update` gives, structs inside member by member."""
    changes: dict[str, Any] = {}
    for name in update.__struct_fields__:
        value, old = getattr(update, name), getattr(now, name)
        if value is not None:
            changes[name] = merged(old, value) if isinstance(value, msgspec.Struct) and old is not None else value
    return msgspec.structs.replace(now, **changes)


def _completed(resources: batch.ComputeResource) -> batch.ComputeResource:
    """What describe shows: read-only members dropped, AWS's additions made; nothing else that was not sent (C.1)."""
    if kind_of(resources.type) != "EC2":
        return resources
    configuration = [
        msgspec.structs.replace(entry, batchImageStatus=None) for entry in resources.ec2Configuration or []
    ] or [batch.Ec2Configuration(imageType=_default_image_type(resources.instanceTypes or []))]
    desired = resources.minvCpus if resources.desiredvCpus is None else resources.desiredvCpus
    return msgspec.structs.replace(resources, desiredvCpus=desired, ec2Configuration=configuration)


def _default_image_type(instance_types: Sequence[str]) -> str:
    return "ECS_AL2023_NVIDIA" if all(has_gpus(name) for name in instance_types) else "ECS_AL2023"


def _check(resources: batch.ComputeResource) -> None:
    """Everything but the network, which an update of EC2 resources may take away (10.65)."""
    one_of(resources.type, batch.CR_TYPE_VALUES, "computeResources.type")
    at_least(resources.maxvCpus, 0, "computeResources.maxvCpus")
    if kind_of(resources.type) == "EC2":
        _refuse(resources, _ONLY_MANAGED_INSTANCES, "EC2")
        _check_ec2(resources)
    elif kind_of(resources.type) == "FARGATE":
        _refuse(resources, (*_ONLY_EC2, *_ONLY_MANAGED_INSTANCES), "Fargate")
    else:
        _refuse(resources, (*_ONLY_EC2, *_NETWORK), "ECS Managed Instances")
        _check_managed_instances(resources)


def _refuse(resources: batch.ComputeResource, members: Sequence[str], kind: str) -> None:
    """Refuse members that this kind does not have; empty text, lists and maps say nothing and pass (10.2)."""
    for name in members:
        value = getattr(resources, name)
        if value is not None and value not in ("", [], {}):
            raise Invalid(f"{name} is not applicable for {kind}.")


def _check_network(resources: batch.ComputeResource) -> None:
    if kind_of(resources.type) == "MANAGED_INSTANCES":
        return
    if not resources.subnets:
        raise Invalid("Resource subnets are required.")
    if kind_of(resources.type) == "FARGATE":
        if len(resources.subnets) > 16:
            raise Invalid("Fargate supports a maximum of 16 subnets.")
        if len(resources.securityGroupIds or []) > 5:
            raise Invalid("Fargate supports a maximum of 5 security groups.")
    if not resources.securityGroupIds and resources.launchTemplate is None:
        raise Invalid("Security group ids are required.")


def _check_ec2(resources: batch.ComputeResource) -> None:
    low, high, desired = resources.minvCpus, resources.maxvCpus, resources.desiredvCpus
    if low is None:
        raise Invalid("Resource minvCpus is required.")
    at_least(low, 0, "computeResources.minvCpus")
    if high < low:
        raise Invalid("maxvCpus should be greater than or equal to minvCpus.")
    if desired is not None and not low <= desired <= high:
        raise Invalid("desiredvCpus should be between minvCpus and maxvCpus.")
    if not resources.instanceTypes:
        raise Invalid("Resource instanceTypes are required.")
    check_instance_types(resources.instanceTypes)
    if not resources.instanceRole:
        raise Invalid("Instance role is required.")
    _check_strategy(resources)
    if resources.bidPercentage is not None and not 0 <= resources.bidPercentage <= 100:
        raise Invalid("Bid percentage must be between 0 to 100.")
    _check_images(resources.ec2Configuration)
    _check_launch_template(resources.launchTemplate, resources.instanceTypes)
    delay = resources.scalingPolicy.minScaleDownDelayMinutes if resources.scalingPolicy is not None else None
    if delay:  # 0 unsets it (10.76)
        within(delay, 20, 10_080, "computeResources.scalingPolicy.minScaleDownDelayMinutes")
    check_tags(resources.tags, 50)


def _check_strategy(resources: batch.ComputeResource) -> None:
    """Which strategy goes with which type (10.31), and the role that Spot with BEST_FIT needs (10.2)."""
    strategy = resources.allocationStrategy
    one_of(strategy, batch.CR_ALLOCATION_STRATEGY_VALUES, "computeResources.allocationStrategy")
    wanted = "SPOT" if (strategy or "").startswith("SPOT_") else "EC2"
    free = strategy in (None, "BEST_FIT", "BEST_FIT_PROGRESSIVE")
    if not free and resources.type != wanted:
        raise Invalid(f"Allocation strategy {strategy} requires compute resource type {wanted}.")
    if resources.type == "SPOT" and strategy in (None, "BEST_FIT") and not resources.spotIamFleetRole:
        raise Invalid("compute resource spotIamFleetRole is required.")


def _check_images(configuration: Sequence[batch.Ec2Configuration] | None) -> None:
    not_longer(configuration, 2, "computeResources.ec2Configuration")
    for entry in configuration or []:
        if entry.imageType not in _IMAGE_TYPES:
            raise Invalid("Invalid imageType in ComputeResources.ec2Configuration")
        if entry.imageKubernetesVersion:
            raise Invalid("imageKubernetesVersion is only applicable for EKS compute environments.")


def _check_launch_template(template: batch.LaunchTemplateSpecification | None, instance_types: Sequence[str]) -> None:
    """Id or name, a version, and overrides for disjoint parts of `instance_types` (10.52, 10.55)."""
    if template is None:
        return
    overrides = template.overrides or []
    if not overrides and not (template.launchTemplateId or template.launchTemplateName):
        raise Invalid("One of LaunchTemplateId and LaunchTemplateName or LaunchTemplate.Overrides is required.")
    _check_reference(template)
    if len(overrides) > 10:
        raise Invalid("LaunchTemplate.overrides size cannot be greater than 10")
    seen: list[str] = []
    for override in overrides:
        if not (override.launchTemplateId or override.launchTemplateName):
            raise Invalid("One of LaunchTemplateId and LaunchTemplateName is required in LaunchTemplate.overrides.")
        _check_reference(override)
        if not override.targetInstanceTypes:
            raise Invalid("LaunchTemplate.overrides.targetInstanceTypes[] is required")
        for target in override.targetInstanceTypes:
            if target in BUNDLES or not contains(instance_types, target):
                fault = f"LaunchTemplate.overrides:[{target}] have targetInstanceTypes"
                raise Invalid(f"{fault} that do not exist in computeResource.InstanceTypes.")
            if any(target == other or target == family(other) or family(target) == other for other in seen):
                raise Invalid(f"LaunchTemplate.overrides have duplicate targetInstanceTypes: [{target}]")
            seen.append(target)


def _check_reference(template: batch.LaunchTemplateSpecification | batch.LaunchTemplateSpecificationOverride) -> None:
    if template.launchTemplateId and template.launchTemplateName:
        raise Invalid("LaunchTemplateId and LaunchTemplateName cannot both be specified.")
    if template.version and _TEMPLATE_VERSION.fullmatch(template.version) is None:
        raise Invalid(f"LaunchTemplate.version must be a number, $Latest or $Default, got {template.version}.")
    one_of(template.userdataType, batch.USERDATA_TYPE_VALUES, "LaunchTemplate.userdataType")


def _check_managed_instances(resources: batch.ComputeResource) -> None:
    """The provider of ECS Managed Instances (10.70)."""
    provider = required(resources.managedInstancesProvider, "managedInstancesProvider")
    template = provider.instanceLaunchTemplate
    if not template.networkConfiguration.subnets:
        raise Invalid("managedInstancesProvider.instanceLaunchTemplate.networkConfiguration.subnets is required.")
    if not template.networkConfiguration.securityGroups:
        raise Invalid(
            "managedInstancesProvider.instanceLaunchTemplate.networkConfiguration.securityGroups is required."
        )
    one_of(provider.propagateTags, ("CAPACITY_PROVIDER", "NONE"), "managedInstancesProvider.propagateTags")
    one_of(template.capacityOptionType, ("ON_DEMAND", "SPOT"), "instanceLaunchTemplate.capacityOptionType")
    one_of(template.monitoring, ("BASIC", "DETAILED"), "instanceLaunchTemplate.monitoring")
    if template.instanceRequirements is not None:
        check_instance_types(template.instanceRequirements.allowedInstanceTypes or [])
    if template.storageConfiguration is not None:
        at_least(template.storageConfiguration.storageSizeGiB, 1, "storageConfiguration.storageSizeGiB")
    if provider.infrastructureOptimization is not None:
        within(provider.infrastructureOptimization.scaleInAfter, -1, 3600, "infrastructureOptimization.scaleInAfter")
    check_tags(resources.capacityTags, 50)


def _check_type_change(old: str, new: str) -> None:
    one_of(new, batch.CR_TYPE_VALUES, "computeResources.type")
    if kind_of(old) != kind_of(new):
        raise Invalid(f"computeResources.type cannot change from {old} to {new}: create a new compute environment.")


def _check_desired(now: batch.ComputeResource, wanted: int | None) -> None:
    """Only a rise of desiredvCpus may be asked for (10.20)."""
    if wanted is not None and now.desiredvCpus is not None and wanted < now.desiredvCpus:
        raise Invalid(
            "Manually scaling down compute environment is not supported. Disconnecting job queues from compute "
            "environment will cause it to scale-down to minvCpus"
        )


def _check_replaceable(now: batch.ComputeResource, then: batch.ComputeResource, service_linked: bool) -> None:
    """An infrastructure update needs the service-linked role and a strategy other than BEST_FIT (10.62)."""
    replacing = [
        name for name in now.__struct_fields__ if name not in _SCALING and getattr(now, name) != getattr(then, name)
    ]
    if not replacing:
        return
    way_out = f"to change {', '.join(replacing)}, create a new compute environment."
    if now.allocationStrategy in (None, "BEST_FIT"):
        raise Invalid(f"An infrastructure update needs an allocation strategy other than BEST_FIT: {way_out}")
    if not service_linked:
        raise Invalid(f"An infrastructure update needs the service-linked role AWSServiceRoleForBatch: {way_out}")
