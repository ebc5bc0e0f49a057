"""Set-up installs the same versions everywhere: `constraints.txt` pins all that `pyproject.toml` asks for, and no more
than names and versions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = (ROOT / "constraints.txt").read_text().split()


def asked() -> Iterator[Requirement]:
    groups = [entry for group in PROJECT["dependency-groups"].values() for entry in group]
    extras = [entry for extra in PROJECT["project"]["optional-dependencies"].values() for entry in extra]
    for entry in [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"], *extras, *groups]:
        if isinstance(entry, str):
            yield Requirement(entry)


def test_pins_are_names_and_versions_only() -> None:
    assert [pin for pin in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][\w.]*", pin)] == []


def test_every_dependency_is_pinned_to_a_version_that_it_allows() -> None:
    pinned = {canonicalize_name(name): version for name, _, version in (pin.partition("==") for pin in PINS)}
    for requirement in asked():
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_pip_is_pinned_since_set_up_upgrades_it_first() -> None:
    assert any(pin.startswith("pip==") for pin in PINS)
