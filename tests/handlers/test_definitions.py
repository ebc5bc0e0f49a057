"""RegisterJobDefinition, DescribeJobDefinitions and DeregisterJobDefinition, on a real store (BEHAVIOUR 2.1)."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import botocore
import msgspec
import pytest

from batchyard.api.batch import (
    DeregisterJobDefinitionRequest,
    DescribeJobDefinitionsRequest,
    DescribeJobDefinitionsResponse,
    RegisterJobDefinitionRequest,
)
from batchyard.config import Settings
from batchyard.domain.arns import Identity
from batchyard.domain.errors import Invalid, NotFound
from batchyard.handlers.base import Caller, Context
from batchyard.handlers.definitions import (
    deregister_job_definition,
    describe_job_definitions,
    register_job_definition,
)
from batchyard.kit.ids import SeededIds
from batchyard.store.base import Tx
from batchyard.store.database import SqliteStore

SMALL = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]
ARN = "arn:aws:batch:us-east-1:123456789012:job-definition/"


class StoppedClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time


class Yard:
    """What a test does with the three operations."""

    def __init__(self, store: SqliteStore) -> None:
        self.clock = StoppedClock()
        self.store = store
        self.context = Context(
            caller=Caller(name="admin", role="admin"),
            settings=Settings(),
            identity=Identity(),
            clock=self.clock,
            ids=SeededIds(1),
            store=store,
            logs=msgspec.convert(None, Any),
        )

    async def register(self, name: str = "sim", **changes: Any) -> dict[str, Any]:
        request = {
            "jobDefinitionName": name,
            "type": "container",
            "containerProperties": {"image": "busybox", "resourceRequirements": SMALL},
            **changes,
        }
        answer = await register_job_definition(self.context, msgspec.convert(request, RegisterJobDefinitionRequest))
        return msgspec.to_builtins(answer)

    async def page(self, **request: Any) -> DescribeJobDefinitionsResponse:
        return await describe_job_definitions(self.context, msgspec.convert(request, DescribeJobDefinitionsRequest))

    async def names(self, **request: Any) -> list[str]:
        found = (await self.page(**request)).jobDefinitions or []
        return [f"{each.jobDefinitionName}:{each.revision}" for each in found]

    async def deregister(self, reference: str) -> None:
        await deregister_job_definition(self.context, DeregisterJobDefinitionRequest(jobDefinition=reference))


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    store = SqliteStore(None, inline=True)
    yield Yard(store)
    await store.close()


async def test_each_registration_of_a_name_is_one_more_revision(yard: Yard) -> None:  # 2.01, 2.02
    assert await yard.register() == {"jobDefinitionName": "sim", "jobDefinitionArn": f"{ARN}sim:1", "revision": 1}
    assert (await yard.register())["revision"] == 2
    assert (await yard.register("other"))["revision"] == 1
    await yard.deregister("sim:2")
    assert (await yard.register())["revision"] == 3


async def test_revisions_never_come_again_even_when_all_were_purged(yard: Yard) -> None:  # 2.02, 2.03
    await yard.register()
    await yard.deregister("sim:1")
    assert await yard.store.write(lambda tx: tx.definitions.purge(yard.clock.time)) == 0
    assert await yard.store.write(lambda tx: tx.definitions.purge(yard.clock.time + 1)) == 1
    assert await yard.names() == []
    assert (await yard.register())["revision"] == 2


async def test_active_definitions_are_never_purged(yard: Yard) -> None:
    await yard.register()
    assert await yard.store.write(lambda tx: tx.definitions.purge(yard.clock.time + 1e9)) == 0


async def test_filters_and_order(yard: Yard) -> None:  # 2.08
    for name in ("a", "b", "a", "b", "a"):
        await yard.register(name)
    await yard.deregister("a:2")
    assert await yard.names() == ["a:3", "b:2", "a:2", "b:1", "a:1"]
    assert await yard.names(jobDefinitionName="a") == ["a:3", "a:2", "a:1"]
    assert await yard.names(jobDefinitionName="a", status="ACTIVE") == ["a:3", "a:1"]
    assert await yard.names(status="INACTIVE") == ["a:2"]
    assert await yard.names(jobDefinitionName="none") == []
    assert await yard.names(jobDefinitionName="", status="", nextToken="", jobDefinitions=[]) == await yard.names()
    with pytest.raises(Invalid, match="status must be one of ACTIVE, INACTIVE, got DONE"):
        await yard.names(status="DONE")


async def test_by_arn_and_by_name_and_revision(yard: Yard) -> None:  # 1.30, 2.08
    for name in ("a", "a", "b"):
        await yard.register(name)
    await yard.deregister("a:1")
    assert await yard.names(jobDefinitions=["b:1", f"{ARN}a:1", "a:2", "a:1", "a:9", "c:1", "b"]) == [
        "b:1",
        "a:1",
        "a:2",
    ]
    assert await yard.names(jobDefinitions=[f"{ARN}a:1".replace("us-east-1", "eu-west-1")]) == []
    with pytest.raises(Invalid, match="jobDefinitions cannot be used with other parameters"):
        await yard.names(jobDefinitions=["a:1"], status="ACTIVE")
    with pytest.raises(Invalid, match="jobDefinitions can have at most 100 entries, got 101"):
        await yard.names(jobDefinitions=["a:1"] * 101)


async def test_pages_go_on_where_they_ended_whatever_was_registered_meanwhile(yard: Yard) -> None:  # 1.25-1.27
    for _ in range(5):
        await yard.register()
    first = await yard.page(maxResults=2)
    await yard.register()
    second = await yard.page(maxResults=2, nextToken=first.nextToken)
    third = await yard.page(maxResults=2, nextToken=second.nextToken)
    pages = [[each.revision for each in page.jobDefinitions or []] for page in (first, second, third)]
    assert pages == [[5, 4], [3, 2], [1]]
    assert third.nextToken is None
    assert (await yard.page(maxResults=6)).nextToken is None
    for wrong in ({"maxResults": 0}, {"maxResults": 101}, {"nextToken": "x"}):
        with pytest.raises(Invalid):
            await yard.page(**wrong)


async def test_deregistering(yard: Yard) -> None:  # 2.04
    for _ in range(3):
        await yard.register()
    await yard.deregister("sim")
    assert await yard.names(status="ACTIVE") == ["sim:2", "sim:1"]
    await yard.deregister(f"{ARN}sim:2")
    await yard.deregister("sim:1")
    assert await yard.names(status="ACTIVE") == []
    for again in ("sim:1", "sim"):
        await yard.deregister(again)
    for unknown in ("sim:4", "none", "none:1", f"{ARN}none:1"):
        with pytest.raises(NotFound, match=f"Job definition {unknown} does not exist"):
            await yard.deregister(unknown)


async def test_deregistering_again_does_not_move_its_time(yard: Yard) -> None:  # 2.03
    await yard.register()
    await yard.deregister("sim:1")
    yard.clock.time += 50
    await yard.deregister("sim:1")
    found = await yard.store.read(lambda tx: tx.definitions.get("sim", 1))
    assert found is not None
    assert found.deregistered_at == 1000.0


async def test_a_deregistered_definition_is_still_described_with_its_tags(yard: Yard) -> None:  # CLIENTS 4: miniwdl
    tags = {f"key{n}": f"value {n}" for n in range(42)}
    await yard.register(tags=tags)
    await yard.deregister("sim:1")
    (found,) = (await yard.page(jobDefinitions=[f"{ARN}sim:1"])).jobDefinitions or []
    assert (found.status, found.tags) == ("INACTIVE", tags)


async def test_the_newest_active_revision_is_what_a_bare_name_means(yard: Yard) -> None:  # 3.01
    for _ in range(3):
        await yard.register()
    await yard.deregister("sim:3")

    def revisions(tx: Tx) -> tuple[int | None, ...]:
        found = (tx.definitions.get("sim"), tx.definitions.get("sim", 3), tx.definitions.get("none"))
        return tuple(each.revision if each else None for each in found)

    assert await yard.store.read(revisions) == (2, 3, None)


async def test_tags_can_be_changed_and_the_registration_cannot(yard: Yard) -> None:  # 1.43, 2.03
    await yard.register(tags={"a": "1"})

    def change(tx: Tx) -> None:
        found = tx.definitions.get("sim")
        assert found is not None
        tx.definitions.set_tags(found, {"b": "2"})

    await yard.store.write(change)
    (found,) = (await yard.page()).jobDefinitions or []
    assert found.tags == {"b": "2"}


async def test_what_a_rolled_back_registration_left_in_the_cache_is_not_shown(yard: Yard) -> None:
    def register_and_fail(tx: Tx) -> None:
        request = RegisterJobDefinitionRequest(jobDefinitionName="ghost", type="container", parameters={"of": "ghost"})
        tx.definitions.add(request, 1.0)
        assert tx.definitions.get("ghost") is not None
        raise Invalid("changed my mind")

    with pytest.raises(Invalid, match="changed my mind"):
        await yard.store.write(register_and_fail)
    await yard.register(parameters={"of": "sim"})
    (found,) = (await yard.page()).jobDefinitions or []
    assert (found.jobDefinitionName, found.revision, found.parameters) == ("sim", 1, {"of": "sim"})


def examples(operation: str) -> list[dict[str, Any]]:
    """botocore's own examples of an operation."""
    folder = Path(botocore.__file__).parent / "data" / "batch" / "2016-08-10"
    plain, packed = folder / "examples-1.json", folder / "examples-1.json.gz"
    text = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return json.loads(text)["examples"][operation]


@pytest.mark.parametrize("example", examples("RegisterJobDefinition"), ids=lambda example: example["id"])
async def test_botocores_examples_register_and_describe_back(yard: Yard, example: dict[str, Any]) -> None:
    given = example["input"]
    answer = await yard.register(given["jobDefinitionName"], **given)
    assert (answer["jobDefinitionName"], answer["revision"]) == (given["jobDefinitionName"], 1)
    (found,) = (await yard.page(jobDefinitions=[answer["jobDefinitionArn"]])).jobDefinitions or []
    shown = msgspec.to_builtins(found)
    container = shown.pop("containerProperties")
    assert {member: container[member] for member in given["containerProperties"]} == given["containerProperties"]
    rest = {member: value for member, value in given.items() if member != "containerProperties"}
    assert {member: shown[member] for member in rest} == rest


async def test_botocores_example_of_a_description_is_what_we_describe(yard: Yard) -> None:
    (expected,) = examples("DescribeJobDefinitions")[0]["output"]["jobDefinitions"]
    given = {"command": ["sleep", "60"], "image": "busybox", "resourceRequirements": [SMALL[1], SMALL[0]]}
    await yard.register("sleep60", containerProperties=given)
    (found,) = (await yard.page(status="ACTIVE")).jobDefinitions or []
    shown = msgspec.to_builtins(found)
    for member, value in expected.items():
        if member == "containerProperties":
            assert {name: shown[member][name] for name in value} == value
        elif member != "jobDefinitionArn":
            assert shown[member] == value
