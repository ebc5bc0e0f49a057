"""What the first start makes, so that jobs can be submitted at once: environment `local` and queue `default`."""

from __future__ import annotations

from batchyard.config import Settings
from batchyard.domain import environments, queues
from batchyard.domain.arns import Identity
from batchyard.domain.queues import Known
from batchyard.store.base import Tx

_MADE = "defaults_made"


def make_defaults(tx: Tx, settings: Settings, identity: Identity, *, now: float, uuid: str, host_vcpus: int) -> None:
    """Make them once in the life of a store: what a user changed or deleted stays so. `uuid` is the environment's."""
    if tx.meta.get(_MADE) is not None:
        return
    tx.meta.put(_MADE, "yes")
    limits = settings.limits
    environment = environments.create(
        environments.default_request(host_vcpus),
        identity=identity,
        uuid=uuid,
        now=now,
        providers=settings.providers,
        tag_limit=limits.tags,
    )
    tx.environments.add(environment)
    known = Known(identity, tx.environments.get, tx.policies.get)
    request = queues.default_request()
    tx.queues.add(
        queues.create(request, known, now=now, environment_limit=limits.environments_per_queue, tag_limit=limits.tags)
    )
