"""Tags of whatever an ARN names: queues, environments, policies, job definitions, jobs (BEHAVIOUR 1.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from batchyard.api import batch
from batchyard.domain import environments
from batchyard.domain.arns import JobId
from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.tags import with_tags, without_tags
from batchyard.handlers.base import Context
from batchyard.store.base import Tx

Tags = Mapping[str, str]
_REVISION = re.compile(r"[1-9]\d{0,8}")


async def list_tags_for_resource(
    context: Context, request: batch.ListTagsForResourceRequest
) -> batch.ListTagsForResourceResponse:
    """ListTagsForResource."""
    tags = await context.store.read(lambda tx: _tagged(context, tx, request.resourceArn)[0])
    return batch.ListTagsForResourceResponse(tags=dict(tags))


async def tag_resource(context: Context, request: batch.TagResourceRequest) -> batch.TagResourceResponse:
    """TagResource: adds or overwrites the given keys (1.43)."""
    limit = context.settings.limits.tags
    await _change(context, request.resourceArn, lambda tags: with_tags(tags, request.tags, limit))
    return batch.TagResourceResponse()


async def untag_resource(context: Context, request: batch.UntagResourceRequest) -> batch.UntagResourceResponse:
    """UntagResource: removes the given keys (1.43)."""
    await _change(context, request.resourceArn, lambda tags: without_tags(tags, request.tagKeys))
    return batch.UntagResourceResponse()


async def _change(context: Context, arn: str, change: Callable[[Tags], dict[str, str]]) -> None:
    def write(tx: Tx) -> None:
        tags, put = _tagged(context, tx, arn)
        put(change(tags))

    await context.store.write(write)


def _tagged(context: Context, tx: Tx, arn: str) -> tuple[Tags, Callable[[dict[str, str]], object]]:
    """The tags of what `arn` names, and how to replace them. Raises NotFound, or Invalid for what has none (1.42)."""
    own = context.identity.own
    if (name := own(arn, "compute-environment")) and (environment := tx.environments.get(name)):
        return environment.tags, lambda tags: tx.environments.put(environments.retag(environment, tags))
    if (name := own(arn, "job-queue")) and (queue := tx.queues.get(name)):
        return queue.tags, lambda tags: tx.queues.put(msgspec.structs.replace(queue, tags=tags))
    if (name := own(arn, "scheduling-policy")) and (policy := tx.policies.get(name)):
        return policy.tags, lambda tags: tx.policies.put(msgspec.structs.replace(policy, tags=tags))
    if name := own(arn, "job-definition"):
        base, _, revision = name.partition(":")
        definition = tx.definitions.get(base, int(revision)) if _REVISION.fullmatch(revision) else None
        if definition is not None:
            return definition.tags, lambda tags: tx.definitions.set_tags(definition, tags)
    if job := JobId.parse(own(arn, "job") or ""):
        if job.separator:
            raise Invalid(f"Children of array jobs and nodes of multi-node jobs have no tags: {arn}")
        if (tags := tx.jobs.tags(job.uuid)) is not None:
            return tags, lambda tags: tx.jobs.set_tags(job.uuid, tags)
    raise NotFound(f"{arn} does not exist")
