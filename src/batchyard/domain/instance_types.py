"""EC2's names of instance types: what is one, which architecture it has, what contains what (BEHAVIOUR 10.2, 10.33).

Only the form is known here: whether a size of that name exists is the catalogue's business.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from batchyard.domain.errors import Invalid

X86_BUNDLE = ("m6i", "c6i", "r6i", "c7i")
ARM_BUNDLE = ("m6g", "c6g", "r6g", "c7g")
BUNDLES = {"optimal": X86_BUNDLE, "default_x86_64": X86_BUNDLE, "default_arm64": ARM_BUNDLE}
"""Names that stand for families (10.33)."""

_FAMILY = r"(?:[a-z]{1,5}\d+[a-z]*(?:-[a-z0-9]+)?|u-\d+tb\d)"
_SIZE = r"nano|micro|small|medium|large|(?:\d+)?xlarge|metal(?:-\d+xl)?"
_TYPE = re.compile(rf"{_FAMILY}(?:\.(?:{_SIZE}))?")
_ARM_FAMILY = re.compile(r"a1|[a-z]+\d+[a-z]*g[a-z]*")
_GPU_FAMILY = re.compile(r"(?!g4ad|g5g)(?:p|g|gr)\d[a-z0-9-]*")


def family(instance_type: str) -> str:
    """`c5.large` → `c5`; a family is its own."""
    return instance_type.partition(".")[0]


def is_arm(instance_type: str) -> bool:
    """Whether the type, family or bundle has the architecture arm64."""
    return instance_type == "default_arm64" or _ARM_FAMILY.fullmatch(family(instance_type)) is not None


def has_gpus(instance_type: str) -> bool:
    """Whether the type or family is one with GPUs that Batch supports (10.79, 15.11)."""
    return _GPU_FAMILY.fullmatch(family(instance_type)) is not None


def check_instance_types(names: Iterable[str]) -> None:
    """Refuse what is neither a bundle, a family nor a size, and a mix of architectures (10.2)."""
    known = list(names)
    for name in known:
        if name not in BUNDLES and _TYPE.fullmatch(name) is None:
            allowed = "optimal, default_x86_64, default_arm64, a family such as c5, or a size such as c5.large"
            raise Invalid(f"Instance type can only be one of [{allowed}], got {name}.")
    if len({is_arm(name) for name in known}) > 1:
        raise Invalid("arm-based instance type cannot be used with other instance types.")


def contains(names: Collection[str], wanted: str) -> bool:
    """Whether `wanted`, a size or a family, lies within the list `names` of sizes, families and bundles."""
    families = {family for name in names for family in BUNDLES.get(name, (name,))}
    return wanted in families or family(wanted) in families
