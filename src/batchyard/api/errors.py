"""The wire form of errors, for the JSON protocols and for the query protocol (1.10 - 1.18, 12.20).

SDKs read the error's type from the header `x-amzn-ErrorType`, else from the body's `__type`; both are sent (1.11).
"""

from __future__ import annotations

from xml.sax.saxutils import escape

import msgspec

CLIENT = "ClientException"
SERVER = "ServerException"
ACCESS_DENIED = "AccessDeniedException"
SERIALIZATION = "SerializationException"

_STATUS = {ACCESS_DENIED: 403, "AccessDenied": 403, SERVER: 500, "ServiceUnavailableException": 503}


class WireError(Exception):
    """An answer that is an error: its type on the wire, its text, its HTTP status (by the type unless given)."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or _STATUS.get(code, 400)


class _Body(msgspec.Struct):
    type: str = msgspec.field(name="__type")
    message: str = ""


def json_body(error: WireError) -> bytes:
    """`{"__type": …, "message": …}`."""
    return msgspec.json.encode(_Body(error.code, error.message))


def query_body(error: WireError, request_id: str) -> bytes:
    """The `ErrorResponse` document of the query protocol (STS)."""
    fault = "Sender" if error.status < 500 else "Receiver"
    return (
        f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>{fault}</Type>'
        f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def s3_body(error: WireError, request_id: str) -> bytes:
    """The `Error` document that S3 clients read."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    ).encode()
