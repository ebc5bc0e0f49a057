"""The compatibility page says what the code does: it is generated, complete, and its table names what exists."""

from __future__ import annotations

import pytest
from tools import compatibility

from batchyard.api import batch
from batchyard.domain.errors import Unsupported
from batchyard.handlers.collect import SERVICES, collect
from batchyard.handlers.support import MEMBERS, Verdict, refuse, support, unsupported

PATHS = {
    path
    for operations in SERVICES.values()
    for operation in operations.values()
    for path in compatibility.paths(operation)
}


def test_the_page_is_what_the_code_generates() -> None:
    assert compatibility.PAGE.read_text() == compatibility.page(collect()), "run `make generate`"


def test_the_table_names_only_what_the_model_has() -> None:
    assert set(MEMBERS) <= PATHS


def test_every_operation_is_listed_and_refused_unless_it_has_a_handler() -> None:
    page = compatibility.page({"batch": {"SubmitJob": object()}, "logs": {}, "sts": {}})
    for service, operations in SERVICES.items():
        part = page.partition(f"## {compatibility.TITLES[service]}\n")[2].partition("\n## ")[0]
        for name in operations:
            section = part.partition(f"### {name}\n")[2].partition("\n### ")[0]
            verdict = "**works**" if name == "SubmitJob" else f"**refused**: “{unsupported(name)}”"
            assert section.startswith(f"\n{verdict}\n")


def test_a_refused_member_needs_its_message() -> None:
    assert [path for path, verdict in MEMBERS.items() if verdict.verdict is not Verdict.WORKS and not verdict.why] == []


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("SubmitJob", Verdict.WORKS),
        ("SubmitJob.jobName", Verdict.WORKS),
        ("SubmitJob.nodeOverrides", Verdict.REFUSED),
        ("SubmitJob.nodeOverrides.nodePropertyOverrides[].targetNodes", Verdict.REFUSED),  # as what it is in
        ("RegisterJobDefinition.containerProperties.command", Verdict.REFUSED),  # as its operation, without a handler
    ],
)
def test_a_member_takes_the_nearest_verdict(path: str, verdict: Verdict) -> None:
    assert support(path, {"SubmitJob": object()}).verdict is verdict


def test_members_of_shapes_in_lists_and_maps_are_found() -> None:
    assert {
        "SubmitJob.dependsOn[].jobId",
        "RegisterJobDefinition.nodeProperties.nodeRangeProperties[].container.linuxParameters.tmpfs[].size",
        "RegisterJobDefinition.eksProperties.podProperties.volumes[].emptyDir.sizeLimit",
    } <= PATHS


def test_a_refused_member_is_refused_with_the_message_of_the_page() -> None:
    request = batch.SubmitJobRequest(
        jobName="a", jobQueue="q", jobDefinition="d", nodeOverrides=batch.NodeOverrides(numNodes=2)
    )
    with pytest.raises(Unsupported, match="Multi-node parallel jobs are not supported"):
        refuse("SubmitJob", request)


def test_empty_lists_are_not_refused() -> None:
    refuse("CreateJobQueue", batch.CreateJobQueueRequest(jobQueueName="q", priority=1, serviceEnvironmentOrder=[]))
