"""The wire rules, through botocore's own client and a real server: 1.01 - 1.17, 1.28."""

from __future__ import annotations

import json
import logging
import re

import httpx
import msgspec
import pytest
from botocore.exceptions import ClientError

from batchyard.api.batch import (
    CancelJobResponse,
    DescribeJobsResponse,
    JobDetail,
    ListTagsForResourceResponse,
    SubmitJobResponse,
    TagResourceResponse,
    UntagResourceResponse,
)
from batchyard.domain.errors import Conflicting, Denied, Invalid, NotFound, Unsupported

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ARN = "arn:aws:batch:us-east-1:123456789012:job-queue/q"
FULL = {"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}
seen: list = []


async def submit_job(context, request):
    seen.append(request)
    return SubmitJobResponse(jobName=request.jobName, jobId="1", jobArn=f"{context.caller.name}")


async def cancel_job(context, request):
    raise {
        "invalid": Invalid("no"),
        "missing": NotFound("x does not exist"),
        "twice": Conflicting("x already exists"),
        "denied": Denied("you may not"),
        "unsupported": Unsupported("not here"),
        "bug": ZeroDivisionError("secret"),
    }[request.reason]


async def terminate_job(context, request):
    return CancelJobResponse()


async def describe_jobs(context, request):
    return DescribeJobsResponse(jobs=[JobDetail(jobId="1", createdAt=1700000000123, tags={}, dependsOn=[])])


async def list_tags_for_resource(context, request):
    return ListTagsForResourceResponse(tags={"arn": request.resourceArn})


async def tag_resource(context, request):
    seen.append(request)
    return TagResourceResponse()


async def untag_resource(context, request):
    seen.append(request)
    return UntagResourceResponse()


HANDLERS = {
    "batch": {
        "SubmitJob": submit_job,
        "CancelJob": cancel_job,
        "TerminateJob": terminate_job,
        "DescribeJobs": describe_jobs,
        "ListTagsForResource": list_tags_for_resource,
        "TagResource": tag_resource,
        "UntagResource": untag_resource,
    }
}


@pytest.fixture(scope="module")
def yard(serve, an_app):
    return serve(an_app(HANDLERS))


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


def test_a_client_submits_and_reads(yard):  # 1.01, 1.02, 1.07
    answer = yard.boto("batch").submit_job(**FULL, tags={"ü": ""})
    assert (answer["jobName"], answer["jobId"], answer["jobArn"]) == ("j", "1", "ann")
    assert UUID.fullmatch(answer["ResponseMetadata"]["RequestId"])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert seen[0].tags == {"ü": ""}


def test_times_are_milliseconds_and_members_without_value_are_left_out(yard):  # 1.08, 1.09
    response = yard.call("/v1/describejobs", b'{"jobs":["1"]}')
    assert response.json() == {"jobs": [{"jobId": "1", "createdAt": 1700000000123, "tags": {}, "dependsOn": []}]}
    assert response.headers["content-type"] == "application/json"


def test_an_operation_without_output_answers_an_empty_object(yard):  # 1.06
    response = yard.call("/v1/terminatejob", b'{"jobId":"1","reason":"r"}')
    assert (response.status_code, response.content) == (200, b"{}")


def test_there_are_no_waiters(yard):  # 1.28
    assert yard.boto("batch").waiter_names == []


def test_the_tag_operations_carry_an_arn_in_the_path(yard):  # 1.03, 1.04, 1.21
    batch = yard.boto("batch")
    assert batch.list_tags_for_resource(resourceArn=ARN)["tags"] == {"arn": ARN}
    batch.tag_resource(resourceArn=ARN, tags={"a": "b"})
    batch.untag_resource(resourceArn=ARN, tagKeys=["a b", "ü&=/", "c"])
    assert (seen[0].resourceArn, seen[0].tags) == (ARN, {"a": "b"})
    assert (seen[1].resourceArn, seen[1].tagKeys) == (ARN, ["a b", "ü&=/", "c"])


@pytest.mark.parametrize("arn", [ARN, ARN.replace(":", "%3A"), ARN.replace("/", "%2f"), ARN.replace("/", "%2F")])
def test_an_arn_may_be_encoded_or_not(yard, arn):  # 1.04
    assert yard.call(f"/v1/tags/{arn}", b"", "GET").json() == {"tags": {"arn": ARN}}


def test_the_path_decides_which_resource_is_tagged_not_the_body(yard):
    yard.call(f"/v1/tags/{ARN}", b'{"tags":{},"resourceArn":"other"}')
    assert seen[0].resourceArn == ARN


@pytest.mark.parametrize(
    ("reason", "code", "status", "text"),
    [
        ("invalid", "ClientException", 400, "no"),
        ("missing", "ClientException", 400, "x does not exist"),  # 1.18
        ("twice", "ClientException", 400, "x already exists"),  # 1.18
        ("denied", "AccessDeniedException", 403, "you may not"),  # 1.13
        ("unsupported", "ClientException", 400, "not here"),
    ],
)
def test_a_fault_of_the_caller_is_told_in_header_and_body(yard, reason, code, status, text):  # 1.10, 1.11
    response = yard.call("/v1/canceljob", json.dumps({"jobId": "1", "reason": reason}).encode())
    assert response.status_code == status
    assert response.headers["x-amzn-errortype"] == code
    assert UUID.fullmatch(response.headers["x-amzn-requestid"])
    assert response.json() == {"__type": code, "message": text}


def test_botocore_raises_the_models_exception(yard):  # 1.12
    batch = yard.boto("batch")
    with pytest.raises(batch.exceptions.ClientException, match="x does not exist"):
        batch.cancel_job(jobId="1", reason="missing")


def test_a_fault_of_ours_is_a_server_exception_that_tells_only_its_id(yard, caplog):  # 1.10
    batch = yard.boto("batch")
    with caplog.at_level(logging.ERROR), pytest.raises(batch.exceptions.ServerException) as caught:
        batch.cancel_job(jobId="1", reason="bug")
    request_id = caught.value.response["ResponseMetadata"]["RequestId"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert request_id in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "ZeroDivisionError: secret" in caplog.text
    assert request_id in caplog.text
    assert yard.boto("batch").submit_job(**FULL)["jobId"] == "1"


def test_an_operation_without_handler_says_so(yard):
    batch = yard.boto("batch")
    with pytest.raises(batch.exceptions.ClientException, match="ListJobs is not supported by this"):
        batch.list_jobs(jobQueue="q")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/nothing"), ("GET", "/v1/submitjob"), ("POST", "/v1/SubmitJob"), ("PUT", "/v1/tags/x"), ("GET", "/")],
)
def test_what_is_no_operation_is_not_found(yard, method, path):
    response = yard.call(path, b"", method)
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert f"{method} {path}" in response.json()["message"]


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (b"", "ClientException", "'jobName' is a required field"),  # 1.17
        (b"{}", "ClientException", "'jobName' is a required field"),
        ({"jobName": None}, "ClientException", "'jobName' is a required field"),  # 1.08
        ({"jobName": 5}, "ClientException", "Invalid value for member jobName: expected str, got int"),  # 1.16
        (
            {"containerOverrides": {"environment": [{"name": 5}]}},
            "ClientException",
            "Invalid value for member containerOverrides.environment[0].name: expected str, got int",
        ),
        (
            {"containerOverrides": {"resourceRequirements": [{"value": "1"}]}},
            "ClientException",
            "'containerOverrides.resourceRequirements[0].type' is a required field",
        ),
        (
            {"containerOverrides": {"resourceRequirements": [{"value": None, "type": "VCPU"}]}},
            "ClientException",
            "'containerOverrides.resourceRequirements[0].value' is a required field",
        ),
        ({"dependsOn": [None]}, "ClientException", "Invalid value for member dependsOn[0]: expected object, got null"),
        (
            {"tags": {"a": None}},
            "ClientException",
            "Invalid value for member tags[...]: expected str, got null",
        ),  # 1.46
        (
            {"arrayProperties": {"size": 10**30}},
            "ClientException",
            "Invalid value for member arrayProperties.size: expected int <= 2147483647",
        ),
        (
            {"arrayProperties": {"size": 2.5}},
            "ClientException",
            "Invalid value for member arrayProperties.size: expected int, got float",
        ),
        ({"timeout": []}, "ClientException", "Invalid value for member timeout: expected object, got array"),
        (b"[]", "SerializationException", "The body must be a JSON object: expected object, got array"),
        (b"null", "SerializationException", "The body must be a JSON object: expected object, got null"),
        (b'{"jobName"', "SerializationException", "The body is not JSON in UTF-8: "),  # 1.16
        (b'{"jobName": "\xff"}', "SerializationException", "The body is not JSON in UTF-8: "),
        (b'{"jobName": "\\ud800"}', "SerializationException", "The body is not JSON in UTF-8: "),
        (b'{"x":' * 50_000, "SerializationException", "The body is nested too deeply"),
        (b"[" * 50_000, "SerializationException", "The body must be a JSON object: "),
    ],
)
def test_a_bad_body_is_refused_and_names_the_member(yard, body, code, text):
    if not isinstance(body, bytes):
        body = json.dumps(FULL | body).encode()
    response = yard.call(body=body)
    assert response.status_code == 400
    assert response.headers["x-amzn-errortype"] == code
    assert response.json()["message"].startswith(text)
    assert not seen


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"tags":{"a":1}}', b"{}", b'{"x":' * 50_000])
def test_a_bad_body_of_a_tag_operation_is_refused_too(yard, body):
    response = yard.call(f"/v1/tags/{ARN}", body)
    assert (response.status_code, seen) == (400, [])


def test_untagging_without_keys_names_them(yard):
    assert yard.call(f"/v1/tags/{ARN}", b"", "DELETE").json()["message"] == "'tagKeys' is a required field"


def test_unknown_members_are_ignored_and_null_is_the_same_as_left_out(yard):  # 1.08
    yard.call(body=json.dumps(FULL | {"novel": {"a": [1]}, "tags": None, "timeout": {"novel": 1}}).encode())
    assert seen[0].tags is None
    assert msgspec.to_builtins(seen[0]) == FULL | {"timeout": {}}


def test_a_body_over_the_limit_is_refused_by_a_message_that_names_the_setting(serve, an_app):
    yard = serve(an_app(HANDLERS, server={"body_limit": 2000}))
    assert yard.call(body=json.dumps(FULL | {"pad": "x" * 1900}).encode()).status_code == 200
    large = json.dumps(FULL | {"pad": "x" * 2000}).encode()
    response = yard.call(body=large)
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (413, "ClientException")
    assert "2000 bytes" in response.json()["message"]
    assert "[server] body_limit" in response.json()["message"]


async def test_a_body_in_pieces_is_limited_as_well(an_app):
    app = an_app(HANDLERS, server={"body_limit": 2000}, auth={"enabled": False})
    pieces = iter([b"x" * 1500] * 100)
    sent = []

    async def receive():
        return {"type": "http.request", "body": next(pieces), "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "raw_path": b"/v1/submitjob", "query_string": b"", "headers": []}
    await app(scope, receive, send)
    assert sent[0]["status"] == 413
    assert len(list(pieces)) == 98


async def test_a_caller_that_goes_away_in_its_body_is_not_answered(an_app):
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent = []

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "raw_path": b"/v1/submitjob", "query_string": b"", "headers": []}
    await an_app(HANDLERS, auth={"enabled": False})(scope, receive, send)
    assert sent == []


def test_the_health_of_the_server_needs_no_signature(yard):
    response = httpx.get(f"{yard.url}/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert UUID.fullmatch(response.headers["x-amzn-requestid"])


def test_a_client_error_without_signature(yard):  # 1.13
    response = httpx.post(f"{yard.url}/v1/submitjob", content=b"{}")
    assert response.status_code == 403
    assert response.json() == {
        "__type": "MissingAuthenticationTokenException",
        "message": "Missing Authentication Token",
    }


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [("AKNOBODY", "x", "UnrecognizedClientException"), ("AKADMIN", "wrong", "InvalidSignatureException")],
)
def test_a_client_with_the_wrong_key(yard, key, secret, code):  # 1.13
    with pytest.raises(ClientError) as caught:
        yard.boto("batch", key, secret=secret).submit_job(**FULL)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert not seen


def test_a_presigned_call_is_answered(yard):  # 1.13
    url = yard.boto("batch").generate_presigned_url("list_tags_for_resource", Params={"resourceArn": ARN})
    assert httpx.get(url).json() == {"tags": {"arn": ARN}}


def test_without_authentication_every_call_is_the_administrators(serve, an_app):
    yard = serve(an_app(HANDLERS, auth={"enabled": False}))
    assert httpx.post(f"{yard.url}/v1/submitjob", json=FULL).json()["jobArn"] == "admin"
    assert yard.boto("batch", "AKNOBODY", secret="x").submit_job(**FULL)["jobArn"] == "admin"
