"""Scheduling policies: how a queue's shares divide it (BEHAVIOUR 9.20 to 9.24). Values and the rules of their form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from batchyard.api import batch
from batchyard.domain.arns import Identity, check_name
from batchyard.domain.checks import one_of, within
from batchyard.domain.errors import Conflicting, Invalid
from batchyard.domain.tags import check_tags

_SHARE = re.compile(r"[A-Za-z0-9_-]+\*?")


class Policy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A scheduling policy: fair share or quota share. `pk` and `version` are given by the store."""

    pk: int = 0
    version: int = 0
    name: str
    fair_share: batch.FairsharePolicy | None = None
    quota_share: batch.QuotaSharePolicy | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    created_at: float

    def describe(self, identity: Identity) -> batch.SchedulingPolicyDetail:
        """What DescribeSchedulingPolicies shows: what was sent."""
        return batch.SchedulingPolicyDetail(
            name=self.name,
            arn=identity.policy(self.name),
            quotaSharePolicy=self.quota_share,
            fairsharePolicy=self.fair_share,
            tags=self.tags,
        )


def create(request: batch.CreateSchedulingPolicyRequest, *, now: float, share_limit: int, tag_limit: int) -> Policy:
    """The policy that `request` asks for; with neither kind it is fair share with AWS's defaults (9.20)."""
    check_name(request.name, "Scheduling policy name should match a valid pattern.")
    if request.fairsharePolicy is not None and request.quotaSharePolicy is not None:
        raise Invalid("A scheduling policy can have fairsharePolicy or quotaSharePolicy, not both.")
    _check(request.fairsharePolicy, request.quotaSharePolicy, share_limit)
    return Policy(
        name=request.name,
        fair_share=request.fairsharePolicy,
        quota_share=request.quotaSharePolicy,
        tags=check_tags(request.tags, tag_limit),
        created_at=now,
    )


def update(policy: Policy, request: batch.UpdateSchedulingPolicyRequest, *, share_limit: int) -> Policy:
    """`policy` with the given object in place of the old one; the kind cannot change (9.20)."""
    if policy.quota_share is None and request.quotaSharePolicy is not None:
        raise Invalid(f"{policy.name} is a fair-share policy: its kind cannot change.")
    if policy.quota_share is not None and request.fairsharePolicy is not None:
        raise Invalid(f"{policy.name} is a quota-share policy: its kind cannot change.")
    _check(request.fairsharePolicy, request.quotaSharePolicy, share_limit)
    return msgspec.structs.replace(
        policy,
        fair_share=request.fairsharePolicy or policy.fair_share,
        quota_share=request.quotaSharePolicy or policy.quota_share,
    )


def check_deletable(policy: Policy, queues: Iterable[str]) -> None:
    """Refuse to delete a policy that a queue has; `queues` are the names of those that have it (9.20)."""
    if names := sorted(queues):
        raise Conflicting(f"Cannot delete, scheduling policy {policy.name} is in use by job queue {', '.join(names)}.")


def _check(
    fair_share: batch.FairsharePolicy | None, quota_share: batch.QuotaSharePolicy | None, share_limit: int
) -> None:
    if quota_share is not None:
        allowed = batch.QUOTA_SHARE_IDLE_RESOURCE_ASSIGNMENT_STRATEGY_VALUES
        member = "quotaSharePolicy.idleResourceAssignmentStrategy"
        one_of(quota_share.idleResourceAssignmentStrategy, allowed, member)
    if fair_share is not None:
        within(fair_share.shareDecaySeconds, 0, 604_800, "fairsharePolicy.shareDecaySeconds")
        within(fair_share.computeReservation, 0, 99, "fairsharePolicy.computeReservation")
        _check_shares(fair_share.shareDistribution or (), share_limit)


def _check_shares(shares: Sequence[batch.ShareAttributes], limit: int) -> None:
    """Form, weight and overlap of the entries (9.21, 9.22)."""
    if len(shares) > limit:
        raise Invalid(f"ShareDistribution size cannot be greater than {limit}.")
    for share in shares:
        name, weight = share.shareIdentifier, share.weightFactor
        if len(name) > 255 or _SHARE.fullmatch(name) is None:
            allowed = "1 to 255 letters, digits, hyphens and underscores, and perhaps * at the end"
            raise Invalid(f"shareDistribution.shareIdentifier must be {allowed}, got {name}.")
        if weight is not None and not 0.0001 <= weight <= 999.9999:
            raise Invalid(
                f"shareDistribution.weightFactor must be between 0.0001 and 999.9999, got {weight} for {name}."
            )
    # In this order, whatever a prefix covers follows it directly, up to the first name that it does not cover.
    covering = ""
    for name in sorted(
        (share.shareIdentifier for share in shares), key=lambda name: (name.removesuffix("*"), name[-1] != "*")
    ):
        plain = name.removesuffix("*")
        if covering and (name == covering or (covering.endswith("*") and plain.startswith(covering[:-1]))):
            raise Invalid(f"shareDistribution entries must not overlap: {covering} and {name}.")
        covering = name
