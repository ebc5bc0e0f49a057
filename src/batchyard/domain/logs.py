"""Where a container's output goes: `logConfiguration` and the names that follow from it (BEHAVIOUR 2.8, 12.1)."""

from __future__ import annotations

import re

import msgspec

from batchyard.api.batch import LOG_DRIVER_VALUES, LogConfiguration
from batchyard.domain.checks import one_of
from batchyard.domain.errors import Invalid
from batchyard.domain.resources import EC2
from batchyard.domain.secrets import check_secrets

DEFAULT_GROUP = "/aws/batch/job"
_GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_STREAM_NAME = re.compile(r"[^:*]{1,512}", re.DOTALL)
_PREFIX = "awslogs-stream-prefix"
_AWSLOGS_OPTIONS = frozenset(
    {
        "awslogs-region",
        "awslogs-group",
        _PREFIX,
        "awslogs-datetime-format",
        "awslogs-multiline-pattern",
        "awslogs-create-group",
        "mode",
        "max-buffer-size",
    }
)
_MANAGED_DRIVERS = ("awslogs", "splunk", "awsfirelens")


class LogTarget(msgspec.Struct, frozen=True):
    """The group and the stream prefix of a container's log, and whether a missing group is made (12.01-12.03)."""

    group: str
    prefix: str
    create: bool = False

    def stream(self, container: str, task_id: str) -> str:
        """The stream of one attempt; `task_id` is its 32 hex digits."""
        return f"{self.prefix}/{container}/{task_id}"


def check_group_name(name: str) -> None:
    """Refuse a group name outside 12.21."""
    if _GROUP_NAME.fullmatch(name) is None:
        raise Invalid(
            f'logGroupName "{name}" must be 1 to 512 characters of a-z, A-Z, 0-9, "_", "-", "/", "." and "#".'
        )


def check_stream_name(name: str) -> None:
    """Refuse a stream name outside 12.21."""
    if _STREAM_NAME.fullmatch(name) is None:
        raise Invalid(f'logStreamName "{name}" must be 1 to 512 characters other than ":" and "*".')


def check_log(log: LogConfiguration | None, *, platform: str, firelens: bool) -> None:
    """Refuse what breaks 2.80-2.85; `firelens`: a container of the same task routes logs."""
    if log is None:
        return
    one_of(log.logDriver, LOG_DRIVER_VALUES if platform == EC2 else _MANAGED_DRIVERS, "logDriver")
    if log.logDriver == "awslogs":
        options = log.options or {}
        for option in options:
            if option not in _AWSLOGS_OPTIONS:
                raise Invalid(f"logConfiguration: the awslogs driver has no option {option}.")
        check_group_name(options.get("awslogs-group") or DEFAULT_GROUP)
        check_stream_name(options.get(_PREFIX) or "default")
    if log.logDriver == "awsfirelens" and not firelens:
        raise Invalid("logDriver awsfirelens requires a container with firelensConfiguration in ecsProperties.")
    check_secrets(log.secretOptions, "secretOptions")


def target(log: LogConfiguration | None, definition: str) -> LogTarget | None:
    """Where the log of a job of definition `definition` goes; None for drivers other than awslogs (12.06)."""
    if log is None:
        return LogTarget(DEFAULT_GROUP, definition[:200])
    if log.logDriver != "awslogs":
        return None
    options = log.options or {}
    group = options.get("awslogs-group") or DEFAULT_GROUP
    create = options.get("awslogs-create-group", "").lower() == "true"
    return LogTarget(group, options.get(_PREFIX) or definition[:200], create)
