"""All settings: one tree of Structs, read from a TOML file and from `BATCHYARD_…` variables.

Every field's docstring (the string below it) is its entry on the reference page; a test fails until the page has it.
Durations are written `"90s"`, `"5m"`, `"12h"`, `"7d"`, or `"forever"` where a field says so. The variable of a setting
is its path in capitals with double underscores: `server.port` is `BATCHYARD_SERVER__PORT`.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PREFIX = "BATCHYARD_"

Role = Literal["admin", "submitter", "reader"]
Permission = Literal["allow", "ignore", "deny"]


class ConfigError(Exception):
    """The settings cannot be used; the text says which one and why."""


def seconds(duration: str) -> float:
    """`"5m"` → 300.0; `"forever"` → infinity. Raises ConfigError."""
    if duration == "forever":
        return math.inf
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ConfigError(f'"{duration}" is not a duration: write a number and ms, s, m, h or d, such as "5m"')
    return float(found[1]) * _UNIT_S[found[2]]


class _Section(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    pass


class Server(_Section, frozen=True):
    """`[server]`: how the HTTP server listens."""

    host: str = "127.0.0.1"
    """Address to listen on. Anything but loopback opens the yard to the network."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8099
    """Port to listen on; 0 takes a free one."""
    body_limit: Annotated[int, msgspec.Meta(ge=1024)] = 1_048_576
    """Largest request body in bytes that an API call may have."""


class Account(_Section, frozen=True):
    """`[account]`: who this yard is in ARNs. One server is one account and one Region."""

    id: Annotated[str, msgspec.Meta(pattern=r"^\d{12}$")] = "123456789012"
    """The twelve digits of the account."""
    region: str = "us-east-1"
    """The Region. A call signed for another one is answered all the same."""
    partition: str = "aws"
    """The ARN partition."""


class Store(_Section, frozen=True):
    """`[store]`: where the state is kept."""

    url: str = ""
    """SQLAlchemy URL; empty means the file `batchyard.db` in the data folder."""


class Principal(_Section, frozen=True):
    """`[auth.principals.NAME]`: one that may call, and its key."""

    access_key_id: str
    """The access key id."""
    secret_access_key: str
    """The secret key that signs."""
    session_token: str = ""
    """A session token that must come with the key; empty means none."""
    role: Role = "submitter"
    """`admin` may do all, `submitter` may read, submit, cancel and register definitions, `reader` may only read."""


class Auth(_Section, frozen=True):
    """`[auth]`: who may call."""

    enabled: bool = True
    """Whether calls must be signed. Off, every call is the administrator's: only for a machine that is yours alone."""
    clock_skew: str = "5m"
    """How far the time in a signature may be from this machine's."""
    principals: dict[str, Principal] = {}
    """Principals by name, besides the administrator's key that the first start made."""


class Limits(_Section, frozen=True):
    """`[limits]`: quotas, with AWS's values as defaults."""

    job_queues: int = 50
    """Job queues."""
    compute_environments: int = 50
    """Compute environments."""
    environments_per_queue: int = 3
    """Compute environments of one queue."""
    dependencies: int = 20
    """Entries in a job's `dependsOn`."""
    definition_bytes: int = 24 * 1024
    """Size of a job definition."""
    submit_bytes: int = 30 * 1024
    """Size of a SubmitJob request."""
    override_chars: int = 8192
    """Characters of the merged container overrides."""
    array_size: int = 10_000
    """Children of one array job."""
    submitted_jobs: int = 1_000_000
    """Jobs in SUBMITTED; an array counts as one."""
    active_shares: int = 500
    """Active share identifiers of one queue."""
    policy_shares: int = 500
    """Entries in a policy's `shareDistribution`."""
    attempts: int = 10
    """Attempts of a job."""
    nodes: int = 1000
    """Nodes of a multi-node job."""
    node_ranges: int = 5
    """Node ranges of a multi-node job."""
    tags: int = 50
    """Tags of one resource."""


class Jobs(_Section, frozen=True):
    """`[jobs]`: what holds for every job."""

    environment: dict[str, str] = {}
    """Environment added to every job (endpoints, region, credentials for a local S3 …); the job's own entries win."""
    retention: str = "7d"
    """How long a finished job can be described; "forever" keeps all."""
    definition_retention: str = "180d"
    """How long an INACTIVE job definition is kept."""
    log_limit_bytes: int = 1 << 30
    """Largest log of one attempt; what comes after is dropped, and the last line says so."""
    stop_grace: str = "30s"
    """Time between SIGTERM and SIGKILL."""
    privileged: Permission = "ignore"
    """What becomes of `privileged: true`: "ignore" echoes it and runs without it, "deny" refuses it at registration."""


class Process(_Section, frozen=True):
    """`[process]`: the engine that runs jobs as processes of this machine."""

    user: str = ""
    """User that jobs run as when the server is root; empty means `nobody`. "root" is possible and must be written."""
    cgroups: Literal["auto", "off"] = "auto"
    """"auto" limits memory and CPU by control groups where they can be written; "off" never does."""
    path: str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    """PATH of a job whose environment has none."""


class Image(_Section, frozen=True):
    """`[images."NAME"]`: what an image name means to the process engine, which runs no images."""

    path: str = ""
    """PATH for jobs with this image."""
    environment: dict[str, str] = {}
    """Environment of the image; the definition's entries win."""
    entrypoint: list[str] = []
    """Put before the command."""
    command: list[str] = []
    """Used when neither definition nor overrides give a command."""
    working_folder: str = ""
    """Folder to start in; empty means a new one for each attempt."""


class Provider(_Section, frozen=True):
    """`[providers.NAME]`: a place where compute environments run."""

    kind: Literal["host"] = "host"
    """`host` is this machine as one host."""
    vcpus: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """vCPUs to offer instead of those found."""
    memory_mib: Annotated[int, msgspec.Meta(ge=4)] | None = None
    """Memory to offer instead of what was found, in MiB."""
    gpus: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """GPUs to offer."""


class Settings(_Section, frozen=True):
    """The whole tree."""

    data_dir: str = ""
    """Data folder; empty: `/var/lib/batchyard` for root, else `batchyard` in `$XDG_DATA_HOME` or `~/.local/share`."""
    server: Server = Server()
    """How the HTTP server listens."""
    account: Account = Account()
    """Who this yard is in ARNs."""
    store: Store = Store()
    """Where the state is kept."""
    auth: Auth = Auth()
    """Who may call."""
    limits: Limits = Limits()
    """Quotas."""
    jobs: Jobs = Jobs()
    """What holds for every job."""
    process: Process = Process()
    """The process engine."""
    images: dict[str, Image] = {}
    """What image names mean to the process engine, by name (with or without tag)."""
    providers: dict[str, Provider] = msgspec.field(default_factory=lambda: {"local": Provider()})
    """Places where compute environments run; `local` is built in."""
    default_provider: str = "local"
    """Provider of an environment without the tag `batchyard:provider`."""
    forward: dict[str, str] = {}
    """Endpoints that calls for other AWS services are forwarded to, by signing name: `s3 = "http://…"`."""

    @property
    def folder(self) -> Path:
        """The data folder."""
        if self.data_dir:
            return Path(self.data_dir).expanduser().absolute()
        if os.geteuid() == 0:  # jobs run as another user, who may not look into /root
            return Path("/var/lib/batchyard")
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
        return Path(base).expanduser() / "batchyard"


def load(
    file: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Settings from a TOML file, then `BATCHYARD_…` variables, then `overrides` (nested); later ones win.

    Raises ConfigError, which names the setting.
    """
    tree: dict[str, Any] = {}
    if file is not None:
        try:
            tree = tomllib.loads(file.read_text())
        except (OSError, ValueError) as error:  # ValueError: not TOML, or not UTF-8
            raise ConfigError(f"{file}: {error}") from error
    for name, text in sorted((environ or {}).items()):
        if name.startswith(_PREFIX) and name != "BATCHYARD_REQUIRE":
            _put(tree, [part.lower() for part in name.removeprefix(_PREFIX).split("__")], text)
    _merge(tree, overrides or {})
    try:
        settings = msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"settings: {error}") from error
    _check_durations(settings)
    providers = {"local": Provider(), **settings.providers}
    if settings.default_provider not in providers:
        raise ConfigError(f'settings: default_provider names "{settings.default_provider}", which [providers] lacks')
    return msgspec.structs.replace(settings, providers=providers)


def _check_durations(settings: Settings) -> None:
    jobs = settings.jobs
    for name, duration, endless in (
        ("auth.clock_skew", settings.auth.clock_skew, False),
        ("jobs.stop_grace", jobs.stop_grace, False),
        ("jobs.retention", jobs.retention, True),
        ("jobs.definition_retention", jobs.definition_retention, True),
    ):
        try:
            length_s = seconds(duration)
        except ConfigError as error:
            raise ConfigError(f"settings: {name}: {error}") from error
        if length_s == math.inf and not endless:
            raise ConfigError(f'settings: {name} cannot be "forever"')


def _put(tree: dict[str, Any], path: list[str], text: str) -> None:
    """Set one value given as text; JSON objects and lists are read as such."""
    for part in path[:-1]:
        tree = _section(tree, part)
    try:
        tree[path[-1]] = msgspec.json.decode(text) if text[:1] in "[{" else text
    except msgspec.DecodeError as error:
        raise ConfigError(f"{_PREFIX}{'__'.join(path).upper()}: {error}") from error


def _merge(tree: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping):
            _merge(_section(tree, key), cast("Mapping[str, Any]", value))
        elif value is not None:
            tree[key] = value


def _section(tree: dict[str, Any], name: str) -> dict[str, Any]:
    inner = tree.setdefault(name, {})
    if not isinstance(inner, dict):
        raise ConfigError(f"settings: {name} is a section, not the value {inner!r}")
    return cast("dict[str, Any]", inner)
