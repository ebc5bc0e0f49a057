"""Where a container's output goes: `logConfiguration` and the names that follow from it (BEHAVIOUR 2.8, 12.1)."""

from __future__ import annotations

import msgspec

from batchyard.api.batch import LOG_DRIVER_VALUES, LogConfiguration
from batchyard.domain.checks import one_of
from batchyard.domain.errors import Invalid
from batchyard.domain.resources import EC2
from batchyard.domain.secrets import check_secrets

DEFAULT_GROUP = "/aws/batch/job"
_AWSLOGS_OPTIONS = frozenset(
    {
        "awslogs-region",
        "awslogs-group",
        "awslogs-stream-prefix",
        "awslogs-datetime-format",
        "awslogs-multiline-pattern",
        "awslogs-create-group",
        "mode",
        "max-buffer-size",
    }
)
_MANAGED_DRIVERS = ("awslogs", "splunk", "awsfirelens")


class LogTarget(msgspec.Struct, frozen=True):
    """The group and the stream prefix of a container's log (12.01-12.03)."""

    group: str
    prefix: str

    def stream(self, container: str, task_id: str) -> str:
        """The stream of one attempt; `task_id` is its 32 hex digits."""
        return f"{self.prefix}/{container}/{task_id}"


def check_log(log: LogConfiguration | None, *, platform: str, firelens: bool) -> None:
    """Refuse what breaks 2.80-2.85; `firelens`: a container of the same task routes logs."""
    if log is None:
        return
    one_of(log.logDriver, LOG_DRIVER_VALUES if platform == EC2 else _MANAGED_DRIVERS, "logDriver")
    if log.logDriver == "awslogs":
        for option in log.options or {}:
            if option not in _AWSLOGS_OPTIONS:
                raise Invalid(f"logConfiguration: the awslogs driver has no option {option}.")
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
    return LogTarget(group, options.get("awslogs-stream-prefix") or definition[:200])
