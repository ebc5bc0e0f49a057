"""Which role an operation needs (1.13). What is not named here needs `admin`."""

from __future__ import annotations

from batchyard.config import Role
from batchyard.domain.errors import Denied
from batchyard.handlers.base import Context

_RANK: dict[str, int] = {"reader": 0, "submitter": 1, "admin": 2}

_READER: dict[str, str] = {
    "batch": """
        DescribeComputeEnvironments DescribeConsumableResource DescribeJobDefinitions DescribeJobQueues DescribeJobs
        DescribeQuotaShare DescribeSchedulingPolicies DescribeServiceEnvironments DescribeServiceJob GetJobQueueSnapshot
        ListConsumableResources ListJobs ListJobsByConsumableResource ListQuotaShares ListSchedulingPolicies
        ListServiceJobs ListTagsForResource
    """,
    "logs": "DescribeLogGroups DescribeLogStreams FilterLogEvents GetLogEvents ListTagsForResource StartLiveTail",
    "sts": "GetCallerIdentity",
}
_SUBMITTER: dict[str, str] = {
    "batch": """
        CancelJob CancelJobs DeregisterJobDefinition RegisterJobDefinition SubmitJob SubmitServiceJob TerminateJob
        TerminateJobs TerminateServiceJob TerminateServiceJobs UpdateServiceJob
    """,
    "logs": "CreateLogGroup CreateLogStream PutLogEvents",
}
_TABLES: tuple[tuple[Role, dict[str, str]], ...] = (("reader", _READER), ("submitter", _SUBMITTER))
_LEAST: dict[tuple[str, str], Role] = {
    (service, operation): role
    for role, table in _TABLES
    for service, operations in table.items()
    for operation in operations.split()
}


def least(service: str, operation: str) -> Role:
    """The least role that may call an operation."""
    return _LEAST.get((service, operation), "admin")


def check(context: Context, service: str, operation: str) -> None:
    """Raise Denied when the caller's role is too small for an operation."""
    require(context, least(service, operation), f"{service}:{operation}")


def require(context: Context, role: Role, action: str) -> None:
    """Raise Denied, in AWS's words, when the caller's role is smaller than `role`."""
    caller = context.caller
    if _RANK[caller.role] < _RANK[role]:
        raise Denied(
            f"User: {context.identity.user(caller.name)} is not authorized to perform: {action} on resource: * "
            f"because its role is {caller.role} and the action needs {role}"
        )
