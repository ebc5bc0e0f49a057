"""AWS STS: who am I. Clients ask it before anything else."""

from __future__ import annotations

from batchyard.api.sts import GetCallerIdentityRequest, GetCallerIdentityResponse
from batchyard.handlers.base import Context


async def get_caller_identity(context: Context, request: GetCallerIdentityRequest) -> GetCallerIdentityResponse:
    """The account, and the principal as an IAM user of it."""
    del request
    caller, identity = context.caller, context.identity
    return GetCallerIdentityResponse(
        UserId=caller.access_key_id or caller.name, Account=identity.account, Arn=identity.user(caller.name)
    )
