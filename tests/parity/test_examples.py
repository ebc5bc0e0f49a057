"""botocore's own examples for Batch go through the generated shapes and come back equal."""

from __future__ import annotations

import botocore.session
import msgspec
import pytest

from batchyard.api.batch import OPERATIONS

EXAMPLES = botocore.session.get_session().get_component("data_loader").load_service_model("batch", "examples-1")
CASES = [
    pytest.param(getattr(OPERATIONS[name], f"{side}_type"), example[key], id=f"{example['id']}-{side}")
    for name, examples in EXAMPLES["examples"].items()
    for example in examples
    for side, key in (("request", "input"), ("response", "output"))
    if key in example
]


def test_there_are_examples():
    assert len(CASES) > 40


@pytest.mark.parametrize(("shape", "payload"), CASES)
def test_example_comes_back_equal(shape, payload):
    decoded = msgspec.json.decode(msgspec.json.encode(payload), type=shape)
    assert msgspec.json.decode(msgspec.json.encode(decoded)) == payload
