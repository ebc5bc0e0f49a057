"""What an engine is asked for, made from a placed job: command, environment, log file."""

from __future__ import annotations

import msgspec

from batchyard.config import Image, Settings
from batchyard.domain.jobs import Job
from batchyard.domain.log_streams import is_built_in
from batchyard.domain.submissions import Spec
from batchyard.domain.surroundings import merged, variables
from batchyard.engines.base import Launch
from batchyard.kit.digests import digest
from batchyard.logs.base import LogStore
from batchyard.store.base import Tx


class Order(msgspec.Struct, frozen=True):
    """A placed job with what its launch is made of."""

    job: Job
    spec: Spec
    queue: str
    environment: str
    provider: str
    has_log_group: bool


class Orders:
    """Makes the orders of one transaction, reading each queue and environment once."""

    def __init__(self, tx: Tx, default_provider: str) -> None:
        self._tx = tx
        self._default_provider = default_provider
        self._names: dict[tuple[int, int | None], tuple[str, str, str]] = {}

    def order(self, job: Job) -> Order:
        """Read what a launch of this job is made of."""
        place = (job.queue_pk, job.environment_pk)
        names = self._names.get(place)
        if names is None:
            queue, environment = (
                self._tx.queues.by_pk(job.queue_pk),
                self._tx.environments.by_pk(job.environment_pk or 0),
            )
            assert queue is not None and environment is not None
            names = (queue.name, environment.name, environment.provider(self._default_provider))
            self._names[place] = names
        spec = self._tx.jobs.spec(job.spec_pk)
        group = spec.log_group()
        there = group is None or is_built_in(group) or self._tx.logs.group(group) is not None
        return Order(job, spec, *names, there)


def image_settings(settings: Settings, image: str) -> Image:
    """What the settings say of an image: by its full name, else by its name without tag."""
    exact = settings.images.get(image)
    if exact is not None:
        return exact
    name, colon, tag = image.rpartition(":")
    return settings.images.get(name if colon and "/" not in tag else image, Image())


def launch(ordered: Order, settings: Settings, logs: LogStore) -> Launch | str:
    """The launch, or the reason (in the container's words) why there cannot be one."""
    job, spec = ordered.job, ordered.spec
    container = spec.main
    if container is None:
        return "CannotCreateContainerError: this kind of job has no container to start"
    if not ordered.has_log_group:  # 12.03
        return (
            "CannotStartContainerError: failed to initialize logging driver: ResourceNotFoundException: "
            "The specified log group does not exist."
        )
    image = image_settings(settings, container.image or "")
    command = (*image.entrypoint, *(container.command or image.command))
    if not command:
        return (
            "CannotCreateContainerError: no command specified: give one in the job definition or the overrides, "
            f'or say what the image runs in the settings ([images."{container.image}"] command)'
        )
    env = merged(
        image.environment,
        {"PATH": image.path} if image.path else {},
        settings.jobs.environment,
        ((pair.name or "", pair.value or "") for pair in container.environment or ()),
        variables(
            job,
            environment_name=ordered.environment,
            queue_name=ordered.queue,
            array_size=spec.array_size,
            platform=spec.platform,
        ),
    )
    return Launch(
        key=job.key,
        job_id=job.id,
        host=job.host or "",
        image=container.image or "",
        command=command,
        env=env,
        vcpus=job.vcpus / 1000,
        memory_mib=job.memory_mib,
        gpus=job.gpus,
        user=container.user,
        log=logs.attempt_path(digest(job.key)),
        spec={"workingFolder": image.working_folder} if image.working_folder else {},
    )
