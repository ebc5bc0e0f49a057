"""The environment variables of a job (BEHAVIOUR 6.2)."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.builders import a_job, uuid_of

from batchyard.domain.jobs import Job, Kind
from batchyard.domain.surroundings import merged, variables

CHILD = a_job("array", part=3, kind=Kind.CHILD)


def of(job: Job, **given: Any) -> dict[str, str]:
    base: dict[str, Any] = {"environment_name": "ce", "queue_name": "jq", "array_size": None, "platform": "EC2"}
    return variables(job, **base | given)


def test_an_ordinary_job_has_exactly_these() -> None:  # "absent" is not set at all
    assert of(a_job("a")) == {
        "AWS_BATCH_CE_NAME": "ce",
        "AWS_BATCH_JQ_NAME": "jq",
        "AWS_BATCH_JOB_ID": uuid_of("a"),
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
    }


def test_a_child_knows_its_index_and_the_size() -> None:
    added = of(CHILD, array_size=5).items() - of(a_job("array")).items()
    assert dict(added) == {
        "AWS_BATCH_JOB_ID": f"{uuid_of('array')}:3",
        "AWS_BATCH_JOB_ARRAY_INDEX": "3",
        "AWS_BATCH_JOB_ARRAY_SIZE": "5",
    }


def test_attempts_count_from_one_and_lost_placements_do_not_count() -> None:  # 5.05
    assert of(msgspec.structs.replace(a_job(), tries=2, placement=5))["AWS_BATCH_JOB_ATTEMPT"] == "3"


def test_on_fargate() -> None:  # 6.20
    assert of(a_job(), platform="FARGATE")["AWS_EXECUTION_ENV"] == "AWS_ECS_FARGATE"


def test_later_layers_win_and_awss_win_over_everything() -> None:  # 6.01, 6.11
    image, settings = {"A": "image", "B": "image", "C": "image"}, {"B": "settings", "C": "settings"}
    own = [("C", "job"), ("AWS_BATCH_JOB_ATTEMPT", "99")]
    found = merged(image, settings, own, of(a_job()))
    assert (found["A"], found["B"], found["C"], found["AWS_BATCH_JOB_ATTEMPT"]) == ("image", "settings", "job", "1")
