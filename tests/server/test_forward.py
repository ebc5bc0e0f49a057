"""Calls for other services go, as they are, to the endpoint that the settings name, or are refused by its name."""

from __future__ import annotations

import hashlib

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

PIECE = 1 << 20


class Store:
    """Another service: notes what it was asked and answers what it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes, dict[str, str], int, str]] = []
        self.app = Starlette(routes=[Route("/{rest:path}", self.answer, methods=["GET", "PUT", "POST", "HEAD"])])

    async def answer(self, request) -> Response:
        size, digest = 0, hashlib.sha256()
        async for piece in request.stream():
            size += len(piece)
            digest.update(piece)
        target = request.scope["raw_path"] + b"?" + request.scope["query_string"]
        self.asked.append((request.method, target, dict(request.headers), size, digest.hexdigest()))
        if request.method == "GET":
            return Response(b"x" * (3 * PIECE), headers={"x-amz-request-id": "theirs", "ETag": '"e"'})
        return Response(status_code=200, headers={"ETag": '"e"'})


@pytest.fixture(scope="module")
def other() -> Store:
    return Store()


@pytest.fixture
def store(other) -> Store:
    other.asked.clear()
    return other


@pytest.fixture(scope="module")
def yard(serve, an_app, other):
    other = serve(other.app)
    return serve(an_app(forward={"s3": other.url, "events": other.url, "ecs": "http://127.0.0.1:1"}))


def s3(yard, key="AKOTHER", secret="other", **config):
    return boto3.client(
        "s3",
        endpoint_url=yard.url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, **config),
    )


def test_a_body_larger_than_the_limit_streams_through_unchanged(yard, store):
    body = bytes(range(256)) * 4096 * 5
    s3(yard).put_object(Bucket="b", Key="odd key/%2F ü+~'", Body=body)
    (method, target, headers, size, digest) = store.asked[0]
    assert (method, size) == ("PUT", len(body))
    assert target == b"/b/odd%20key/%252F%20%C3%BC%2B~%27?"
    assert "AKOTHER" in headers["authorization"]
    assert headers["host"] == yard.url.removeprefix("http://")
    assert digest == hashlib.sha256(body).hexdigest()


def test_an_answer_streams_back_unchanged(yard, store):
    answer = s3(yard).get_object(Bucket="b", Key="k")
    assert "," not in answer["ResponseMetadata"]["HTTPHeaders"]["server"]  # one server answers, not two
    assert answer["Body"].read() == b"x" * (3 * PIECE)
    assert answer["ETag"] == '"e"'
    assert store.asked[0][:2] == ("GET", b"/b/k?")
    assert "user-agent" in store.asked[0][2]


def test_a_head_answer_has_no_body(yard):
    assert s3(yard).head_object(Bucket="b", Key="k")["ETag"] == '"e"'


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_url_is_passed_on(yard, store, version):
    url = s3(yard, signature_version=version).generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    assert httpx.get(url).status_code == 200
    assert store.asked[0][1] == url.removeprefix(yard.url).encode()


def test_a_presigned_url_by_one_of_our_keys_must_be_right(yard, store):
    client = s3(yard, "AKADMIN", "s1", signature_version="s3v4")
    url = client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    assert httpx.get(url).status_code == 200
    assert httpx.get(url.replace("/b/k", "/b/l")).status_code == 403
    assert len(store.asked) == 1


def test_a_signature_by_one_of_our_keys_must_be_right(yard, store):
    s3(yard, "AKADMIN", "s1").put_object(Bucket="b", Key="a%2Fb//c", Body=b"x")
    yard.boto("events").put_events(Entries=[{"Detail": "{}"}])
    assert len(store.asked) == 2
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        s3(yard, "AKADMIN", "wrong").put_object(Bucket="b", Key="k", Body=b"x")
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        yard.boto("events", secret="wrong").put_events(Entries=[{"Detail": "{}"}])
    assert len(store.asked) == 2


def test_a_service_without_endpoint_is_refused_by_the_name_of_the_setting(serve, an_app):
    yard = serve(an_app())
    with pytest.raises(ClientError, match=r'This yard does not answer s3: .* \[forward\] s3 = "http://') as caught:
        s3(yard).list_buckets()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError, match=r'\[forward\] events = "http://'):
        yard.boto("events").list_rules()


def test_an_endpoint_that_does_not_answer_is_named(yard):
    with pytest.raises(ClientError, match=r"\[forward\] ecs, http://127.0.0.1:1, cannot be reached") as caught:
        yard.boto("ecs").list_clusters()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
