"""What DescribeJobs and ListJobs show of a job (BEHAVIOUR 4.1, 4.2, 14.15). Times on the wire are milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from batchyard.api import batch
from batchyard.domain.arns import Identity
from batchyard.domain.arrays import Array
from batchyard.domain.environments import Environment
from batchyard.domain.jobs import Attempt, Job, Kind, Request, attempt_key
from batchyard.domain.queues import Queue
from batchyard.domain.states import Status
from batchyard.domain.submissions import Spec
from batchyard.kit.digests import digest


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that a description of one job is made of."""

    job: Job
    name: str
    tags: Mapping[str, str]
    spec: Spec
    queue: Queue
    array: Array | None
    attempts: Sequence[Attempt]
    environments: Mapping[int, Environment]


def describe(facts: Facts, identity: Identity) -> batch.JobDetail:
    """The job as DescribeJobs shows it (4.18)."""
    job, spec = facts.job, facts.spec
    return batch.JobDetail(
        jobArn=identity.job(job.id),
        jobName=facts.name,
        jobId=job.id,
        jobQueue=identity.queue(facts.queue.name),
        status=job.status.name,
        statusReason=job.status_reason,
        shareIdentifier=job.share,
        schedulingPriority=spec.scheduling_priority if job.share is not None else None,
        attempts=[_attempt(each, facts, identity) for each in facts.attempts],
        createdAt=_ms(job.created_at),
        startedAt=None if job.started_at is None else _ms(job.started_at),
        stoppedAt=None if job.stopped_at is None else _ms(job.stopped_at),
        retryStrategy=spec.retry,
        dependsOn=spec.depends_on,
        jobDefinition=identity.definition(spec.definition, spec.revision),
        parameters=spec.parameters,
        container=None if spec.ecs is not None else _container(facts, identity),
        ecsProperties=None if spec.ecs is None else _task(facts, identity),
        arrayProperties=_array(facts),
        timeout=spec.timeout,
        tags=dict(facts.tags),
        propagateTags=spec.propagate_tags,
        platformCapabilities=spec.platform_capabilities,
        isCancelled=job.request is Request.CANCEL,
        isTerminated=job.request is Request.TERMINATE,
        consumableResourceProperties=(
            batch.ConsumableResourceProperties(consumableResourceList=spec.consumables) if spec.consumables else None
        ),
    )


def summarise(facts: Facts, identity: Identity) -> batch.JobSummary:
    """The job as ListJobs shows it (14.15)."""
    job, spec = facts.job, facts.spec
    ended = job.exit_code is not None or job.reason is not None
    array = _array(facts)
    return batch.JobSummary(
        jobArn=identity.job(job.id),
        jobId=job.id,
        jobName=facts.name,
        capacityUsage=[batch.JobCapacityUsageSummary(capacityUnit="VCPU", quantity=job.vcpus / 1000)],
        createdAt=_ms(job.created_at),
        shareIdentifier=job.share,
        status=job.status.name,
        statusReason=job.status_reason,
        startedAt=None if job.started_at is None else _ms(job.started_at),
        stoppedAt=None if job.stopped_at is None else _ms(job.stopped_at),
        container=batch.ContainerSummary(exitCode=job.exit_code, reason=job.reason) if ended else None,
        arrayProperties=array and msgspec.convert(array, batch.ArrayPropertiesSummary, from_attributes=True),
        jobDefinition=identity.definition(spec.definition, spec.revision),
        isCancelled=True if job.request is Request.CANCEL else None,
        isTerminated=True if job.request is Request.TERMINATE else None,
    )


def unmade_child(parent: Job, index: int) -> Job:
    """A child whose row does not exist yet, as its parent's state says it is (3.40)."""
    final = parent.status.final
    return msgspec.structs.replace(
        parent,
        part=index,
        kind=Kind.CHILD,
        parent_pk=parent.pk,
        pk=0,
        status=parent.status if final else Status.SUBMITTED,
    )


def _array(facts: Facts) -> batch.ArrayPropertiesDetail | None:
    job, array = facts.job, facts.array
    if job.kind is Kind.CHILD:
        return batch.ArrayPropertiesDetail(index=job.part)
    if array is None:
        return None
    return batch.ArrayPropertiesDetail(
        size=array.size,
        statusSummary=array.summary(job.status if job.status.final else Status.SUBMITTED),
        statusSummaryLastUpdatedAt=_ms(array.updated_at),
    )


def _container(facts: Facts, identity: Identity) -> batch.ContainerDetail | None:
    """The definition's container with what became of it: the present attempt's, else the last one's (4.13, 4.16)."""
    if facts.spec.container is None:
        return None
    given = msgspec.convert(facts.spec.container, batch.ContainerDetail, from_attributes=True)
    lists = ("volumes", "environment", "mountPoints", "ulimits", "resourceRequirements", "secrets")
    empty = {name: [] for name in lists if getattr(given, name) is None}
    if facts.job.kind is Kind.ARRAY:  # a parent has no run of its own (4.23), but shows what its children run
        return msgspec.structs.replace(given, **empty, networkInterfaces=[])
    run = _run(facts, identity)
    return msgspec.structs.replace(
        given, **empty, exitCode=facts.job.exit_code, reason=facts.job.reason, networkInterfaces=[], **run
    )


def _task(facts: Facts, identity: Identity) -> batch.EcsPropertiesDetail | None:
    if facts.spec.ecs is None:
        return None
    detail = msgspec.convert(facts.spec.ecs, batch.EcsPropertiesDetail, from_attributes=True)
    task = (detail.taskProperties or [])[0]
    run = _run(facts, identity)
    container = msgspec.structs.replace(
        (task.containers or [])[0],
        exitCode=facts.job.exit_code,
        reason=facts.job.reason,
        logStreamName=run.pop("logStreamName", None),
        networkInterfaces=[],
    )
    return batch.EcsPropertiesDetail(taskProperties=[msgspec.structs.replace(task, containers=[container], **run)])


def _run(facts: Facts, identity: Identity) -> dict[str, str]:
    """Task, host and log stream of the placement that the job has, or had last."""
    job = facts.job
    if job.kind is Kind.ARRAY or not job.placement or job.environment_pk is None:
        return {}
    return _place(facts, identity, job.placement, job.environment_pk, job.host)


def _place(facts: Facts, identity: Identity, placement: int, environment_pk: int, host: str | None) -> dict[str, str]:
    environment = facts.environments[environment_pk]
    task_id = digest(attempt_key(facts.job.uuid, facts.job.part, placement))
    found = {"taskArn": identity.task(environment.name, environment.uuid, task_id)}
    if environment.platform != "FARGATE":
        found["containerInstanceArn"] = identity.container_instance(
            environment.name, environment.uuid, digest(f"{environment.uuid} {host}")
        )
    stream = facts.spec.stream_name(task_id)
    if stream is not None:
        found["logStreamName"] = stream
    return found


def _attempt(attempt: Attempt, facts: Facts, identity: Identity) -> batch.AttemptDetail:
    place: dict[str, str] = {}
    if attempt.environment_pk is not None:
        place = _place(facts, identity, attempt.placement, attempt.environment_pk, attempt.host)
    container = batch.AttemptContainerDetail(
        **place, exitCode=attempt.exit_code, reason=attempt.reason, networkInterfaces=[]
    )
    return batch.AttemptDetail(
        container=container,
        startedAt=None if attempt.started_at is None else _ms(attempt.started_at),
        stoppedAt=_ms(attempt.stopped_at),
        statusReason=attempt.status_reason,
    )


def _ms(at: float) -> int:
    return round(at * 1000)
