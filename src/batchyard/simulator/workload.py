"""Callers: a seeded crowd that submits, cancels, terminates and reconfigures, whatever the yard is doing just then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from batchyard.domain.errors import BatchyardError
from batchyard.domain.jobs import Request
from batchyard.engines.base import Launch
from batchyard.kit.chance import chance
from batchyard.simulator.engine import Fate
from batchyard.simulator.world import NoAnswer, World

ACTIONS: Mapping[str, float] = {
    "single": 10,
    "array": 4,
    "dependant": 8,
    "sequential": 2,
    "n_to_n": 3,
    "cancel": 5,
    "terminate": 5,
    "both": 2,
    "toggle_environment": 1,
    "toggle_queue": 0.5,
    "delete_queue": 0.4,
}
"""What callers do, with odds: each is a method of `Crowd`."""
JOBS: Mapping[str, float] = {
    "ok": 12,
    "flaky": 4,
    "fails": 2,
    "broken": 1,
    "oom": 1,
    "endless": 2,
    "stubborn": 1,
    "polite": 1,
    "slow": 2,
}
"""Kinds of jobs, with odds: what `fates` makes of their attempts."""


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """How many callers do what, how often; `too_large` is the share of jobs that no host can hold."""

    callers: int = 3
    actions: int = 40
    pause_s: float = 2.0
    largest_array: int = 40
    queues: tuple[tuple[str, int], ...] = (("low", 1), ("high", 10))
    max_vcpus: int = 8
    actions_by: dict[str, float] = msgspec.field(default_factory=lambda: dict(ACTIONS))
    jobs_by: dict[str, float] = msgspec.field(default_factory=lambda: dict(JOBS))
    too_large: float = 0.02
    patience_s: float = 400.0
    """How long callers wait after their last action before they terminate what cannot end by itself."""


def fates(seed: object) -> Callable[[Launch], Fate]:
    """What becomes of attempts in the world of this seed: by the job's command, and by chance for each attempt anew."""

    def fate(launch: Launch) -> Fate:
        random = chance(seed, "fate", launch.key)
        delay_s, duration_s = random.random() * 2, random.expovariate(1 / 8)
        match launch.command[0]:
            case "flaky":
                code = random.choice((0, 1, 75, 137))
                return Fate(start_delay_s=delay_s, duration_s=duration_s, exit_code=code)
            case "fails":
                return Fate(start_delay_s=delay_s, duration_s=duration_s, exit_code=3)
            case "broken":
                return Fate(start_delay_s=delay_s, fault="CannotStartContainerError: no such program")
            case "oom":
                reason = "OutOfMemoryError: Container killed due to memory usage"
                return Fate(start_delay_s=delay_s, duration_s=duration_s, exit_code=137, reason=reason)
            case "endless":
                return Fate(start_delay_s=delay_s, duration_s=None)
            case "stubborn":
                return Fate(start_delay_s=delay_s, duration_s=None, stubborn=True)
            case "polite":
                return Fate(start_delay_s=delay_s, duration_s=None, stopped_code=0)
            case "slow":
                return Fate(start_delay_s=delay_s * 10, duration_s=60 + duration_s)
            case "instant":
                return Fate(duration_s=0.0)
            case _:
                return Fate(start_delay_s=delay_s, duration_s=duration_s)

    return fate


class Crowd:
    """The callers of one world."""

    def __init__(self, world: World, workload: Workload, seed: object) -> None:
        self._world = world
        self._workload = workload
        self._random = chance(seed, "crowd")
        self._jobs: list[tuple[str, int]] = []
        self._queues = [name for name, _ in workload.queues]
        self._made = 0
        self.submitted = 0

    async def run(self) -> None:
        """Set up, let every caller act, then end what cannot end by itself."""
        await self._set_up()
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workload.callers):
                group.create_task(self._caller(), name="caller")

    async def wait(self) -> None:
        """Give what was submitted time to end by itself."""
        witness, loop = self._world.scene.witness, asyncio.get_running_loop()
        end = loop.time() + self._workload.patience_s
        while witness.unended and loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(5.0)

    async def clean_up(self) -> None:
        """Terminate whatever is still there: endless jobs, and those too large for every host."""
        for life in list(self._world.scene.witness.unended.values()):
            await self._sure("TerminateJob", jobId=life.row.id, reason="the world ends")

    async def _set_up(self) -> None:
        await self._sure("RegisterJobDefinition", jobDefinitionName="job", type="container", containerProperties={
            "image": "simulated", "command": ["ok"],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}],
        })  # fmt: skip
        await self._sure("CreateComputeEnvironment", computeEnvironmentName="shared", type="MANAGED", computeResources={
            "type": "EC2", "minvCpus": 0, "maxvCpus": self._workload.max_vcpus, "instanceTypes": ["optimal"],
            "instanceRole": "role", "subnets": ["subnet"], "securityGroupIds": ["group"],
        })  # fmt: skip
        for name, priority in self._workload.queues:
            await self._make_queue(name, priority)

    async def _make_queue(self, name: str, priority: int) -> None:
        order = [{"order": 1, "computeEnvironment": "shared"}]
        await self._sure("CreateJobQueue", jobQueueName=name, priority=priority, computeEnvironmentOrder=order)

    async def _caller(self) -> None:
        names, odds = zip(*self._workload.actions_by.items(), strict=True)
        for _ in range(self._workload.actions):
            pause_s = self._workload.pause_s
            # Some act at once, so that what they do meets half-done work.
            await asyncio.sleep(self._random.choice((0.0, 0.002, self._random.expovariate(1 / pause_s))))
            action = self._random.choices(names, odds)[0]
            act: Callable[[], Awaitable[None]] = getattr(self, f"_{action}")
            await act()

    # -- actions

    async def _single(self) -> None:
        await self._submit()

    async def _array(self) -> None:
        await self._submit(size=self._size())

    async def _sequential(self) -> None:
        await self._submit(size=self._size(12), depends=[{"type": "SEQUENTIAL"}])

    async def _n_to_n(self) -> None:
        arrays = [(job, size) for job, size in self._jobs if size]
        if arrays:
            job, size = self._random.choice(arrays[-self._random.choice((2, 1000)) :])
            depends = [{"jobId": job, "type": "N_TO_N"}]
            if self._random.random() < 0.3:
                depends += self._plain()
            if self._random.random() < 0.4 and size <= 12:
                depends.append({"type": "SEQUENTIAL"})
            await self._submit(size=size, depends=depends)

    async def _dependant(self) -> None:
        await self._submit(size=self._size() if self._random.random() < 0.3 else 0, depends=self._plain())

    async def _cancel(self) -> None:
        await self._end("CancelJob")

    async def _terminate(self) -> None:
        await self._end("TerminateJob")

    async def _both(self) -> None:
        """An array and one of its children at the same moment, or a job twice."""
        if self._jobs:
            job, size = self._random.choice(self._jobs[-6:])
            ids = [job, f"{job}:{self._random.randrange(size)}"] if size else [job, job]
            self._random.shuffle(ids)
            operations = self._random.choices(("CancelJob", "TerminateJob"), k=2)
            await asyncio.gather(*(self._ask(op, i, f"both: {op}") for op, i in zip(operations, ids, strict=True)))

    async def _toggle_environment(self) -> None:
        await self._try("UpdateComputeEnvironment", computeEnvironment="shared", state="DISABLED")
        await asyncio.sleep(self._random.random() * 40)
        await self._sure("UpdateComputeEnvironment", computeEnvironment="shared", state="ENABLED")

    async def _toggle_queue(self) -> None:
        name = self._random.choice(self._queues)
        await self._try("UpdateJobQueue", jobQueue=name, state="DISABLED")
        await asyncio.sleep(self._random.random() * 10)
        await self._try("UpdateJobQueue", jobQueue=name, state="ENABLED")

    async def _delete_queue(self) -> None:
        self._made += 1
        name = f"short-lived-{self._made}"
        await self._make_queue(name, self._random.randrange(20))
        for _ in range(3):
            await self._submit(queue=name, size=self._size() if self._random.random() < 0.4 else 0)
        await asyncio.sleep(self._random.random() * 10)
        await self._sure("UpdateJobQueue", jobQueue=name, state="DISABLED")
        await self._sure("DeleteJobQueue", jobQueue=name)

    # -- pieces

    def _size(self, most: int = 0) -> int:
        most = most or self._workload.largest_array
        return self._random.randint(2, self._random.choice((3, 10, most))) if most >= 3 else 2

    def _plain(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for _ in range(self._random.randint(1, 3)):
            if self._jobs:
                job, size = self._random.choice(self._jobs[-self._random.choice((3, 1000)) :])
                child = size and self._random.random() < 0.3
                found.append({"jobId": f"{job}:{self._random.randrange(size)}" if child else job})
        return found

    async def _submit(self, *, size: int = 0, depends: list[dict[str, str]] | None = None, queue: str = "") -> None:
        random, kinds = self._random, self._workload.jobs_by
        kind = random.choices(list(kinds), list(kinds.values()))[0]
        vcpus = 1000 if random.random() < self._workload.too_large else random.choice((1, 1, 1, 2, 3))
        members: dict[str, Any] = {
            "jobName": kind,
            "jobQueue": queue or random.choice(self._queues),
            "jobDefinition": "job",
            "dependsOn": depends or [],
            "containerOverrides": {
                "command": [kind],
                "resourceRequirements": [
                    {"type": "VCPU", "value": str(vcpus)},
                    {"type": "MEMORY", "value": str(random.choice((128, 256, 1024)))},
                ],
            },
        }
        if size:
            members["arrayProperties"] = {"size": size}
        if random.random() < 0.4:
            members["retryStrategy"] = random.choice(_RETRIES)
        if random.random() < (0.6 if kind in {"endless", "stubborn", "polite"} else 0.15):
            members["timeout"] = {"attemptDurationSeconds": random.choice((60, 70))}
        answer = await self._try("SubmitJob", **members)
        if answer is not None:
            self.submitted += size or 1
            self._jobs.append((answer.jobId, size))

    async def _end(self, operation: str) -> None:
        if not self._jobs:
            return
        job, size = self._random.choice(self._jobs[-self._random.choice((2, 10, 1000)) :])
        if size and self._random.random() < 0.5:
            job = f"{job}:{self._random.randrange(size)}"
        await self._ask(operation, job, self._random.choice((f"{operation} by a caller", "no more", "")))

    async def _ask(self, operation: str, job: str, reason: str) -> None:
        """Ask for a job's end. What was answered is on record, unless the job went on or ended meanwhile (4.41)."""
        uuid, _, part = job.partition(":")
        life = self._world.scene.witness.lives.get((uuid, int(part or -1)))
        before = life and life.since
        answer = await self._try(operation, jobId=job, reason=reason)
        if answer is None or life is None or life.since != before or life.status.final:
            return
        if life.status.waiting or operation == "TerminateJob":
            row = await self._world.store.inner.read(lambda tx: tx.jobs.by_pk([life.row.pk])[life.row.pk])
            if row.request is Request.NONE:
                self._world.scene.breach(f"Crowd: {operation} of {job} was answered, and nothing came of it")

    async def _try(self, operation: str, **members: Any) -> Any:
        """Once, or again when no answer came; None when there is none in the end, or a refusal."""
        for _ in range(self._random.choice((1, 3))):
            try:
                return await self._world.call(operation, **members)
            except NoAnswer:
                await asyncio.sleep(self._random.random())
            except BatchyardError:
                return None
        return None

    async def _sure(self, operation: str, **members: Any) -> None:
        """Until it is answered; a refusal is an answer (what was asked for may have been done already)."""
        while True:
            try:
                await self._world.call(operation, **members)
            except NoAnswer:
                await asyncio.sleep(1.0)
            except BatchyardError:
                return
            else:
                return


_RETRIES: tuple[dict[str, Any], ...] = (
    {"attempts": 3},
    {"attempts": 5, "evaluateOnExit": [{"onExitCode": "75", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]},
    {"attempts": 2, "evaluateOnExit": [{"onStatusReason": "Host EC2*", "action": "RETRY"}]},
    {"attempts": 4, "evaluateOnExit": [{"onReason": "OutOfMemory*", "action": "EXIT"}]},
)
