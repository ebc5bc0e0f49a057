"""`up`, `env`, `doctor` and `demo`: what they print, where they look, how they stop, and what they say of trouble."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import BARE, here, program
from tests.e2e.server import BIN, RunningYard

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, for servers that a test starts itself."""
    folder = Path(tempfile.mkdtemp(prefix="yard-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """`start("--port", 0)`: a server of the folder, killed at the end if it still runs."""
    started: list[subprocess.Popen[str]] = []

    def up(*words: object, env: Mapping[str, str] = BARE) -> subprocess.Popen[str]:
        command = [BIN / "batchyard", "up", *map(str, words)]
        command += [] if "BATCHYARD_DATA_DIR" in env else ["--data-dir", folder / "data"]
        server = subprocess.Popen(
            command, env=dict(env), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(server)
        return server

    yield up
    for server in started:
        server.kill()
        server.communicate()


def line(server: subprocess.Popen[str]) -> str:
    assert server.stdout
    return server.stdout.readline()


def stopped(server: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    """Exit code, rest of stdout, stderr of a server after this signal."""
    server.send_signal(number)
    out, err = server.communicate(timeout=30)
    return server.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_ready_line_and_a_clean_stop(start: Start, folder: Path, number: int) -> None:
    server = start("--port", 0)
    ready = re.fullmatch(r"Batchyard is ready on (http://127\.0\.0\.1:\d+)\n", line(server))
    assert ready and httpx.get(f"{ready[1]}/healthz", trust_env=False).status_code == 200
    exports = here("env", "--data-dir", folder / "data", env=BARE).good().out
    assert f"export AWS_ENDPOINT_URL={ready[1]}\n" in exports
    code, out, err = stopped(server, number)
    assert (code, out) == (0, "") and "Traceback" not in err
    assert not (folder / "data" / "server.json").exists()
    gone = here("jobs", "--data-dir", folder / "data", env=BARE)
    assert gone.code == 1 and "start one with `batchyard up`" in gone.err


def test_a_stop_ends_streams_quietly_and_they_go_on_with_the_next_server(start: Start, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = start("--port", port)
    line(server)
    script = f"echo one; while ! test -e {folder}/go; do sleep 0.05; done; echo two; exit 4"
    follow = subprocess.Popen(
        [BIN / "batchyard", "submit", "-f", "--data-dir", folder / "data", "--", "sh", "-c", script],
        env=BARE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert line(follow) == "one\n"
    code, _, err = stopped(server, signal.SIGTERM)
    assert (code, "Traceback" in err, "ERROR" in err) == (0, False, False)
    line(start("--port", port))
    (folder / "go").touch()
    out, err = follow.communicate(timeout=30)
    assert (out, follow.returncode) == ("two\n", 4)
    assert err.count("was lost; trying again") == 1


def test_every_setting_is_also_a_variable(start: Start, folder: Path) -> None:
    env = {**BARE, "BATCHYARD_SERVER__PORT": "0", "BATCHYARD_DATA_DIR": str(folder / "x"),
           "BATCHYARD_ACCOUNT__REGION": "eu-west-3"}  # fmt: skip
    line(start(env=env))
    assert "export AWS_REGION=eu-west-3\n" in here("env", env=env).good().out


def test_a_second_server_of_a_folder_is_refused(start: Start, folder: Path) -> None:
    line(start("--port", 0))
    second = program("up", "--port", 0, "--data-dir", folder / "data", env=BARE)
    assert (second.code, second.out) == (2, "") and "another server has the data folder" in second.err


def test_a_port_that_is_taken_is_one_line(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = program("up", "--port", taken.getsockname()[1], "--data-dir", folder / "data", env=BARE)
    assert done.code == 2 and "cannot listen on 127.0.0.1" in done.err and done.err.count("\n") == 1


def test_settings_that_cannot_be_used_are_one_line(folder: Path) -> None:
    (folder / "bad.toml").write_text("[server]\nprot = 1\n")
    done = program("up", "--config", folder / "bad.toml", env=BARE)
    assert done.code == 2 and "prot" in done.err and done.err.count("\n") == 1


def test_a_server_that_is_open_to_the_network_warns(start: Start) -> None:
    server = start("--host", "0.0.0.0", "--port", 0, env={**BARE, "BATCHYARD_AUTH__ENABLED": "false"})
    line(server)
    _, _, err = stopped(server, signal.SIGTERM)
    assert "without TLS" in err and "auth.enabled is off" in err


# --- env


def test_a_shell_takes_the_exports(yard: RunningYard) -> None:
    script = f'eval "$({BIN}/batchyard env --data-dir {yard.folder}/data)"; {BIN}/aws batch describe-job-queues'
    done = subprocess.run(["sh", "-euc", script], env=BARE, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and '"jobQueueName": "default"' in done.stdout, done.stderr
    exports = here("env", "--json", "--data-dir", yard.folder / "data", env=BARE).good().json
    assert exports.keys() == {
        "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION",
        "AWS_DISABLE_HOST_PREFIX_INJECTION",
    }  # fmt: skip
    unset = here("env", "--unset", "--data-dir", yard.folder / "data", env=BARE).good().out
    assert "unset AWS_SECRET_ACCESS_KEY\n" in unset


def test_the_key_is_for_its_owner_only(yard: RunningYard) -> None:
    assert stat.S_IMODE((yard.folder / "data" / "credentials.json").stat().st_mode) == 0o600


def test_an_endpoint_that_nobody_answers(yard: RunningYard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    done = here("jobs", env={**yard.environ, "AWS_ENDPOINT_URL": url})
    assert done.code == 1 and f"nothing answers at {url}" in done.err and done.err.count("\n") == 1


def test_batchs_own_endpoint_wins_and_a_wrong_key_is_refused(yard: RunningYard) -> None:
    env = {**yard.environ, "AWS_ENDPOINT_URL_BATCH": yard.url, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert here("queues", env=env).code == 0
    refused = here("queues", env={**env, "AWS_SECRET_ACCESS_KEY": "wrong"})
    assert refused.code == 1 and "signature" in refused.err


# --- doctor


def test_doctor_finds_a_server_that_answers(yard: RunningYard) -> None:
    done = here("doctor", "--data-dir", yard.folder / "data", "--json", env=BARE).good()
    told = {each["what"]: each["verdict"] for each in done.json}
    assert any(f"answers at {yard.url}" in what for what in told) and "fail" not in told.values()


def test_doctor_does_not_believe_a_file_that_a_killed_server_left(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (data / "server.json").write_text(f'{{"url": "http://127.0.0.1:{port}", "pid": 1}}')
    (data / "credentials.json").write_text('{"access_key_id": "a", "secret_access_key": "b"}')
    done = here("doctor", "--data-dir", data, env={**BARE, "BATCHYARD_SERVER__PORT": str(port)})
    assert f"127.0.0.1:{port} is free" in done.out


def test_doctor_says_what_to_mend_and_exits_1(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env = {**BARE, "BATCHYARD_SERVER__PORT": str(taken.getsockname()[1])}
        done = here("doctor", "--data-dir", folder / "data", env=env)
    assert done.code == 1 and "fail  cannot listen on" in done.out and "→ choose another with --port" in done.out
    broken = here("doctor", env={**BARE, "BATCHYARD_LIMITS__TAGS": "many"})
    assert broken.code == 1 and "limits.tags" in broken.out
    (folder / "bad.toml").write_text("[server]\nprot = 1\n")
    wrong = here("doctor", "--config", folder / "bad.toml", "--json", env=BARE)
    assert (wrong.code, [each["verdict"] for each in wrong.json]) == (1, ["fail"]) and "prot" in wrong.json[0]["what"]
    off = here("doctor", "--data-dir", folder / "data", env={**BARE, "BATCHYARD_PROCESS__CGROUPS": "off",
               "BATCHYARD_SERVER__PORT": "0"})  # fmt: skip
    assert off.code == 0 and "warn  control groups are off" in off.out


@pytest.mark.root
def test_doctor_sees_a_folder_that_jobs_may_not_enter(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o700)
    done = here("doctor", "--data-dir", folder / "closed", env={**BARE, "BATCHYARD_SERVER__PORT": "0"})
    assert done.code == 1 and f"may not pass through {folder / 'closed'}" in done.out


# --- demo


def test_the_demonstration_computes_pi_and_leaves_nothing(folder: Path) -> None:
    done = program("demo", env={**BARE, "TMPDIR": str(folder)}).good()
    pi = re.search(r"pi = (3\.1\d+) ± 0\.00\d+ from 2,000,000 throws", done.out)
    assert pi and abs(float(pi[1]) - 3.14159) < 0.01
    assert "100 SUCCEEDED" in done.out and "\x1b" not in done.out + done.err
    assert re.search(r"Done in [\d.]+ s", done.out)
    assert list(folder.iterdir()) == []


def test_the_demonstration_without_boto3_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "boto3").mkdir()
    (tmp_path / "boto3" / "__init__.py").write_text("raise ModuleNotFoundError('No module named boto3')")
    done = program("demo", env={**BARE, "PYTHONPATH": str(tmp_path)})
    assert done.code == 2 and 'pip install "batchyard[demo]"' in done.err
