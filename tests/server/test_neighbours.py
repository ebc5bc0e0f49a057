"""The neighbours that are answered here: CloudWatch Logs (12.20, 12.60) and STS; and routes of our own."""

from __future__ import annotations

import asyncio
from contextlib import closing

import httpx
import pytest
from botocore.exceptions import ClientError, EventStreamError
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from batchyard.api import logs
from batchyard.domain.errors import Conflicting, Denied, Invalid, NotFound
from batchyard.handlers.collect import collect
from batchyard.server import access

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/batch/job"


async def get_log_events(context, request):
    return logs.GetLogEventsResponse(events=[], nextForwardToken="f/1", nextBackwardToken=request.logStreamName)


async def create_log_group(context, request):
    raise {
        "/missing": NotFound("The specified log group does not exist."),
        "/twice": Conflicting("The specified log group already exists"),
        "/invalid": Invalid("no"),
        "/denied": Denied("you may not"),
        "/bug": ZeroDivisionError(),
    }[request.logGroupName]


def tail(*events, fault: Exception | None = None, waits: asyncio.Event | None = None):
    async def start_live_tail(context, request):
        if request.logStreamNames == ["no"]:
            raise Invalid("no such stream")
        return stream()

    async def stream():
        for event in events:
            yield event
        if fault is not None:
            raise fault
        if waits is not None:
            try:
                await asyncio.sleep(3600)
            finally:
                waits.set()

    return {"logs": {"StartLiveTail": start_live_tail}}


@pytest.fixture(scope="module")
def yard(serve, an_app):
    handlers = {"logs": {"GetLogEvents": get_log_events, "CreateLogGroup": create_log_group}}
    return serve(an_app(handlers | {"sts": collect()["sts"]}))


def test_the_target_header_names_the_operation(yard):  # 12.20
    answer = yard.boto("logs").get_log_events(logGroupName="/aws/batch/job", logStreamName="s")
    assert (answer["events"], answer["nextForwardToken"], answer["nextBackwardToken"]) == ([], "f/1", "s")


@pytest.mark.parametrize(
    ("group", "code", "status"),
    [
        ("/missing", "ResourceNotFoundException", 400),
        ("/twice", "ResourceAlreadyExistsException", 400),
        ("/invalid", "InvalidParameterException", 400),
        ("/denied", "AccessDeniedException", 403),
        ("/bug", "ServiceUnavailableException", 500),
    ],
)
def test_errors_of_logs_have_the_types_of_logs(yard, group, code, status):  # 12.20
    with pytest.raises(ClientError) as caught:
        yard.boto("logs").create_log_group(logGroupName=group)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_an_error_of_logs_on_the_wire(yard):  # 12.20
    target = {"X-Amz-Target": "Logs_20140328.CreateLogGroup"}
    response = yard.call("/", b'{"logGroupName":"/missing"}', service="logs", headers=target)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/x-amz-json-1.1"
    assert response.json() == {
        "__type": "ResourceNotFoundException",
        "message": "The specified log group does not exist.",
    }


@pytest.mark.parametrize(
    ("target", "body", "code", "text"),
    [
        ("Logs_20140328.GetLogEvents", b"{}", "InvalidParameterException", "'logStreamName' is a required field"),
        ("Logs_20140328.GetLogEvents", b"{", "SerializationException", "not JSON"),
        ("Logs_20140328.DeleteLogGroup", b'{"logGroupName":"g"}', "InvalidParameterException", "not supported"),
        ("Logs_20140328.PutMetricFilter", b"{}", "UnknownOperationException", "Logs_20140328.PutMetricFilter"),
        ("", b"{}", "UnknownOperationException", "X-Amz-Target"),
    ],
)
def test_a_bad_call_of_logs(yard, target, body, code, text):
    response = yard.call("/", body, service="logs", headers={"X-Amz-Target": target})
    assert (response.status_code, response.json()["__type"]) == (400, code)
    assert text in response.json()["message"]


def test_live_tail_is_an_event_stream(serve, an_app):  # 12.60
    update = logs.LiveTailSessionUpdate(
        sessionMetadata=logs.LiveTailSessionMetadata(sampled=False),
        sessionResults=[logs.LiveTailSessionLogEvent(message="ünï", timestamp=5)],
    )
    yard = serve(an_app(tail(logs.LiveTailSessionStart(sessionId="1", logGroupIdentifiers=[GROUP]), update)))
    client = yard.boto("logs", inject_host_prefix=False)
    start, one = client.start_live_tail(logGroupIdentifiers=[GROUP])["responseStream"]
    assert start == {"sessionStart": {"sessionId": "1", "logGroupIdentifiers": [GROUP]}}
    assert one["sessionUpdate"]["sessionMetadata"] == {"sampled": False}
    assert one["sessionUpdate"]["sessionResults"] == [{"message": "ünï", "timestamp": 5}]


def test_a_refused_live_tail_is_an_ordinary_error(serve, an_app):
    client = serve(an_app(tail())).boto("logs", inject_host_prefix=False)
    with pytest.raises(client.exceptions.InvalidParameterException, match="no such stream"):
        client.start_live_tail(logGroupIdentifiers=[GROUP], logStreamNames=["no"])


@pytest.mark.parametrize(
    ("handlers", "code"),
    [
        (tail(logs.SessionTimeoutException(message="three hours")), "SessionTimeoutException"),
        (tail(fault=ZeroDivisionError()), "InternalFailure"),
    ],
)
def test_a_stream_can_end_in_an_exception(serve, an_app, handlers, code):  # 12.60
    client = serve(an_app(handlers)).boto("logs", inject_host_prefix=False)
    events = client.start_live_tail(logGroupIdentifiers=[GROUP])["responseStream"]
    with closing(events), pytest.raises(EventStreamError) as caught:
        list(events)
    assert caught.value.response["Error"]["Code"] == code


async def test_a_stream_ends_when_its_reader_goes_away(an_app):
    stopped = asyncio.Event()
    first = asyncio.Event()
    body = iter([{"type": "http.request", "body": b'{"logGroupIdentifiers":["a"]}', "more_body": False}])

    async def receive():
        for message in body:
            return message
        await first.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.body":
            first.set()

    app = an_app(tail(logs.LiveTailSessionStart(), waits=stopped), auth={"enabled": False})
    headers = [(b"x-amz-target", b"Logs_20140328.StartLiveTail")]
    scope = {"type": "http", "method": "POST", "raw_path": b"/", "query_string": b"", "headers": headers}
    await asyncio.wait_for(app(scope, receive, send), 5)
    await asyncio.wait_for(stopped.wait(), 5)


@pytest.mark.parametrize("key", ["AKADMIN", "AKSUBMIT", "AKREAD"])
def test_sts_says_who_calls(yard, key):
    answer = yard.boto("sts", key).get_caller_identity()
    name = {"AKADMIN": "ann", "AKSUBMIT": "sue", "AKREAD": "rob"}[key]
    assert answer["Account"] == "123456789012"
    assert answer["Arn"] == f"arn:aws:iam::123456789012:user/{name}"
    assert answer["UserId"] == key
    assert answer["ResponseMetadata"]["RequestId"]


def test_sts_answers_a_presigned_call(yard):
    response = httpx.get(yard.boto("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET"))
    assert response.headers["content-type"] == "text/xml"
    assert "<Arn>arn:aws:iam::123456789012:user/ann</Arn>" in response.text


def test_sts_has_its_own_names_for_faults(yard):
    with pytest.raises(ClientError) as caught:
        yard.boto("sts", secret="wrong").get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    with pytest.raises(ClientError) as caught:
        yard.boto("sts").get_session_token()
    assert caught.value.response["Error"]["Code"] == "InvalidAction"


def test_unsigned_calls_are_told_apart_by_what_they_carry(serve, an_app):
    yard = serve(an_app({"logs": {"GetLogEvents": get_log_events}, "sts": collect()["sts"]}, auth={"enabled": False}))
    target = {"X-Amz-Target": "Logs_20140328.GetLogEvents"}
    assert httpx.post(yard.url, json={"logStreamName": "s"}, headers=target).json()["nextForwardToken"] == "f/1"
    assert "user/admin" in httpx.post(yard.url, data={"Action": "GetCallerIdentity"}).text
    assert "user/admin" in httpx.get(yard.url, params={"Action": "GetCallerIdentity"}).text


async def whoami(request):
    return JSONResponse({"caller": request.state.context.caller.name, "body": (await request.body()).decode()})


async def forbidden(request):
    access.require(request.state.context, "admin", "batchyard:Forbidden")
    return PlainTextResponse("done")


OWN = [Route("/_batchyard/whoami", whoami, methods=["GET", "POST"]), Route("/_batchyard/forbidden", forbidden)]


def test_our_own_routes_are_signed_as_batch_and_know_the_caller(serve, an_app):
    yard = serve(an_app(routes=OWN))
    response = yard.call("/_batchyard/whoami", b"hello", key="AKSUBMIT")
    assert response.json() == {"caller": "sue", "body": "hello"}
    assert response.headers["x-amzn-requestid"]
    assert yard.call("/_batchyard/nothing").status_code == 404
    assert yard.call("/_batchyard/forbidden", b"", "GET").text == "done"
    refused = yard.call("/_batchyard/forbidden", b"", "GET", key="AKREAD")
    assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    for response in (httpx.get(f"{yard.url}/_batchyard/whoami"), yard.call("/_batchyard/whoami", service="s3")):
        assert response.status_code == 403
        assert response.json()["__type"] in ("MissingAuthenticationTokenException", "InvalidSignatureException")
