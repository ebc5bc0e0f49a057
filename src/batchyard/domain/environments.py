"""Compute environments: where jobs run (BEHAVIOUR 10). Values, and the rules for making, changing and removing them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from batchyard.api import batch
from batchyard.domain import compute_resources
from batchyard.domain.arns import NAME, Identity
from batchyard.domain.checks import at_least, one_of, within
from batchyard.domain.errors import Conflicting, Invalid
from batchyard.domain.instance_types import is_arm
from batchyard.domain.tags import check_tags

HEALTHY = "ComputeEnvironment Healthy"
PROVIDER_TAG = "batchyard:provider"
"""The tag that names the provider where an environment runs."""

_SERVICE_LINKED = "aws-service-role/batch.amazonaws.com/"
_QUEUE_TYPES = {
    "EC2": "ECS",
    "UNMANAGED": "ECS",
    "FARGATE": "ECS_FARGATE",
    "MANAGED_INSTANCES": "ECS_MANAGED_INSTANCES",
}


class Environment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A compute environment. `pk` and `version` are given by the store; times are UTC seconds."""

    pk: int = 0
    version: int = 0
    name: str
    uuid: str
    type: str
    state: str = "ENABLED"
    status: str = "VALID"
    status_reason: str = HEALTHY
    resources: batch.ComputeResource | None = None
    service_role: str
    unmanaged_vcpus: int | None = None
    ecs_settings: batch.EcsSettings | None = None
    update_policy: batch.UpdatePolicy | None = None
    context: str | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    created_at: float

    def provider(self, default: str) -> str:
        """Name of the provider where it runs: the tag's, else `default`."""
        return self.tags.get(PROVIDER_TAG, default)

    @property
    def max_vcpus(self) -> int | None:
        """vCPUs that its jobs may use in all; None is no bound of its own (UNMANAGED)."""
        return None if self.resources is None else self.resources.maxvCpus

    @property
    def accepts_jobs(self) -> bool:
        """Whether jobs may be placed on it (9.02)."""
        return self.state == "ENABLED" and self.status == "VALID"

    @property
    def platform(self) -> str:
        """`EC2`, `FARGATE`, `MANAGED_INSTANCES` or `UNMANAGED`."""
        return "UNMANAGED" if self.resources is None else compute_resources.kind_of(self.resources.type)

    @property
    def queue_type(self) -> str:
        """The `jobQueueType` of queues that can use it (8.06)."""
        return _QUEUE_TYPES[self.platform]

    @property
    def architecture(self) -> str | None:
        """`x86_64` or `arm64` by its instance types; None when they do not decide it."""
        names = self.resources.instanceTypes if self.resources is not None else None
        return ("arm64" if is_arm(names[0]) else "x86_64") if names else None

    def describe(self, identity: Identity) -> batch.ComputeEnvironmentDetail:
        """What DescribeComputeEnvironments shows (10.07): what was sent, and what AWS adds."""
        return batch.ComputeEnvironmentDetail(
            computeEnvironmentName=self.name,
            computeEnvironmentArn=identity.environment(self.name),
            unmanagedvCpus=self.unmanaged_vcpus,
            ecsClusterArn=identity.cluster(self.name, self.uuid),
            tags=self.tags,
            type=self.type,
            state=self.state,
            status=self.status,
            statusReason=self.status_reason,
            computeResources=self.resources,
            serviceRole=self.service_role,
            updatePolicy=self.update_policy,
            containerOrchestrationType="ECS",
            uuid=self.uuid,
            context=self.context,
            ecsSettings=self.ecs_settings,
        )


def service_linked_role(identity: Identity) -> str:
    """ARN of the role that a MANAGED environment has when none is named (10.03)."""
    return f"arn:{identity.partition}:iam::{identity.account}:role/{_SERVICE_LINKED}AWSServiceRoleForBatch"


def settled(environment: Environment) -> Environment:
    """The one place where what was accepted becomes VALID, also again after INVALID (10.06, 10.60, 10.81).

    Nothing has to be built for it yet, so creating and updating end here at once; capacity that takes time would leave
    the status CREATING or UPDATING and call this when it is there.
    """
    return msgspec.structs.replace(environment, status="VALID", status_reason=HEALTHY)


def create(
    request: batch.CreateComputeEnvironmentRequest,
    *,
    identity: Identity,
    uuid: str,
    now: float,
    providers: Collection[str],
    tag_limit: int,
) -> Environment:
    """The environment that `request` asks for (10.1, 10.2). Raises Invalid."""
    if NAME.fullmatch(request.computeEnvironmentName) is None:
        raise Invalid(
            "computeEnvironmentName should match a valid pattern: 1 to 128 letters, digits, hyphens, underscores."
        )
    one_of(request.type, batch.CE_TYPE_VALUES, "type")
    one_of(request.state, batch.CE_STATE_VALUES, "state")
    if request.state == "DISABLED":
        raise Invalid("Compute Environment must be created in ENABLED state.")
    role = request.serviceRole or service_linked_role(identity)
    if request.type == "UNMANAGED":
        _check_unmanaged(request, role)
    elif request.computeResources is None:
        raise Invalid("computeResources must be provided for a MANAGED compute environment")
    elif request.unmanagedvCpus is not None:
        raise Invalid("unmanagedvCpus is only applicable for UNMANAGED compute environments.")
    _check_ecs_settings(request.ecsSettings)
    tags = check_tags(request.tags, tag_limit)
    _check_provider(tags, providers)
    return settled(
        Environment(
            name=request.computeEnvironmentName,
            uuid=uuid,
            type=request.type,
            resources=compute_resources.created(request.computeResources) if request.computeResources else None,
            service_role=role,
            unmanaged_vcpus=request.unmanagedvCpus,
            ecs_settings=request.ecsSettings,
            context=request.context,
            tags=tags,
            created_at=now,
        )
    )


def update(
    environment: Environment, request: batch.UpdateComputeEnvironmentRequest, *, identity: Identity
) -> Environment:
    """`environment` with what `request` gives; members left out stay (10.6). Raises Invalid or Conflicting."""
    if environment.status in ("CREATING", "UPDATING", "DELETING"):
        raise Conflicting("Cannot update, resource is being modified.")
    one_of(request.state, batch.CE_STATE_VALUES, "state")
    if environment.type == "MANAGED" and request.unmanagedvCpus is not None:
        raise Invalid("unmanagedvCpus is only applicable for UNMANAGED compute environments.")
    at_least(request.unmanagedvCpus, 0, "unmanagedvCpus")
    vcpus = environment.unmanaged_vcpus if request.unmanagedvCpus is None else request.unmanagedvCpus
    _check_ecs_settings(request.ecsSettings)
    role = environment.service_role
    if request.serviceRole is not None:
        role = request.serviceRole or service_linked_role(identity)
        if (_SERVICE_LINKED in role) != (_SERVICE_LINKED in environment.service_role):
            raise Invalid(
                f"serviceRole cannot change between a service-linked and an ordinary role, from "
                f"{environment.service_role} to {role}: create a new compute environment."
            )
    resources = environment.resources
    if request.computeResources is not None:
        if resources is None:
            raise Invalid("computeResources must not be provided for an UNMANAGED compute environment")
        resources = compute_resources.updated(resources, request.computeResources, _SERVICE_LINKED in role)
    policy = environment.update_policy
    if request.updatePolicy is not None:
        policy = _update_policy(request.updatePolicy)
    return settled(
        msgspec.structs.replace(
            environment,
            state=request.state or environment.state,
            resources=resources,
            service_role=role,
            unmanaged_vcpus=vcpus,
            ecs_settings=request.ecsSettings or environment.ecs_settings,
            update_policy=policy,
            context=environment.context if request.context is None else request.context,
        )
    )


def check_deletable(environment: Environment, queues: Iterable[str], active_jobs: int) -> None:
    """Refuse to delete an environment that queues list, by their names (10.90), or jobs still run on (15.49)."""
    if environment.status in ("CREATING", "UPDATING"):
        raise Conflicting("Cannot delete, resource is being modified.")
    if environment.state != "DISABLED":
        raise Invalid("Cannot delete, compute environment state must be DISABLED")
    if names := sorted(queues):
        raise Conflicting(f"Cannot delete, found existing JobQueue relationship: {', '.join(names)}")
    if active_jobs:
        raise Conflicting(f"Cannot delete, {active_jobs} jobs still run there: wait for them or terminate them.")


def retag(environment: Environment, tags: dict[str, str]) -> Environment:
    """`environment` with other tags; where it runs is fixed once it was made."""
    if environment.tags.get(PROVIDER_TAG) != tags.get(PROVIDER_TAG):
        raise Invalid(f"The tag {PROVIDER_TAG} cannot change: create a new compute environment.")
    return msgspec.structs.replace(environment, tags=tags)


def default_request(host_vcpus: int) -> batch.CreateComputeEnvironmentRequest:
    """What the first start creates: the environment `local`, which may use all of this machine."""
    return batch.CreateComputeEnvironmentRequest(
        computeEnvironmentName="local",
        type="MANAGED",
        computeResources=batch.ComputeResource(
            type="EC2",
            allocationStrategy="BEST_FIT_PROGRESSIVE",
            minvCpus=0,
            maxvCpus=host_vcpus,
            instanceTypes=["optimal"],
            instanceRole="ecsInstanceRole",
            subnets=["subnet-local"],
            securityGroupIds=["sg-local"],
        ),
    )


def _check_unmanaged(request: batch.CreateComputeEnvironmentRequest, role: str) -> None:
    """The rules of UNMANAGED environments (10.02, 10.04)."""
    if request.computeResources is not None:
        raise Invalid("computeResources must not be provided for an UNMANAGED compute environment")
    if not request.serviceRole:
        raise Invalid("ServiceRole is required.")
    if _SERVICE_LINKED in role:
        raise Invalid("Service Linked Role cannot be used with UNMANAGED Compute Environment")
    at_least(request.unmanagedvCpus, 0, "unmanagedvCpus")


def _check_ecs_settings(settings: batch.EcsSettings | None) -> None:
    one_of(settings and settings.containerInsights, batch.CONTAINER_INSIGHTS_VALUES, "ecsSettings.containerInsights")


def _check_provider(tags: dict[str, str], providers: Collection[str]) -> None:
    name = tags.get(PROVIDER_TAG)
    if name is not None and name not in providers:
        known = ", ".join(sorted(providers))
        raise Invalid(f'The tag {PROVIDER_TAG} names the provider "{name}", which the settings lack. Known: {known}.')


def _update_policy(given: batch.UpdatePolicy) -> batch.UpdatePolicy:
    """`given` with AWS's defaults (10.05, 10.63); stored for Fargate too, where it has no effect (10.66)."""
    within(given.jobExecutionTimeoutMinutes, 1, 7200, "updatePolicy.jobExecutionTimeoutMinutes")
    minutes = given.jobExecutionTimeoutMinutes
    return batch.UpdatePolicy(
        terminateJobsOnUpdate=bool(given.terminateJobsOnUpdate),
        jobExecutionTimeoutMinutes=30 if minutes is None else minutes,
    )
