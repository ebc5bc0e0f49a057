"""Finds the handlers by name: the coroutine `submit_job` answers SubmitJob, in whatever module of this room it is."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Mapping
from typing import cast

from batchyard import handlers
from batchyard.api import batch, logs, sts
from batchyard.api.shape import Operation
from batchyard.handlers.base import Handler

SERVICES: Mapping[str, Mapping[str, Operation]] = {
    "batch": batch.OPERATIONS,
    "logs": logs.OPERATIONS,
    "sts": sts.OPERATIONS,
}
"""The operations of each service; a service's handlers are in the module of its name, Batch's in all others."""


def collect() -> dict[str, dict[str, Handler]]:
    """Service → operation → handler, of every module in this room. Raises TypeError when two modules have the same."""
    found: dict[str, dict[str, Handler]] = {service: {} for service in SERVICES}
    for module in pkgutil.iter_modules(handlers.__path__):
        service = module.name if module.name in SERVICES else "batch"
        path = f"{handlers.__name__}.{module.name}"
        names = vars(importlib.import_module(path))
        for operation in SERVICES[service]:
            handler = names.get(coroutine_name(operation))
            if inspect.iscoroutinefunction(handler) and handler.__module__ == path:
                if operation in found[service]:
                    raise TypeError(f"{operation} has two handlers; one is in {path}")
                found[service][operation] = cast("Handler", handler)
    return found


def coroutine_name(operation: str) -> str:
    """`SubmitJob` → `submit_job`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
