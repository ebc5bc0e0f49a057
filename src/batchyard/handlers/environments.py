"""Compute environments (BEHAVIOUR 10)."""

from __future__ import annotations

from functools import partial

from batchyard.api import batch
from batchyard.domain import environments
from batchyard.domain.environments import Environment
from batchyard.domain.errors import Conflicting, Invalid, NotFound
from batchyard.handlers.base import Context
from batchyard.handlers.paging import chosen, page
from batchyard.handlers.support import refuse
from batchyard.store.base import Tx

_KIND = "compute-environment"


def find_environment(context: Context, tx: Tx, name_or_arn: str) -> Environment:
    """The environment of that name or ARN. Raises NotFound."""
    name = context.identity.name_of(name_or_arn, _KIND)
    environment = tx.environments.get(name) if name is not None else None
    if environment is None:
        raise NotFound(f"{name_or_arn} does not exist")
    return environment


def create(context: Context, tx: Tx, request: batch.CreateComputeEnvironmentRequest, uuid: str) -> Environment:
    """Store the environment that `request` asks for, inside a transaction. Raises Invalid."""
    limits = context.settings.limits
    environment = environments.create(
        request,
        identity=context.identity,
        uuid=uuid,
        now=context.clock.now(),
        providers=context.settings.providers,
        tag_limit=limits.tags,
    )
    there = tx.environments.get(environment.name)
    if there is not None:
        why = ": its deletion has not ended yet" if there.status == "DELETING" else ""
        raise Conflicting(f"{environment.name} already exists{why}")
    if len(tx.environments.all()) >= limits.compute_environments:
        raise Invalid(f"The limit of {limits.compute_environments} compute environments is reached.")
    return tx.environments.add(environment)


async def create_compute_environment(
    context: Context, request: batch.CreateComputeEnvironmentRequest
) -> batch.CreateComputeEnvironmentResponse:
    """CreateComputeEnvironment (10.1)."""
    refuse("CreateComputeEnvironment", request)
    uuid = context.ids.uuid()
    environment = await context.store.write(lambda tx: create(context, tx, request, uuid))
    return batch.CreateComputeEnvironmentResponse(
        computeEnvironmentName=environment.name, computeEnvironmentArn=context.identity.environment(environment.name)
    )


async def describe_compute_environments(
    context: Context, request: batch.DescribeComputeEnvironmentsRequest
) -> batch.DescribeComputeEnvironmentsResponse:
    """DescribeComputeEnvironments (10.07, 1.30)."""
    everything = await context.store.read(lambda tx: list(tx.environments.all().values()))
    read = partial(context.identity.name_of, kind=_KIND)
    found = chosen(everything, request.computeEnvironments, "computeEnvironments", read)
    shown, token = page(found, "DescribeComputeEnvironments", request)
    return batch.DescribeComputeEnvironmentsResponse(
        computeEnvironments=[environment.describe(context.identity) for environment in shown], nextToken=token
    )


async def update_compute_environment(
    context: Context, request: batch.UpdateComputeEnvironmentRequest
) -> batch.UpdateComputeEnvironmentResponse:
    """UpdateComputeEnvironment (10.6)."""
    refuse("UpdateComputeEnvironment", request)

    def write(tx: Tx) -> Environment:
        before = find_environment(context, tx, request.computeEnvironment)
        tx.wake("scheduling")
        return tx.environments.put(environments.update(before, request, identity=context.identity))

    environment = await context.store.write(write)
    return batch.UpdateComputeEnvironmentResponse(
        computeEnvironmentName=environment.name, computeEnvironmentArn=context.identity.environment(environment.name)
    )


async def delete_compute_environment(
    context: Context, request: batch.DeleteComputeEnvironmentRequest
) -> batch.DeleteComputeEnvironmentResponse:
    """DeleteComputeEnvironment (10.10)."""

    def write(tx: Tx) -> None:
        environment = find_environment(context, tx, request.computeEnvironment)
        queues = [queue.name for queue in tx.queues.all().values() if environment.name in queue.environment_names]
        jobs = sum(use.jobs for use in tx.waiting.in_use() if use.environment_pk == environment.pk)
        environments.check_deletable(environment, queues, jobs)
        tx.environments.remove(environment.pk)

    await context.store.write(write)
    return batch.DeleteComputeEnvironmentResponse()
