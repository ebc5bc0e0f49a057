"""What this yard does with each operation and request member: the source of the compatibility page.

An operation with a handler works; one without is refused with `unsupported(operation)`. A member of an operation that
works does what AWS says, unless `MEMBERS` has it, or the nearest member around it, with another verdict.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping

import msgspec

from batchyard.domain.errors import Unsupported
from batchyard.domain.submissions import NOT_RUN


class Verdict(enum.StrEnum):
    """What becomes of an operation or member, in the words of the page."""

    WORKS = "works"
    NO_EFFECT = "accepted, no effect here"
    REFUSED = "refused"


class Support(msgspec.Struct, frozen=True):
    """A verdict, and why it is so: for a refusal, the message that the caller reads."""

    verdict: Verdict
    why: str = ""


WORKS = Support(Verdict.WORKS)


def unsupported(operation: str) -> str:
    """The message for an operation that has no handler."""
    return f"{operation} is not supported by this Batchyard; its compatibility page lists what is."


_SUBMIT_SAYS = {row.member: row.message for row in NOT_RUN}
_NOT_RUN = "stored and described; SubmitJob with it answers “{}”"

_TABLE: tuple[tuple[Verdict, str, tuple[str, ...]], ...] = (
    *((Verdict.NO_EFFECT, _NOT_RUN.format(row.message), (f"RegisterJobDefinition: {row.member}",)) for row in NOT_RUN),
    (
        Verdict.WORKS,
        f"with one container; with more, SubmitJob answers “{_SUBMIT_SAYS['ecsProperties']}”",
        ("RegisterJobDefinition: ecsProperties",),
    ),
    (
        Verdict.NO_EFFECT,
        _NOT_RUN.format(_SUBMIT_SAYS["ecsProperties"]),
        (
            "RegisterJobDefinition.ecsProperties.taskProperties[]: pidMode ipcMode networkMode",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: dependsOn",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: firelensConfiguration",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: startTimeout stopTimeout",
        ),
    ),
    (
        Verdict.NO_EFFECT,
        _NOT_RUN.format(_SUBMIT_SAYS["containerProperties.secrets"]),
        ("RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: secrets",),
    ),
    (Verdict.REFUSED, _SUBMIT_SAYS["nodeProperties"], ("SubmitJob: nodeOverrides",)),
    (Verdict.REFUSED, _SUBMIT_SAYS["eksProperties"], ("SubmitJob: eksPropertiesOverride",)),
    (
        Verdict.REFUSED,
        _SUBMIT_SAYS["consumableResourceProperties.consumableResourceList"],
        ("SubmitJob.consumableResourcePropertiesOverride: consumableResourceList",),
    ),
    (
        Verdict.REFUSED,
        "EKS compute environments are not supported by this Batchyard.",
        ("CreateComputeEnvironment: eksConfiguration", "UpdateComputeEnvironment: eksConfiguration"),
    ),
    (
        Verdict.REFUSED,
        "Service environments are not supported by this Batchyard.",
        ("CreateJobQueue: serviceEnvironmentOrder", "UpdateJobQueue: serviceEnvironmentOrder"),
    ),
    (
        Verdict.NO_EFFECT,
        "recorded and shown; no image is run: `[images]` in the settings says what a name means here",
        (
            "RegisterJobDefinition.containerProperties: image",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: image",
        ),
    ),
    (
        Verdict.NO_EFFECT,
        "there are no IAM roles here; `[jobs.environment]` can give jobs credentials",
        (
            "RegisterJobDefinition.containerProperties: jobRoleArn executionRoleArn",
            "RegisterJobDefinition.ecsProperties.taskProperties[]: taskRoleArn executionRoleArn",
            "CreateComputeEnvironment: serviceRole",
            "CreateComputeEnvironment.computeResources: spotIamFleetRole",
            "UpdateComputeEnvironment: serviceRole",
        ),
    ),
    (
        Verdict.NO_EFFECT,
        "a job is a process of this machine: it sees the machine's folders, network and devices",
        (
            "RegisterJobDefinition.containerProperties: volumes mountPoints readonlyRootFilesystem",
            "RegisterJobDefinition.containerProperties: ephemeralStorage ulimits linuxParameters",
            "RegisterJobDefinition.containerProperties: networkConfiguration fargatePlatformConfiguration",
            "RegisterJobDefinition.containerProperties: runtimePlatform repositoryCredentials",
            "RegisterJobDefinition.containerProperties: enableExecuteCommand",
            "RegisterJobDefinition.ecsProperties.taskProperties[]: volumes ephemeralStorage",
            "RegisterJobDefinition.ecsProperties.taskProperties[]: networkConfiguration platformVersion",
            "RegisterJobDefinition.ecsProperties.taskProperties[]: runtimePlatform enableExecuteCommand",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: mountPoints",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: readonlyRootFilesystem",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: ulimits linuxParameters",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: repositoryCredentials",
        ),
    ),
    (
        Verdict.NO_EFFECT,
        'echoed, and the job runs without it; `jobs.privileged = "deny"` refuses it',
        (
            "RegisterJobDefinition.containerProperties: privileged",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[]: privileged",
        ),
    ),
    (
        Verdict.WORKS,
        "`awslogs`; the output of a job with another driver has no log stream",
        (
            "RegisterJobDefinition.containerProperties.logConfiguration: logDriver",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[].logConfiguration: logDriver",
        ),
    ),
    (
        Verdict.WORKS,
        "`awslogs-group`, `awslogs-create-group` and `awslogs-stream-prefix`; the other options have no effect",
        (
            "RegisterJobDefinition.containerProperties.logConfiguration: options",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[].logConfiguration: options",
        ),
    ),
    (
        Verdict.NO_EFFECT,
        "no driver here needs a secret",
        (
            "RegisterJobDefinition.containerProperties.logConfiguration: secretOptions",
            "RegisterJobDefinition.ecsProperties.taskProperties[].containers[].logConfiguration: secretOptions",
        ),
    ),
    (
        Verdict.NO_EFFECT,
        "there is no ECS task that could carry tags",
        ("RegisterJobDefinition: propagateTags", "SubmitJob: propagateTags"),
    ),
    (
        Verdict.NO_EFFECT,
        "stored and checked; every queue is first in, first out",
        (
            "RegisterJobDefinition: schedulingPriority",
            "SubmitJob: shareIdentifier schedulingPriorityOverride",
            "CreateJobQueue: schedulingPolicyArn",
            "UpdateJobQueue: schedulingPolicyArn",
            "CreateSchedulingPolicy: fairsharePolicy quotaSharePolicy",
            "UpdateSchedulingPolicy: fairsharePolicy quotaSharePolicy",
        ),
    ),
    (
        Verdict.NO_EFFECT,
        "stored; no job is cancelled because it waits",
        ("CreateJobQueue: jobStateTimeLimitActions", "UpdateJobQueue: jobStateTimeLimitActions"),
    ),
    (
        Verdict.NO_EFFECT,
        "for multi-node jobs only, as in AWS",
        ("RegisterJobDefinition.containerProperties: instanceType", "SubmitJob.containerOverrides: instanceType"),
    ),
    (
        Verdict.NO_EFFECT,
        "stored; this machine is the only host",
        (
            "CreateComputeEnvironment: unmanagedvCpus ecsSettings context",
            "CreateComputeEnvironment.computeResources: allocationStrategy bidPercentage capacityTags",
            "CreateComputeEnvironment.computeResources: desiredvCpus ec2Configuration ec2KeyPair imageId",
            "CreateComputeEnvironment.computeResources: instanceRole instanceTypes launchTemplate",
            "CreateComputeEnvironment.computeResources: managedInstancesProvider minvCpus placementGroup",
            "CreateComputeEnvironment.computeResources: scalingPolicy securityGroupIds subnets tags",
            "UpdateComputeEnvironment: unmanagedvCpus ecsSettings context updatePolicy",
            "UpdateComputeEnvironment.computeResources: allocationStrategy bidPercentage capacityTags",
            "UpdateComputeEnvironment.computeResources: desiredvCpus ec2Configuration ec2KeyPair imageId",
            "UpdateComputeEnvironment.computeResources: instanceRole instanceTypes launchTemplate",
            "UpdateComputeEnvironment.computeResources: managedInstancesProvider minvCpus placementGroup",
            "UpdateComputeEnvironment.computeResources: scalingPolicy securityGroupIds subnets tags",
            "UpdateComputeEnvironment.computeResources: updateToLatestImageVersion",
        ),
    ),
    (Verdict.NO_EFFECT, "nothing is masked here", ("GetLogEvents: unmask", "FilterLogEvents: unmask")),
    (Verdict.NO_EFFECT, "results are always interleaved, as in AWS", ("FilterLogEvents: interleaved",)),
    (Verdict.NO_EFFECT, "not needed any more, as in AWS", ("PutLogEvents: sequenceToken",)),
    (
        Verdict.NO_EFFECT,
        "logs are plain files of this machine",
        ("CreateLogGroup: kmsKeyId logGroupClass deletionProtectionEnabled", "PutLogEvents: entity"),
    ),
    (Verdict.NO_EFFECT, "log groups have no tags here", ("CreateLogGroup: tags",)),
    (
        Verdict.NO_EFFECT,
        "one server is one account",
        ("DescribeLogGroups: accountIdentifiers includeLinkedAccounts logGroupClass",),
    ),
)
"""Verdict, why, and the members: `around: name name …`, with `[]` after a list's name. An entry goes when it works."""


def _entries() -> Iterator[tuple[str, Support]]:
    for verdict, why, groups in _TABLE:
        for group in groups:
            around, _, names = group.partition(": ")
            yield from ((f"{around}.{name}", Support(verdict, why)) for name in names.split())


MEMBERS: Mapping[str, Support] = dict(_entries())
"""`SubmitJob.dependsOn[].type` → its verdict, for every member that has one of its own."""


def support(path: str, handled: Mapping[str, object]) -> Support:
    """What becomes of `Operation` or `Operation.member.path`; `handled` has the operations that have a handler."""
    operation = path.partition(".")[0]
    if operation not in handled:
        return Support(Verdict.REFUSED, unsupported(operation))
    if path in MEMBERS:
        return MEMBERS[path]
    around = path
    while "." in around:
        around = around.rpartition(".")[0]
        found = MEMBERS.get(around.rstrip("[]{}"), WORKS)
        if found.verdict is not Verdict.WORKS:
            return found
    return WORKS


def refuse(operation: str, request: object) -> None:
    """Raise Unsupported for a member of `request` that the table refuses, with the message that the page gives."""
    for path, verdict in MEMBERS.items():
        owner, _, member = path.partition(".")
        if owner == operation and verdict.verdict is Verdict.REFUSED and _given(request, member):
            raise Unsupported(verdict.why)


def _given(shape: object, path: str) -> bool:
    """Whether the member is there and not empty: clients send empty lists for what they do not use."""
    for name in path.split("."):
        shape = getattr(shape, name, None)
    return shape is not None and shape != []
