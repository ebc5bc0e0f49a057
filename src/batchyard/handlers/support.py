"""What this yard does with each operation and request member: the source of the compatibility page.

An operation with a handler works; one without is refused with `unsupported(operation)`. A member of an operation that
works does what AWS says, unless `MEMBERS` has it, or the nearest member around it, with another verdict.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

import msgspec

from batchyard.domain.errors import Unsupported


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


def _no_effect(why: str, *paths: str) -> dict[str, Support]:
    return dict.fromkeys(paths, Support(Verdict.NO_EFFECT, why))


def _refused(message: str, *paths: str) -> dict[str, Support]:
    return dict.fromkeys(paths, Support(Verdict.REFUSED, message))


def _below(prefix: str, names: str) -> Iterable[str]:
    return (f"{prefix}.{name}" for name in names.split())


_CONTAINER = "RegisterJobDefinition.containerProperties"
_CREATE = "CreateComputeEnvironment.computeResources"
_UPDATE = "UpdateComputeEnvironment.computeResources"
_FLEET = (
    "allocationStrategy bidPercentage desiredvCpus ec2Configuration ec2KeyPair imageId instanceRole instanceTypes "
    "launchTemplate minvCpus placementGroup scalingPolicy securityGroupIds subnets tags"
)

NOT_RUN: Mapping[str, str] = {
    "nodeProperties": "Multi-node parallel jobs are not supported by this Batchyard.",
    "ecsProperties": "Jobs of several containers (ecsProperties) are not supported by this Batchyard.",
    "eksProperties": "Kubernetes jobs (eksProperties) are not supported by this Batchyard.",
    "consumableResourceProperties.consumableResourceList": "Consumable resources are not supported by this Batchyard.",
    "containerProperties.secrets": "Secrets (containerProperties.secrets) are not supported by this Batchyard.",
}
"""Members of a job definition that can be registered and described, and what SubmitJob answers to such a definition."""

MEMBERS: Mapping[str, Support] = {
    **{
        f"RegisterJobDefinition.{member}": Support(
            Verdict.NO_EFFECT, f"stored and described; SubmitJob with it answers “{message}”"
        )
        for member, message in NOT_RUN.items()
    },
    **_refused(NOT_RUN["nodeProperties"], "SubmitJob.nodeOverrides"),
    **_refused(NOT_RUN["ecsProperties"], "SubmitJob.ecsPropertiesOverride"),
    **_refused(NOT_RUN["eksProperties"], "SubmitJob.eksPropertiesOverride"),
    **_refused("EKS compute environments are not supported by this Batchyard.",
               "CreateComputeEnvironment.eksConfiguration", "UpdateComputeEnvironment.eksConfiguration"),
    **_refused("Service environments are not supported by this Batchyard.",
               "CreateJobQueue.serviceEnvironmentOrder", "UpdateJobQueue.serviceEnvironmentOrder"),
    **_refused(NOT_RUN["consumableResourceProperties.consumableResourceList"],
               "SubmitJob.consumableResourcePropertiesOverride.consumableResourceList"),
    **_no_effect("recorded and shown; no image is run: `[images]` in the settings says what a name means here",
                 f"{_CONTAINER}.image"),
    **_no_effect("there are no IAM roles here: `[jobs.environment]` can give jobs credentials",
                 *_below(_CONTAINER, "jobRoleArn executionRoleArn")),
    **_no_effect("a job is a process and sees the folders of this machine",
                 *_below(_CONTAINER, "volumes mountPoints readonlyRootFilesystem ephemeralStorage")),
    **_no_effect('echoed, and the job runs without it; `jobs.privileged = "deny"` refuses it',
                 f"{_CONTAINER}.privileged"),
    **_no_effect("a job is a process of this machine, not a container",
                 *_below(_CONTAINER, "ulimits linuxParameters networkConfiguration fargatePlatformConfiguration "
                                     "runtimePlatform repositoryCredentials enableExecuteCommand instanceType")),
    **_no_effect("all output goes to the log store, whatever the driver",
                 *_below(_CONTAINER, "logConfiguration.logDriver logConfiguration.secretOptions")),
    **_no_effect("there is no ECS task that could carry tags",
                 "RegisterJobDefinition.propagateTags", "SubmitJob.propagateTags"),
    **_no_effect("stored; queues are first in, first out whatever their policy",
                 "RegisterJobDefinition.schedulingPriority", "SubmitJob.shareIdentifier",
                 "SubmitJob.schedulingPriorityOverride", "CreateJobQueue.schedulingPolicyArn",
                 "UpdateJobQueue.schedulingPolicyArn",
                 *_below("CreateSchedulingPolicy", "fairsharePolicy quotaSharePolicy"),
                 *_below("UpdateSchedulingPolicy", "fairsharePolicy quotaSharePolicy")),
    **_no_effect("stored; no job is cancelled for waiting long",
                 "CreateJobQueue.jobStateTimeLimitActions", "UpdateJobQueue.jobStateTimeLimitActions"),
    **_no_effect("applies to multi-node jobs only, as in AWS", "SubmitJob.containerOverrides.instanceType"),
    **_no_effect("there are no IAM roles here", "CreateComputeEnvironment.serviceRole",
                 "UpdateComputeEnvironment.serviceRole", f"{_CREATE}.spotIamFleetRole"),
    **_no_effect("stored; this machine is the only host", *_below(_CREATE, _FLEET), *_below(_UPDATE, _FLEET),
                 f"{_UPDATE}.updateToLatestImageVersion", "UpdateComputeEnvironment.updatePolicy",
                 *_below("CreateComputeEnvironment", "unmanagedvCpus ecsSettings context"),
                 *_below("UpdateComputeEnvironment", "unmanagedvCpus ecsSettings context")),
    **_no_effect("nothing is masked here", "GetLogEvents.unmask", "FilterLogEvents.unmask"),
    **_no_effect("results are always interleaved, as in AWS", "FilterLogEvents.interleaved"),
    **_no_effect("not needed any more, as in AWS", "PutLogEvents.sequenceToken"),
    **_no_effect("logs are plain files of this machine",
                 *_below("CreateLogGroup", "kmsKeyId logGroupClass deletionProtectionEnabled"), "PutLogEvents.entity"),
    **_no_effect("one server is one account",
                 *_below("DescribeLogGroups", "accountIdentifiers includeLinkedAccounts logGroupClass")),
}  # fmt: skip
"""`Operation.member.path` → its verdict. `[]` follows a list's name: `SubmitJob.dependsOn[].jobId`."""


def support(path: str, handled: Mapping[str, object]) -> Support:
    """What becomes of `Operation` or `Operation.member.path`; `handled` has the operations that have a handler."""
    operation = path.partition(".")[0]
    if operation not in handled:
        return Support(Verdict.REFUSED, unsupported(operation))
    while path != operation:
        if path in MEMBERS:
            return MEMBERS[path]
        path = path.rpartition(".")[0].rstrip("[]{}")
    return MEMBERS.get(operation, WORKS)


def refuse(operation: str, request: object) -> None:
    """Raise Unsupported for a member of `request` that the table refuses, with the message that the page gives."""
    for path, verdict in MEMBERS.items():
        owner, _, member = path.partition(".")
        if owner == operation and verdict.verdict is Verdict.REFUSED and _given(request, member):
            raise Unsupported(verdict.why)


def refuse_to_run(definition: object) -> None:
    """Raise Unsupported for a job definition (the shape that was registered) that SubmitJob cannot run."""
    for member, message in NOT_RUN.items():
        if _given(definition, member):
            raise Unsupported(message)


def _given(shape: object, path: str) -> bool:
    """Whether the member is there and not empty: clients send empty lists for what they do not use."""
    for name in path.split("."):
        shape = getattr(shape, name, None)
    return shape is not None and shape != []
