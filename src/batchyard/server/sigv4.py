"""Who signed a request: AWS Signature Version 4 in the Authorization header or in the query (1.13, 1.20, 1.21).

Two steps, because the scope's service decides how the body is treated: `claim` reads what a request says of itself,
`verify` finds out whether it is true. Any Region is accepted (one yard is one Region, and clients keep theirs).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import unquote_to_bytes

import msgspec

from batchyard.api.errors import WireError
from batchyard.handlers.base import Caller
from batchyard.kit import sigv4

_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_EXPIRES = re.compile(r"[0-9]{1,6}")
_LONGEST_PRESIGNED_S = 7 * 24 * 3600


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A secret, the session token that must come with it ("" for none), and whom it stands for."""

    secret: str
    token: str = ""
    caller: Caller


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of its signature. `query` is the query without the signature itself."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed: tuple[bytes, ...]
    at: str
    signature: str
    token: str
    query: bytes
    expires_s: int | None = None


def claim(headers: Mapping[bytes, bytes], query: bytes) -> Claim | None:
    """Read the signature from a request; None when there is none. Raises WireError when it is not complete."""
    authorization = headers.get(b"authorization")
    if authorization is not None:
        return _header_claim(authorization.decode("latin-1"), headers, query)
    if b"X-Amz-Signature=" in query:
        return _query_claim(query)
    return None


def verify(
    claim: Claim,
    method: str,
    path: bytes,
    headers: Mapping[bytes, bytes],
    payload: str,
    key: Key | None,
    now: float,
    skew_s: float,
) -> Caller:
    """The caller behind a claim. `payload` is the body's hash (or, for forwarded bodies, what stands for it).

    `key` is the one that the claim names, None when there is no such key. Raises WireError with AWS's types and texts.
    """
    if key is None or not hmac.compare_digest(claim.token.encode(), key.token.encode()):
        raise WireError("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
    _check_time(claim, now, skew_s)
    if b"host" not in claim.signed or any(name.startswith(b"x-amz-") and name not in claim.signed for name in headers):
        raise _invalid("The host header and every x-amz-* header must be among the signed headers.")
    if any(name not in headers for name in claim.signed):
        raise _mismatch()
    signing_key = sigv4.signing_key(key.secret, claim.date, claim.region, claim.service)
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"
    path = sigv4.canonical_path(path, claim.service)
    # As the sender encoded the query (so botocore signs it), else as the standard encodes it (curl and others).
    for query in (claim.query, sigv4.encoded_query(claim.query)) if claim.query else (b"",):
        canonical = sigv4.canonical_request(method, path, sigv4.canonical_query(query), headers, claim.signed, payload)
        expected = sigv4.signature(signing_key, claim.at, scope, canonical)
        if hmac.compare_digest(expected.encode(), claim.signature.encode()):
            return key.caller
    raise _mismatch()


def checked_hash(headers: Mapping[bytes, bytes], body: bytes) -> str:
    """The body's hash; the header `x-amz-content-sha256`, where sent, must say the same.

    UNSIGNED-PAYLOAD is refused: no client signs calls of these services so, and the body would be anybody's.
    """
    computed = sigv4.body_hash(body)
    if headers.get(b"x-amz-content-sha256", computed.encode()) != computed.encode():
        raise _invalid("The provided 'x-amz-content-sha256' header does not match what was computed.")
    return computed


def _header_claim(authorization: str, headers: Mapping[bytes, bytes], query: bytes) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    fields = (part.strip().partition("=") for part in rest.split(","))
    parts = {name: value for name, _, value in fields}
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not parts.get(name)]
    at = headers[b"x-amz-date"].decode("latin-1") if b"x-amz-date" in headers else _from_date(headers.get(b"date"))
    if algorithm != sigv4.ALGORITHM or missing or not at:
        needs = [f"Authorization header requires '{name}' parameter." for name in missing]
        if not at:
            needs.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        if algorithm != sigv4.ALGORITHM:
            needs.append(f"The algorithm must be {sigv4.ALGORITHM}.")
        raise _incomplete(" ".join(needs))
    return _claim(parts, at, headers.get(b"x-amz-security-token", b"").decode("latin-1"), query)


def _query_claim(query: bytes) -> Claim:
    pairs = [pair.partition(b"=")[::2] for pair in query.split(b"&")]
    values = {name: unquote_to_bytes(value).decode("latin-1") for name, value in pairs if name.startswith(b"X-Amz-")}
    parts = {name: values.get(f"X-Amz-{name}".encode(), "") for name in ("Credential", "SignedHeaders", "Signature")}
    at, expires = values.get(b"X-Amz-Date", ""), values.get(b"X-Amz-Expires", "")
    missing = [f"X-Amz-{name}" for name, value in {**parts, "Date": at, "Expires": expires}.items() if not value]
    if values.get(b"X-Amz-Algorithm") != sigv4.ALGORITHM:
        missing.insert(0, "X-Amz-Algorithm")
    if missing:
        raise _incomplete(" ".join(f"AWS query-string parameters must include '{name}'." for name in missing))
    if _EXPIRES.fullmatch(expires) is None or int(expires) > _LONGEST_PRESIGNED_S:
        raise _incomplete("X-Amz-Expires must be a number of seconds, at most a week.")
    rest = b"&".join(pair for pair in query.split(b"&") if not pair.startswith(b"X-Amz-Signature="))
    return _claim(parts, at, values.get(b"X-Amz-Security-Token", ""), rest, int(expires))


def _claim(parts: Mapping[str, str], at: str, token: str, query: bytes, expires_s: int | None = None) -> Claim:
    scope = parts["Credential"].split("/")
    if len(scope) != 5:
        raise _incomplete(f"Credential must have exactly 5 slash-delimited elements: {parts['Credential']}")
    access_key_id, date, region, service, end = scope
    if end != "aws4_request":
        raise _invalid(f"Credential should be scoped with a valid terminator: 'aws4_request', not '{end}'.")
    if _TIME.fullmatch(at) is None:
        raise _incomplete(f"Date must be in ISO-8601 'basic format'. Got '{at}'.")
    if date != at[:8]:
        raise _invalid(
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != "
            f"'{at[:8]}', from '{at}'."
        )
    return Claim(
        access_key_id=access_key_id,
        date=date,
        region=region,
        service=service,
        signed=tuple(parts["SignedHeaders"].lower().encode("latin-1").split(b";")),
        at=at,
        signature=parts["Signature"],
        token=token,
        query=query,
        expires_s=expires_s,
    )


def _from_date(date: bytes | None) -> str:
    """A `Date` header in the form that is signed; "" when it is missing or not a date."""
    try:
        return parsedate_to_datetime((date or b"").decode("latin-1")).strftime("%Y%m%dT%H%M%SZ")
    except ValueError:
        return ""


@lru_cache(maxsize=64)
def _seconds(at: str) -> float:
    """`20260131T120000Z` as UTC seconds; a date that no calendar has is long ago."""
    try:
        return datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def _check_time(claim: Claim, now: float, skew_s: float) -> None:
    at = _seconds(claim.at)
    minutes = f"{skew_s / 60:g} min."
    if claim.expires_s is None and at < now - skew_s:
        raise _invalid(
            f"Signature expired: {claim.at} is now earlier than {_written(now - skew_s)} ({_written(now)} - {minutes})"
        )
    if claim.expires_s is not None and at + claim.expires_s < now:
        raise _invalid(f"Signature expired: {_written(at + claim.expires_s)} is now earlier than {_written(now)}")
    if at > now + skew_s:
        raise _invalid(
            f"Signature not yet current: {claim.at} is still later than {_written(now + skew_s)} "
            f"({_written(now)} + {minutes})"
        )


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def _incomplete(text: str) -> WireError:
    return WireError("IncompleteSignatureException", text, 403)


def _invalid(text: str) -> WireError:
    return WireError("InvalidSignatureException", text, 403)


def _mismatch() -> WireError:
    return _invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )
