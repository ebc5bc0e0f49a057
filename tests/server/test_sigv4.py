"""Signatures: whatever botocore signs is accepted, and nothing that differs from it (1.13, 1.20, 1.21)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from batchyard.api.errors import WireError
from batchyard.handlers.base import Caller
from batchyard.kit import sigv4 as signing
from batchyard.server import sigv4

ANN = Caller(name="ann", role="admin")
SECRET = "wJalr/XUtnFEMI+K7MDENG"
SKEW_S = 300.0

segments = st.one_of(
    st.sampled_from(
        ["", ".", "..", "v1", "tags", "%2F", "%252F", "arn%3Aaws%3Abatch", "a:b", "~", "-_.~", "(a,b;c=d)+'"]
    ),
    st.text(max_size=6).map(lambda text: quote(text, safe="")),
)
paths = st.lists(segments, max_size=5).map(lambda parts: "/" + "/".join(parts))
words = st.text(max_size=6).map(lambda text: quote(text, safe="-_.~"))
queries = st.lists(st.tuples(st.sampled_from(["tagKeys", "a", "A", "%C3%A9"]) | words, words), max_size=4).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
printable = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=5)
header_values = st.lists(printable, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" ", "  ", " \t "]).map(lambda gap: gap.join(parts))
)
headers = st.dictionaries(st.sampled_from(["Content-Type", "X-Amz-Target", "X-Amz-Odd", "Accept"]), header_values)
tokens = st.sampled_from(["", "FwoGZXIvYXdz//token=="])
services = st.sampled_from(["batch", "logs", "sts", "events"])


class Wire:
    """A signed request as it travels."""

    def __init__(self, request: AWSRequest, token: str) -> None:
        sent = request.prepare()
        parts = urlsplit(sent.url)
        self.method = sent.method
        self.path, self.query = parts.path.encode() or b"/", parts.query.encode()
        self.headers = {name.lower().encode(): value.encode() for name, value in request.headers.items()}
        self.headers.setdefault(b"host", parts.netloc.encode())
        self.body = sent.body or b""
        self.key = sigv4.Key(secret=SECRET, token=token, caller=ANN)
        self.now = datetime.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()

    def verify(self, now: float | None = None) -> Caller:
        claim = sigv4.claim(self.headers, self.query)
        if claim is None:
            raise WireError("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
        return sigv4.verify(
            claim,
            self.method,
            self.path,
            self.headers,
            sigv4.checked_hash(self.headers, self.body),
            self.key if claim.access_key_id == "AKANN" else None,
            self.now if now is None else now,
            SKEW_S,
        )

    def refused(self, now: float | None = None) -> WireError:
        with pytest.raises(WireError) as caught:
            self.verify(now)
        assert caught.value.status == 403
        return caught.value


def signed(
    method="POST", path="/v1/submitjob", query="", header=None, body=b"{}", token="", service="batch", auth=SigV4Auth
):
    url = "http://yard.local:8099" + path + (f"?{query}" if query else "")
    request = AWSRequest(method, url, headers=header or {}, data=body)
    auth(Credentials("AKANN", SECRET, token or None), service, "us-east-1").add_auth(request)
    return Wire(request, token)


@settings(deadline=None)
@given(st.sampled_from(["GET", "POST", "DELETE"]), paths, queries, headers, st.binary(max_size=40), tokens, services)
def test_what_botocore_signs_in_headers_is_accepted(method, path, query, header, body, token, service):
    assert signed(method, path, query, header, body, token, service).verify() is ANN


@settings(deadline=None)
@given(st.sampled_from(["GET", "POST"]), paths, queries, tokens, services)
def test_what_botocore_signs_in_the_query_is_accepted(method, path, query, token, service):
    assert signed(method, path, query, {}, None, token, service, SigV4QueryAuth).verify() is ANN


def with_one_byte_changed(text: bytes, draw) -> bytes:
    """Another letter or digit at some place; a letter's other case is left out, since %2f and %2F are the same."""
    places = [place for place, byte in enumerate(text) if chr(byte).isalnum()]
    assume(places)
    place = draw(st.sampled_from(places))
    other = b"x" if text[place : place + 1].lower() != b"x" else b"y"
    return text[:place] + other + text[place + 1 :]


@settings(deadline=None)
@given(st.data(), paths, queries, headers, st.binary(min_size=1, max_size=20), tokens)
def test_no_byte_of_a_request_signed_in_headers_can_be_changed(data, path, query, header, body, token):
    wire = signed("POST", path, query, header, body, token)
    part = data.draw(st.sampled_from(["method", "path", "query", "body", *wire.headers]))
    if part == "method":
        wire.method = "PUT"
    elif part == "body":
        place = data.draw(st.integers(0, len(body) - 1))
        wire.body = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
    elif isinstance(part, bytes):
        wire.headers[part] = with_one_byte_changed(wire.headers[part], data.draw)
    else:
        # Dot segments are removed before signing, so that /a/x/../b and /a/y/../b are the same.
        assume(".." not in path)
        setattr(wire, part, with_one_byte_changed(getattr(wire, part), data.draw))
    wire.refused()


@settings(deadline=None)
@given(st.data(), queries, tokens)
def test_no_byte_of_a_presigned_query_can_be_changed(data, query, token):
    wire = signed("GET", "/v1/tags/a", query, {}, None, token, auth=SigV4QueryAuth)
    wire.query = with_one_byte_changed(wire.query, data.draw)
    wire.refused()


def test_the_encoded_path_is_encoded_once_more():  # 1.21
    arn = "/v1/tags/arn%3Aaws%3Abatch%3Aus-east-1%3A123456789012%3Ajob-queue%2Fq"
    assert b"%252F" in signing.canonical_path(arn.encode(), "batch")
    assert signing.canonical_path(arn.encode(), "s3") == arn.encode()
    assert signed("GET", arn).verify() is ANN


def test_a_query_in_another_encoding_is_taken_as_the_standard_encodes_it():
    wire = signed("DELETE", "/v1/tags/a", "tagKeys=a%3Ab%20c&tagKeys=%7E")
    assert b"tagKeys=a%3Ab%20c" in wire.query
    wire.query = b"tagKeys=%7e&tagKeys=a:b+c"
    wire.refused()  # botocore signed ~ as %7E, which the standard leaves as it is
    wire = signed("DELETE", "/v1/tags/a", "tagKeys=a%3Ab%20c&tagKeys=~")
    wire.query = b"tagKeys=%7e&tagKeys=a:b+c"
    assert wire.verify() is ANN


@pytest.mark.parametrize("token", ["", "tok"])
def test_our_signer_signs_as_botocore_does(token):
    wire = signed("DELETE", "/v1/tags/arn%3Aaws%2Fq", "tagKeys=b&tagKeys=a", {"X-Odd": "a   b"}, b"{}", token)
    ours = signing.sign(
        "DELETE",
        "http://yard.local:8099/v1/tags/arn%3Aaws%2Fq?tagKeys=b&tagKeys=a",
        {"X-Odd": "a   b"},
        b"{}",
        key="AKANN",
        secret=SECRET,
        token=token,
        region="us-east-1",
        service="batch",
        at=wire.now,
    )
    assert ours["Authorization"].encode() == wire.headers[b"authorization"]


@pytest.mark.parametrize("auth", [SigV4Auth, SigV4QueryAuth])
def test_a_clock_may_be_off_by_the_skew(auth):
    wire = signed("GET", body=None, auth=auth)
    assert wire.verify(wire.now - SKEW_S) is ANN
    assert wire.verify(wire.now + SKEW_S) is ANN
    error = wire.refused(wire.now - SKEW_S - 1)
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith("Signature not yet current: ")


def test_a_signature_in_headers_ends_with_the_skew():
    wire = signed()
    error = wire.refused(wire.now + SKEW_S + 1)
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith("Signature expired: ")
    assert error.message.endswith(" - 5 min.)")


def test_a_presigned_query_ends_when_it_says():
    wire = signed("GET", body=None, auth=lambda *args: SigV4QueryAuth(*args, expires=1000))
    assert wire.verify(wire.now + 1000) is ANN
    assert wire.refused(wire.now + 1001).message.startswith("Signature expired: ")


def test_an_unknown_key_is_an_unknown_token():
    wire = signed()
    wire.headers[b"authorization"] = wire.headers[b"authorization"].replace(b"AKANN", b"AKBOB")
    error = wire.refused()
    assert (error.code, error.message) == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


@pytest.mark.parametrize(("sent", "wanted"), [("", "tok"), ("tok", ""), ("tok", "other")])
def test_the_session_token_must_be_the_keys_own(sent, wanted):
    wire = signed(token=sent)
    wire.key = sigv4.Key(secret=SECRET, token=wanted, caller=ANN)
    assert wire.refused().code == "UnrecognizedClientException"


def test_an_amz_header_that_was_not_signed_is_refused():
    wire = signed()
    wire.headers[b"x-amz-target"] = b"Logs_20140328.DeleteLogGroup"
    assert wire.refused().code == "InvalidSignatureException"


@pytest.mark.parametrize("said", [b"UNSIGNED-PAYLOAD", b"0" * 64])
def test_the_bodys_hash_where_it_is_sent_must_be_true(said):
    wire = signed(header={"X-Amz-Content-SHA256": said.decode()})
    assert "x-amz-content-sha256" in wire.refused().message


def test_the_date_header_will_do():
    assert signed(header={"Date": "any"}).verify() is ANN


SCOPE = "AKANN/20260131/us-east-1/batch/aws4_request"
AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature=0"


@pytest.mark.parametrize(
    ("old", "new", "code", "text"),
    [
        ("Credential", "Kredential", "IncompleteSignatureException", "requires 'Credential' parameter"),
        ("SignedHeaders=host;x-amz-date", "", "IncompleteSignatureException", "requires 'SignedHeaders' parameter"),
        ("Signature=0", "", "IncompleteSignatureException", "requires 'Signature' parameter"),
        ("AWS4-HMAC-SHA256", "Basic", "IncompleteSignatureException", "algorithm must be AWS4-HMAC-SHA256"),
        ("/batch/", "/", "IncompleteSignatureException", "exactly 5 slash-delimited elements"),
        ("aws4_request", "aws5_request", "InvalidSignatureException", "terminator: 'aws4_request', not 'aws5_request'"),
        ("20260131", "20260130", "InvalidSignatureException", "'20260130' != '20260131', from '20260131T000000Z'"),
    ],
)
def test_an_authorization_that_is_not_complete_says_what_it_lacks(old, new, code, text):
    headers = {b"authorization": AUTHORIZATION.replace(old, new).encode(), b"x-amz-date": b"20260131T000000Z"}
    with pytest.raises(WireError, match=text) as caught:
        sigv4.claim(headers, b"")
    assert caught.value.code == code


@pytest.mark.parametrize("date", [None, b"", b"yesterday", b"20260131"])
def test_a_signature_needs_a_date(date):
    headers = {b"authorization": AUTHORIZATION.encode()} | ({} if date is None else {b"x-amz-date": date})
    with pytest.raises(WireError) as caught:
        sigv4.claim(headers, b"")
    assert caught.value.code == "IncompleteSignatureException"


@pytest.mark.parametrize("expires", ["", "-1", "604801", "9" * 5000, "1.5", "%C2%B2"])
def test_a_presigned_query_must_end_within_a_week(expires):
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKANN%2F20260131%2Fr%2Fbatch%2Faws4_request"
        f"&X-Amz-Date=20260131T000000Z&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
    )
    with pytest.raises(WireError, match="Expires"):
        sigv4.claim({}, query.encode())


def test_a_request_without_signature_claims_nothing():
    assert sigv4.claim({b"host": b"h"}, b"a=b") is None


@settings(deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_header_and_no_query_can_break_the_reader(authorization, query):
    headers = {b"authorization": b"AWS4-HMAC-SHA256 " + authorization, b"x-amz-date": query, b"host": b"h"}
    for given_headers, given_query in ((headers, b""), ({}, b"X-Amz-Signature=1&" + query)):
        try:
            claim = sigv4.claim(given_headers, given_query)
            sigv4.verify(claim, "GET", query, given_headers, "", None, time.time(), SKEW_S)
        except WireError as error:
            assert error.status == 403
