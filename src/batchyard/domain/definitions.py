"""Job definitions: what may be registered, what is stored and described, how requests name them (BEHAVIOUR 2, 3.01)."""

from __future__ import annotations

import re

import msgspec

from batchyard.api.batch import (
    JOB_DEFINITION_TYPE_VALUES,
    PLATFORM_CAPABILITY_VALUES,
    JobDefinition,
    JobTimeout,
    RegisterJobDefinitionRequest,
    RetryStrategy,
)
from batchyard.config import Jobs, Limits
from batchyard.domain.arns import NAME, Identity, check_name
from batchyard.domain.checks import at_least, one_of, within
from batchyard.domain.containers import check_container, echoed
from batchyard.domain.ecs import check_ecs, echoed_ecs
from batchyard.domain.eks import check_eks
from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.nodes import check_nodes, echoed_nodes
from batchyard.domain.overrides import check_consumables
from batchyard.domain.resources import EC2
from batchyard.domain.retries import check_retry
from batchyard.domain.tags import check_tags

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"
MAX_PRIORITY = 9999
_MIN_TIMEOUT_S = 60
_REFERENCE = re.compile(r"([^:]*)(?::([0-9]{1,9}))?")


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One revision. `registration` is what `check_registration` gave, without its tags; times are UTC seconds."""

    pk: int
    name: str
    revision: int
    status: str
    registration: RegisterJobDefinitionRequest
    tags: dict[str, str]
    created_at: float
    deregistered_at: float | None = None


def check_registration(
    request: RegisterJobDefinitionRequest, limits: Limits, jobs: Jobs
) -> RegisterJobDefinitionRequest:
    """The registration as it is stored and described (2.09-2.13). Raises Invalid for what section 2 refuses."""
    check_name(request.jobDefinitionName, bad_name(request.jobDefinitionName))
    size = len(msgspec.json.encode(request))
    if size > limits.definition_bytes:
        limit = limits.definition_bytes // 1024
        raise Invalid(f"Job definition size must be less than {limit} KiB, got {-(-size // 1024)} KiB")
    _check_payload(request)
    platform = _check_common(request, limits)
    if jobs.privileged == "deny" and is_privileged(request):
        raise Invalid("privileged containers are refused here: the setting jobs.privileged is deny.")
    container, ecs, node = request.containerProperties, request.ecsProperties, request.nodeProperties
    if container is not None:
        check_container(container, platform)
    if ecs is not None:
        check_ecs(ecs, platform)
    if request.eksProperties is not None:
        check_eks(request.eksProperties)
    if node is not None:
        check_nodes(node, limits.nodes, limits.node_ranges)
    return msgspec.structs.replace(
        request,
        parameters=request.parameters or {},
        tags=check_tags(request.tags, limits.tags),
        propagateTags=request.propagateTags or False,
        retryStrategy=request.retryStrategy and echoed_retry(request.retryStrategy),
        containerProperties=container and echoed(container, platform),
        ecsProperties=ecs and echoed_ecs(ecs),
        nodeProperties=node and echoed_nodes(node),
    )


def _check_payload(request: RegisterJobDefinitionRequest) -> None:
    """Exactly one payload, of the kind that the type wants (2.06)."""
    one_of(request.type, JOB_DEFINITION_TYPE_VALUES, "type")
    container, ecs, eks = request.containerProperties, request.ecsProperties, request.eksProperties
    if container is not None and ecs is not None:
        raise Invalid("Cannot use both ECS containerProperties and ecsProperties")
    if ecs is not None and eks is not None:
        raise Invalid("Cannot use both ecsProperties and eksProperties")
    if container is not None and eks is not None:
        raise Invalid("Cannot use both ECS containerProperties and eksProperties")
    single = container is not None or ecs is not None or eks is not None
    if request.type == "container":
        if request.nodeProperties is not None:
            raise Invalid("nodeProperties is only for job definitions of type multinode.")
        if not single:
            raise Invalid("One of containerProperties, ecsProperties and eksProperties is required for type container.")
    else:
        if request.nodeProperties is None:
            raise Invalid("nodeProperties is required for type multinode.")
        if single:
            raise Invalid(
                "Type multinode takes its containers from nodeProperties alone: leave out containerProperties, "
                "ecsProperties and eksProperties."
            )


def _check_common(request: RegisterJobDefinitionRequest, limits: Limits) -> str:
    """The members that all kinds share (2.21-2.26). Answers the platform."""
    within(request.schedulingPriority, 0, MAX_PRIORITY, "schedulingPriority")
    if request.retryStrategy is not None:
        check_retry(request.retryStrategy, limits.attempts)
    check_timeout(request.timeout)
    check_consumables(request.consumableResourceProperties)
    platforms = request.platformCapabilities or []
    for platform in platforms:
        one_of(platform, PLATFORM_CAPABILITY_VALUES, "platformCapabilities")
    if len(platforms) > 1:
        raise Invalid(f"platformCapabilities must have exactly one value, got {len(platforms)}.")
    if request.eksProperties is not None:
        if platforms:
            raise Invalid("platformCapabilities is not applicable for EKS.")
        if request.propagateTags:
            raise Invalid("propagateTags is not applicable for EKS.")
    platform = platforms[0] if platforms else EC2
    if request.type == "multinode":
        if platform != EC2:
            raise Invalid(f"Type multinode cannot run on {platform}.")
        if request.consumableResourceProperties is not None:
            raise Invalid("consumableResourceProperties stands in nodeRangeProperties for type multinode.")
    return platform


def check_timeout(timeout: JobTimeout | None) -> None:
    """At least a minute (2.23)."""
    if timeout is not None:
        at_least(timeout.attemptDurationSeconds, _MIN_TIMEOUT_S, "timeout.attemptDurationSeconds")


def echoed_retry(retry: RetryStrategy) -> RetryStrategy:
    """`retry` with its actions in lower case (2.11)."""
    if not retry.evaluateOnExit:
        return retry
    entries = [msgspec.structs.replace(entry, action=entry.action.lower()) for entry in retry.evaluateOnExit]
    return msgspec.structs.replace(retry, evaluateOnExit=entries)


def is_privileged(request: RegisterJobDefinitionRequest) -> bool:
    """Whether any container of any payload asks to be privileged."""
    ranges = request.nodeProperties.nodeRangeProperties if request.nodeProperties else []
    for container in (request.containerProperties, *(part.container for part in ranges)):
        if container is not None and container.privileged:
            return True
    for ecs in (request.ecsProperties, *(part.ecsProperties for part in ranges)):
        if ecs is not None and any(item.privileged for task in ecs.taskProperties for item in task.containers):
            return True
    for eks in (request.eksProperties, *(part.eksProperties for part in ranges)):
        pod = eks and eks.podProperties
        for item in [*(pod.containers or ()), *(pod.initContainers or ())] if pod else ():
            if item.securityContext is not None and item.securityContext.privileged:
                return True
    return False


def describe(definition: Definition, identity: Identity) -> JobDefinition:
    """A revision as the API shows it (2.09)."""
    given = definition.registration
    ranges = given.nodeProperties.nodeRangeProperties if given.nodeProperties else []
    on_eks = given.eksProperties is not None or any(part.eksProperties is not None for part in ranges)
    return JobDefinition(
        jobDefinitionName=definition.name,
        jobDefinitionArn=identity.definition(definition.name, definition.revision),
        revision=definition.revision,
        status=definition.status,
        type=given.type,
        schedulingPriority=given.schedulingPriority,
        parameters=given.parameters,
        retryStrategy=given.retryStrategy,
        containerProperties=given.containerProperties,
        timeout=given.timeout,
        nodeProperties=given.nodeProperties,
        tags=definition.tags,
        propagateTags=given.propagateTags,
        platformCapabilities=given.platformCapabilities,
        ecsProperties=given.ecsProperties,
        eksProperties=given.eksProperties,
        containerOrchestrationType="EKS" if on_eks else "ECS",
        consumableResourceProperties=given.consumableResourceProperties,
    )


def definition_reference(text: str, identity: Identity) -> tuple[str, int | None]:
    """Name and revision (None: not given) of `name`, `name:revision`, or an ARN with or without revision (3.01).

    Raises Invalid for anything else (1.32), NotFound for the ARN of another account's or Region's definition.
    """
    own = identity.name_of(text, "job-definition")
    if own is None and ":job-definition/" in text:
        raise NotFound(does_not_exist(text))
    found = _REFERENCE.fullmatch(own or "")
    if found is None or NAME.fullmatch(found[1]) is None:
        raise Invalid(bad_name(text))
    return found[1], int(found[2]) if found[2] else None


def bad_name(text: str) -> str:
    """The refusal of a name outside 1.32."""
    return f"Provided name {text} is not supported pattern[a-zA-Z_0-9-]{{1,128}}"


def does_not_exist(text: str) -> str:
    """The refusal of a definition that is not there (3.03)."""
    return f"Job definition {text} does not exist"
