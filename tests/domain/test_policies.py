"""Scheduling policies: form of the shares, kinds, describe (BEHAVIOUR 9.20 to 9.24)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from batchyard.api import batch
from batchyard.domain import policies
from batchyard.domain.arns import Identity
from batchyard.domain.errors import Conflicting, Invalid
from batchyard.domain.policies import Policy


def made(**members: Any) -> Policy:
    request = msgspec.convert({"name": "p", **members}, batch.CreateSchedulingPolicyRequest)
    return policies.create(request, now=1.0, share_limit=500, tag_limit=50)


def shares(*names: str) -> dict[str, Any]:
    return {"fairsharePolicy": {"shareDistribution": [{"shareIdentifier": name} for name in names]}}


def test_what_was_sent_comes_back_and_nothing_else() -> None:  # C.1
    fair = {"computeReservation": 1, "shareDistribution": [{"shareIdentifier": "A*", "weightFactor": 0.1}]}
    shown = msgspec.to_builtins(made(fairsharePolicy=fair, tags={"a": "b"}).describe(Identity()))
    assert shown == {
        "name": "p",
        "arn": "arn:aws:batch:us-east-1:123456789012:scheduling-policy/p",
        "fairsharePolicy": fair,
        "tags": {"a": "b"},
    }
    assert msgspec.to_builtins(made().describe(Identity())) == {
        "name": "p",
        "arn": "arn:aws:batch:us-east-1:123456789012:scheduling-policy/p",
        "tags": {},
    }


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"name": "a b"}, "name should match a valid pattern"),  # 1.32
        ({**shares(), "quotaSharePolicy": {"idleResourceAssignmentStrategy": "FIFO"}}, "not both"),  # 9.20
        ({"quotaSharePolicy": {"idleResourceAssignmentStrategy": "LIFO"}}, "must be one of FIFO, got LIFO"),  # 9.51
        ({"fairsharePolicy": {"shareDecaySeconds": -1}}, "shareDecaySeconds must be between 0 and 604800"),  # 9.21
        ({"fairsharePolicy": {"shareDecaySeconds": 604_801}}, "shareDecaySeconds"),
        ({"fairsharePolicy": {"computeReservation": 100}}, "computeReservation must be between 0 and 99, got 100"),
        (shares(*(f"s{n}" for n in range(501))), "ShareDistribution size cannot be greater than 500."),
        (shares("a b"), "shareIdentifier"),
        (shares("a*b"), "shareIdentifier"),
        (shares(""), "shareIdentifier"),
        (shares("*"), "shareIdentifier"),
        (shares("a" * 256), "shareIdentifier"),
        ({"fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "a", "weightFactor": 0}]}}, "weightFactor"),
        ({"fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "a", "weightFactor": 1000}]}}, "weightFactor"),
        (shares("a", "a"), r"overlap: a and a"),  # 9.22
        (shares("UserA1", "UserA*"), r"overlap: UserA\* and UserA1"),
        (shares("a", "a*"), r"overlap: a\* and a"),
        (shares("a*", "ab*"), r"overlap: a\* and ab\*"),
        (shares("b", "a*", "ab", "c"), r"overlap: a\* and ab"),
    ],
)
def test_what_is_refused(members: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        made(**members)


@pytest.mark.parametrize(
    "members",
    [
        shares(*(f"s{n}" for n in range(500))),
        shares("a", "ab", "abc", "b*", "c1", "c10"),  # a plain name covers only itself
        shares("a" * 254 + "*"),
        {"fairsharePolicy": {"shareDecaySeconds": 604_800, "computeReservation": 99}},
        {"fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "a", "weightFactor": 0.0001}]}},
        {"fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "a", "weightFactor": 999.9999}]}},
        {"quotaSharePolicy": {"idleResourceAssignmentStrategy": "FIFO"}},
    ],
)
def test_what_is_accepted(members: dict[str, Any]) -> None:
    made(**members)


def updated(policy: Policy, **members: Any) -> Policy:
    request = msgspec.convert({"arn": "x", **members}, batch.UpdateSchedulingPolicyRequest)
    return policies.update(policy, request, share_limit=500)


def test_update_replaces_the_object() -> None:  # 9.20
    before = made(fairsharePolicy={"computeReservation": 5, "shareDecaySeconds": 600})
    after = updated(before, fairsharePolicy={"shareDecaySeconds": 900})
    assert msgspec.to_builtins(after.fair_share) == {"shareDecaySeconds": 900}
    assert updated(before) == before


def test_a_policy_of_neither_kind_is_fair_share() -> None:  # 9.20
    assert updated(made(), fairsharePolicy={"computeReservation": 5}).fair_share is not None


def test_the_kind_cannot_change() -> None:  # 9.20
    quota = {"idleResourceAssignmentStrategy": "FIFO"}
    for before, members in (
        (made(), {"quotaSharePolicy": quota}),
        (made(**shares("a")), {"quotaSharePolicy": quota}),
        (made(quotaSharePolicy=quota), shares("a")),
    ):
        with pytest.raises(Invalid, match="its kind cannot change"):
            updated(before, **members)


def test_update_keeps_the_rules_of_creation() -> None:
    with pytest.raises(Invalid, match="overlap"):
        updated(made(), **shares("a*", "ab"))


def test_a_policy_in_use_cannot_be_deleted() -> None:  # 9.20
    policies.check_deletable(made(), [])
    with pytest.raises(Conflicting, match="in use by job queue q1, q2"):
        policies.check_deletable(made(), ["q2", "q1"])
