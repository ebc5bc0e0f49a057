"""Scheduling policies (BEHAVIOUR 9.20); they are named by ARN only."""

from __future__ import annotations

from functools import partial

from batchyard.api import batch
from batchyard.domain import policies
from batchyard.domain.errors import Conflicting, NotFound
from batchyard.domain.policies import Policy
from batchyard.handlers.base import Context
from batchyard.handlers.paging import chosen, page
from batchyard.store.base import Tx

_KIND = "scheduling-policy"


def find_policy(context: Context, tx: Tx, arn: str) -> Policy:
    """The policy of that ARN. Raises NotFound."""
    name = context.identity.own(arn, _KIND)
    policy = tx.policies.get(name) if name is not None else None
    if policy is None:
        raise NotFound(f"{arn} does not exist")
    return policy


async def create_scheduling_policy(
    context: Context, request: batch.CreateSchedulingPolicyRequest
) -> batch.CreateSchedulingPolicyResponse:
    """CreateSchedulingPolicy."""
    limits = context.settings.limits
    policy = policies.create(request, now=context.clock.now(), share_limit=limits.policy_shares, tag_limit=limits.tags)

    def write(tx: Tx) -> None:
        if tx.policies.get(policy.name) is not None:
            raise Conflicting(f"{policy.name} already exists")
        tx.policies.add(policy)

    await context.store.write(write)
    return batch.CreateSchedulingPolicyResponse(name=policy.name, arn=context.identity.policy(policy.name))


async def describe_scheduling_policies(
    context: Context, request: batch.DescribeSchedulingPoliciesRequest
) -> batch.DescribeSchedulingPoliciesResponse:
    """DescribeSchedulingPolicies: unknown ARNs are left out (1.30), and no ARNs name nothing."""
    everything = await context.store.read(lambda tx: list(tx.policies.all().values()) if request.arns else [])
    found = chosen(everything, request.arns, "arns", partial(context.identity.own, kind=_KIND))
    return batch.DescribeSchedulingPoliciesResponse(
        schedulingPolicies=[policy.describe(context.identity) for policy in found]
    )


async def list_scheduling_policies(
    context: Context, request: batch.ListSchedulingPoliciesRequest
) -> batch.ListSchedulingPoliciesResponse:
    """ListSchedulingPolicies: ARNs, in pages."""
    everything = await context.store.read(lambda tx: list(tx.policies.all().values()))
    shown, token = page(everything, "ListSchedulingPolicies", request)
    return batch.ListSchedulingPoliciesResponse(
        schedulingPolicies=[
            batch.SchedulingPolicyListingDetail(arn=context.identity.policy(policy.name)) for policy in shown
        ],
        nextToken=token,
    )


async def update_scheduling_policy(
    context: Context, request: batch.UpdateSchedulingPolicyRequest
) -> batch.UpdateSchedulingPolicyResponse:
    """UpdateSchedulingPolicy: takes effect on the queues that have it."""
    limit = context.settings.limits.policy_shares

    def write(tx: Tx) -> None:
        tx.policies.put(policies.update(find_policy(context, tx, request.arn), request, share_limit=limit))
        tx.wake("scheduling")

    await context.store.write(write)
    return batch.UpdateSchedulingPolicyResponse()


async def delete_scheduling_policy(
    context: Context, request: batch.DeleteSchedulingPolicyRequest
) -> batch.DeleteSchedulingPolicyResponse:
    """DeleteSchedulingPolicy."""

    def write(tx: Tx) -> None:
        policy = find_policy(context, tx, request.arn)
        policies.check_deletable(
            policy, [queue.name for queue in tx.queues.all().values() if queue.policy == policy.name]
        )
        tx.policies.remove(policy.pk)

    await context.store.write(write)
    return batch.DeleteSchedulingPolicyResponse()
