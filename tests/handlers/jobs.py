"""Jobs for tests of operations: submitted by the API, then led on by events as the loops would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from tests.builders import T0, a_registration, an_id, dependencies, uuid_of, way_to

from batchyard.config import Settings
from batchyard.domain.arns import Identity
from batchyard.domain.jobs import Job
from batchyard.domain.states import Status
from batchyard.handlers.defaults import make_defaults
from batchyard.loops.admission import admit
from batchyard.loops.expansion import expand
from batchyard.store.base import Tx
from batchyard.store.database import SqliteStore

ARN = "arn:aws:batch:us-east-1:123456789012:"
HOST = "i-0123456789abcdef0"
Call = Callable[..., Awaitable[dict[str, Any]]]


class Yard:
    """A store with the queue `default`, the environment `local` and the definition `d`; no loop runs."""

    def __init__(self, call: Call, store: SqliteStore) -> None:
        self.call = call
        self.store = store

    async def start(self) -> None:
        """Make what jobs need."""
        await self.store.write(
            lambda tx: make_defaults(tx, Settings(), Identity(), now=T0, uuid=uuid_of("local"), host_vcpus=4)
        )
        await self.define("d")

    async def define(self, name: str, **container: Any) -> None:
        """Register a definition of one container."""
        await self.call("RegisterJobDefinition", **msgspec.to_builtins(a_registration(name, **container)))

    async def submit(self, *, on: str = "", size: int | None = None, **members: Any) -> str:
        """Submit a job of definition `d` to `default`; its id."""
        if size is not None:
            members["arrayProperties"] = {"size": size}
        if on:
            members["dependsOn"] = msgspec.to_builtins(dependencies(on))
        members = {"jobName": "j", "jobQueue": "default", "jobDefinition": "d", **members}
        return (await self.call("SubmitJob", **members))["jobId"]

    async def lead(self, job_id: str, status: Status) -> None:
        """Lead a job in SUBMITTED, or a RUNNABLE child, to `status`."""

        def fn(tx: Tx) -> None:
            job = tx.jobs.get(an_id(job_id))
            assert job is not None
            ways = way_to(status)[0 if job.status is Status.SUBMITTED else 1 :]
            for number, event in enumerate(ways):
                changes: dict[str, Any] = {}
                if event.name == "PLACED":
                    environment = tx.environments.get("local")
                    assert environment is not None
                    changes = {"environment_pk": environment.pk, "host": HOST, "placement": 1}
                if event.name == "STARTED":
                    changes = {"started_at": T0 + number}
                step = job.step(event, T0 + number, **changes)
                tx.jobs.advance([step])
                job = step.after

        await self.store.write(fn)

    async def look(self) -> None:
        """What admission makes of all that was submitted."""

        def fn(tx: Tx) -> bool:
            return admit(tx, tx.waiting.new(1000), T0) | expand(tx, T0)

        while await self.store.write(fn):
            pass

    async def row(self, job_id: str) -> Job:
        """The job's row."""
        job = await self.store.read(lambda tx: tx.jobs.get(an_id(job_id)))
        assert job is not None
        return job

    async def job(self, job_id: str) -> dict[str, Any]:
        """The job as DescribeJobs shows it."""
        (found,) = (await self.call("DescribeJobs", jobs=[job_id]))["jobs"]
        return found

    async def jobs(self, *ids: str) -> list[str]:
        """Ids of the jobs that DescribeJobs answers for these."""
        return [found["jobId"] for found in (await self.call("DescribeJobs", jobs=list(ids)))["jobs"]]

    async def queue(self, name: str, **members: Any) -> None:
        """Create a queue over `local`."""
        order = [{"order": 1, "computeEnvironment": "local"}]
        await self.call("CreateJobQueue", jobQueueName=name, priority=1, computeEnvironmentOrder=order, **members)
