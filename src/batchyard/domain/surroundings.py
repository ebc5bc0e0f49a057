"""The environment variables of a job (BEHAVIOUR 6.01-6.12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from batchyard.domain.jobs import Job, Kind


def variables(
    job: Job, *, environment_name: str, queue_name: str, array_size: int | None, platform: str
) -> dict[str, str]:
    """What AWS Batch sets; these win over everything (6.01, 6.2)."""
    found = {
        "AWS_BATCH_CE_NAME": environment_name,
        "AWS_BATCH_JQ_NAME": queue_name,
        "AWS_BATCH_JOB_ID": job.id,
        "AWS_BATCH_JOB_ATTEMPT": str(job.tries + 1),
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE" if platform == "FARGATE" else "AWS_ECS_EC2",
    }
    if job.kind is Kind.CHILD:
        found["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.part)
        found["AWS_BATCH_JOB_ARRAY_SIZE"] = str(array_size)
    return found


def merged(*layers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    """Later layers win: image, settings, definition and overrides, AWS Batch (6.11)."""
    whole: dict[str, str] = {}
    for layer in layers:
        whole.update(layer)
    return whole
