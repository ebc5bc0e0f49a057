"""Job queues: an ordered list of environments, a priority, perhaps a policy (BEHAVIOUR 8). Values and their rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from batchyard.api import batch
from batchyard.domain.arns import Identity, check_name
from batchyard.domain.checks import one_of, within
from batchyard.domain.environments import Environment
from batchyard.domain.errors import Conflicting, Invalid, NotFound
from batchyard.domain.policies import Policy
from batchyard.domain.tags import check_tags

HEALTHY = "JobQueue Healthy"
ACTION_REASONS = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
)
"""Codes of 8.40 that an action may name (8.51)."""

_ATTACH_FIRST = "Compute Environments must be created and valid before attaching them to a job queue"


class Attached(msgspec.Struct, frozen=True):
    """An environment's place in a queue: lower orders are tried first (9.01)."""

    order: int
    environment: str


class Queue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job queue. `pk` and `version` are given by the store; `attached` is as it was sent; times are UTC seconds."""

    pk: int = 0
    version: int = 0
    name: str
    type: str
    state: str = "ENABLED"
    status: str = "VALID"
    status_reason: str = HEALTHY
    priority: int
    attached: tuple[Attached, ...]
    policy: str | None = None
    time_limit_actions: tuple[batch.JobStateTimeLimitAction, ...] = ()
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    created_at: float

    @property
    def environment_names(self) -> tuple[str, ...]:
        """Names of its environments in the order in which they are tried."""
        return tuple(each.environment for each in sorted(self.attached, key=lambda each: each.order))

    @property
    def accepts_jobs(self) -> bool:
        """Whether jobs may be submitted (8.22)."""
        return self.state == "ENABLED" and self.status == "VALID"

    def describe(self, identity: Identity) -> batch.JobQueueDetail:
        """What DescribeJobQueues shows (8.24): ARNs only, and empty lists for what is not used."""
        return batch.JobQueueDetail(
            jobQueueName=self.name,
            jobQueueArn=identity.queue(self.name),
            state=self.state,
            schedulingPolicyArn=None if self.policy is None else identity.policy(self.policy),
            status=self.status,
            statusReason=self.status_reason,
            priority=self.priority,
            computeEnvironmentOrder=[
                batch.ComputeEnvironmentOrder(
                    order=each.order, computeEnvironment=identity.environment(each.environment)
                )
                for each in self.attached
            ],
            serviceEnvironmentOrder=[],
            jobQueueType=self.type,
            tags=self.tags,
            jobStateTimeLimitActions=list(self.time_limit_actions),
        )


class Known(msgspec.Struct, frozen=True):
    """How the rules of a queue look at what else there is: by name, None for what does not exist."""

    identity: Identity
    environment: Callable[[str], Environment | None]
    policy: Callable[[str], Policy | None]


def settled(queue: Queue) -> Queue:
    """The one place where what was accepted becomes VALID (8.20); nothing has to be built for it, so it is at once."""
    return msgspec.structs.replace(queue, status="VALID", status_reason=HEALTHY)


def create(
    request: batch.CreateJobQueueRequest, known: Known, *, now: float, environment_limit: int, tag_limit: int
) -> Queue:
    """The queue that `request` asks for (8.1). Raises Invalid or NotFound."""
    check_name(request.jobQueueName, "Job Queue name should match a valid pattern.")
    one_of(request.state, batch.JQ_STATE_VALUES, "state")
    one_of(request.jobQueueType, batch.JOB_QUEUE_TYPE_VALUES, "jobQueueType")
    within(request.priority, 0, 1000, "priority")
    if request.jobQueueType == "SAGEMAKER_TRAINING" and not request.serviceEnvironmentOrder:
        raise Invalid("Job queues of type SAGEMAKER_TRAINING must have serviceEnvironmentOrder.")
    attached, queue_type = _attach(request.computeEnvironmentOrder or (), known, environment_limit)
    if request.jobQueueType not in (None, queue_type):
        raise Invalid(
            f"jobQueueType {request.jobQueueType} does not fit its compute environments, which are {queue_type}."
        )
    policy = None
    if request.schedulingPolicyArn:
        policy = _policy(request.schedulingPolicyArn, known)
        if policy.quota_share is not None:
            raise Invalid("Quota Management feature is only supported for SageMaker Training job queues.")
    _check_actions(request.jobStateTimeLimitActions or ())
    return settled(
        Queue(
            name=request.jobQueueName,
            type=queue_type,
            state=request.state or "ENABLED",
            priority=request.priority,
            attached=attached,
            policy=policy.name if policy is not None else None,
            time_limit_actions=tuple(request.jobStateTimeLimitActions or ()),
            tags=check_tags(request.tags, tag_limit),
            created_at=now,
        )
    )


def update(queue: Queue, request: batch.UpdateJobQueueRequest, known: Known, *, environment_limit: int) -> Queue:
    """`queue` with what `request` gives; members left out stay, lists are replaced (8.21)."""
    if queue.status in ("CREATING", "UPDATING", "DELETING"):
        raise Conflicting("Cannot update, resource is being modified.")
    one_of(request.state, batch.JQ_STATE_VALUES, "state")
    within(request.priority, 0, 1000, "priority")
    attached = queue.attached
    if request.computeEnvironmentOrder is not None:
        attached, queue_type = _attach(request.computeEnvironmentOrder, known, environment_limit)
        if queue_type != queue.type:
            raise Invalid(f"A job queue of type {queue.type} cannot have compute environments of type {queue_type}.")
    policy = queue.policy
    if request.schedulingPolicyArn is not None:
        policy = _replaced_policy(queue, request.schedulingPolicyArn, known)
    actions = queue.time_limit_actions
    if request.jobStateTimeLimitActions is not None:
        _check_actions(request.jobStateTimeLimitActions)
        actions = tuple(request.jobStateTimeLimitActions)
    return settled(
        msgspec.structs.replace(
            queue,
            state=request.state or queue.state,
            priority=queue.priority if request.priority is None else request.priority,
            attached=attached,
            policy=policy,
            time_limit_actions=actions,
        )
    )


def deleting(queue: Queue) -> Queue:
    """`queue` on its way out (8.23): admission ends its jobs and removes it. Raises Invalid or Conflicting."""
    if queue.status in ("CREATING", "UPDATING"):
        raise Conflicting("Cannot delete, resource is being modified.")
    if queue.state != "DISABLED":
        raise Invalid("Cannot delete, job queue state must be DISABLED")
    return msgspec.structs.replace(queue, status="DELETING", status_reason="JobQueue is being deleted")


def default_request() -> batch.CreateJobQueueRequest:
    """What the first start creates: the queue `default` over the environment `local`."""
    order = [batch.ComputeEnvironmentOrder(order=1, computeEnvironment="local")]
    return batch.CreateJobQueueRequest(jobQueueName="default", priority=1, computeEnvironmentOrder=order)


def _attach(
    order: Sequence[batch.ComputeEnvironmentOrder], known: Known, limit: int
) -> tuple[tuple[Attached, ...], str]:
    """The environments that `order` names, and the type that their queue has (8.03 to 8.06)."""
    if not 1 <= len(order) <= limit:
        raise Invalid(f"computeEnvironmentOrder must have 1 to {limit} entries, got {len(order)}.")
    if len({each.order for each in order}) < len(order):
        raise Invalid("Duplicate ComputeEnvironment order values.")
    found: list[Environment] = []
    for each in order:
        name = known.identity.name_of(each.computeEnvironment, "compute-environment")
        environment = known.environment(name) if name is not None else None
        if environment is None or environment.status != "VALID":
            fault = "does not exist" if environment is None else f"is {environment.status}"
            raise Invalid(f"{_ATTACH_FIRST}: {each.computeEnvironment} {fault}")
        found.append(environment)
    if len({environment.name for environment in found}) < len(found):
        raise Invalid("Duplicate ComputeEnvironment in computeEnvironmentOrder.")
    types = {environment.queue_type for environment in found}
    if types == {"ECS", "ECS_FARGATE"}:
        raise Invalid("Fargate and EC2 compute environments can not be mixed.")
    if len(types) > 1:
        raise Invalid(f"Compute environments of the types {', '.join(sorted(types))} can not be mixed.")
    if len({environment.architecture for environment in found} - {None}) > 1:
        raise Invalid("Compute environments of the architectures x86_64 and arm64 can not be mixed.")
    pairs = zip(order, found, strict=True)
    return tuple(Attached(each.order, environment.name) for each, environment in pairs), types.pop()


def _policy(arn: str, known: Known) -> Policy:
    name = known.identity.own(arn, "scheduling-policy")
    policy = known.policy(name) if name is not None else None
    if policy is None:
        raise NotFound(f"SchedulingPolicy {arn} not found.")
    return policy


def _replaced_policy(queue: Queue, arn: str, known: Known) -> str | None:
    """The policy that takes the old one's place: never none, and never where there was none (8.07)."""
    if queue.policy is None:
        if not arn:
            return None
        raise Invalid(f"A scheduling policy cannot be added to {queue.name}, which was created without one.")
    if not arn:
        raise Invalid(f"The scheduling policy of {queue.name} can be replaced but not removed.")
    policy = _policy(arn, known)
    old = known.policy(queue.policy)
    if old is not None and (policy.quota_share is None) != (old.quota_share is None):
        raise Invalid(f"The scheduling policy of {queue.name} can only be replaced by one of the same kind.")
    return policy.name


def _check_actions(actions: Sequence[batch.JobStateTimeLimitAction]) -> None:
    """The form of actions for container queues (8.50, 8.51)."""
    for each in actions:
        one_of(each.state, batch.JOB_STATE_TIME_LIMIT_ACTIONS_STATE_VALUES, "jobStateTimeLimitActions.state")
        one_of(each.reason, ACTION_REASONS, "jobStateTimeLimitActions.reason")
        within(each.maxTimeSeconds, 600, 86_400, "jobStateTimeLimitActions.maxTimeSeconds")
        if each.action != "CANCEL":
            raise Invalid("Invalid job action. Valid job actions: [CANCEL]")
    if len({(each.state, each.reason) for each in actions}) < len(actions):
        raise Invalid("Duplicate job state limit actions are not allowed.")
