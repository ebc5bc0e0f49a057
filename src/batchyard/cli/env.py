"""`batchyard env` and `doctor`: what a shell needs, and what a machine lacks."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import typer

from batchyard.capacity.host import memory_mib
from batchyard.cli.client import ClientError, local_connection
from batchyard.cli.common import Config, DataDir, Json, app, settings_of, told
from batchyard.cli.output import as_json, out
from batchyard.config import ConfigError, Settings, seconds
from batchyard.engines.process.cgroups import probe_cgroups
from batchyard.kit.clock import SystemClock

_LEAST_FREE_BYTES = 1 << 30
_LEAST_YEAR = 2026  # when this was written


@app.command()
def env(
    data_dir: DataDir = None,
    unset: Annotated[bool, typer.Option("--unset", help="Print what takes it back.")] = False,
    json: Json = False,
) -> None:
    """Print exports for a shell: `eval "$(batchyard env)"`. They contain the administrator's secret key."""
    with told():
        exports = local_connection(settings_of(None, data_dir)).exports()
    if json:
        as_json(exports)
        return
    for name, value in exports.items():
        typer.echo(f"unset {name}" if unset else f"export {name}={shlex.quote(value)}")


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at: `ok`, `warn` or `fail`, and how to mend it."""

    verdict: str
    what: str
    mend: str = ""


@app.command()
def doctor(config: Config = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Check this machine and say how to mend what is wrong; exit 1 when something must be mended."""
    try:
        settings = settings_of(config, data_dir)
        findings = [Finding("ok", "settings can be used"), *_looked_at(settings)]
    except ConfigError as error:
        findings = [Finding("fail", str(error), "correct the settings file or the BATCHYARD_ variable")]
    if json:
        as_json(findings)
    else:
        colours = {"ok": "green", "warn": "yellow", "fail": "red"}
        for each in findings:
            out.print(f"[{colours[each.verdict]}]{each.verdict:>4}[/]  ", end="")
            out.print(each.what, markup=False)
            if each.mend:
                out.print(f"      → {each.mend}", markup=False)
    raise typer.Exit(int(any(each.verdict == "fail" for each in findings)))


def _looked_at(settings: Settings) -> Iterator[Finding]:
    yield Finding("ok", f"Python {sys.version.split()[0]}")
    yield Finding("ok", f"{len(os.sched_getaffinity(0))} CPUs, {memory_mib():,} MiB of memory")
    yield from _folder(settings.folder)
    yield _server(settings)
    yield _clock()
    yield _groups(settings)
    yield _user(settings)
    if settings.server.host not in {"127.0.0.1", "::1", "localhost"}:
        auth = "calls must be signed" if settings.auth.enabled else "calls need no signature"
        yield Finding(
            "warn" if settings.auth.enabled else "fail",
            f"listens on {settings.server.host}, open to the network without TLS; {auth}",
            "listen on loopback, or put a proxy with TLS in front and leave auth.enabled on",
        )


def _folder(folder: Path) -> Iterator[Finding]:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding("fail", f"data folder {folder} cannot be written", "choose another with --data-dir, or its owner")
        return
    yield Finding("ok", f"data folder {folder} can be written")
    free = shutil.disk_usage(there).free
    enough = free >= _LEAST_FREE_BYTES
    mend = "" if enough else "make room: logs and the database grow with the jobs"
    yield Finding("ok" if enough else "warn", f"{free >> 20:,} MiB free below {there}", mend)


def _server(settings: Settings) -> Finding:
    """A server of this data folder that answers, with this machine's time; else whether one could listen."""
    try:
        url = local_connection(settings).url
        answer = httpx.get(f"{url}/healthz", trust_env=False, timeout=5)
        said = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (ClientError, httpx.HTTPError, KeyError):
        return _port(settings)
    off = abs(SystemClock().now() - said)
    if off > seconds(settings.auth.clock_skew):
        return Finding("fail", f"the clock of the server at {url} is {off:.0f} s off", "set both clocks by NTP")
    return Finding("ok", f"a server of this data folder answers at {url}, and the clocks agree")


def _port(settings: Settings) -> Finding:
    host, port = settings.server.host, settings.server.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return Finding("fail", f"cannot listen on {host}:{port}: {error.strerror}", "choose another with --port")
    return Finding("ok", f"no server of this data folder runs; {host}:{port} is free for one")


def _clock() -> Finding:
    """Clients sign with the time: a clock that was never set shows by its year."""
    now = datetime.fromtimestamp(SystemClock().now(), UTC)
    if now.year < _LEAST_YEAR:
        return Finding("fail", f"the clock says {now:%Y-%m-%d}", "set it by NTP: signatures carry the time")
    return Finding("ok", f"the clock says {now:%Y-%m-%d %H:%M} UTC")


def _groups(settings: Settings) -> Finding:
    if settings.process.cgroups == "off":
        return Finding("warn", "control groups are off in the settings: memory limits are not enforced")
    support = probe_cgroups()
    if support.version is None:
        mend = "run as root, or have the control groups delegated to you (systemd: Delegate=yes)"
        return Finding("warn", f"memory limits are not enforced: {support.why}", mend)
    return Finding("ok", f"control groups v{support.version} limit memory and share CPUs")


def _user(settings: Settings) -> Finding:
    if os.geteuid() != 0:
        return Finding("ok", "jobs run as you, the user who starts the server")
    user = settings.process.user or "nobody"
    if user == "root":
        return Finding("warn", "jobs run as root (process.user)", "name an ordinary user in the settings")
    blocked = [
        each for each in (settings.folder, *settings.folder.parents) if each.exists() and not each.stat().st_mode & 1
    ]
    if blocked:
        mend = f"chmod o+x {blocked[-1]}, or choose a data folder elsewhere"
        return Finding("fail", f"jobs run as {user}, who may not pass through {blocked[-1]}", mend)
    return Finding("ok", f"jobs run as {user}")
