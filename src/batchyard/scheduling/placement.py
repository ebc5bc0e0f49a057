"""Reasons for waiting: each says whether it is met (`fits`), and if not, why (`why`), with numbers.

The order of `REASONS` is the order in which they are asked: from what is hopeless to what only takes time.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from batchyard.scheduling.snapshot import EnvironmentView, HostView, Needs

MAX_RESOURCE = (
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - "
    "CE(s) associated with the job queue cannot meet the CPU requirement of the job."
)
RESOURCE_REQUIREMENT = (
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that "
    "can be met by the CE(s) attached to the job queue."
)
INVALID = "ACTION_REQUIRED - CE(s) associated with the job queue are invalid."
UNDETERMINED = "UNDETERMINED - Batch job is blocked, root cause is undetermined."
CODES = (MAX_RESOURCE, RESOURCE_REQUIREMENT, INVALID, UNDETERMINED)
"""What a blocked job's statusReason begins with (8.40)."""


class Site(msgspec.Struct, frozen=True):
    """One environment with the hosts it may use, as this job finds them."""

    environment: EnvironmentView
    hosts: tuple[HostView, ...]


class Reason(Protocol):
    """One thing that keeps a job from an environment."""

    @property
    def code(self) -> str | None:
        """AWS's text for a head that is blocked by it (8.40); None for what only takes patience (8.42)."""
        ...

    def fits(self, needs: Needs, site: Site) -> bool:
        """Whether this does not stand in the way."""
        ...

    def why(self, needs: Needs, site: Site) -> str:
        """What lacks, with numbers; asked only when it does not fit."""
        ...


class Accepting:
    """The environment takes jobs."""

    code = UNDETERMINED

    def fits(self, needs: Needs, site: Site) -> bool:
        """ENABLED (10.77)."""
        return site.environment.enabled

    def why(self, needs: Needs, site: Site) -> str:
        """Which environment, and what to do."""
        return f"compute environment {site.environment.name} is DISABLED; enable it or add another one to the queue"


class Valid:
    """The environment is VALID."""

    code = INVALID

    def fits(self, needs: Needs, site: Site) -> bool:
        """VALID (10.81)."""
        return site.environment.valid

    def why(self, needs: Needs, site: Site) -> str:
        """The environment's own reason."""
        return f"compute environment {site.environment.name} is INVALID: {site.environment.why_invalid}"


class WithinLimit:
    """The environment's maxvCpus could ever hold the job (8.41)."""

    code = MAX_RESOURCE

    def fits(self, needs: Needs, site: Site) -> bool:
        """vCPUs asked for are within maxvCpus."""
        return needs.vcpus <= site.environment.max_vcpus

    def why(self, needs: Needs, site: Site) -> str:
        """Asked for against the limit."""
        limit = site.environment.max_vcpus
        return f"needs {_n(needs.vcpus)} vCPUs; maxvCpus of {site.environment.name} is {_n(limit)}"


class BigEnough:
    """Some host could ever hold the job (8.41)."""

    code = RESOURCE_REQUIREMENT

    def fits(self, needs: Needs, site: Site) -> bool:
        """One host has it all."""
        return any(needs.within(host.total) for host in site.hosts)

    def why(self, needs: Needs, site: Site) -> str:
        """What no host has, against the largest."""
        if not site.hosts:
            return f"compute environment {site.environment.name} has no host"
        lacks: list[str] = []
        vcpus = max(host.total.vcpus for host in site.hosts)
        memory = max(host.total.memory_mib for host in site.hosts)
        gpus = max(host.total.gpus for host in site.hosts)
        if needs.vcpus > vcpus:
            lacks.append(f"needs {_n(needs.vcpus)} vCPUs; the largest host offers {_n(vcpus)}")
        if needs.memory_mib > memory:
            lacks.append(f"needs {needs.memory_mib:,} MiB; the largest host offers {memory:,}")
        if needs.gpus > gpus:
            lacks.append(f"needs {needs.gpus} GPUs; the largest host offers {gpus}")
        return " and ".join(lacks) or "no single host has the vCPUs, memory and GPUs together"


class BelowLimit:
    """The environment's active jobs leave room below maxvCpus."""

    code = None

    def fits(self, needs: Needs, site: Site) -> bool:
        """Asked for and used are within maxvCpus."""
        return site.environment.used_vcpus + needs.vcpus <= site.environment.max_vcpus

    def why(self, needs: Needs, site: Site) -> str:
        """What is in use against the limit."""
        environment = site.environment
        return (
            f"{environment.name} uses {_n(environment.used_vcpus)} of its {_n(environment.max_vcpus)} vCPUs; "
            f"the job needs {_n(needs.vcpus)}"
        )


class Free:
    """Some host has room now."""

    code = None

    def fits(self, needs: Needs, site: Site) -> bool:
        """One host has it all free."""
        return any(needs.within(host.free) for host in site.hosts)

    def why(self, needs: Needs, site: Site) -> str:
        """What is asked for against the freest host."""
        best = max(
            site.hosts, key=lambda host: (min(needs.gpus, host.free.gpus), host.free.vcpus, host.free.memory_mib)
        )
        asked, has = _amounts(needs, needs.gpus), _amounts(best.free, needs.gpus)
        return f"needs {asked}; the freest host of {site.environment.name} has {has} free"


# What can never be, as things are configured, comes before what only takes patience.
REASONS: tuple[Reason, ...] = (Valid(), Accepting(), WithinLimit(), BigEnough(), BelowLimit(), Free())


def obstacle(needs: Needs, site: Site) -> Reason | None:
    """The first reason why this job cannot be placed here now; None when it can."""
    return next((reason for reason in REASONS if not reason.fits(needs, site)), None)


def _n(thousandths: int) -> str:
    """vCPUs for a reader: 2, 0.25."""
    return f"{thousandths / 1000:g}"


def _amounts(needs: Needs, gpus_asked: int) -> str:
    """Amounts for a reader; GPUs only where they matter."""
    if gpus_asked:
        return f"{_n(needs.vcpus)} vCPUs, {needs.memory_mib:,} MiB and {needs.gpus} GPUs"
    return f"{_n(needs.vcpus)} vCPUs and {needs.memory_mib:,} MiB"
