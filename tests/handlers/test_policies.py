"""The operations of scheduling policies, over a store (BEHAVIOUR 9.20, C.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from batchyard.config import Settings
from batchyard.domain.arns import Identity
from batchyard.domain.errors import Conflicting, NotFound
from batchyard.handlers.defaults import make_defaults
from batchyard.store.database import SqliteStore

Call = Callable[..., Awaitable[dict[str, Any]]]

ARN = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/"
FAIR = {"computeReservation": 1, "shareDecaySeconds": 3600, "shareDistribution": [{"shareIdentifier": "A1*"}]}


async def test_terraform_creates_updates_and_destroys(call: Call) -> None:  # C.1
    assert await call("CreateSchedulingPolicy", name="p", fairsharePolicy=FAIR, tags={"a": "b"}) == {
        "name": "p", "arn": ARN + "p"
    }  # fmt: skip
    shown = await call("DescribeSchedulingPolicies", arns=[ARN + "p", ARN + "gone", "p"])
    assert shown == {
        "schedulingPolicies": [{"name": "p", "arn": ARN + "p", "fairsharePolicy": FAIR, "tags": {"a": "b"}}]
    }
    assert await call("UpdateSchedulingPolicy", arn=ARN + "p", fairsharePolicy={"computeReservation": 2}) == {}
    shown = await call("DescribeSchedulingPolicies", arns=[ARN + "p"])
    assert shown["schedulingPolicies"][0]["fairsharePolicy"] == {"computeReservation": 2}
    assert await call("DeleteSchedulingPolicy", arn=ARN + "p") == {}
    assert await call("DescribeSchedulingPolicies", arns=[ARN + "p"]) == {"schedulingPolicies": []}


async def test_no_arns_name_nothing(call: Call) -> None:
    await call("CreateSchedulingPolicy", name="p")
    assert await call("DescribeSchedulingPolicies", arns=[]) == {"schedulingPolicies": []}


async def test_a_name_that_is_taken(call: Call) -> None:  # 1.35
    await call("CreateSchedulingPolicy", name="p")
    with pytest.raises(Conflicting, match="p already exists"):
        await call("CreateSchedulingPolicy", name="p")


@pytest.mark.parametrize("operation", ["UpdateSchedulingPolicy", "DeleteSchedulingPolicy"])
async def test_policies_are_named_by_arn_only(call: Call, operation: str) -> None:  # 9.20
    await call("CreateSchedulingPolicy", name="p")
    for arn in ("p", ARN + "gone"):
        with pytest.raises(NotFound, match=f"{arn} does not exist"):
            await call(operation, arn=arn)


async def test_pages_of_arns(call: Call) -> None:  # 1.25
    for name in ("b", "a", "c"):
        await call("CreateSchedulingPolicy", name=name)
    first = await call("ListSchedulingPolicies", maxResults=2)
    assert first["schedulingPolicies"] == [{"arn": ARN + "a"}, {"arn": ARN + "b"}]
    second = await call("ListSchedulingPolicies", maxResults=2, nextToken=first["nextToken"])
    assert second == {"schedulingPolicies": [{"arn": ARN + "c"}]}


async def test_a_policy_in_use_stays(call: Call, store: SqliteStore) -> None:  # 9.20
    await store.write(lambda tx: make_defaults(tx, Settings(), Identity(), now=1.0, uuid="u", host_vcpus=2))
    await call("CreateSchedulingPolicy", name="p", fairsharePolicy=FAIR)
    order = [{"order": 1, "computeEnvironment": "local"}]
    await call(
        "CreateJobQueue", jobQueueName="q", priority=1, computeEnvironmentOrder=order, schedulingPolicyArn=ARN + "p",
        state="DISABLED",
    )  # fmt: skip
    with pytest.raises(Conflicting, match="in use by job queue q"):
        await call("DeleteSchedulingPolicy", arn=ARN + "p")
    await call("DeleteJobQueue", jobQueue="q")
    await call("DeleteSchedulingPolicy", arn=ARN + "p")
