"""What a SubmitJob becomes: a definition's revision under the request's overrides (BEHAVIOUR 3.1-3.6).

Everything here follows from the two alone; whether queue, dependencies and resources exist is asked elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

import msgspec

from batchyard.api.batch import (
    ARRAY_JOB_DEPENDENCY_VALUES,
    ConsumableResourceRequirement,
    ContainerOverrides,
    ContainerProperties,
    EcsProperties,
    EksProperties,
    JobDependency,
    JobTimeout,
    NodeProperties,
    RegisterJobDefinitionRequest,
    RetryStrategy,
    SubmitJobRequest,
)
from batchyard.config import Limits
from batchyard.domain import ecs, logs
from batchyard.domain.arns import JOB_NAME, JobId
from batchyard.domain.checks import one_of, within
from batchyard.domain.containers import has_secrets, is_windows
from batchyard.domain.definitions import ACTIVE, MAX_PRIORITY, Definition, check_timeout, does_not_exist, echoed_retry
from batchyard.domain.ecs import as_container, merged_ecs, task_needs
from batchyard.domain.eks import merged_eks, pod_needs
from batchyard.domain.errors import Invalid, NotFound, Unsupported
from batchyard.domain.nodes import check_nodes, merged_nodes, node_needs
from batchyard.domain.overrides import merged_consumables, merged_container, substituted
from batchyard.domain.resources import EC2, Needs, container_amounts, needs
from batchyard.domain.retries import check_retry
from batchyard.domain.tags import check_tags

_SHARE = re.compile(r"[A-Za-z0-9_-]{1,255}")


class Spec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a submission runs: stored once as msgpack, shared by all children of an array.

    Of `container`, `ecs`, `eks` and `node` one is set: merged, with placeholders replaced. `override_chars` is the
    length of what differs from the definition (3.04); `task_tags` the number of tags to propagate, 0 when none are.
    """

    definition: str
    revision: int
    type: str = "container"
    container: ContainerProperties | None = None
    ecs: EcsProperties | None = None
    eks: EksProperties | None = None
    node: NodeProperties | None = None
    parameters: dict[str, str] = {}
    retry: RetryStrategy
    timeout: JobTimeout | None = None
    propagate_tags: bool = False
    platform_capabilities: list[str] = []
    depends_on: list[JobDependency] = []
    array_size: int | None = None
    share: str | None = None
    scheduling_priority: int = 0
    consumables: list[ConsumableResourceRequirement] = []
    needs: Needs
    override_chars: int = 0
    task_tags: int = 0

    @property
    def platform(self) -> str:
        """EC2, FARGATE or MANAGED_INSTANCES."""
        return self.platform_capabilities[0] if self.platform_capabilities else EC2

    @property
    def main(self) -> ContainerProperties | None:
        """The container to start: `container`, or the first of `ecs` in the same form; None for pods and nodes."""
        if self.ecs is not None:
            task = self.ecs.taskProperties[0]
            return as_container(task, task.containers[0])
        return self.container

    @property
    def container_name(self) -> str:
        """The name of `main` in log streams and metadata (6.24)."""
        return (self.ecs and self.ecs.taskProperties[0].containers[0].name) or "default"

    def log_group(self) -> str | None:
        """The log group of `main`; None when its driver is not awslogs (12.06)."""
        target = self._log_target()
        return target and target.group

    @property
    def creates_log_group(self) -> bool:
        """Whether a log group that does not exist is made (12.03)."""
        target = self._log_target()
        return target is not None and target.create

    def stream_prefix(self) -> str | None:
        """What comes before `/container name/task id` in the stream's name (12.01, 12.02)."""
        target = self._log_target()
        return target and target.prefix

    def stream_name(self, task_id: str) -> str | None:
        """The stream of one attempt; `task_id` is its 32 hex digits."""
        target = self._log_target()
        return target and target.stream(self.container_name, task_id)

    def _log_target(self) -> logs.LogTarget | None:
        main = self.main
        return None if main is None else logs.target(main.logConfiguration, self.definition)


def effective(definition: Definition, request: SubmitJobRequest, *, fair_share: bool, limits: Limits) -> Spec:
    """The spec of `request` made from `definition`; `fair_share`: the queue has a fair-share policy.

    Raises Invalid for what section 3 refuses, Unsupported for what this yard cannot run.
    """
    given = definition.registration
    if JOB_NAME.fullmatch(request.jobName) is None:
        raise Invalid("Job name should match valid pattern")
    if definition.status != ACTIVE:
        name = f"{definition.name}:{definition.revision}"
        raise Invalid(f"{does_not_exist(name)} in status ACTIVE: it was deregistered.")
    _check_share(request, fair_share)
    array_size = _array_size(request, given, limits)
    _check_dependencies(request.dependsOn or [], array_size is not None, limits)
    tags = check_tags(request.tags, limits.tags)
    if request.retryStrategy is not None:
        check_retry(request.retryStrategy, limits.attempts)
    check_timeout(request.timeout)
    parameters = {**(given.parameters or {}), **(request.parameters or {})}
    payload = _payload(given, request, parameters, limits)
    propagate = given.propagateTags if request.propagateTags is None else request.propagateTags
    priority = request.schedulingPriorityOverride
    spec = Spec(
        definition=definition.name,
        revision=definition.revision,
        type=given.type,
        container=payload.container,
        ecs=payload.ecs,
        eks=payload.eks,
        node=payload.node,
        parameters=parameters,
        retry=_retry(given.retryStrategy, request.retryStrategy),
        timeout=_timeout(given.timeout, request.timeout),
        propagate_tags=bool(propagate),
        platform_capabilities=given.platformCapabilities or [],
        depends_on=request.dependsOn or [],
        array_size=array_size,
        share=request.shareIdentifier or None,
        scheduling_priority=(given.schedulingPriority or 0) if priority is None else priority,
        consumables=merged_consumables(
            given.consumableResourceProperties, request.consumableResourcePropertiesOverride
        ),
        needs=payload.needs,
        override_chars=payload.override_chars,
        task_tags=len({**definition.tags, **tags}) if propagate else 0,
    )
    for row in NOT_RUN:
        if row.asked(spec):
            raise Unsupported(row.message)
    return spec


def check_size(n_bytes: int, limits: Limits) -> None:
    """Refuse a SubmitJob request of `n_bytes` when that is too much (3.03)."""
    if n_bytes > limits.submit_bytes:
        raise Invalid(f"Job size must be less than {limits.submit_bytes // 1024} KiB, got {-(-n_bytes // 1024)} KiB")


def check_platform(spec: Spec, offered: Collection[str]) -> None:
    """Refuse a job for a queue whose environments offer these platform capabilities and not the job's (3.03)."""
    if spec.platform not in offered:
        raise Invalid(
            f"Job Queue is attached to Compute Environment that can not run Jobs with capability {spec.platform}"
        )


def dispatch_fault(spec: Spec, limits: Limits) -> str | None:
    """The statusReason of a job that fails at dispatch because of what was submitted; None for a sound one (3.04)."""
    if spec.override_chars > limits.override_chars:
        return f"Container Overrides length must be at most {limits.override_chars}"
    if spec.task_tags > limits.tags:
        return f"Tags propagated to the task must be at most {limits.tags}, got {spec.task_tags}"
    return None


class NotRun(msgspec.Struct, frozen=True):
    """Something that can be registered and described, but that SubmitJob refuses, with `message`."""

    member: str
    message: str
    asked: Callable[[Spec], bool]


NOT_RUN: tuple[NotRun, ...] = (
    NotRun(
        "nodeProperties",
        "Multi-node parallel jobs are not supported by this Batchyard.",
        lambda spec: spec.node is not None,
    ),
    NotRun(
        "ecsProperties",
        "Jobs of several containers (ecsProperties) are not supported by this Batchyard.",
        lambda spec: spec.ecs is not None and not ecs.is_plain(spec.ecs),
    ),
    NotRun(
        "eksProperties",
        "Kubernetes jobs (eksProperties) are not supported by this Batchyard.",
        lambda spec: spec.eks is not None,
    ),
    NotRun(
        "consumableResourceProperties.consumableResourceList",
        "Consumable resources are not supported by this Batchyard.",
        lambda spec: bool(spec.consumables),
    ),
    NotRun(
        "containerProperties.secrets",
        "Secrets (containerProperties.secrets) are not supported by this Batchyard.",
        lambda spec: spec.main is not None and has_secrets(spec.main),
    ),
)
"""One line for each, taken out when it can be run."""


def _check_share(request: SubmitJobRequest, fair_share: bool) -> None:
    """3.20, 3.21, 3.23."""
    share, priority = request.shareIdentifier, request.schedulingPriorityOverride
    if not fair_share:
        if share or priority is not None:
            raise Invalid(
                "Job with shareIdentifier or schedulingPriority can onlybe submitted to job queue with fair share "
                "scheduling policy."
            )
        return
    if not share:
        raise Invalid("shareIdentifier is required: the job queue has a fair share scheduling policy.")
    if _SHARE.fullmatch(share) is None:
        raise Invalid(f"shareIdentifier {share} must have 1 to 255 letters, digits, hyphens or underscores.")
    within(priority, 0, MAX_PRIORITY, "schedulingPriorityOverride")


def _array_size(request: SubmitJobRequest, given: RegisterJobDefinitionRequest, limits: Limits) -> int | None:
    """The size of an array job (3.40); None for `{}` and for a job that is no array."""
    size = request.arrayProperties and request.arrayProperties.size
    if size is None:
        return None
    if given.type == "multinode":
        raise Invalid("arrayProperties is not applicable for multi-node jobs.")
    within(size, 2, limits.array_size, "arrayProperties.size")
    return size


def _check_dependencies(dependencies: list[JobDependency], is_array: bool, limits: Limits) -> None:
    """The form of `dependsOn` (3.50-3.53); whether the jobs exist is the caller's question."""
    if len(dependencies) > limits.dependencies:
        raise Invalid(f"Job cannot have more than {limits.dependencies} dependencies")
    for dependency in dependencies:
        kind, job_id = dependency.type, dependency.jobId
        one_of(kind, ARRAY_JOB_DEPENDENCY_VALUES, "dependsOn.type")
        if kind is not None and not is_array:
            raise Invalid(f"dependsOn: type {kind} is only for array jobs.")
        if kind == "SEQUENTIAL":
            if job_id:
                raise Invalid(f"dependsOn: type SEQUENTIAL takes no jobId, got {job_id}.")
            continue
        if not job_id:
            raise Invalid("dependsOn: jobId is required unless the type is SEQUENTIAL.")
        found = JobId.parse(job_id)
        if found is None:
            raise NotFound(f"Job {job_id} not found: dependsOn takes job ids.")
        if found.separator == "#":
            raise Invalid(f"dependsOn: {job_id} is one node; depend on the multi-node job {found.uuid}.")
        if kind == "N_TO_N" and found.separator:
            raise Invalid(f"dependsOn: type N_TO_N needs the id of an array job, got its child {job_id}.")


def _retry(own: RetryStrategy | None, override: RetryStrategy | None) -> RetryStrategy:
    """The override as a whole, else the definition's; `attempts` always set (3.30, 5.01)."""
    chosen = own if override is None or override == RetryStrategy() else echoed_retry(override)
    chosen = chosen or RetryStrategy()
    return chosen if chosen.attempts else msgspec.structs.replace(chosen, attempts=1)


def _timeout(own: JobTimeout | None, override: JobTimeout | None) -> JobTimeout | None:
    """The override's, else the definition's; None when neither says a duration."""
    for timeout in (override, own):
        if timeout is not None and timeout.attemptDurationSeconds is not None:
            return timeout
    return None


class _Payload(NamedTuple):
    """The one merged payload, what it needs, and how long its difference from the definition is."""

    needs: Needs
    container: ContainerProperties | None = None
    ecs: EcsProperties | None = None
    eks: EksProperties | None = None
    node: NodeProperties | None = None
    override_chars: int = 0


def _payload(
    given: RegisterJobDefinitionRequest, request: SubmitJobRequest, parameters: dict[str, str], limits: Limits
) -> _Payload:
    """The definition's payload under its kind of override (3.30-3.32), checked again as a whole."""
    _check_kind(given, request)
    platform = given.platformCapabilities[0] if given.platformCapabilities else EC2
    if given.nodeProperties is not None:
        node = merged_nodes(given.nodeProperties, request.nodeOverrides, parameters)
        check_nodes(node, limits.nodes, limits.node_ranges)
        return _Payload(node_needs(node), node=node)
    if given.eksProperties is not None:
        eks = merged_eks(given.eksProperties, request.eksPropertiesOverride, parameters)
        return _Payload(pod_needs(eks), eks=eks)
    if given.ecsProperties is not None:
        task = merged_ecs(given.ecsProperties, request.ecsPropertiesOverride, parameters)
        pairs = zip(ecs.containers(given.ecsProperties), ecs.containers(task), strict=True)
        chars = sum(_difference(own, merged) for own, merged in pairs)
        return _Payload(task_needs(task, platform), ecs=task, override_chars=chars)
    own = given.containerProperties or ContainerProperties()
    merged = substituted(merged_container(own, request.containerOverrides or ContainerOverrides()), parameters)
    total = needs([container_amounts(merged, platform)], platform, windows=is_windows(merged.runtimePlatform))
    return _Payload(total, container=merged, override_chars=_difference(own, merged))


def _check_kind(given: RegisterJobDefinitionRequest, request: SubmitJobRequest) -> None:
    """Each kind of override is for its own kind of definition (3.32); empty ones do no harm."""
    for member, override, payload in (
        ("containerOverrides", request.containerOverrides, given.containerProperties),
        ("ecsPropertiesOverride", request.ecsPropertiesOverride, given.ecsProperties),
        ("eksPropertiesOverride", request.eksPropertiesOverride, given.eksProperties),
        ("nodeOverrides", request.nodeOverrides, given.nodeProperties),
    ):
        if payload is None and override is not None and any(msgspec.structs.astuple(override)):
            raise Invalid(f"{member} does not fit the job definition, which has no such payload.")


def _difference(own: ContainerProperties, merged: ContainerProperties) -> int:
    """Characters of the JSON of what ECS would have to be told beyond the definition (3.04)."""
    before = {entry.name: entry.value for entry in own.environment or ()}
    told = ContainerOverrides(
        command=merged.command if merged.command != own.command else None,
        environment=[entry for entry in merged.environment or () if before.get(entry.name) != entry.value] or None,
        resourceRequirements=merged.resourceRequirements
        if merged.resourceRequirements != own.resourceRequirements
        else None,
    )
    return len(msgspec.json.encode(told).decode()) if told != ContainerOverrides() else 0
