"""Job queues (BEHAVIOUR 8)."""

from __future__ import annotations

from functools import partial

from batchyard.api import batch
from batchyard.domain import queues
from batchyard.domain.errors import Conflicting, Invalid, NotFound
from batchyard.domain.queues import Known, Queue
from batchyard.handlers.base import Context
from batchyard.handlers.paging import chosen, page
from batchyard.handlers.support import refuse
from batchyard.store.base import Tx

_KIND = "job-queue"


def find_queue(context: Context, tx: Tx, name_or_arn: str) -> Queue:
    """The queue of that name or ARN. Raises NotFound."""
    name = context.identity.name_of(name_or_arn, _KIND)
    queue = tx.queues.get(name) if name is not None else None
    if queue is None:
        raise NotFound(f"{name_or_arn} does not exist")
    return queue


def create(context: Context, tx: Tx, request: batch.CreateJobQueueRequest) -> Queue:
    """Store the queue that `request` asks for, inside a transaction. Raises Invalid."""
    limits = context.settings.limits
    queue = queues.create(
        request,
        Known(context.identity, tx.environments.get, tx.policies.get),
        now=context.clock.now(),
        environment_limit=limits.environments_per_queue,
        tag_limit=limits.tags,
    )
    there = tx.queues.get(queue.name)
    if there is not None:
        why = ": its deletion has not ended yet" if there.status == "DELETING" else ""
        raise Conflicting(f"{queue.name} already exists{why}")
    if len(tx.queues.all()) >= limits.job_queues:
        raise Invalid(f"The limit of {limits.job_queues} job queues is reached.")
    return tx.queues.add(queue)


async def create_job_queue(context: Context, request: batch.CreateJobQueueRequest) -> batch.CreateJobQueueResponse:
    """CreateJobQueue (8.1)."""
    refuse("CreateJobQueue", request)
    queue = await context.store.write(lambda tx: create(context, tx, request))
    return batch.CreateJobQueueResponse(jobQueueName=queue.name, jobQueueArn=context.identity.queue(queue.name))


async def describe_job_queues(
    context: Context, request: batch.DescribeJobQueuesRequest
) -> batch.DescribeJobQueuesResponse:
    """DescribeJobQueues (8.24, 1.30)."""
    everything = await context.store.read(lambda tx: list(tx.queues.all().values()))
    read = partial(context.identity.name_of, kind=_KIND)
    found = chosen(everything, request.jobQueues, "jobQueues", read)
    shown, token = page(found, "DescribeJobQueues", request)
    return batch.DescribeJobQueuesResponse(
        jobQueues=[queue.describe(context.identity) for queue in shown], nextToken=token
    )


async def update_job_queue(context: Context, request: batch.UpdateJobQueueRequest) -> batch.UpdateJobQueueResponse:
    """UpdateJobQueue (8.21)."""
    refuse("UpdateJobQueue", request)
    limit = context.settings.limits.environments_per_queue

    def write(tx: Tx) -> Queue:
        known = Known(context.identity, tx.environments.get, tx.policies.get)
        before = find_queue(context, tx, request.jobQueue)
        tx.wake("scheduling")
        return tx.queues.put(queues.update(before, request, known, environment_limit=limit))

    queue = await context.store.write(write)
    return batch.UpdateJobQueueResponse(jobQueueName=queue.name, jobQueueArn=context.identity.queue(queue.name))


async def delete_job_queue(context: Context, request: batch.DeleteJobQueueRequest) -> batch.DeleteJobQueueResponse:
    """DeleteJobQueue (8.23): gone at once when nothing in it is left to end, else DELETING until admission ended it."""

    def write(tx: Tx) -> None:
        queue = queues.deleting(find_queue(context, tx, request.jobQueue))
        if any(count for status, count in tx.waiting.totals(queue.pk).items() if not status.final):
            tx.queues.put(queue)
            tx.wake("admission")
        else:
            tx.queues.remove(queue.pk)

    await context.store.write(write)
    return batch.DeleteJobQueueResponse()
