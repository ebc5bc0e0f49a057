"""Whatever a caller sends, each operation answers 200 or a 4xx that says what is wrong, never a 500, and goes on.

`BATCHYARD_FUZZ=2000` makes that many requests for each operation instead of those of an ordinary test run.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

import botocore.session
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.parity.strategies import NOT_REQUESTS, RICH, bodies, put, sound, wrong_types

from batchyard.api import logs
from batchyard.config import load
from batchyard.handlers.base import Caller
from batchyard.handlers.collect import collect
from batchyard.kit.sigv4 import sign
from batchyard.server import own
from batchyard.server.app import App, build_app
from batchyard.server.keys import admin_key, all_keys
from batchyard.yard import open_yard

SERVICES = {name: botocore.session.get_session().get_service_model(name) for name in ("batch", "logs")}
OPERATIONS = [
    pytest.param(service, operation, id=f"{service}-{operation}")
    for service, handlers in collect().items()
    if service in SERVICES
    for operation in handlers
]
TAGS = {"ListTagsForResource", "TagResource", "UntagResource"}
ERRORS = {
    "batch": {"ClientException", "SerializationException"},
    "logs": {
        "ClientException",
        "InvalidParameterException",
        "ResourceAlreadyExistsException",
        "ResourceNotFoundException",
        "SerializationException",
    },
}
FEW = settings(
    max_examples=int(os.environ.get("BATCHYARD_FUZZ", "40")),
    deadline=None,
    derandomize="BATCHYARD_FUZZ" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: dict[bytes, bytes], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def message(self) -> str:
        return json.loads(self.body)["message"]


class World:
    """A real yard's application without a network, and the resources that requests can name."""

    def __init__(self, app: App, key: Any) -> None:
        self._app, self._key = app, key
        self.known: dict[str, list[Any]] = {}

    async def ask(self, url: str, body: bytes, service: str, method: str = "POST", **headers: str) -> Answer:
        """Send a signed request; of an answer without end only the beginning is taken."""
        key = self._key
        signed = sign(
            method, f"http://yard{url}", headers, body, key=key.access_key_id, secret=key.secret_access_key,
            region="us-east-1", service=service, at=time.time(),
        )  # fmt: skip
        path, _, query = url.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in signed.items()],
        }
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        answer = Answer(0, {}, b"")

        async def receive() -> dict[str, Any]:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], dict(message["headers"])
                return
            answer.body += message["body"]
            if message.get("more_body"):
                raise asyncio.CancelledError  # the caller of a live tail goes away

        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            assert answer.status == 200
        return answer

    async def call(self, service: str, operation: str, body: bytes, arn: str = "", tag_keys: Any = ()) -> Answer:
        """Call an operation with this body; a tag operation of Batch has its ARN and keys in the address."""
        if service == "logs":
            target = f"{logs.TARGET_PREFIX}.{operation}"
            headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
            return await self.ask("/", body, service, **headers)
        if operation not in TAGS:
            return await self.ask(f"/v1/{operation.lower()}", body, service)
        method = SERVICES[service].operation_model(operation).http["method"]
        query = urlencode([("tagKeys", key) for key in tag_keys], errors="surrogatepass")
        path = quote_from_bytes(arn.encode(errors="surrogatepass"), safe="")
        return await self.ask(f"/v1/tags/{path}?{query}".rstrip("?"), body, service, method)

    async def furnish(self) -> None:
        """Make what the requests name, as far as it is not there (a request may have removed it)."""

        async def make(operation: str, service: str = "batch", **members: Any) -> dict[str, Any]:
            answer = await self.call(service, operation, json.dumps(members).encode())
            return json.loads(answer.body or b"{}")

        size = {"type": "EC2", "minvCpus": 0, "maxvCpus": 4, "instanceTypes": ["optimal"], "instanceRole": "r"}
        resources = {**size, "subnets": ["s"], "securityGroupIds": ["g"]}
        await make("CreateComputeEnvironment", computeEnvironmentName="ce", type="MANAGED", computeResources=resources)
        await make("UpdateComputeEnvironment", computeEnvironment="ce", state="ENABLED")
        shares = {"shareDistribution": [{"shareIdentifier": "a*", "weightFactor": 0.5}]}
        await make("CreateSchedulingPolicy", name="fair", fairsharePolicy=shares)
        arn = "arn:aws:batch:us-east-1:123456789012:"
        policy = f"{arn}scheduling-policy/fair"
        order = [{"order": 1, "computeEnvironment": "ce"}]
        for name, more in (("q", {}), ("fq", {"schedulingPolicyArn": policy})):
            await make("CreateJobQueue", jobQueueName=name, priority=1, computeEnvironmentOrder=order, **more)
            await make("UpdateJobQueue", jobQueue=name, priority=1, computeEnvironmentOrder=order, state="ENABLED")
        container = {"image": "i", "vcpus": 1, "memory": 64, "command": ["echo", "Ref::a"]}
        made = await make(
            "RegisterJobDefinition", jobDefinitionName="d", type="container", containerProperties=container
        )
        names = ["d", f"d:{made['revision']}", made["jobDefinitionArn"]]
        for request in RICH["RegisterJobDefinition"]:
            await make("RegisterJobDefinition", **request)
        job = (await make("SubmitJob", jobName="j", jobQueue="q", jobDefinition="d", parameters={"a": "1"}))["jobId"]
        array = await make(
            "SubmitJob",
            jobName="j",
            jobQueue="q",
            jobDefinition="d",
            parameters={"a": "1"},
            arrayProperties={"size": 3},
        )
        token = await make("DescribeJobQueues", maxResults=1)
        await make("CreateLogGroup", "logs", logGroupName="g")
        await make("CreateLogStream", "logs", logGroupName="g", logStreamName="s")
        event = {"timestamp": int(time.time() * 1000), "message": "hello"}
        await make("PutLogEvents", "logs", logGroupName="g", logStreamName="s", logEvents=[event])
        page = await make("GetLogEvents", "logs", logGroupName="g", logStreamName="s")
        queues, environments = ["q", "fq", f"{arn}job-queue/q"], ["ce", f"{arn}compute-environment/ce"]
        jobs = [job, array["jobId"], f"{array['jobId']}:1", job.replace(job[0], "0"), f"{job}#0"]
        groups = ["g", "/aws/batch/job", "arn:aws:logs:us-east-1:123456789012:log-group:g"]
        arns = [policy, queues[2], environments[1], names[2], f"{arn}job/{job}", f"{arn}job/{array['jobId']}:1"]
        self.known = {
            "jobQueue": queues, "jobQueues": queues, "jobQueueName": ["q", "new"],
            "computeEnvironment": environments, "computeEnvironments": environments,
            "computeEnvironmentName": ["ce", "new"],
            "jobDefinition": names, "jobDefinitions": names, "jobDefinitionName": ["d", "new"],
            "jobId": jobs, "jobs": jobs, "arrayJobId": jobs, "multiNodeJobId": jobs, "jobName": ["j", "new"],
            "schedulingPolicyArn": [policy], "arn": [policy], "arns": [policy], "resourceArn": [*arns, groups[2]],
            "logGroupName": ["g", "/aws/batch/job"], "logGroupIdentifier": groups, "logGroupIdentifiers": groups[2:],
            "logStreamName": ["s"], "logStreamNames": ["s"], "message": ["hello", "{}"],
            "timestamp": [event["timestamp"]],
            "nextToken": [token.get("nextToken"), page.get("nextForwardToken"), page.get("nextBackwardToken")],
            "tagKeys": ["a", "b.c"], "tags": [{"a": "1"}], "shareIdentifier": ["a"],
            "order": [1, 2], "value": ["1", "2", "64", "2048", ""], "command": ["echo", "Ref::a", "true"],
        }  # fmt: skip

    def requests(self, service: str, operation: str) -> st.SearchStrategy[dict[str, Any]]:
        """Sound requests, and whole ones written by hand."""
        shape = SERVICES[service].operation_model(operation).input_shape
        made = sound(shape, self.known)
        return st.sampled_from(RICH[operation]) | made if operation in RICH else made


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@asynccontextmanager
async def opened(folder: Any) -> AsyncIterator[World]:
    limits = {"job_queues": 9999, "compute_environments": 9999}
    options = load(overrides={"data_dir": str(folder), "limits": limits})
    async with open_yard(options) as yard:
        await yard.first_start()
        context = yard.context(Caller(name="system", role="admin"))
        yield World(build_app(context, all_keys(options), collect(), own.routes()), admin_key(options.folder))


@pytest.fixture(scope="module")
def world(loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    opening = opened(tmp_path_factory.mktemp("yard"))
    yield loop.run(opening.__aenter__())
    loop.run(opening.__aexit__(None, None, None))


@pytest.fixture
def ask(loop: asyncio.Runner, world: World) -> Iterator[Callable[..., Answer]]:
    """Call an operation and hold its answer to what every answer must be; then see that the server goes on."""
    loop.run(world.furnish())

    def call(service: str, operation: str, body: bytes, **address: Any) -> Answer:
        answer = loop.run(world.call(service, operation, body, **address))
        check(service, answer, f"{operation} {address or ''} {body[:2000]!r}")
        return answer

    yield call
    assert loop.run(world.call("batch", "DescribeJobQueues", b"{}")).status == 200


def check(service: str, answer: Answer, request: str) -> None:
    """200 with a body of its type, or 4xx with a type, and a message that is written for people."""
    assert answer.headers[b"x-amzn-requestid"], request
    if answer.status == 200:
        return
    assert 400 <= answer.status < 500, f"{answer.status} {answer.body!r} for {request}"
    body = json.loads(answer.body)
    assert body["__type"] == answer.headers[b"x-amzn-errortype"].decode(), request
    assert body["__type"] in ERRORS[service], (body, request)
    assert body["message"], request
    ours = re.search(r"Traceback|msgspec|sqlite|object at 0x|\bNone\b|<class", body["message"])
    assert ours is None or ours[0] in request, (body, request)


@pytest.mark.parametrize(("service", "operation"), [each for each in OPERATIONS if each.values[1] in RICH])
def test_the_requests_that_are_spoilt_are_sound(service, operation, ask):
    for request in RICH[operation]:
        answer = ask(service, operation, json.dumps(request).encode())
        assert answer.status == 200 or "not supported by this Batchyard" in answer.message, (request, answer.body)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_spoilt_requests_are_answered_with_200_or_4xx(service, operation, world, ask):
    in_address = service == "batch" and operation in TAGS

    @FEW
    @given(st.data())
    def send(data):
        address = {}
        if in_address:
            arns, keys = world.known["resourceArn"], ["a", "", "aws:x", "\ud800", "é", "a" * 200]
            address["arn"] = data.draw(st.sampled_from(arns) | st.text(max_size=30))
            address["tag_keys"] = data.draw(st.lists(st.sampled_from(keys), max_size=60))
        ask(service, operation, data.draw(bodies(world.requests(service, operation))), **address)

    send()


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_a_value_of_another_type_is_named(service, operation, world, ask):
    shape = SERVICES[service].operation_model(operation).input_shape
    in_address = service == "batch" and operation in TAGS
    outside = {"resourceArn", "tagKeys"} if in_address else set()

    @FEW
    @given(st.data())
    def send(data):
        request = data.draw(world.requests(service, operation))
        wrong = [each for each in wrong_types(shape, request) if each[0][0] not in outside]
        if not wrong:
            return
        path, value = data.draw(st.sampled_from(wrong))
        spoilt = put(request, path, value)
        address = {"arn": world.known["arn"][0], "tag_keys": ["a"]} if in_address else {}
        answer = ask(service, operation, json.dumps(spoilt).encode(), **address)
        members = [key for key in path if isinstance(key, str)]
        assert answer.status == 400, (spoilt, answer.body)
        assert any(str(key) in answer.message for key in members[-2:]), (answer.message, path, value)

    send()


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_bodies_that_are_no_requests_are_refused(service, operation, ask):
    for name, body in NOT_REQUESTS.items():
        answer = ask(service, operation, body, **({"arn": "x"} if service == "batch" and operation in TAGS else {}))
        if name == "10 MB":
            assert (answer.status, "body_limit" in answer.message) == (413, True)


@pytest.mark.parametrize("position", ["0" * 20, "9" * 20, "9223372036854775808".zfill(20), "1".zfill(20)])
@pytest.mark.parametrize("direction", ["f", "b"])
def test_a_token_that_was_bent_is_refused_or_reads_what_is_there(ask, world, direction, position):
    sound = next(token for token in world.known["nextToken"] if str(token).startswith(f"{direction}/"))
    request = {"logGroupName": "g", "logStreamName": "s", "nextToken": sound[:-20] + position}
    ask("logs", "GetLogEvents", json.dumps(request).encode())


@pytest.mark.parametrize(
    "path",
    [
        "events?after=9e9",
        f"events?after={'9' * 400}",
        "jobs/%00",
        "explain/a/b",
        "resolve?id=%ff",
        "resolve",
        "logs/x:y",
    ],
)
def test_our_own_addresses_refuse_what_they_do_not_know(loop, world, path):
    answer = loop.run(world.ask(f"/_batchyard/{path}", b"", "batch", "GET"))
    assert 400 <= answer.status < 500, (answer.status, answer.body)


@given(
    path=st.binary(max_size=40)
    | st.sampled_from([b"v1/", b"v1/tags/", b"v1/submitjob/", b"V1/SUBMITJOB", b"_batchyard/x"]),
    query=st.text(max_size=20),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"]),
    service=st.sampled_from(["batch", "logs", "sts"]),
    target=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=20),
)
@example(path=b"", query="", method="POST", service="logs", target="Logs_20140328.")
@FEW
def test_addresses_that_are_no_operations_are_refused(loop, world, path, query, method, service, target):
    url = f"/{quote_from_bytes(path)}?{quote(query, safe='=&;')}".rstrip("?")
    answer = loop.run(world.ask(url, b"Action=x", service, method, **{"X-Amz-Target": target.strip()}))
    assert 400 <= answer.status < 500 or answer.status == 200, (answer.status, answer.body)
    assert answer.headers[b"x-amzn-requestid"]
