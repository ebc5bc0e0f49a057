"""ARNs of one account and Region: how they are written, read and told apart from names (BEHAVIOUR 1.5).

An ARN of another account, Region or service is an unknown resource, never an error of its own.
"""

from __future__ import annotations

import re
from typing import Self

import msgspec

from batchyard.domain.errors import Invalid

NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_JOB_ID = re.compile(rf"({_UUID})(?:(:|#)(0|[1-9][0-9]{{0,8}}))?")


class JobId(msgspec.Struct, frozen=True):
    """`uuid`, `uuid:index` (child of an array) or `uuid#node` (node of a multi-node job); rule 1.5, 4.47."""

    uuid: str
    separator: str = ""
    part: int = -1

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read an id; None when it is not one."""
        found = _JOB_ID.fullmatch(text)
        if found is None:
            return None
        uuid, separator, part = found.groups()
        return cls(uuid) if separator is None else cls(uuid, separator, int(part))

    def __str__(self) -> str:
        return self.uuid if self.part < 0 else f"{self.uuid}{self.separator}{self.part}"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The account and Region that a yard is, and the ARNs that follow from them."""

    account: str = "123456789012"
    region: str = "us-east-1"
    partition: str = "aws"

    def arn(self, kind: str, name: str, service: str = "batch") -> str:
        """`arn:P:batch:R:A:kind/name`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{kind}/{name}"

    def environment(self, name: str) -> str:
        """ARN of a compute environment."""
        return self.arn("compute-environment", name)

    def queue(self, name: str) -> str:
        """ARN of a job queue."""
        return self.arn("job-queue", name)

    def definition(self, name: str, revision: int) -> str:
        """ARN of a job definition's revision."""
        return self.arn("job-definition", f"{name}:{revision}")

    def job(self, job_id: str) -> str:
        """ARN of a job, an array's child or a multi-node job's node."""
        return self.arn("job", job_id)

    def policy(self, name: str) -> str:
        """ARN of a scheduling policy."""
        return self.arn("scheduling-policy", name)

    def cluster(self, environment: str, uuid: str) -> str:
        """ARN of the ECS cluster behind a compute environment."""
        return self.arn("cluster", f"{environment}_Batch_{uuid}", "ecs")

    def task(self, environment: str, uuid: str, task_id: str) -> str:
        """ARN of the ECS task that an attempt is."""
        return self.arn("task", f"{environment}_Batch_{uuid}/{task_id}", "ecs")

    def container_instance(self, environment: str, uuid: str, host_hex: str) -> str:
        """ARN of the ECS container instance that a host is; `host_hex` is 32 hex digits."""
        return self.arn("container-instance", f"{environment}_Batch_{uuid}/{host_hex}", "ecs")

    def user(self, name: str) -> str:
        """ARN of the IAM user that a principal is."""
        return f"arn:{self.partition}:iam::{self.account}:user/{name}"

    def own(self, arn: str, kind: str) -> str | None:
        """The name in `arn` if it is ours and of this kind, else None."""
        prefix = self.arn(kind, "")
        return arn.removeprefix(prefix) if arn.startswith(prefix) else None

    def name_of(self, name_or_arn: str, kind: str) -> str | None:
        """What a "name or ARN" parameter names (1.31): None when it is an ARN of something else."""
        return self.own(name_or_arn, kind) if name_or_arn.startswith("arn:") else name_or_arn


def check_name(name: str, text: str) -> None:
    """Refuse a resource name outside 1.32 with `text`."""
    if NAME.fullmatch(name) is None:
        raise Invalid(text)
