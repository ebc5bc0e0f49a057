"""House rules that neither ruff nor import-linter can hold. `python -m tools.tidy` prints every breach.

Each rule is a function from a `Tree` to the breaches it finds, as `path:line: what is wrong`.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FILE_LINES = 500
FUNCTION_LINES = 70
MAY_BE_LONG = (
    "src/batchyard/api/batch.py",  # generated, like the next two
    "src/batchyard/api/logs.py",
    "src/batchyard/api/sts.py",
    "src/batchyard/store/migrations/versions/*",  # the record of a step, never read again
)

CHANCE = {"random", "secrets", "uuid"}
WALL_CLOCK = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
MAY_READ_THE_CLOCK = (
    "src/batchyard/kit/*",
    "src/batchyard/engines/process/supervisor*",  # a process of its own, and what only it uses:
    "src/batchyard/engines/process/attempts.py",
)

UNIMPORTED = {
    "*.__main__": "run by python -m",
    "batchyard.handlers.*": "collected by name, for the operations",
    "batchyard.store.migrations.*": "run by alembic",
}
"""Modules that no import names, and why that is right."""

# Written in parts, so that this file does not break its own rule.
FOREIGN = tuple(
    "".join(parts)
    for parts in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("registry.", "npmjs"),
        ("deb.", "debian.org"),
        ("/wo", "rk/main"),
        ("/wo", "rk/shared"),
        ("/ro", "ot/."),
    )
)
"""Registries' hosts and one machine's own paths: a checkout must work anywhere."""
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, and what is in it."""

    path: str
    text: str

    @cached_property
    def ast(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @property
    def module(self) -> str:
        """`src/batchyard/kit/ids.py` → `batchyard.kit.ids`; a package is named without `__init__`."""
        return self.path.removeprefix("src/").removesuffix(".py").replace("/", ".").removesuffix(".__init__")


class Tree:
    """The files of a checkout that are committed or about to be."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=root, check=True, capture_output=True, text=True,
        )  # fmt: skip
        self.files = sorted(name for name in listed.stdout.splitlines() if (root / name).is_file())

    def sources(self, *folders: str) -> Iterator[Source]:
        """The Python files below these folders."""
        for name in self.files:
            if name.endswith(".py") and name.startswith(folders):
                yield Source(name, (self.root / name).read_text())

    @cached_property
    def product(self) -> list[Source]:
        """The Python files of the product itself."""
        return list(self.sources("src/"))


def clock_and_chance(tree: Tree) -> Iterator[str]:
    """No wall clock, uuid or chance outside kit/: the simulator must be able to give another one."""
    for source in tree.product:
        if any(fnmatch(source.path, pattern) for pattern in MAY_READ_THE_CLOCK):
            continue
        for node in ast.walk(source.ast):
            for name in _names(node):
                if name.split(".")[0] in CHANCE or name in WALL_CLOCK:
                    yield f"{source.path}:{node.lineno}: {name} outside kit/: take a Clock or Ids"  # type: ignore[attr-defined]


def _names(node: ast.AST) -> Iterator[str]:
    """What an import or an attribute names: `uuid`, `time.time`, `datetime.now`."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=module, names=names, level=0) if module:
            yield from (f"{module}.{alias.name}" for alias in names)
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=attribute):
            if f"{owner}.{attribute}" in WALL_CLOCK:
                yield f"{owner}.{attribute}"


def lengths(tree: Tree) -> Iterator[str]:
    """Files of at most 500 lines, functions of at most 70; generated code is exempt."""
    for source in tree.sources("src/", "tools/", "tests/"):
        if any(fnmatch(source.path, pattern) for pattern in MAY_BE_LONG):
            continue
        if (lines := source.text.count("\n")) > FILE_LINES:
            yield f"{source.path}:1: {lines} lines, more than {FILE_LINES}"
        for node in ast.walk(source.ast):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield f"{source.path}:{node.lineno}: {node.name} has {lines} lines, more than {FUNCTION_LINES}"


def orphans(tree: Tree) -> Iterator[str]:
    """No module that nobody imports: entry points and what is found by name are listed in UNIMPORTED."""
    used: set[str] = set()
    for source in tree.product:
        for node in ast.walk(source.ast):
            match node:
                case ast.Import(names=names):
                    used.update(alias.name for alias in names)
                case ast.ImportFrom(module=str(module), names=names, level=0):
                    used.add(module)
                    used.update(f"{module}.{alias.name}" for alias in names)
                case ast.Constant(value=str(text)) if text.startswith("batchyard."):
                    used.add(text)  # run by -m, or named as an entry point
    scripts = re.findall(r'= "(batchyard[\w.]*):', (tree.root / "pyproject.toml").read_text())
    for source in tree.product:
        known = source.module in used or source.module in scripts or source.path.endswith("__init__.py")
        if not known and not any(fnmatch(source.module, pattern) for pattern in UNIMPORTED):
            yield f"{source.path}:1: nobody imports {source.module}"


def room_signs(tree: Tree) -> Iterator[str]:
    """Every package says in its docstring, in at least one sentence, what belongs in the room."""
    for source in tree.product:
        if source.path.endswith("__init__.py") and not (ast.get_docstring(source.ast) or "").rstrip().endswith("."):
            yield f"{source.path}:1: its docstring must say in a sentence what belongs in this package"


def unfinished(tree: Tree) -> Iterator[str]:
    """Nothing unfinished in the product: what is not there raises Unsupported and says so."""
    for source in tree.product:
        for number, line in enumerate(source.text.splitlines(), 1):
            if found := UNFINISHED.search(line):
                yield f"{source.path}:{number}: {found[0]}"


def foreign_names(tree: Tree) -> Iterator[str]:
    """No registry host and no path of one machine in any committed file."""
    own = (*FOREIGN, f"{tree.root}/")
    for name in tree.files:
        text = (tree.root / name).read_bytes()
        for word in own:
            if (at := text.find(word.encode())) >= 0:
                line = text.count(b"\n", 0, at) + 1
                yield f"{name}:{line}: names {word}"


RULES: list[Callable[[Tree], Iterator[str]]] = [
    clock_and_chance,
    lengths,
    orphans,
    room_signs,
    unfinished,
    foreign_names,
]


def main() -> int:
    """Print every breach; 1 when there is one."""
    tree = Tree()
    breaches = [breach for rule in RULES for breach in rule(tree)]
    print("\n".join(breaches) or "tidy")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
