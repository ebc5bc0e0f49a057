"""AWS Signature Version 4: how a request becomes the text that is signed, the keys, and a signer (1.20, 1.21).

All of it works on the bytes that travel, so that signer and verifier cannot disagree about an encoding.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
_SAFE_IN_QUERY = "-_.~"


def body_hash(body: bytes) -> str:
    """SHA-256 of a body in hexadecimal."""
    return hashlib.sha256(body).hexdigest() if body else EMPTY_HASH


@lru_cache(maxsize=256)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key derived from a secret for one day (`20260131`), Region and service; kept, since it is asked for often."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def canonical_path(path: bytes, service: str) -> bytes:
    """The path as sent, its dot segments and empty segments removed, encoded once more; S3's stays as it is (1.21)."""
    if service == "s3":
        return path or b"/"
    if b"//" in path or b"/." in path:
        path = _without_dot_segments(path)
    return quote(path or b"/", safe="/~").encode()


def _without_dot_segments(path: bytes) -> bytes:
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(segment)
    end = b"/" if path.endswith(b"/") and kept else b""
    return b"/" + b"/".join(kept) + end


def canonical_query(query: bytes) -> bytes:
    """The parameters sorted by name, then value, as they were encoded by the sender."""
    if not query:
        return query
    pairs = sorted(pair.partition(b"=")[::2] for pair in query.split(b"&"))
    return b"&".join(name + b"=" + value for name, value in pairs)


def encoded_query(query: bytes) -> bytes:
    """The same parameters in the encoding that the standard asks for: all but letters, digits and `-_.~` as %XX."""

    def encoded(text: bytes) -> bytes:
        return quote(unquote_to_bytes(text.replace(b"+", b"%20")), safe=_SAFE_IN_QUERY).encode()

    pairs = (pair.partition(b"=") for pair in query.split(b"&") if pair)
    return b"&".join(encoded(name) + b"=" + encoded(value) for name, _, value in pairs)


def canonical_request(
    method: str, path: bytes, query: bytes, headers: Mapping[bytes, bytes], signed: Sequence[bytes], payload: str
) -> bytes:
    """The text whose hash is signed.

    `path` and `query` are canonical already; `headers` has lower-case names and holds every name in `signed` (sorted);
    `payload` is the body's hash or one of AWS's words for "not hashed".
    """
    lines = [method.encode(), path, query]
    # White space at the ends of a value and runs of it inside do not count.
    lines += [name + b":" + b" ".join(headers[name].split()) for name in signed]
    lines += [b"", b";".join(signed), payload.encode()]
    return b"\n".join(lines)


def signature(key: bytes, at: str, scope: str, request: bytes) -> str:
    """The signature in hexadecimal. `at` is `20260131T120000Z`, `scope` is `date/region/service/aws4_request`."""
    text = f"{ALGORITHM}\n{at}\n{scope}\n{hashlib.sha256(request).hexdigest()}"
    return hmac.digest(key, text.encode(), "sha256").hex()


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers (lower-case names) as a mapping; repeated ones joined by a comma, as they are signed."""
    values: dict[bytes, bytes] = {}
    for name, value in headers:
        values[name] = values[name] + b"," + value if name in values else value
    return values


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key: str,
    secret: str,
    token: str = "",
    region: str,
    service: str,
    at: float,
) -> dict[str, str]:
    """The headers to send: those given, `Host`, `X-Amz-Date`, the token if there is one, and `Authorization`.

    `url` is encoded as it will be sent; `at` is UTC seconds. Every header given is signed.
    """
    parts = urlsplit(url)
    when = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    out = {**headers, "Host": parts.netloc.rpartition("@")[2], "X-Amz-Date": when}
    if token:
        out["X-Amz-Security-Token"] = token
    lower = {name.lower().encode(): value.encode() for name, value in out.items()}
    signed = sorted(lower)
    path = canonical_path(parts.path.encode(), service)
    query = canonical_query(encoded_query(parts.query.encode()))
    request = canonical_request(method, path, query, lower, signed, body_hash(body))
    scope = f"{when[:8]}/{region}/{service}/aws4_request"
    result = signature(signing_key(secret, when[:8], region, service), when, scope, request)
    out["Authorization"] = (
        f"{ALGORITHM} Credential={key}/{scope}, SignedHeaders={b';'.join(signed).decode()}, Signature={result}"
    )
    return out
