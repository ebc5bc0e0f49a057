"""Shapes and operations of AWS Security Token Service, API version 2011-06-15.

GENERATED from the service model of botocore 1.44.5 by tools/generate_api.py; do not edit.
"""

from __future__ import annotations

from batchyard.api.shape import Operation, Shape


class GetCallerIdentityRequest(Shape, kw_only=True):
    pass


class GetCallerIdentityResponse(Shape, kw_only=True):
    UserId: str | None = None
    Account: str | None = None
    Arn: str | None = None


OPERATIONS: dict[str, Operation] = {
    "GetCallerIdentity": Operation(
        name="GetCallerIdentity",
        method="POST",
        path="/",
        request_type=GetCallerIdentityRequest,
        response_type=GetCallerIdentityResponse,
    ),
}
"""The operations of the service that have a place here, by name."""
