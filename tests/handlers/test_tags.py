"""The tag operations on each kind of resource, over a store (BEHAVIOUR 1.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from batchyard.api.batch import RegisterJobDefinitionRequest, RetryStrategy
from batchyard.config import Settings
from batchyard.domain.arns import Identity
from batchyard.domain.errors import Invalid, NotFound
from batchyard.domain.jobs import Job
from batchyard.domain.resources import Needs
from batchyard.domain.submissions import Spec
from batchyard.handlers.defaults import make_defaults
from batchyard.store.base import Tx
from batchyard.store.database import SqliteStore

Call = Callable[..., Awaitable[dict[str, Any]]]

PREFIX = "arn:aws:batch:us-east-1:123456789012:"
JOB = "11111111-2222-4333-8444-555555555555"
TAGGABLE = ["compute-environment/local", "job-queue/default", "scheduling-policy/p", "job-definition/d:1", f"job/{JOB}"]


@pytest.fixture(autouse=True)
async def something_of_each_kind(call: Call, store: SqliteStore) -> None:
    def write(tx: Tx) -> None:
        make_defaults(tx, Settings(), Identity(), now=1.0, uuid="u", host_vcpus=2)
        body = {"jobDefinitionName": "d", "type": "container"}
        definition = tx.definitions.add(msgspec.convert(body, RegisterJobDefinitionRequest), 1.0)
        tx.definitions.deregister(definition, 2.0)  # CLIENTS 4: miniwdl reads the tags of a deregistered one
        spec = Spec(definition="d", revision=1, retry=RetryStrategy(), needs=Needs(vcpus=1000, memory_mib=4))
        job = Job(
            uuid=JOB, spec_pk=tx.jobs.add_spec("j", spec, {}), queue_pk=1, vcpus=1000, memory_mib=4, created_at=1.0
        )
        tx.jobs.add(job, "j", "d:1")

    await store.write(write)
    await call("CreateSchedulingPolicy", name="p")


@pytest.mark.parametrize("name", TAGGABLE)
async def test_tags_are_added_overwritten_listed_and_removed(call: Call, name: str) -> None:  # 1.42, 1.43
    arn = PREFIX + name
    assert await call("ListTagsForResource", resourceArn=arn) == {"tags": {}}
    assert await call("TagResource", resourceArn=arn, tags={"a": "1", "b": ""}) == {}
    await call("TagResource", resourceArn=arn, tags={"a": "2"})
    assert await call("ListTagsForResource", resourceArn=arn) == {"tags": {"a": "2", "b": ""}}
    assert await call("UntagResource", resourceArn=arn, tagKeys=["b", "absent"]) == {}
    assert await call("ListTagsForResource", resourceArn=arn) == {"tags": {"a": "2"}}


@pytest.mark.parametrize("name", TAGGABLE)
async def test_the_limit_is_on_the_sum(call: Call, name: str) -> None:  # 1.43
    await call("TagResource", resourceArn=PREFIX + name, tags={f"k{n}": "" for n in range(50)})
    with pytest.raises(Invalid, match="at most 50 tags, got 51"):
        await call("TagResource", resourceArn=PREFIX + name, tags={"one more": ""})


async def test_describe_shows_them(call: Call) -> None:  # 1.45
    for name in TAGGABLE[:3]:
        await call("TagResource", resourceArn=PREFIX + name, tags={"a": "b"})
    (environment,) = (await call("DescribeComputeEnvironments"))["computeEnvironments"]
    (queue,) = (await call("DescribeJobQueues"))["jobQueues"]
    (policy,) = (await call("DescribeSchedulingPolicies", arns=[PREFIX + "scheduling-policy/p"]))["schedulingPolicies"]
    assert [each["tags"] for each in (environment, queue, policy)] == [{"a": "b"}] * 3


@pytest.mark.parametrize(
    "arn",
    [
        *(PREFIX + kind + "/gone" for kind in ("compute-environment", "job-queue", "scheduling-policy", "job")),
        PREFIX + "job-definition/d",
        PREFIX + "job-definition/d:2",
        PREFIX + "job-definition/d:x",
        PREFIX + "job/99999999-2222-4333-8444-555555555555",
        PREFIX + "consumable-resource/r",
        "arn:aws:batch:eu-west-1:123456789012:job-queue/default",
        "default",
        "",
    ],
)
async def test_what_is_unknown(call: Call, arn: str) -> None:  # 1.43
    for operation, members in (("ListTagsForResource", {}), ("TagResource", {"tags": {"a": "b"}}),
                               ("UntagResource", {"tagKeys": ["a"]})):  # fmt: skip
        with pytest.raises(NotFound, match="does not exist"):
            await call(operation, resourceArn=arn, **members)


@pytest.mark.parametrize("part", [":0", "#1"])
async def test_children_and_nodes_have_none(call: Call, part: str) -> None:  # 1.42
    with pytest.raises(Invalid, match="have no tags"):
        await call("TagResource", resourceArn=f"{PREFIX}job/{JOB}{part}", tags={"a": "b"})


async def test_where_an_environment_runs_is_fixed(call: Call) -> None:
    with pytest.raises(Invalid, match="batchyard:provider cannot change"):
        await call("TagResource", resourceArn=PREFIX + TAGGABLE[0], tags={"batchyard:provider": "local"})


async def test_tags_go_with_their_resource(call: Call) -> None:  # 1.44
    await call("TagResource", resourceArn=PREFIX + "scheduling-policy/p", tags={"a": "b"})
    await call("DeleteSchedulingPolicy", arn=PREFIX + "scheduling-policy/p")
    await call("CreateSchedulingPolicy", name="p")
    assert await call("ListTagsForResource", resourceArn=PREFIX + "scheduling-policy/p") == {"tags": {}}
