"""Settings: a TOML file, then variables, then what the command line says; every fault names its setting."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

from batchyard.config import ConfigError, Image, Provider, Settings, load, seconds


@pytest.mark.parametrize(
    ("text", "length_s"),
    [("250ms", 0.25), ("90s", 90.0), ("5m", 300.0), ("12h", 43_200.0), ("7d", 604_800.0), ("0.5s", 0.5)],
)
def test_durations(text: str, length_s: float) -> None:
    assert seconds(text) == length_s
    assert seconds("forever") == math.inf


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5 m", "5w", "1e3s", "5m30s", ".5s", "infinity"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f'"{text}" is not a duration: write a number and ms,')):
        seconds(text)


def test_nothing_given_is_the_defaults() -> None:
    settings = load()
    assert settings == Settings()
    assert settings.providers == {"local": Provider()}
    assert (settings.account.id, settings.account.region, settings.server.host) == (
        ("123456789012", "us-east-1", "127.0.0.1")
    )


def test_later_sources_win(tmp_path: Path) -> None:
    file = tmp_path / "batchyard.toml"
    file.write_text('[server]\nport = 1\nhost = "::1"\nbody_limit = 2048\n[jobs]\nretention = "forever"\n')
    environ = {"BATCHYARD_SERVER__PORT": "2", "BATCHYARD_SERVER__HOST": "::2", "HOME": "/", "BATCHYARD_REQUIRE": "all"}
    settings = load(file, environ, {"server": {"port": 3, "host": None}})
    assert (settings.server.port, settings.server.host, settings.server.body_limit) == (3, "::2", 2048)
    assert settings.jobs.retention == "forever"


def test_names_of_ones_own_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "batchyard.toml"
    file.write_text(
        """
        [images."python:3.12"]
        entrypoint = ["python3"]
        environment = {A = "b"}
        [providers.big]
        kind = "host"
        vcpus = 64
        [auth.principals.ann]
        access_key_id = "A"
        secret_access_key = "s"
        role = "reader"
        [forward]
        s3 = "http://127.0.0.1:9000"
        """
    )
    settings = load(file)
    assert settings.images == {"python:3.12": Image(entrypoint=["python3"], environment={"A": "b"})}
    assert settings.providers == {"local": Provider(), "big": Provider(vcpus=64)}  # `local` is built in
    assert settings.auth.principals["ann"].role == "reader"
    assert settings.forward == {"s3": "http://127.0.0.1:9000"}


def test_variables_may_be_json() -> None:
    environ = {
        "BATCHYARD_IMAGES": '{"a:1": {"command": ["x"]}}',
        "BATCHYARD_JOBS__ENVIRONMENT": '{"AWS_REGION": "r"}',
        "BATCHYARD_AUTH__ENABLED": "false",
        "BATCHYARD_PROVIDERS__LOCAL__VCPUS": "8",
    }
    settings = load(environ=environ)
    assert settings.images["a:1"].command == ["x"]
    assert settings.jobs.environment == {"AWS_REGION": "r"}
    assert settings.auth.enabled is False
    assert settings.providers["local"].vcpus == 8


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[server", "batchyard.toml: "),
        ("[server]\nprt = 1", "Object contains unknown field `prt` - at `$.server`"),
        ("[sever]\nport = 1", "Object contains unknown field `sever`"),
        ('[server]\nport = "x"', "$.server.port"),
        ("[server]\nport = 65536", "$.server.port"),
        ('[account]\nid = "12"', "$.account.id"),
        ('[providers.local]\nkind = "moon"', "$.providers[...].kind"),
        ("[providers.local]\nvcpus = 0", "$.providers[...].vcpus"),
        ('default_provider = "moon"', 'default_provider names "moon", which [providers] lacks'),
        ('[auth]\nclock_skew = "soon"', 'settings: auth.clock_skew: "soon" is not a duration'),
        ('[jobs]\nstop_grace = "x"', "settings: jobs.stop_grace: "),
        ('[jobs]\nretention = "x"', "settings: jobs.retention: "),
        ('[jobs]\ndefinition_retention = "x"', "settings: jobs.definition_retention: "),
        ('[jobs]\nstop_grace = "forever"', 'settings: jobs.stop_grace cannot be "forever"'),
        ('[auth]\nclock_skew = "forever"', 'settings: auth.clock_skew cannot be "forever"'),
        ('[auth.principals.ann]\nrole = "king"', "$.auth.principals[...]"),
    ],
)
def test_faults_of_a_file_are_named(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "batchyard.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(fault)):
        load(file)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml"):
        load(tmp_path / "missing.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"binary\.toml"):
        load(binary)


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"BATCHYARD_SERVER__PORT": "many"}, "$.server.port"),
        ({"BATCHYARD_NOPE": "1"}, "unknown field `nope`"),
        ({"BATCHYARD_IMAGES": "{"}, "BATCHYARD_IMAGES: "),
        ({"BATCHYARD_SERVER": "x", "BATCHYARD_SERVER__PORT": "1"}, "settings: server is a section, not the value 'x'"),
    ],
)
def test_faults_of_variables_are_named(environ: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(fault)):
        load(environ=environ)


def test_a_section_that_a_file_gives_as_a_value(tmp_path: Path) -> None:
    file = tmp_path / "batchyard.toml"
    file.write_text("server = 5")
    with pytest.raises(ConfigError, match="server is a section, not the value 5"):
        load(file, overrides={"server": {"port": 1}})


@pytest.mark.parametrize(
    ("root", "environ", "folder"),
    [
        (True, {}, "/var/lib/batchyard"),  # jobs run as another user, who may not look into /root
        (False, {"XDG_DATA_HOME": "/data"}, "/data/batchyard"),
        (False, {"HOME": "/home/ann"}, "/home/ann/.local/share/batchyard"),
    ],
)
def test_the_data_folder(monkeypatch: pytest.MonkeyPatch, root: bool, environ: dict[str, str], folder: str) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert Settings().folder == Path(folder)
    assert load(overrides={"data_dir": "~/x"}).folder == Path("~/x").expanduser()


def test_settings_cannot_be_changed() -> None:
    settings: Any = load()
    with pytest.raises(AttributeError):
        settings.data_dir = "x"
