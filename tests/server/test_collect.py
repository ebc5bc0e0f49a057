"""Handlers are found by their names."""

from __future__ import annotations

import pytest

from batchyard.handlers import sts
from batchyard.handlers.collect import SERVICES, collect, coroutine_name


@pytest.mark.parametrize(
    ("operation", "name"),
    [("SubmitJob", "submit_job"), ("ListJobsByConsumableResource", "list_jobs_by_consumable_resource")],
)
def test_a_handler_has_the_operations_name_in_pythons_spelling(operation, name):
    assert coroutine_name(operation) == name


def test_each_handler_answers_an_operation_of_its_service():
    found = collect()
    assert found["sts"] == {"GetCallerIdentity": sts.get_caller_identity}
    assert all(set(found[service]) <= set(SERVICES[service]) for service in SERVICES)


def test_two_handlers_for_one_operation_are_refused(tmp_path, monkeypatch):
    from batchyard import handlers

    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text("async def submit_job(context, request): ...\n")
    monkeypatch.setattr(handlers, "__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match="SubmitJob has two handlers"):
        collect()
