"""vCPU, memory and GPUs: what may be asked for and what a job needs in the end (BEHAVIOUR 2.5)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import msgspec

from batchyard.api.batch import RESOURCE_TYPE_VALUES, ContainerProperties, ResourceRequirement
from batchyard.domain.checks import one_of
from batchyard.domain.errors import Invalid

EC2 = "EC2"
FARGATE = "FARGATE"

# Far beyond any machine; in thousandths of a vCPU, in MiB, each fits a database's 32 bits.
MAX_VCPUS = 1_000_000
MAX_MEMORY_MIB = 1_000_000_000
MAX_GPUS = 1_000_000
_WHOLE = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")

FARGATE_MEMORY_MIB: dict[float, Collection[int]] = {
    0.25: (512, 1024, 2048),
    0.5: (1024, 2048, 3072, 4096),
    1: range(2048, 8192 + 1, 1024),
    2: range(4096, 16384 + 1, 1024),
    4: range(8192, 30720 + 1, 1024),
    8: range(16384, 61440 + 1, 4096),
    16: range(32768, 122880 + 1, 8192),
    32: (61440, 122880, 249856),
}
"""Memory that goes with a number of vCPUs on Fargate (2.54)."""


class Needs(msgspec.Struct, frozen=True):
    """What one attempt takes from its host: a weight in vCPUs (2.52), a hard limit of memory, whole GPUs (2.51)."""

    vcpus: float
    memory_mib: int
    gpus: int = 0


def amounts(requirements: Iterable[ResourceRequirement] | None, platform: str) -> dict[str, float]:
    """The amount of each type in `resourceRequirements`. Raises Invalid for what cannot be an amount (2.50, 2.51)."""
    found: dict[str, float] = {}
    for requirement in requirements or ():
        kind, value = requirement.type, requirement.value
        one_of(kind, RESOURCE_TYPE_VALUES, "resourceRequirements.type")
        if kind in found:
            raise Invalid("Cannot provide duplicates in resourceRequirements.")
        form = _DECIMAL if kind == "VCPU" and platform != EC2 else _WHOLE
        if form.fullmatch(value) is None:
            raise Invalid(
                f"Value {value} for type {kind} in resourceRequirement is not valid. Please provide a numeric value."
            )
        found[kind] = float(value)
    if "GPU" in found and platform == FARGATE:
        raise Invalid("GPU is not applicable for Fargate.")
    return found


def container_amounts(container: ContainerProperties, platform: str) -> dict[str, float]:
    """The amounts of `resourceRequirements` and of the deprecated `vcpus` and `memory` together (2.53)."""
    found = amounts(container.resourceRequirements, platform)
    for kind, member, value in (("VCPU", "vcpus", container.vcpus), ("MEMORY", "memory", container.memory)):
        if value is None:
            continue
        if platform == FARGATE:
            raise Invalid(f"{member} is not applicable for Fargate.")
        if kind in found:
            raise Invalid(f"{member} and {kind} in resourceRequirements cannot both be given: leave out {member}.")
        found[kind] = value
    return found


def needs(parts: Iterable[dict[str, float]], platform: str, *, windows: bool = False) -> Needs:
    """What a job needs whose containers ask for `parts`: their sum (2.108). Raises Invalid (2.40, 2.53, 2.54)."""
    total: dict[str, float] = {}
    for part in parts:
        for kind, amount in part.items():
            total[kind] = total.get(kind, 0) + amount
    if "VCPU" not in total:
        raise Invalid("vCPU is required.")
    if "MEMORY" not in total:
        raise Invalid("Memory is required.")
    vcpus, memory = total["VCPU"], int(total["MEMORY"])
    if windows and vcpus < 1:
        raise Invalid(f"vCPU must be at least 1 for Windows Job definition, got {vcpus:g}.")
    if platform == EC2 and vcpus < 1:
        raise Invalid(f"vCPU must be at least 1, got {vcpus:g}.")
    if memory < 4:
        raise Invalid(f"Memory must be at least 4 Mib, got {memory} Mib.")
    if platform == FARGATE and memory not in FARGATE_MEMORY_MIB.get(vcpus, ()):
        raise Invalid(f"Fargate resource requirements ({vcpus:.2f} vCPU, {memory} MiB) not valid.")
    if vcpus <= 0:
        raise Invalid(f"vCPU must be more than 0, got {vcpus:g}.")
    return bounded(vcpus, memory, int(total.get("GPU", 0)))


def bounded(vcpus: float, memory_mib: int, gpus: int) -> Needs:
    """Needs within what can be counted. Raises Invalid."""
    for amount, most, name in (
        (vcpus, MAX_VCPUS, "vCPU"),
        (memory_mib, MAX_MEMORY_MIB, "Memory"),
        (gpus, MAX_GPUS, "GPU"),
    ):
        if amount > most:
            raise Invalid(f"{name} must be at most {most}, got {amount:.15g}.")
    return Needs(vcpus, memory_mib, gpus)
