"""GetJobQueueSnapshot: the front of a queue and what it uses (BEHAVIOUR 8.6)."""

from __future__ import annotations

from batchyard.api.batch import (
    FrontOfQueueDetail,
    FrontOfQueueJobSummary,
    GetJobQueueSnapshotRequest,
    GetJobQueueSnapshotResponse,
    QueueSnapshotCapacityUsage,
    QueueSnapshotUtilizationDetail,
)
from batchyard.handlers.base import Context
from batchyard.handlers.jobs import queue_of
from batchyard.kit.clock import ms
from batchyard.store.base import Tx

_FRONT = 100


async def get_job_queue_snapshot(context: Context, request: GetJobQueueSnapshotRequest) -> GetJobQueueSnapshotResponse:
    """The first 100 RUNNABLE jobs in dispatch order, and the vCPUs that the queue's jobs hold."""
    now = ms(context.clock.now())

    def look(tx: Tx) -> GetJobQueueSnapshotResponse:
        queue = queue_of(tx, context, request.jobQueue)
        front = [
            FrontOfQueueJobSummary(
                jobArn=context.identity.job(job.id), earliestTimeAtPosition=ms(tx.waiting.runnable_since(job))
            )
            for job in tx.waiting.head(queue.pk, _FRONT)
        ]
        used = tx.waiting.used_vcpus(queue.pk) / 1000
        return GetJobQueueSnapshotResponse(
            frontOfQueue=FrontOfQueueDetail(jobs=front, lastUpdatedAt=now),
            queueUtilization=QueueSnapshotUtilizationDetail(
                totalCapacityUsage=[QueueSnapshotCapacityUsage(capacityUnit="VCPU", quantity=used)], lastUpdatedAt=now
            ),
        )

    return await context.store.read(look)
