"""DescribeJobs and ListJobs (BEHAVIOUR 1.29, 3.71, 4.18, 14.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from batchyard.api.batch import (
    DescribeJobsRequest,
    DescribeJobsResponse,
    KeyValuesPair,
    ListJobsRequest,
    ListJobsResponse,
)
from batchyard.domain.arns import Identity, JobId
from batchyard.domain.errors import Invalid
from batchyard.domain.job_details import Facts, describe, summarise, unmade_child
from batchyard.domain.jobs import Job
from batchyard.domain.states import Status
from batchyard.handlers.base import Context
from batchyard.handlers.jobs import queue_of
from batchyard.handlers.paging import decode_token, encode_token
from batchyard.store.base import Tx
from batchyard.store.listing import Filter

_MOST_IDS = 100
_PAGE_BY_STATUS = 1000
_PAGE_BY_FILTER = 100
_MOST_DIGITS = 18
"""Of a time in milliseconds."""


async def describe_jobs(context: Context, request: DescribeJobsRequest) -> DescribeJobsResponse:
    """Jobs in the order asked for; those unknown are left out (3.71, 4.19)."""
    if len(request.jobs) > _MOST_IDS:
        raise Invalid(f"Maximum number of jobs supported is  {_MOST_IDS} .")
    ids = [parsed for text in request.jobs if (parsed := job_id(text, context.identity)) is not None]
    facts = await context.store.read(lambda tx: gather(tx, find(tx, ids)))
    return DescribeJobsResponse(jobs=[describe(each, context.identity) for each in facts])


def job_id(text: str, identity: Identity) -> JobId | None:
    """A job id, also given as ARN; None when it is neither."""
    own = identity.own(text, "job") if text.startswith("arn:") else text
    return None if own is None else JobId.parse(own)


def find(tx: Tx, ids: Iterable[JobId]) -> list[Job]:
    """Jobs by id in the order asked for; a child not made yet is answered from its parent."""
    found: list[Job] = []
    for each in ids:
        if each.separator == "#":
            continue
        job = tx.jobs.get(each)
        if job is None and each.part >= 0:
            parent = tx.jobs.get(JobId(each.uuid))
            array = tx.jobs.arrays([parent.pk]).get(parent.pk) if parent is not None else None
            if parent is not None and array is not None and each.part < array.size:
                job = unmade_child(parent, each.part)
        if job is not None:
            found.append(job)
    return found


def gather(tx: Tx, jobs: Sequence[Job]) -> list[Facts]:
    """What descriptions of these jobs are made of."""
    pks = [job.pk for job in jobs]
    arrays, attempts = tx.jobs.arrays(pks), tx.jobs.attempts(pks)
    labels = {pk: tx.jobs.label(pk) for pk in {job.spec_pk for job in jobs}}
    queues = {pk: tx.queues.by_pk(pk) for pk in {job.queue_pk for job in jobs}}
    used = {job.environment_pk for job in jobs} | {a.environment_pk for each in attempts.values() for a in each}
    environments = {pk: found for pk in used if pk is not None and (found := tx.environments.by_pk(pk)) is not None}
    facts: list[Facts] = []
    for job in jobs:
        queue = queues[job.queue_pk]
        assert queue is not None
        name, tags = labels[job.spec_pk]
        facts.append(
            Facts(
                job=job,
                name=name,
                tags=tags,
                spec=tx.jobs.spec(job.spec_pk),
                queue=queue,
                array=arrays.get(job.pk),
                attempts=attempts.get(job.pk, ()),
                environments=environments,
            )
        )
    return facts


async def list_jobs(context: Context, request: ListJobsRequest) -> ListJobsResponse:
    """A page of a queue's jobs or an array's children (14.1)."""
    places = [place for place in (request.jobQueue, request.arrayJobId, request.multiNodeJobId) if place]
    if len(places) != 1:
        raise Invalid("Exactly one of jobQueue, arrayJobId and multiNodeJobId must be given.")
    status = _status(request.jobStatus)
    filters = request.filters or []
    most = _PAGE_BY_FILTER if filters else _PAGE_BY_STATUS
    if request.maxResults is not None and request.maxResults < 1:
        raise Invalid(f"maxResults must be at least 1, got {request.maxResults}.")
    size = min(request.maxResults or most, most)
    after = decode_token("ListJobs", request.nextToken, int)
    chosen = _filter(filters, status, context.identity)

    def listed(tx: Tx) -> list[Facts]:
        if request.jobQueue:
            queue = queue_of(tx, context, request.jobQueue)
            return gather(tx, tx.listing.of_queue(queue.pk, chosen, after, size + 1))
        parent_id = job_id(places[0], context.identity)
        parent = None if parent_id is None or request.multiNodeJobId else tx.jobs.get(JobId(parent_id.uuid))
        if parent is None:
            return []
        return gather(tx, tx.listing.children(parent.pk, status, -1 if after is None else after, size + 1))

    facts = await context.store.read(listed)
    more = None
    if len(facts) > size:
        last = facts[size - 1].job
        more = encode_token("ListJobs", last.pk if request.jobQueue else last.part)
    summaries = [summarise(each, context.identity) for each in facts[:size]]
    return ListJobsResponse(jobSummaryList=summaries, nextToken=more)


def _status(text: str | None) -> Status:
    """RUNNING when not given (14.11)."""
    try:
        return Status[text or "RUNNING"]
    except KeyError:
        allowed = " | ".join(status.name for status in Status)
        raise Invalid(f"Job status is not one of {allowed}: {text}") from None


def _filter(filters: Sequence[KeyValuesPair], status: Status, identity: Identity) -> Filter:
    """The one filter that is allowed; with any but SHARE_IDENTIFIER the status does not count (14.12)."""
    if not filters:
        return Filter("status", status=status)
    if len(filters) > 1 or len(filters[0].values or []) != 1:
        raise Invalid("Exactly one filter with exactly one value is supported.")
    name, value = filters[0].name, (filters[0].values or [""])[0]
    match name:
        case "JOB_NAME":
            key = value.lower()
            return Filter("name_prefix", key[:-1], _end(key[:-1])) if key.endswith("*") else Filter("name", key)
        case "JOB_DEFINITION":
            return _definition_filter(value, identity)
        case "BEFORE_CREATED_AT" | "AFTER_CREATED_AT":
            if not value.isdecimal() or len(value) > _MOST_DIGITS:
                raise Invalid(f"{name} takes milliseconds since 1970, got {value}.")
            if name == "BEFORE_CREATED_AT":
                return Filter("before", (int(value) - 0.5) / 1000)  # times are shown rounded to milliseconds
            return Filter("after", (int(value) + 0.5) / 1000)
        case "SHARE_IDENTIFIER":
            return Filter("share", value, status=status)
        case _:
            raise Invalid(
                f"filters[0].name is {name or 'missing'}; it must be one of JOB_NAME, JOB_DEFINITION, "
                "BEFORE_CREATED_AT, AFTER_CREATED_AT, SHARE_IDENTIFIER."
            )


def _definition_filter(value: str, identity: Identity) -> Filter:
    if value.startswith("arn:"):
        return Filter("revision", identity.own(value, "job-definition") or "")
    if value.endswith("*"):
        return Filter("definition", value[:-1], _end(value[:-1]))
    return Filter("definition", f"{value}:", _end(f"{value}:"))


def _end(prefix: str) -> str:
    """The least text above all that begin with `prefix`."""
    return f"{prefix}\U0010ffff"
