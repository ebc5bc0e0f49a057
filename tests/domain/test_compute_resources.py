"""`computeResources`: every text of BEHAVIOUR 10.2 to 10.6, what is echoed, and what updates make of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from batchyard.api import batch
from batchyard.domain import compute_resources
from batchyard.domain.errors import Invalid

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


def created(resources: dict[str, Any]) -> batch.ComputeResource:
    return compute_resources.created(msgspec.convert(resources, batch.ComputeResource))


def updated(now: batch.ComputeResource, **update: Any) -> batch.ComputeResource:
    given = msgspec.convert(update, batch.ComputeResourceUpdate)
    return compute_resources.updated(now, given, service_linked=True)


def shown(resources: batch.ComputeResource) -> dict[str, Any]:
    return msgspec.to_builtins(resources)


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        (but(EC2, type="EC3"), "computeResources.type must be one of"),
        (but(EC2, maxvCpus=-1), "maxvCpus must be at least 0"),
        (but(EC2, minvCpus=17), "^maxvCpus should be greater than or equal to minvCpus.$"),
        (but(EC2, minvCpus=None), "^Resource minvCpus is required.$"),
        (but(EC2, desiredvCpus=17), "^desiredvCpus should be between minvCpus and maxvCpus.$"),
        (but(EC2, minvCpus=2, desiredvCpus=1), "^desiredvCpus should be between minvCpus and maxvCpus.$"),
        (but(EC2, instanceTypes=None), "^Resource instanceTypes are required.$"),
        (but(EC2, instanceTypes=[]), "^Resource instanceTypes are required.$"),
        (but(EC2, instanceTypes=["optimal", "big"]), r"^Instance type can only be one of \[.*\], got big."),
        (but(EC2, instanceTypes=["c5.huge"]), r"^Instance type can only be one of \[.*\], got c5.huge."),
        (but(EC2, instanceTypes=["c5", "c6g"]), "^arm-based instance type cannot be used with other instance types.$"),
        (but(EC2, instanceTypes=["optimal", "default_arm64"]), "arm-based instance type"),
        (but(EC2, subnets=None), "subnets are required"),
        (but(EC2, securityGroupIds=None), "^Security group ids are required.$"),
        (but(EC2, instanceRole=None), "^Instance role is required.$"),
        (but(EC2, type="SPOT"), "^compute resource spotIamFleetRole is required.$"),
        (but(EC2, type="SPOT", allocationStrategy="BEST_FIT"), "^compute resource spotIamFleetRole is required.$"),
        (but(SPOT, bidPercentage=101), "^Bid percentage must be between 0 to 100.$"),
        (but(EC2, allocationStrategy="WORST_FIT"), "allocationStrategy must be one of"),
        (
            but(EC2, allocationStrategy="SPOT_CAPACITY_OPTIMIZED"),
            "^Allocation strategy SPOT_CAPACITY_OPTIMIZED requires compute resource type SPOT.$",  # 10.31
        ),
        (
            but(SPOT, allocationStrategy="BEST_FIT_PROGRESSIVE_ORDERED"),
            "^Allocation strategy BEST_FIT_PROGRESSIVE_ORDERED requires compute resource type EC2.$",
        ),
        (but(EC2, managedInstancesProvider=MANAGED_INSTANCES["managedInstancesProvider"]), "not applicable for EC2"),
        (but(EC2, capacityTags={"a": "b"}), "^capacityTags is not applicable for EC2.$"),
        (but(EC2, tags={"aws:a": "b"}), "reserved"),
        # 10.50
        (
            but(EC2, ec2Configuration=[{"imageType": "ECS_AL9"}]),
            "^Invalid imageType in ComputeResources.ec2Configuration$",
        ),
        (but(EC2, ec2Configuration=[{"imageType": "ECS_AL2023"}] * 3), "at most 2 entries, got 3"),
        (
            but(EC2, ec2Configuration=[{"imageType": "ECS_AL2023", "imageKubernetesVersion": "1.30"}]),
            "imageKubernetesVersion",
        ),
        # 10.52, 10.55
        (
            but(EC2, launchTemplate={"version": "1"}),
            "^One of LaunchTemplateId and LaunchTemplateName or LaunchTemplate.Overrides is required.$",
        ),
        (but(EC2, launchTemplate={"launchTemplateId": "a", "launchTemplateName": "b"}), "cannot both be specified"),
        (but(EC2, launchTemplate={"launchTemplateId": "a", "version": "newest"}), "LaunchTemplate.version"),
        (but(EC2, launchTemplate={"launchTemplateId": "a", "userdataType": "X"}), "userdataType must be one of"),
        (
            but(EC2, launchTemplate={"overrides": [{"launchTemplateId": "a", "targetInstanceTypes": ["m6i"]}] * 11}),
            "^LaunchTemplate.overrides size cannot be greater than 10$",
        ),
        (
            but(EC2, launchTemplate={"launchTemplateId": "a", "overrides": [{"launchTemplateId": "b"}]}),
            r"^LaunchTemplate.overrides.targetInstanceTypes\[\] is required$",
        ),
        (
            but(EC2, launchTemplate={"overrides": [{"targetInstanceTypes": ["m6i"]}]}),
            "LaunchTemplateId and LaunchTemplateName is required in LaunchTemplate.overrides",
        ),
        (
            but(EC2, launchTemplate={"overrides": [{"launchTemplateId": "a", "targetInstanceTypes": ["m5"]}]}),
            r"^LaunchTemplate.overrides:\[m5\] have targetInstanceTypes that do not exist in computeResource.Inst",
        ),
        (
            but(EC2, launchTemplate={"overrides": [{"launchTemplateId": "a", "targetInstanceTypes": ["optimal"]}]}),
            "have targetInstanceTypes that do not exist",
        ),
        (
            but(EC2, launchTemplate={"overrides": [{"launchTemplateId": "a", "targetInstanceTypes": ["c6i"]},
                                                   {"launchTemplateId": "b", "targetInstanceTypes": ["c6i.large"]}]}),
            r"^LaunchTemplate.overrides have duplicate targetInstanceTypes: \[c6i.large\]$",
        ),
        # 10.76
        (but(EC2, scalingPolicy={"minScaleDownDelayMinutes": 19}), "minScaleDownDelayMinutes must be between 20"),
        (but(EC2, scalingPolicy={"minScaleDownDelayMinutes": 10_081}), "minScaleDownDelayMinutes"),
    ],
)  # fmt: skip
def test_ec2_resources_that_are_refused(resources: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        created(resources)


@pytest.mark.parametrize(
    "resources",
    [
        EC2,
        but(EC2, minvCpus=16, desiredvCpus=16, maxvCpus=16),
        but(EC2, instanceTypes=["c5", "m5.8xlarge", "t3.nano", "i3.metal", "c7i-flex.large", "u-6tb1.56xlarge"]),
        but(EC2, instanceTypes=["u7i-12tb.224xlarge", "p6-b200.48xlarge", "m7i.metal-48xl", "x2iedn", "trn1n", "g4dn"]),
        but(EC2, instanceTypes=["a1", "c6g.large", "m7gd", "im4gn", "hpc7g", "t4g.small", "default_arm64"]),
        but(EC2, securityGroupIds=None, launchTemplate={"launchTemplateName": "lt", "version": "$Latest"}),
        but(EC2, launchTemplate={"launchTemplateName": "lt", "version": ""}),
        but(EC2, instanceTypes=["m5", "g5"],
            launchTemplate={"overrides": [{"launchTemplateId": "a", "version": "3",
                                           "targetInstanceTypes": ["m5.2xlarge", "m5.large"]}]}),
        but(EC2, type="SPOT", spotIamFleetRole="arn:aws:iam::123456789012:role/fleet", bidPercentage=0),
        but(EC2, scalingPolicy={"minScaleDownDelayMinutes": 0}),
        but(EC2, scalingPolicy={"minScaleDownDelayMinutes": 20}),
        *(but(SPOT, allocationStrategy=s) for s in batch.CR_ALLOCATION_STRATEGY_VALUES if s.startswith("SPOT_")),
        but(EC2, allocationStrategy="BEST_FIT_PROGRESSIVE_ORDERED"),
        but(FARGATE, type="FARGATE_SPOT", securityGroupIds=[f"sg-{n}" for n in range(5)]),
        but(FARGATE, subnets=[f"subnet-{n}" for n in range(16)]),
        but(FARGATE, instanceTypes=[], tags={}, imageId="", ec2Configuration=[]),  # which say nothing
        MANAGED_INSTANCES,
        but(MANAGED_INSTANCES, capacityTags={"a": "b"}, subnets=[]),
    ],
)  # fmt: skip
def test_resources_that_are_accepted(resources: dict[str, Any]) -> None:
    created(resources)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("minvCpus", 0),
        ("desiredvCpus", 0),
        ("instanceTypes", ["c5"]),
        ("instanceRole", "r"),
        ("allocationStrategy", "BEST_FIT"),
        ("spotIamFleetRole", "r"),
        ("bidPercentage", 50),
        ("ec2KeyPair", "k"),
        ("placementGroup", "g"),
        ("launchTemplate", {"launchTemplateId": "a"}),
        ("tags", {"a": "b"}),
        ("scalingPolicy", {"minScaleDownDelayMinutes": 20}),
        ("imageId", "ami-1"),
        ("ec2Configuration", [{"imageType": "ECS_AL2023"}]),
        ("managedInstancesProvider", MANAGED_INSTANCES["managedInstancesProvider"]),
        ("capacityTags", {"a": "b"}),
    ],
)
def test_what_fargate_does_not_have(member: str, value: Any) -> None:  # 10.2
    with pytest.raises(Invalid, match=f"^{member} is not applicable for Fargate.$"):
        created({**FARGATE, member: value})


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        (but(FARGATE, subnets=None), "subnets are required"),
        (but(FARGATE, subnets=[f"subnet-{n}" for n in range(17)]), "^Fargate supports a maximum of 16 subnets.$"),
        (but(FARGATE, securityGroupIds=[]), "^Security group ids are required.$"),
        (but(FARGATE, securityGroupIds=["sg"] * 6), "^Fargate supports a maximum of 5 security groups.$"),
        (but(MANAGED_INSTANCES, managedInstancesProvider=None), "managedInstancesProvider is required"),
        (but(MANAGED_INSTANCES, minvCpus=0), "^minvCpus is not applicable for ECS Managed Instances.$"),
        (but(MANAGED_INSTANCES, subnets=["subnet-1"]), "^subnets is not applicable for ECS Managed Instances.$"),
    ],
)
def test_other_resources_that_are_refused(resources: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        created(resources)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (("propagateTags",), "ALL", "propagateTags must be one of"),  # 10.70
        (("infrastructureOptimization",), {"scaleInAfter": 3601}, "scaleInAfter must be between -1 and 3600"),
        (("instanceLaunchTemplate", "capacityOptionType"), "FREE", "capacityOptionType must be one of"),
        (("instanceLaunchTemplate", "monitoring"), "SOME", "monitoring must be one of"),
        (("instanceLaunchTemplate", "storageConfiguration"), {"storageSizeGiB": 0}, "storageSizeGiB must be at least"),
        (("instanceLaunchTemplate", "instanceRequirements"), {"allowedInstanceTypes": ["big"]}, "Instance type can"),
        (("instanceLaunchTemplate", "networkConfiguration", "subnets"), [], "subnets is required"),
        (("instanceLaunchTemplate", "networkConfiguration", "securityGroups"), [], "securityGroups is required"),
    ],
)
def test_the_provider_of_managed_instances(path: tuple[str, ...], value: Any, text: str) -> None:
    resources = msgspec.json.decode(msgspec.json.encode(MANAGED_INSTANCES))
    inner = resources["managedInstancesProvider"]
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(Invalid, match=text):
        created(resources)


@pytest.mark.parametrize(
    "resources",
    [
        but(FARGATE, tags={}),
        MANAGED_INSTANCES,
        but(PROGRESSIVE, desiredvCpus=3, ec2Configuration=[{"imageType": "ECS_AL2", "imageIdOverride": "ami-1"}],
            tags={}, launchTemplate={"launchTemplateId": "lt-1"}, ec2KeyPair="k", placementGroup="g"),
    ],
)  # fmt: skip
def test_complete_resources_are_echoed_as_they_are(resources: dict[str, Any]) -> None:  # C.1
    assert shown(created(resources)) == resources


def test_read_only_members_are_not_taken_over() -> None:  # 10.50
    configuration = [{"imageType": "ECS_AL2023", "batchImageStatus": "LATEST"}]
    after = shown(created(but(EC2, ec2Configuration=configuration)))
    assert after["ec2Configuration"] == [{"imageType": "ECS_AL2023"}]


@pytest.mark.parametrize(
    ("types", "image"),
    [
        (["g4dn", "p4d.24xlarge"], "ECS_AL2023_NVIDIA"),
        (["g5", "c5"], "ECS_AL2023"),
        (["optimal"], "ECS_AL2023"),
        (["g4ad"], "ECS_AL2023"),
    ],
)
def test_the_image_follows_the_instance_types(types: list[str], image: str) -> None:  # 10.50
    assert shown(created(but(EC2, instanceTypes=types)))["ec2Configuration"] == [{"imageType": image}]


def test_a_scaling_update_works_with_any_strategy() -> None:  # 10.61
    after = updated(created(EC2), minvCpus=2, maxvCpus=32, desiredvCpus=4)
    assert shown(after) == {
        **EC2, "minvCpus": 2, "maxvCpus": 32, "desiredvCpus": 4, "ec2Configuration": [{"imageType": "ECS_AL2023"}]
    }  # fmt: skip


def test_the_same_value_again_is_no_infrastructure_update() -> None:  # 10.62; terraform sends maxvCpus each time
    before = created(EC2)
    same = {"maxvCpus": 16, "subnets": ["subnet-1"], "imageId": "", "launchTemplate": {"launchTemplateName": ""}}
    assert updated(before, **same) == before
    assert updated(before, updateToLatestImageVersion=True) == before


def test_desired_follows_the_limits() -> None:  # 10.20
    before = created(but(EC2, desiredvCpus=8))
    assert shown(updated(before, maxvCpus=4))["desiredvCpus"] == 4
    assert shown(updated(before, minvCpus=12))["desiredvCpus"] == 12


def test_an_infrastructure_update() -> None:  # 10.62, 10.64, 10.65
    before = created(but(PROGRESSIVE, imageId="ami-1", ec2KeyPair="k", tags={"a": "b"}, securityGroupIds=["sg-1"],
                         launchTemplate={"launchTemplateId": "lt", "version": "1"},
                         ec2Configuration=[{"imageType": "ECS_AL2", "imageIdOverride": "ami-2"}]))  # fmt: skip
    update = {
        "instanceTypes": ["c5", "m5"],
        "type": "SPOT",
        "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
        "bidPercentage": 60,
        "tags": {"c": "d"},
        "imageId": "",
        "ec2KeyPair": "",
        "launchTemplate": {"launchTemplateId": ""},
        "ec2Configuration": [],
        "subnets": ["subnet-2"],
        "updateToLatestImageVersion": True,
    }
    assert shown(updated(before, **update)) == {
        **EC2,
        "type": "SPOT",
        "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
        "bidPercentage": 60,
        "desiredvCpus": 0,
        "instanceTypes": ["c5", "m5"],
        "subnets": ["subnet-2"],
        "tags": {"c": "d"},
        "ec2Configuration": [{"imageType": "ECS_AL2023"}],
    }


def test_empty_lists_remove_the_network_of_ec2_and_change_nothing_on_fargate() -> None:  # 10.65
    update = {"subnets": [], "securityGroupIds": []}
    after = shown(updated(created(PROGRESSIVE), **update))
    assert (after["subnets"], after["securityGroupIds"]) == ([], [])
    fargate = created(FARGATE)
    assert updated(fargate, **update, maxvCpus=4) == fargate


def test_fargate_changes_its_network_and_kind() -> None:  # 10.61, 10.66
    after = updated(created(FARGATE), type="FARGATE_SPOT", subnets=["subnet-2"])
    assert shown(after) == {**FARGATE, "type": "FARGATE_SPOT", "subnets": ["subnet-2"]}


def test_managed_instances_change_member_by_member() -> None:  # 10.70
    update = {"managedInstancesProvider": {"instanceLaunchTemplate": {"monitoring": "DETAILED"}}}
    after = shown(updated(created(MANAGED_INSTANCES), **update))
    provider = MANAGED_INSTANCES["managedInstancesProvider"]
    template = {**provider["instanceLaunchTemplate"], "monitoring": "DETAILED"}
    assert after["managedInstancesProvider"] == {**provider, "instanceLaunchTemplate": template}


@pytest.mark.parametrize(
    ("before", "update", "text"),
    [
        (EC2, {}, "^At least one compute-resources attribute must be specified$"),  # 10.60
        (EC2, {"instanceTypes": ["c5"]}, "needs an allocation strategy other than BEST_FIT: to change instanceTypes"),
        (EC2, {"allocationStrategy": "BEST_FIT_PROGRESSIVE"}, "other than BEST_FIT"),  # 10.62
        (PROGRESSIVE, {"allocationStrategy": "BEST_FIT"}, "allocationStrategy must be one of"),  # 10.31
        (EC2, {"minvCpus": 17}, "^maxvCpus should be greater than or equal to minvCpus.$"),
        (EC2, {"desiredvCpus": 17}, "^desiredvCpus should be between minvCpus and maxvCpus.$"),
        (
            but(EC2, desiredvCpus=8),
            {"desiredvCpus": 4},
            "^Manually scaling down compute environment is not supported. Disconnecting job queues from compute env",
        ),
        (PROGRESSIVE, {"type": "FARGATE"}, "type cannot change from EC2 to FARGATE"),  # 10.66
        (MANAGED_INSTANCES, {"type": "EC2"}, "type cannot change from ECS_MANAGED_INSTANCES to EC2"),
        (PROGRESSIVE, {"type": "EC3"}, "computeResources.type must be one of"),
        (FARGATE, {"minvCpus": 0}, "^minvCpus is not applicable for Fargate.$"),
        (FARGATE, {"instanceTypes": ["c5"]}, "^instanceTypes is not applicable for Fargate.$"),
        (PROGRESSIVE, {"instanceTypes": []}, "^Resource instanceTypes are required.$"),
        (PROGRESSIVE, {"instanceRole": ""}, "^Instance role is required.$"),
        (PROGRESSIVE, {"instanceTypes": ["nothing"]}, "^Instance type can only be one of"),
        (PROGRESSIVE, {"type": "SPOT"}, None),
        (PROGRESSIVE, {"scalingPolicy": {"minScaleDownDelayMinutes": 5}}, "minScaleDownDelayMinutes"),
    ],
)
def test_updates_of_resources(before: dict[str, Any], update: dict[str, Any], text: str | None) -> None:
    environment = created(before)
    if text is None:
        updated(environment, **update)
        return
    with pytest.raises(Invalid, match=text):
        updated(environment, **update)
