"""Requests made from botocore's service model: sound ones, spoilt ones, and bodies that are no requests at all."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import strategies as st

Path = tuple[str | int, ...]

ODD_TEXT = [
    "",
    " ",
    "\x00",
    "\x7f\n\t",
    "a" * 5000,
    "é",
    "名前",
    "👩\u200d🚀",
    "\u202eevil",
    "\ufeff",
    "\ud800",
    "\udfff\ud800",
    "../..",
    "%2F%00",
    "'; DROP TABLE jobs; --",
    "{{7*7}}",
    "Ref::x",
    "Ref::",
    "*",
    "-1",
    "0",
    "1e9",
    "NaN",
    "0x10",
    "9" * 20,
    "9" * 400,
    "9" * 5000,
    "١٢",
    "a:b",
    "arn:aws:batch:us-east-1:123456789012:job-queue/",
    "arn:aws:logs:us-east-1:123456789012:log-group::*",
    "::::::",
    "#1",
    "11111111-2222-3333-4444-555555555555:99999999999999999999",
    "f/0",
    "b/" + "9" * 56,
    "%(",
    "%[%",
    "{ $.",
    '"',
]
ODD_NUMBERS = [0, -1, 1, 2**31, -(2**31) - 1, 2**63 - 1, 2**63, -(2**63), 10**40, 0.5, -0.0, 1e308, float("nan")]
ODD_VALUES = [None, True, False, [], {}, [None], [[]], [{}], {"": ""}, {"a": None}, [{"name": None}], "[]"]
_NESTED: Any = []
for _ in range(60):
    _NESTED = [{"a": _NESTED}]


def sound(shape: Shape, known: Mapping[str, Sequence[Any]], member: str = "") -> st.SearchStrategy[Any]:
    """Values of the right types; of a member in `known`, mostly one of its values there."""
    anything = _sound(shape, known, member)
    if member not in known:
        return anything
    chosen = st.sampled_from(known[member])
    if isinstance(shape, ListShape):
        return st.lists(chosen, max_size=3)
    return chosen if isinstance(shape, MapShape | StructureShape) else st.one_of(chosen, chosen, chosen, anything)


def _sound(shape: Shape, known: Mapping[str, Sequence[Any]], member: str) -> st.SearchStrategy[Any]:
    if isinstance(shape, StructureShape):
        return _structure(shape, known)
    if isinstance(shape, ListShape):
        return st.lists(sound(shape.member, known, member), max_size=3)
    if isinstance(shape, MapShape):
        return st.dictionaries(st.sampled_from(["a", "b.c", "d e"]), sound(shape.value, known), max_size=3)
    simple: dict[str, st.SearchStrategy[Any]] = {
        "boolean": st.booleans(),
        "integer": st.sampled_from([1, 2, 60, 100, 2000]) | st.integers(-(2**31), 2**31 - 1),
        "long": st.sampled_from([1, 1_700_000_000_000]) | st.integers(-(2**63), 2**63 - 1),
        "float": st.floats(0, 1, width=32),
        "double": st.floats(0, 1),
    }
    if shape.type_name in simple:
        return simple[shape.type_name]
    if shape.enum:
        return st.sampled_from([*shape.enum, *shape.enum, "other"])
    return st.sampled_from(["a", "a-b_c", "true", "1", "1024", "a/b", "Ref::a"]) | st.text(max_size=8)


@st.composite
def _structure(draw: st.DrawFn, shape: StructureShape, known: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    optional = [name for name in shape.members if name not in shape.required_members]
    chosen = draw(st.lists(st.sampled_from(optional), max_size=4, unique=True)) if optional else []
    return {name: draw(sound(shape.members[name], known, name)) for name in (*shape.required_members, *chosen)}


def places(value: Any, path: Path = ()) -> list[Path]:
    """The path to every value inside `value`, itself excepted."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in items for found in ((*path, key), *places(inner, (*path, key)))]


def put(value: Any, path: Path, new: Any) -> Any:
    """A copy of `value` with `new` at `path`."""
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return value


@st.composite
def spoilt(draw: st.DrawFn, requests: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """A request with up to two values that are odd, missing, or of another type."""
    request = copy.deepcopy(draw(requests))
    for _ in range(draw(st.integers(0, 2))):
        found = places(request)
        if not found:
            break
        path = draw(st.sampled_from(found))
        inner = request
        for key in path[:-1]:
            inner = inner[key]
        how = draw(st.integers(0, 9))
        if how < 6:
            alike = {str: ODD_TEXT, int: ODD_NUMBERS[:8]}.get(type(inner[path[-1]]), [])
            odd = alike if alike and how else [*ODD_TEXT, *ODD_NUMBERS, *ODD_VALUES, _NESTED]
            inner[path[-1]] = copy.deepcopy(draw(st.sampled_from(odd)))
        elif isinstance(inner, list) and how < 9:
            inner.extend(inner[:1] * draw(st.sampled_from([1, 60, 101])))
        elif isinstance(inner, dict):
            inner["unknown" if how == 9 else ""] = inner.pop(path[-1])
    return request


@st.composite
def bodies(draw: st.DrawFn, requests: st.SearchStrategy[dict[str, Any]]) -> bytes:
    """The body of a spoilt request: most often whole, else cut, wrapped or with bytes that are no UTF-8."""
    body = json.dumps(draw(spoilt(requests)), ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")
    how = draw(st.integers(0, 31))
    if how == 0:
        return body[: draw(st.integers(0, len(body)))]
    if how == 1:
        return b"\xff" + body
    if how == 2:
        return b"[" + body + b"]"
    if how == 3:
        return body[:-1] + b',"a":1,"a":"' + draw(st.binary(max_size=8)) + b'"}'
    return body


NOT_REQUESTS = {
    "empty": b"",
    "white": b" \n\t ",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1e999",
    "text": b'"{}"',
    "cut": b'{"jobName": "a',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'{"jobName": "\xff\xfe"}',
    "a lone surrogate": b'{"jobName": "\\ud800", "jobQueue": "\\udc00", "limit": "\\ud800"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "deep lists": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"tags": ' * 100_000 + b"1" + b"}" * 100_000,
    "an open bracket": b"[" * 1_000_000,
    "a huge number": b'{"maxResults": ' + b"9" * 100_000 + b"}",
    "a huge key": b'{"' + b"k" * 900_000 + b'": 1}',
    "a huge text": b'{"jobName": "' + b"x" * 900_000 + b'", "logGroupName": "' + b"x" * 90_000 + b'"}',
    "many members": b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(50_000)) + b"}",
    "10 MB": b'{"jobName": "' + b"x" * 10_000_000 + b'"}',
    "XML": b"<a/>",
    "a form": b"Action=GetCallerIdentity&Version=2011-06-15&a=%ff%00",
}
"""Bodies that no client of AWS would send, by what they are."""


def wrong_types(shape: Shape, value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    """Every place in `value`, a sound one of `shape`, with a value there that has another JSON type."""
    found: list[tuple[Path, Any]] = []
    if path:
        found.append((path, "x" if shape.type_name in {"structure", "list", "map", "boolean"} else {"x": []}))
        if shape.type_name in {"integer", "long"}:
            found += [(path, "1"), (path, 2**70), (path, 0.5), (path, True)]
        if shape.type_name == "string":
            found += [(path, 1), (path, False), (path, ["x"])]
    if isinstance(shape, StructureShape):
        for name, inner in value.items():
            found += wrong_types(shape.members[name], inner, (*path, name))
        found += [((*path, name), None) for name in shape.required_members]
    elif isinstance(shape, ListShape):
        for index, inner in enumerate(value):
            found += wrong_types(shape.member, inner, (*path, index))
    elif isinstance(shape, MapShape):
        for key, inner in value.items():
            found += wrong_types(shape.value, inner, (*path, key))
    return found


_SMALL = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
_CONTAINER = {
    "image": "i",
    "resourceRequirements": _SMALL,
    "command": ["echo", "Ref::a"],
    "jobRoleArn": "arn:aws:iam::1:role/r",
    "executionRoleArn": "arn:aws:iam::1:role/r",
    "environment": [{"name": "A", "value": "1"}],
    "volumes": [{"name": "v", "host": {"sourcePath": "/v"}}],
    "mountPoints": [{"containerPath": "/v", "sourceVolume": "v"}],
    "ulimits": [{"name": "nofile", "hardLimit": 9, "softLimit": 9}],
    "user": "u",
    "privileged": True,
    "readonlyRootFilesystem": True,
    "secrets": [{"name": "S", "valueFrom": "arn:aws:ssm:us-east-1:1:parameter/s"}],
    "linuxParameters": {
        "initProcessEnabled": True,
        "sharedMemorySize": 64,
        "maxSwap": 0,
        "swappiness": 0,
        "devices": [{"hostPath": "/dev/a", "containerPath": "/dev/a", "permissions": ["READ"]}],
        "tmpfs": [{"containerPath": "/t", "size": 1, "mountOptions": ["rw"]}],
    },
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}},
}
_TASK = {
    "taskProperties": [
        {
            "containers": [
                {"name": "x", "image": "i", "resourceRequirements": _SMALL, "command": ["true"], "essential": True},
            ],
            "volumes": [{"name": "v", "host": {"sourcePath": "/v"}}],
        }
    ]
}
_POD = {
    "podProperties": {
        "serviceAccountName": "s",
        "hostNetwork": False,
        "dnsPolicy": "Default",
        "containers": [
            {
                "name": "x",
                "image": "i",
                "command": ["sleep"],
                "args": ["1"],
                "env": [{"name": "A", "value": "1"}],
                "resources": {
                    "limits": {"cpu": "1", "memory": "2048Mi"},
                    "requests": {"cpu": "0.5", "memory": "2048Mi"},
                },
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                "securityContext": {"runAsUser": 1, "privileged": False},
            }
        ],
        "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "64Mi", "medium": ""}}],
        "metadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}, "namespace": "n"},
    }
}
_RESOURCES = {
    "type": "SPOT",
    "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED",
    "minvCpus": 0,
    "maxvCpus": 4,
    "desiredvCpus": 0,
    "instanceTypes": ["m5.large", "optimal"],
    "subnets": ["s"],
    "securityGroupIds": ["g"],
    "instanceRole": "r",
    "ec2KeyPair": "k",
    "tags": {"a": "b"},
    "placementGroup": "p",
    "bidPercentage": 50,
    "launchTemplate": {"launchTemplateId": "lt-1", "version": "1"},
    "ec2Configuration": [{"imageType": "ECS_AL2"}],
}
_FARGATE = {"type": "FARGATE", "maxvCpus": 4, "subnets": ["s"], "securityGroupIds": ["g"]}
_SHARES = {
    "shareDecaySeconds": 60,
    "computeReservation": 1,
    "shareDistribution": [{"shareIdentifier": "a*", "weightFactor": 0.5}],
}
_EXIT = {
    "attempts": 3,
    "evaluateOnExit": [{"onExitCode": "1*", "onReason": "a*", "onStatusReason": "b", "action": "RETRY"}],
}
_OVERRIDES = {"command": ["echo"], "environment": [{"name": "B", "value": "2"}], "resourceRequirements": _SMALL}
_ORDER = [{"order": 1, "computeEnvironment": "ce"}]
_STREAM = {"logGroupName": "g", "logStreamName": "s"}

RICH: dict[str, list[dict[str, Any]]] = {
    "RegisterJobDefinition": [
        {
            "jobDefinitionName": "r",
            "type": "container",
            "containerProperties": _CONTAINER,
            "parameters": {"a": "1"},
            "retryStrategy": _EXIT,
            "timeout": {"attemptDurationSeconds": 60},
            "tags": {"a": "1"},
            "propagateTags": True,
            "platformCapabilities": ["EC2"],
            "schedulingPriority": 1,
            "consumableResourceProperties": {"consumableResourceList": [{"consumableResource": "c", "quantity": 1}]},
        },
        {"jobDefinitionName": "e", "type": "container", "ecsProperties": _TASK},
        {"jobDefinitionName": "k", "type": "container", "eksProperties": _POD},
        {
            "jobDefinitionName": "f",
            "type": "container",
            "platformCapabilities": ["FARGATE"],
            "containerProperties": {
                "image": "i",
                "resourceRequirements": _SMALL,
                "executionRoleArn": "arn:aws:iam::1:role/r",
                "fargatePlatformConfiguration": {"platformVersion": "LATEST"},
                "ephemeralStorage": {"sizeInGiB": 30},
                "networkConfiguration": {"assignPublicIp": "ENABLED"},
                "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"},
            },
        },
        {
            "jobDefinitionName": "m",
            "type": "multinode",
            "nodeProperties": {
                "numNodes": 4,
                "mainNode": 0,
                "nodeRangeProperties": [
                    {"targetNodes": "0:1", "container": _CONTAINER},
                    {"targetNodes": "2:", "ecsProperties": _TASK},
                ],
            },
        },
    ],
    "SubmitJob": [
        {
            "jobName": "j",
            "jobQueue": "q",
            "jobDefinition": "d",
            "parameters": {"a": "1"},
            "containerOverrides": _OVERRIDES,
            "retryStrategy": _EXIT,
            "timeout": {"attemptDurationSeconds": 60},
            "tags": {"a": "1"},
            "propagateTags": True,
            "arrayProperties": {"size": 2},
            "dependsOn": [{"type": "SEQUENTIAL"}],
        },
        {
            "jobName": "j",
            "jobQueue": "fq",
            "jobDefinition": "d",
            "parameters": {"a": "1"},
            "shareIdentifier": "a1",
            "schedulingPriorityOverride": 1,
        },
        {
            "jobName": "j",
            "jobQueue": "q",
            "jobDefinition": "e",
            "ecsPropertiesOverride": {"taskProperties": [{"containers": [{"name": "x", **_OVERRIDES}]}]},
        },
        {
            "jobName": "j",
            "jobQueue": "q",
            "jobDefinition": "k",
            "eksPropertiesOverride": {"podProperties": {"containers": [{"name": "x", "args": ["2"]}]}},
        },
        {
            "jobName": "j",
            "jobQueue": "q",
            "jobDefinition": "m",
            "nodeOverrides": {
                "numNodes": 5,
                "nodePropertyOverrides": [{"targetNodes": "0:1", "containerOverrides": _OVERRIDES}],
            },
        },
    ],
    "CreateComputeEnvironment": [
        {
            "computeEnvironmentName": "new",
            "type": "MANAGED",
            "state": "ENABLED",
            "computeResources": _RESOURCES,
            "tags": {"a": "1"},
            "serviceRole": "r",
        },
        {"computeEnvironmentName": "new2", "type": "MANAGED", "computeResources": _FARGATE},
        {
            "computeEnvironmentName": "new3",
            "type": "UNMANAGED",
            "unmanagedvCpus": 4,
            "serviceRole": "arn:aws:iam::1:role/r",
        },
    ],
    "UpdateComputeEnvironment": [
        {
            "computeEnvironment": "ce",
            "state": "DISABLED",
            "computeResources": {"maxvCpus": 8, "minvCpus": 0, "desiredvCpus": 0},
            "updatePolicy": {"terminateJobsOnUpdate": True, "jobExecutionTimeoutMinutes": 30},
        },
    ],
    "CreateJobQueue": [
        {
            "jobQueueName": "new",
            "state": "ENABLED",
            "priority": 1,
            "computeEnvironmentOrder": _ORDER,
            "tags": {"a": "1"},
            "jobStateTimeLimitActions": [
                {
                    "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
                    "state": "RUNNABLE",
                    "maxTimeSeconds": 600,
                    "action": "CANCEL",
                }
            ],
        },
    ],
    "UpdateJobQueue": [{"jobQueue": "fq", "state": "ENABLED", "priority": 2, "computeEnvironmentOrder": _ORDER}],
    "CreateSchedulingPolicy": [{"name": "new", "fairsharePolicy": _SHARES, "tags": {"a": "1"}}],
    "UpdateSchedulingPolicy": [
        {"arn": "arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair", "fairsharePolicy": _SHARES}
    ],
    "ListJobs": [
        {"jobQueue": "q", "filters": [{"name": "JOB_NAME", "values": ["j*"]}], "maxResults": 10},
        {"jobQueue": "q", "filters": [{"name": "BEFORE_CREATED_AT", "values": ["1700000000000"]}]},
        {"jobQueue": "q", "jobStatus": "RUNNABLE"},
    ],
    "GetLogEvents": [{**_STREAM, "startTime": 1, "endTime": 2**41, "limit": 10, "startFromHead": True}],
    "FilterLogEvents": [
        {"logGroupName": "g", "logStreamNames": ["s"], "filterPattern": '?a ?"b c" -d', "limit": 10},
        {"logGroupName": "g", "logStreamNamePrefix": "s", "filterPattern": "%h.*o%", "startTime": 1, "endTime": 2**41},
        {"logGroupName": "g", "filterPattern": '{ ($.a = "b") && ($.c[0] > 1) }'},
    ],
    "PutLogEvents": [{**_STREAM, "logEvents": [{"timestamp": 1_700_000_000_000, "message": "m"}]}],
    "DescribeLogStreams": [{"logGroupName": "g", "orderBy": "LastEventTime", "descending": True, "limit": 10}],
    "PutRetentionPolicy": [{"logGroupName": "g", "retentionInDays": 7}],
    "StartLiveTail": [
        {"logGroupIdentifiers": ["arn:aws:logs:us-east-1:123456789012:log-group:g"], "logStreamNames": ["s"]}
    ],
}
"""Requests with nearly every member of an operation, as a caller may send them."""
