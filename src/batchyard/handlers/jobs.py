"""SubmitJob: a request becomes rows; everything after that is the loops' (BEHAVIOUR 3)."""

from __future__ import annotations

import msgspec

from batchyard.api.batch import SubmitJobRequest, SubmitJobResponse
from batchyard.domain.arns import JobId
from batchyard.domain.definitions import definition_reference, does_not_exist
from batchyard.domain.dependencies import Dependency, Tie
from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.jobs import Job, Kind
from batchyard.domain.queues import Queue
from batchyard.domain.submissions import Spec, check_platform, check_size, effective
from batchyard.handlers.base import Context
from batchyard.store.base import Tx


async def submit_job(context: Context, request: SubmitJobRequest) -> SubmitJobResponse:
    """Accept a job; answered when it is on disk (3.02)."""
    check_size(len(msgspec.json.encode(request)), context.settings.limits)
    name, revision = definition_reference(request.jobDefinition, context.identity)
    uuid, now = context.ids.uuid(), context.clock.now()

    def submit(tx: Tx) -> None:
        queue = queue_of(tx, context, request.jobQueue)
        if queue.status == "DELETING":  # 3.11: for a new job it is gone already
            raise NotFound(_no_queue(request.jobQueue))
        if queue.state != "ENABLED":
            raise Invalid(f"Job Queue {queue.name} is not in ENABLED state")
        definition = tx.definitions.get(name, revision)
        if definition is None:
            raise NotFound(does_not_exist(request.jobDefinition))
        spec = effective(definition, request, fair_share=queue.policy is not None, limits=context.settings.limits)
        _check_room(tx, context, queue, spec)
        job = Job(
            uuid=uuid,
            kind=Kind.SINGLE if spec.array_size is None else Kind.ARRAY,
            spec_pk=tx.jobs.add_spec(request.jobName, spec, request.tags or {}),
            queue_pk=queue.pk,
            share=spec.share,
            priority=spec.scheduling_priority,
            vcpus=round(spec.needs.vcpus * 1000),
            memory_mib=spec.needs.memory_mib,
            gpus=spec.needs.gpus,
            created_at=now,
            open=sum(bool(d.jobId) and d.type != "N_TO_N" for d in spec.depends_on),
        )
        job = tx.jobs.add(job, request.jobName, f"{spec.definition}:{spec.revision}", spec.array_size)
        if spec.depends_on:
            tx.dependencies.add(_dependencies(tx, job, spec))
        tx.wake("admission")

    await context.store.write(submit)
    return SubmitJobResponse(jobArn=context.identity.job(uuid), jobName=request.jobName, jobId=uuid)


def queue_of(tx: Tx, context: Context, name_or_arn: str) -> Queue:
    """The queue that a caller names."""
    name = context.identity.name_of(name_or_arn, "job-queue")
    queue = None if name is None else tx.queues.get(name)
    if queue is None:
        raise NotFound(_no_queue(name_or_arn))
    return queue


def _no_queue(name_or_arn: str) -> str:
    return f"JobQueue {name_or_arn} not found."


def _check_room(tx: Tx, context: Context, queue: Queue, spec: Spec) -> None:
    """What depends on the queue: platform (3.03), quotas (3.22, 14.2)."""
    environments = [tx.environments.get(name) for name in queue.environment_names]
    platforms = {each.platform for each in environments if each is not None}
    if platforms:
        check_platform(spec, platforms | ({"EC2"} if "UNMANAGED" in platforms else set()))
    limits = context.settings.limits
    if tx.waiting.submitted(queue.pk) >= limits.submitted_jobs:
        raise Invalid(f"Job Queue {queue.name} has {limits.submitted_jobs} jobs in SUBMITTED, which is the limit")
    if spec.share is not None:
        shares = tx.waiting.active_shares(queue.pk)
        if spec.share not in shares and len(shares) >= limits.active_shares:
            raise Invalid(f"Job Queue {queue.name} has {limits.active_shares} active share identifiers, the limit")


def _dependencies(tx: Tx, job: Job, spec: Spec) -> list[Dependency]:
    """What a new job waits for; every id must exist (3.58)."""
    found: list[Dependency] = []
    for given in spec.depends_on:
        if not given.jobId:  # SEQUENTIAL: an array waits for itself, child by child (3.52)
            found.append(Dependency(job_pk=job.pk, on_uuid=job.uuid, tie=Tie.SEQUENTIAL))
            continue
        on = JobId.parse(given.jobId)
        parent = None if on is None else tx.jobs.get(JobId(on.uuid))
        if on is None or parent is None:
            raise NotFound(f"Job {given.jobId} not found")
        array = tx.jobs.arrays([parent.pk]).get(parent.pk)
        if on.part >= 0 and (on.separator != ":" or array is None or on.part >= array.size):
            raise NotFound(f"Job {given.jobId} not found")
        if given.type == "N_TO_N":
            if array is None or array.size != spec.array_size:
                size = "no array" if array is None else f"an array of {array.size}"
                raise Invalid(f"N_TO_N dependency on {given.jobId}, {size}, needs an array of the same size")
            found.append(Dependency(job_pk=job.pk, on_uuid=on.uuid, tie=Tie.N_TO_N))
        elif given.type == "SEQUENTIAL":
            raise Invalid("A SEQUENTIAL dependency takes no jobId: each child waits for the one before it")
        else:
            found.append(Dependency(job_pk=job.pk, on_uuid=on.uuid, on_part=on.part))
    return found
