"""The checked-in API modules are what the generator makes of the installed botocore, and hold what the model holds."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import botocore
import msgspec
import pytest

from batchyard.api import batch, logs, sts

ROOT = Path(__file__).parent.parent.parent


def generator():
    spec = importlib.util.spec_from_file_location("generate_api", ROOT / "tools" / "generate_api.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_checked_in_files_are_fresh():
    for path, text in generator().modules().items():
        written = path.read_text()
        version = re.search(r"botocore (\S+) by", written)[1]
        if version != botocore.__version__:
            pytest.skip(f"{path.name} was made from botocore {version}, this is {botocore.__version__}")
        assert written == text, f"{path.name} is stale: run .venv/bin/python tools/generate_api.py"


def test_all_operations_are_there():
    assert len(batch.OPERATIONS) == 48  # 1.02
    assert len(logs.OPERATIONS) == 13
    assert list(sts.OPERATIONS) == ["GetCallerIdentity"]


def test_all_but_the_tag_operations_post_to_their_name():  # 1.02, 1.03
    others = {name: (op.method, op.path) for name, op in batch.OPERATIONS.items() if "{" not in op.path}
    assert others == {name: ("POST", f"/v1/{name.lower()}") for name in others}
    assert len(others) == 45
    tags = {op.method: name for name, op in batch.OPERATIONS.items() if op.path == "/v1/tags/{resourceArn}"}
    assert tags == {"GET": "ListTagsForResource", "POST": "TagResource", "DELETE": "UntagResource"}
    assert batch.OPERATIONS["UntagResource"].query == ("tagKeys",)


def test_a_required_member_of_a_request_is_a_required_field():
    required = [field.name for field in msgspec.structs.fields(batch.SubmitJobRequest) if field.required]
    assert required == ["jobName", "jobQueue", "jobDefinition"]


def test_a_required_member_of_an_answer_is_optional():
    assert not any(field.required for field in msgspec.structs.fields(batch.JobDetail))


def test_a_member_without_value_is_left_out_and_an_empty_one_is_kept():  # 1.08
    detail = batch.JobDetail(tags={}, dependsOn=[], isCancelled=False, createdAt=0)
    assert msgspec.json.encode(detail) == b'{"createdAt":0,"dependsOn":[],"tags":{},"isCancelled":false}'


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 10**40])
def test_an_integer_has_32_bits(value):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"size": value}, batch.ArrayProperties)


def test_an_enum_takes_unknown_values_which_handlers_refuse_in_aws_words():
    assert msgspec.convert({"type": "XPU", "value": "1"}, batch.ResourceRequirement).type == "XPU"
    assert batch.RESOURCE_TYPE_VALUES == ("GPU", "VCPU", "MEMORY")


def test_the_event_stream_names_its_events():  # 12.60
    operation = logs.OPERATIONS["StartLiveTail"]
    assert operation.events["sessionStart"] is logs.LiveTailSessionStart
    assert operation.events["sessionUpdate"] is logs.LiveTailSessionUpdate
