"""Write src/batchyard/api/{batch,logs,sts}.py from the service models of the botocore that is installed.

    .venv/bin/python tools/generate_api.py

Choices, and why:

- Members keep the API's spelling, so that `grep jobDefinitionName` finds all of its uses.
- A required member is a required field where a caller sends the shape; in shapes that only we send, every member
  is optional, since handlers fill answers in steps and AWS itself leaves "required" ones out (`startedAt` of a job that
  waits).
- Enums are `str` with a tuple of their members beside them: what to say about an unknown value is the handlers'
  business (AWS has its own texts), and a stored value must decode even when a newer model has dropped it.
- Lengths and ranges are left out for the same reason; only the width of integers is kept.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import botocore
import botocore.session

API = Path(__file__).parent.parent / "src" / "batchyard" / "api"
LOGS = (
    "CreateLogGroup",
    "CreateLogStream",
    "DeleteLogGroup",
    "DeleteLogStream",
    "DeleteRetentionPolicy",
    "DescribeLogGroups",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetLogEvents",
    "ListTagsForResource",
    "PutLogEvents",
    "PutRetentionPolicy",
    "StartLiveTail",
)
SERVICES: dict[str, tuple[str, ...] | None] = {"batch": None, "logs": LOGS, "sts": ("GetCallerIdentity",)}
SCALARS = {
    "string": "str",
    "boolean": "bool",
    "integer": "Integer",
    "long": "Long",
    "float": "float",
    "double": "float",
    "timestamp": "float",
}
HEADER = '''"""Shapes and operations of {serviceFullName}, API version {apiVersion}.

GENERATED from the service model of botocore {botocore} by tools/generate_api.py; do not edit.
"""

from __future__ import annotations

'''


class Module:
    """The generated module of one service."""

    def __init__(self, service: str, operations: tuple[str, ...] | None) -> None:
        loader = botocore.session.get_session().get_component("data_loader")
        model = loader.load_service_model(service, "service-2")
        self.service = service
        self.metadata: dict[str, Any] = model["metadata"]
        self.shapes: dict[str, dict[str, Any]] = model["shapes"]
        self.operations = [model["operations"][name] for name in operations or sorted(model["operations"])]

    def text(self) -> str:
        """The whole file."""
        inputs = self._reachable(op["input"]["shape"] for op in self.operations if "input" in op)
        outputs = self._reachable(op["output"]["shape"] for op in self.operations if "output" in op)
        reached = {name: self.shapes[name] for name in sorted(inputs | outputs)}
        enums = [self._enum(name, shape) for name, shape in reached.items() if "enum" in shape]
        classes = [
            self._structure(name, shape, sent_to_us=name in inputs)
            for name, shape in reached.items()
            if shape["type"] == "structure" and not shape.get("eventstream")
        ]
        if "targetPrefix" in self.metadata:
            enums.insert(0, f'TARGET_PREFIX = "{self.metadata["targetPrefix"]}"')
        body = "\n\n\n".join(["\n".join(enums), *classes, self._table()]).lstrip()
        names = [name for name in ("Empty", "Integer", "Long", "Operation", "Shape") if re.search(rf"\b{name}\b", body)]
        imports = ["from typing import TypeAlias\n"] if enums else []
        imports.append(f"from batchyard.api.shape import {', '.join(names)}\n{'' if enums else chr(10)}")
        return HEADER.format(botocore=botocore.__version__, **self.metadata) + "\n".join([*imports, body, ""])

    def _reachable(self, roots: Iterable[str]) -> set[str]:
        found: set[str] = set()
        todo = list(roots)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self._parts(self.shapes[name])
        return found

    @staticmethod
    def _parts(shape: dict[str, Any]) -> Iterator[str]:
        if shape["type"] == "structure":
            yield from (member["shape"] for member in shape["members"].values())
        for part in ("member", "key", "value"):
            if shape["type"] in ("list", "map") and part in shape:
                yield shape[part]["shape"]

    @staticmethod
    def _enum(name: str, shape: dict[str, Any]) -> str:
        return f"{name}: TypeAlias = str\n" + assigned(f"{constant(name)}_VALUES = ", shape["enum"])

    def _structure(self, name: str, shape: dict[str, Any], *, sent_to_us: bool) -> str:
        required = shape.get("required", []) if sent_to_us else []
        fields: list[str] = []
        for member, target in shape["members"].items():
            if keyword.iskeyword(member) or not member.isidentifier():
                raise SystemExit(f"{name}.{member} cannot be an attribute: teach the generator field(name=...)")
            if self.shapes[target["shape"]].get("eventstream"):
                continue
            kind = self._annotation(target["shape"])
            fields.append(f"    {member}: {kind}" if member in required else f"    {member}: {kind} | None = None")
        return "\n".join([f"class {name}(Shape, kw_only=True):", *(fields or ["    pass"])])

    def _annotation(self, name: str) -> str:
        shape = self.shapes[name]
        if shape["type"] == "structure" or "enum" in shape:
            return name
        if shape["type"] == "list":
            return f"list[{self._annotation(shape['member']['shape'])}]"
        if shape["type"] == "map":
            return f"dict[{self._annotation(shape['key']['shape'])}, {self._annotation(shape['value']['shape'])}]"
        return SCALARS[shape["type"]]

    def _table(self) -> str:
        lines = ["OPERATIONS: dict[str, Operation] = {"]
        for operation in self.operations:
            lines += [f'    "{operation["name"]}": Operation(', *self._entry(operation), "    ),"]
        return "\n".join([*lines, "}", '"""The operations of the service that have a place here, by name."""'])

    def _entry(self, operation: dict[str, Any]) -> Iterator[str]:
        source, target = (operation.get(side, {}).get("shape", "Empty") for side in ("input", "output"))
        yield f'        name="{operation["name"]}",'
        yield f'        method="{operation["http"]["method"]}",'
        yield f'        path="{operation["http"]["requestUri"]}",'
        yield f"        request_type={source},"
        yield f"        response_type={target},"
        members = self.shapes[source]["members"] if source in self.shapes else {}
        query = [name for name, member in members.items() if member.get("location") == "querystring"]
        if query:
            yield assigned("        query=", query, ",")
        if "errors" in operation:
            yield assigned("        errors=", sorted(error["shape"] for error in operation["errors"]), ",")
        outputs = self.shapes[target]["members"].values() if target in self.shapes else ()
        for stream in (self.shapes[member["shape"]] for member in outputs):
            if stream.get("eventstream"):
                yield "        events={"
                yield from (f'            "{name}": {event["shape"]},' for name, event in stream["members"].items())
                yield "        },"


def constant(name: str) -> str:
    """`JobStatus` → `JOB_STATUS`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


def assigned(start: str, names: Iterable[str], end: str = "") -> str:
    """A tuple of strings between `start` and `end`, broken as the formatter does it when the line is too long."""
    items = [f'"{name}"' for name in names]
    line = f"{start}({', '.join(items)}{',' if len(items) == 1 else ''}){end}"
    if len(line) <= 120:
        return line
    indent = " " * (len(start) - len(start.lstrip()))
    return "\n".join([f"{start}(", *(f"{indent}    {item}," for item in items), f"{indent}){end}"])


def modules() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    return {API / f"{service}.py": Module(service, names).text() for service, names in SERVICES.items()}


if __name__ == "__main__":
    for path, text in modules().items():
        path.write_text(text)
        print(path.relative_to(API.parent.parent.parent), len(text.splitlines()), "lines")
