"""Values for tests that read as English: only what a test is about is said, the rest is ordinary.

vCPUs are whole here (`vcpus=2`); a job's own are in thousandths.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from batchyard.api.batch import (
    ComputeResource,
    ContainerProperties,
    EvaluateOnExit,
    JobDependency,
    JobTimeout,
    KeyValuePair,
    RegisterJobDefinitionRequest,
    ResourceRequirement,
    RetryStrategy,
)
from batchyard.domain.arns import JobId
from batchyard.domain.environments import Environment
from batchyard.domain.jobs import Job
from batchyard.domain.queues import Attached, Queue
from batchyard.domain.resources import Needs
from batchyard.domain.states import Event, Status, after
from batchyard.domain.submissions import Spec

T0 = 1_700_000_000.0
"""When tests take place."""

_NAMES = UUID(int=0)


def uuid_of(name: str) -> str:
    """The same uuid for the same name."""
    return str(uuid5(_NAMES, name))


def a_job(name: str = "job", *, vcpus: float = 1, memory_mib: int = 128, **given: Any) -> Job:
    """A job whose uuid follows from its name."""
    base: dict[str, Any] = {"uuid": uuid_of(name), "spec_pk": 1, "queue_pk": 1, "created_at": T0}
    return Job(**base | {"vcpus": round(vcpus * 1000), "memory_mib": memory_mib} | given)


def an_id(text: str) -> JobId:
    """A job id that must be one."""
    found = JobId.parse(text)
    assert found is not None, text
    return found


def a_container(command: str = "true", *, vcpus: int = 1, memory_mib: int = 128, **given: Any) -> ContainerProperties:
    """A container's properties in today's form."""
    needs = [("VCPU", vcpus), ("MEMORY", memory_mib)]
    base: dict[str, Any] = {
        "image": "busybox",
        "command": command.split(),
        "resourceRequirements": [ResourceRequirement(type=kind, value=str(n)) for kind, n in needs],
    }
    return ContainerProperties(**base | given)


def environment_of(**pairs: str) -> list[KeyValuePair]:
    """A container's `environment`."""
    return [KeyValuePair(name=name, value=value) for name, value in pairs.items()]


def a_spec(*, attempts: int = 1, on_exit: str = "", timeout_s: int | None = None, **given: Any) -> Spec:
    """What a submission runs; `on_exit` as for `a_retry`."""
    base: dict[str, Any] = {
        "definition": "d",
        "revision": 1,
        "container": a_container(),
        "retry": a_retry(attempts, on_exit),
        "timeout": None if timeout_s is None else JobTimeout(attemptDurationSeconds=timeout_s),
        "needs": Needs(1, 128),
    }
    return Spec(**base | given)


def a_retry(attempts: int, on_exit: str = "") -> RetryStrategy:
    """A strategy; `on_exit` such as `"status=Host EC2* RETRY; reason=* EXIT"` (also `code=`)."""
    members = {"status": "onStatusReason", "reason": "onReason", "code": "onExitCode"}
    entries: list[EvaluateOnExit] = []
    for entry in filter(None, on_exit.split(";")):
        condition, action = entry.strip().rsplit(" ", 1)
        member, pattern = condition.split("=", 1)
        entries.append(EvaluateOnExit(action=action, **{members[member]: pattern}))
    return RetryStrategy(attempts=attempts, evaluateOnExit=entries or None)


def a_registration(name: str = "d", **container: Any) -> RegisterJobDefinitionRequest:
    """A request to register a definition of one container (see `a_container`)."""
    return RegisterJobDefinitionRequest(
        jobDefinitionName=name, type="container", containerProperties=a_container(**container)
    )


def a_queue(name: str = "q", *, environments: str = "local", **given: Any) -> Queue:
    """A queue over environments, in this order."""
    attached = tuple(Attached(order, name) for order, name in enumerate(environments.split(), start=1))
    base: dict[str, Any] = {"type": "ECS", "priority": 1, "attached": attached, "created_at": T0}
    return Queue(**base | {"name": name} | given)


def an_environment(name: str = "local", *, max_vcpus: int = 4, **given: Any) -> Environment:
    """A MANAGED environment of kind EC2."""
    resources = ComputeResource(type="EC2", maxvCpus=max_vcpus, subnets=[])
    base: dict[str, Any] = {
        "uuid": uuid_of(name),
        "type": "MANAGED",
        "resources": resources,
        "service_role": "",
        "created_at": T0,
    }
    return Environment(**base | {"name": name} | given)


def dependencies(text: str) -> list[JobDependency]:
    """`dependsOn` from `"ID ID:3 N_TO_N=ID SEQUENTIAL"`."""
    found: list[JobDependency] = []
    for word in text.split():
        kind, _, job_id = word.rpartition("=")
        if word == "SEQUENTIAL":
            found.append(JobDependency(type=word))
        else:
            found.append(JobDependency(jobId=job_id, type=kind or None))
    return found


def way_to(status: Status) -> list[Event]:
    """Events that lead a new job to `status`."""
    ways: dict[Status, list[Event]] = {Status.SUBMITTED: []}
    for event in (Event.HELD, Event.ACCEPTED):
        ways[after(Status.SUBMITTED, event)] = [event]
    ways[Status.STARTING] = [Event.ACCEPTED, Event.PLACED]
    ways[Status.RUNNING] = [*ways[Status.STARTING], Event.STARTED]
    ways[Status.SUCCEEDED] = [*ways[Status.RUNNING], Event.SUCCEEDED]
    ways[Status.FAILED] = [*ways[Status.RUNNING], Event.FAILED]
    return ways[status]
