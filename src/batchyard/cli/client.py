"""A small client of the server: signed requests, decoded answers, the stream of changes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
import msgspec

from batchyard.config import Settings
from batchyard.kit import sigv4
from batchyard.kit.clock import SystemClock
from batchyard.server.keys import AdminKey

SERVER_FILE = "server.json"
"""In the data folder while a server runs: where it listens."""

_LOGS = "Logs_20140328."
_RECONNECT_S = 0.5


class ClientError(Exception):
    """What the user is told when a call fails."""


class Server(msgspec.Struct, frozen=True):
    """What `up` writes down for other commands."""

    url: str
    pid: int


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server is and the key to sign with."""

    url: str
    access_key_id: str
    secret_access_key: str
    session_token: str = ""
    region: str = "us-east-1"

    def exports(self) -> dict[str, str]:
        """What AWS's clients read."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }


def local_connection(settings: Settings) -> Connection:
    """The server of this machine's data folder. Raises ClientError when none runs."""
    folder = settings.folder
    try:
        server = msgspec.json.decode((folder / SERVER_FILE).read_bytes(), type=Server)
        key = msgspec.json.decode((folder / "credentials.json").read_bytes(), type=AdminKey)
    except FileNotFoundError:
        raise ClientError(
            f"no server of the data folder {folder} is running: start one with `batchyard up`, "
            "or set AWS_ENDPOINT_URL and AWS_ACCESS_KEY_ID for one elsewhere"
        ) from None
    except PermissionError as error:
        raise ClientError(f"cannot read {error.filename}: it belongs to the user who started the server") from None
    return Connection(
        url=server.url,
        access_key_id=key.access_key_id,
        secret_access_key=key.secret_access_key,
        region=settings.account.region,
    )


def connection(settings: Settings) -> Connection:
    """Where the environment points to, else this machine's server. Raises ClientError."""
    env = os.environ
    url = env.get("AWS_ENDPOINT_URL_BATCH") or env.get("AWS_ENDPOINT_URL")
    if not url or not env.get("AWS_ACCESS_KEY_ID"):
        return local_connection(settings)
    return Connection(
        url=url.rstrip("/"),
        access_key_id=env["AWS_ACCESS_KEY_ID"],
        secret_access_key=env.get("AWS_SECRET_ACCESS_KEY", ""),
        session_token=env.get("AWS_SESSION_TOKEN", ""),
        region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or settings.account.region,
    )


class Client:
    """Calls to one server. Raises ClientError with the server's own words."""

    def __init__(self, where: Connection) -> None:
        self._where = where
        self._http = httpx.Client(timeout=60.0, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """An operation of Batch, by its name."""
        return self._post(f"/v1/{operation.lower()}", members, "batch", {})

    def pages(self, operation: str, key: str, **members: Any) -> Iterator[dict[str, Any]]:
        """All entries of a list, page by page."""
        token: str | None = None
        while True:
            answer = self.call(operation, **members, **({"nextToken": token} if token else {}))
            yield from answer[key]
            token = answer.get("nextToken")
            if not token:
                return

    def logs(self, operation: str, **members: Any) -> dict[str, Any]:
        """An operation of CloudWatch Logs, by its name."""
        headers = {"X-Amz-Target": f"{_LOGS}{operation}", "Content-Type": "application/x-amz-json-1.1"}
        return self._post("/", members, "logs", headers)

    def own(self, what: str, job_id: str) -> dict[str, Any]:
        """One of our own endpoints about one job."""
        return self._get(f"/_batchyard/{what}/{quote(job_id, safe='')}")

    def resolve(self, short: str) -> str:
        """The whole id for `last`, a whole id, or the beginning of one, with an index or not."""
        return self._get(f"/_batchyard/resolve?id={quote(short, safe='')}")["jobId"]

    def changes(self, jobs: tuple[str, ...] = ()) -> Iterator[dict[str, Any] | None]:
        """Changes of jobs as the server pushes them, for ever; None each time the stream has been opened.

        A connection that is lost is opened again at the event behind the last one seen.
        """
        query = "&".join(f"job={quote(job, safe='')}" for job in jobs)
        last = "now"
        while True:
            try:
                path = f"/_batchyard/events?after={last}&{query}".rstrip("&")
                with self._http.stream("GET", self._where.url + path, headers=self._headers("GET", path)) as answer:
                    if answer.status_code != 200:
                        answer.read()
                        raise ClientError(_message(answer))
                    for line in answer.iter_lines():
                        if line.startswith(": from "):
                            last = line.removeprefix(": from ")
                            yield None
                        elif line.startswith("id: "):
                            last = line.removeprefix("id: ")
                        elif line.startswith("data: "):
                            yield msgspec.json.decode(line.removeprefix("data: "))
            except httpx.HTTPError:
                time.sleep(_RECONNECT_S)

    def log(self, job_id: str, *, follow: bool, all_attempts: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
        """A job's log as the server pushes it: ("line", …) for each line, at last ("end", …)."""
        path = f"/_batchyard/logs/{quote(job_id, safe='')}?{'follow=1&' * follow}{'all=1' * all_attempts}".rstrip("?&")
        name = ""
        timeout = httpx.Timeout(60.0, read=None)
        with self._http.stream(
            "GET", self._where.url + path, headers=self._headers("GET", path), timeout=timeout
        ) as answer:
            if answer.status_code != 200:
                answer.read()
                raise ClientError(_message(answer))
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, msgspec.json.decode(line.removeprefix("data: "))

    def _get(self, path: str) -> dict[str, Any]:
        return self._send("GET", path, b"", self._headers("GET", path))

    def _post(self, path: str, members: Mapping[str, Any], service: str, headers: dict[str, str]) -> dict[str, Any]:
        body = msgspec.json.encode({name: value for name, value in members.items() if value is not None})
        return self._send("POST", path, body, self._headers("POST", path, body, service, headers))

    def _headers(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        service: str = "batch",
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        where = self._where
        return sigv4.sign(
            method,
            where.url + path,
            headers or {},
            body,
            key=where.access_key_id,
            secret=where.secret_access_key,
            token=where.session_token,
            region=where.region,
            service=service,
            at=SystemClock().now(),
        )

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        try:
            answer = self._http.request(method, self._where.url + path, content=body, headers=headers)
        except httpx.ConnectError:
            raise ClientError(f"nothing answers at {self._where.url}: start a server with `batchyard up`") from None
        except httpx.HTTPError as error:
            raise ClientError(f"{self._where.url}: {error}") from error
        if answer.status_code != 200:
            raise ClientError(_message(answer))
        return msgspec.json.decode(answer.content)


def _message(answer: httpx.Response) -> str:
    """The server's words, else its status."""
    try:
        body: dict[str, Any] = msgspec.json.decode(answer.content)
        return body.get("message") or body.get("Message") or f"the server answered {answer.status_code}"
    except msgspec.DecodeError:
        return f"the server answered {answer.status_code}"


def write_server_file(folder: Path, url: str) -> None:
    """Say where this process listens."""
    (folder / SERVER_FILE).write_bytes(msgspec.json.encode(Server(url, os.getpid())))
