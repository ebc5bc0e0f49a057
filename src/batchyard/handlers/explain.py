"""Why a job is where it is, with numbers, and one thing to change (BEHAVIOUR 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from batchyard.domain.arns import JobId
from batchyard.domain.hosts import Host
from batchyard.domain.job_details import Facts
from batchyard.domain.jobs import Job, Kind, Request
from batchyard.domain.states import Status
from batchyard.handlers.base import Context
from batchyard.handlers.histories import category, facts_of, notes
from batchyard.kit.clock import ms
from batchyard.scheduling.decide import explain as explain_hold
from batchyard.store.base import Tx
from batchyard.store.snapshots import take_snapshot

_AHEAD = 5


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A job that is waited for, and where it is."""

    jobId: str  # noqa: N815 - the API's spelling
    type: str | None
    status: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `GET /_batchyard/explain/{id}`. `since` is milliseconds; `ahead` are the nearest in front."""

    jobId: str  # noqa: N815 - the API's spelling
    status: str
    since: int
    summary: str
    queue: str
    position: int | None = None
    ahead: list[str] = []
    lacks: str | None = None
    dependencies: list[Waiting] = []
    category: str | None = None
    suggestion: str | None = None
    notes: list[str] = []


async def explain(context: Context, text: str) -> Explanation:
    """Explain one job by id or ARN. Raises NotFound."""
    hosts = await context.hosts()
    return await context.store.read(lambda tx: _explain(tx, context, text, hosts))


def _explain(tx: Tx, context: Context, text: str, hosts: Mapping[str, Sequence[Host]]) -> Explanation:
    facts, changes = facts_of(tx, context, text)
    job = facts.job
    plain = Explanation(
        jobId=job.id,
        status=job.status.name,
        since=ms(changes[-1].at if changes else job.created_at),
        queue=facts.queue.name,
        summary="",
        notes=notes(facts),
    )
    if job.status.final:
        return _ended(plain, facts)
    if job.status is Status.PENDING:
        return _pending(tx, plain, facts)
    if job.status is Status.RUNNABLE:
        return _runnable(tx, context, plain, facts, hosts)
    told = {
        Status.SUBMITTED: "Accepted; the admission loop looks at it within milliseconds.",
        Status.STARTING: f"Placed on host {job.host}; the engine is starting it.",
        Status.RUNNING: f"Runs on host {job.host}, attempt {job.tries + 1} of {facts.spec.retry.attempts or 1}.",
    }
    if not job.pk:
        summary = f"Not made yet: its array {job.uuid} makes its children when nothing that it waits for is open."
        return msgspec.structs.replace(plain, summary=summary, suggestion=f"batchyard explain {job.uuid}")
    stopping = job.request not in {Request.NONE, Request.CANCEL}
    summary = f"Is being stopped: {job.request_reason}" if stopping else told[job.status]
    return msgspec.structs.replace(plain, summary=summary)


def _pending(tx: Tx, plain: Explanation, facts: Facts) -> Explanation:
    job, array = facts.job, facts.array
    if job.kind is Kind.ARRAY and array is not None and not job.open:
        counts = ", ".join(f"{n} {name}" for name, n in array.summary(Status.SUBMITTED).items() if n)
        return msgspec.structs.replace(
            plain, summary=f"An array is PENDING until its {array.size} children have ended: {counts}."
        )
    waits = _dependencies(tx, facts)
    still = [each for each in waits if each.status not in {"SUCCEEDED", "FAILED"}]
    summary = f"Waits for {len(still)} of {len(waits)} dependencies."
    if job.request is Request.CANCEL:
        summary += " It was cancelled, and fails when they have ended."
    suggestion = f"batchyard explain {still[0].jobId}" if still else None
    return msgspec.structs.replace(plain, summary=summary, dependencies=waits, suggestion=suggestion)


def _dependencies(tx: Tx, facts: Facts) -> list[Waiting]:
    """What this job waits for, a child by its index (3.52, 3.53)."""
    job, found = facts.job, list[Waiting]()
    for given in facts.spec.depends_on:
        if given.jobId is None:
            if job.part <= 0:
                continue
            on = JobId(job.uuid, ":", job.part - 1)
        else:
            on = JobId.parse(given.jobId) or JobId("")
            if given.type == "N_TO_N" and job.part >= 0:
                on = JobId(on.uuid, ":", job.part)
        status = tx.jobs.status_of(on.uuid, on.part)
        name = status.name if status is not None else Status.SUBMITTED.name
        found.append(Waiting(jobId=str(on), type=given.type, status=name))
    return found


def _runnable(
    tx: Tx, context: Context, plain: Explanation, facts: Facts, hosts: Mapping[str, Sequence[Host]]
) -> Explanation:
    job = facts.job
    snapshot = take_snapshot(tx, hosts, context.clock.now(), context.settings.default_provider)
    queue = next((each for each in snapshot.queues if each.pk == job.queue_pk), None)
    if queue is None:
        return msgspec.structs.replace(plain, summary="Its queue is being deleted.")
    hold = explain_hold(job, queue, snapshot)
    position = tx.waiting.position(job)
    ahead = [each.id for each in tx.waiting.head(job.queue_pk, _AHEAD)] if position else []
    changed = msgspec.structs.replace(plain, position=position, ahead=ahead, lacks=hold.why or None)
    if hold.code is not None:
        return msgspec.structs.replace(
            changed, summary=f"Can never start as things are: {hold.why}.", suggestion=_mend(hold.code, job)
        )
    if position:
        jobs = "1 job" if position == 1 else f"{position:,} jobs"
        summary = f"{jobs} of queue {queue.name} must start before it; the first is {ahead[0]}."
        return msgspec.structs.replace(changed, summary=summary, suggestion=f"batchyard explain {ahead[0]}")
    if hold.why:
        return msgspec.structs.replace(
            changed, summary=f"First in its queue; waits for room: {hold.why}.", suggestion="Wait, or ask for less."
        )
    return msgspec.structs.replace(
        changed, summary="First in its queue, and there is room: it starts at the next turn."
    )


def _mend(code: str, job: Job) -> str:
    if "MAX_RESOURCE" in code:
        return f"Ask for fewer vCPUs than {job.vcpus / 1000:g}, or raise the environment's maxvCpus."
    if "RESOURCE_REQUIREMENT" in code:
        return "Ask for less than the largest host offers, or add an environment with larger hosts to the queue."
    if "ACTION_REQUIRED" in code:
        return "Mend the environment that is INVALID: its statusReason says what is wrong."
    return "Enable an environment of the queue, or add one."


def _ended(plain: Explanation, facts: Facts) -> Explanation:
    sort, job = category(facts), facts.job
    summary = f"{job.status.name}: {job.status_reason or 'all children succeeded'}"
    if job.exit_code is not None:
        summary += f" (exit code {job.exit_code})"
    if job.reason:
        summary += f"; {job.reason}"
    return msgspec.structs.replace(plain, summary=f"{summary}.", category=sort, suggestion=_advice(sort or "", job))


def _advice(sort: str, job: Job) -> str | None:
    """What to do about an ending."""
    known = {
        "OOM": f"It was given {job.memory_mib:,} MiB: ask for more MEMORY.",
        "TIMEOUT": "Raise timeout.attemptDurationSeconds, or find what takes so long in its log.",
        "HOST_LOST": "Give it a retryStrategy: a lost host is not the job's fault.",
        "DEPENDENCY": "A job that it depends on failed: explain that one, mend it, and submit both again.",
        "NOT_STARTED": "The command could not be started: the reason says why.",
    }
    if sort.startswith(("EXIT", "SIGNAL")):
        return f"Its log says more: batchyard logs {job.id}"
    return known.get(sort)
