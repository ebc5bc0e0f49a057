"""A small client of the server: signed requests, decoded answers, the stream of changes."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Generator, Iterator
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

_RECONNECT_S = 0.5
_PATIENCE_S = 60.0
_QUIET_S = 60.0  # the server says something every 15
_log = logging.getLogger(__name__)


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
            # Else StartLiveTail goes to a host named stream-127.0.0.1.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
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


class _Patience(contextlib.AbstractContextManager["_Patience"]):
    """Around a stream: its breaking off is told once and waited out, up to a limit. Raises ClientError after that."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waited_s = 0.0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return isinstance(error, httpx.HTTPError)

    def restore(self) -> None:
        """Something came."""
        self._waited_s = 0.0

    def wait(self) -> None:
        """Let some time go by before the next try."""
        if not self._waited_s:
            _log.warning("the connection to %s was lost; trying again", self._url)
        if self._waited_s >= _PATIENCE_S:
            raise ClientError(f"nothing answered at {self._url} for {_PATIENCE_S:.0f} s")
        self._waited_s += _RECONNECT_S
        time.sleep(_RECONNECT_S)


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
        body = msgspec.json.encode({name: value for name, value in members.items() if value is not None})
        return self._send("POST", f"/v1/{operation.lower()}", body)

    def pages(self, operation: str, key: str, **members: Any) -> Iterator[dict[str, Any]]:
        """All entries of a list, page by page."""
        token: str | None = None
        while True:
            answer = self.call(operation, **members, **({"nextToken": token} if token else {}))
            yield from answer[key]
            token = answer.get("nextToken")
            if not token:
                return

    def own(self, what: str, job_id: str) -> dict[str, Any]:
        """One of our own endpoints about one job."""
        return self._get(f"/_batchyard/{what}/{quote(job_id, safe='')}")

    def resolve(self, short: str) -> str:
        """The whole id for `last`, a whole id, or the beginning of one, with an index or not."""
        return self._get(f"/_batchyard/resolve?id={quote(short, safe='')}")["jobId"]

    def changes(self, jobs: tuple[str, ...] = (), gap_ms: int = 100) -> Iterator[list[dict[str, Any]]]:
        """Changes of jobs as the server pushes them, for ever; `gap_ms` is the least time between two lists.

        An empty list comes when the stream was opened. A connection that is lost is opened again behind what was seen.
        """
        query = "".join(f"&job={quote(job, safe='')}" for job in jobs)
        last, patience = "now", _Patience(self._where.url)
        while True:
            path, page, opened = f"/_batchyard/events?after={last}&gap={gap_ms}{query}", list[dict[str, Any]](), False
            with patience, self._stream(path, _QUIET_S) as lines:
                for line in lines:
                    if line.startswith("data: "):
                        page.append(msgspec.json.decode(line.removeprefix("data: ")))
                    elif line.startswith(": at "):
                        last = line.removeprefix(": at ")
                        patience.restore()
                        if page or not opened:
                            yield page
                        page, opened = [], True
            patience.wait()

    def log(self, job_id: str, *, follow: bool, all_attempts: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
        """A job's log as the server pushes it: ("line", …) for each line, at last ("end", …).

        A connection that is lost is opened again, and what was told already is left out.
        """
        path = f"/_batchyard/logs/{quote(job_id, safe='')}?{'follow=1&' * follow}{'all=1' * all_attempts}".rstrip("?&")
        told, patience = 0, _Patience(self._where.url)
        while True:
            event, again = "", told
            with patience, self._stream(path, None) as lines:
                for line in lines:
                    name, _, text = line.partition(": ")
                    if name == "event":
                        event = text
                    elif name == "data":
                        patience.restore()
                        if again:
                            again -= 1
                            continue
                        told += 1
                        yield event, msgspec.json.decode(text)
                        if event == "end":
                            return
            patience.wait()

    @contextlib.contextmanager
    def _stream(self, path: str, quiet_s: float | None) -> Generator[Iterator[str]]:
        """The lines of an answer as they come; `quiet_s` is how long none may come."""
        headers, timeout = self._headers("GET", path), httpx.Timeout(60.0, read=quiet_s)
        with self._http.stream("GET", self._where.url + path, headers=headers, timeout=timeout) as answer:
            if answer.status_code != 200:
                answer.read()
                raise ClientError(_message(answer))
            yield answer.iter_lines()

    def _get(self, path: str) -> dict[str, Any]:
        return self._send("GET", path, b"")

    def _headers(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        where = self._where
        return sigv4.sign(
            method,
            where.url + path,
            {},
            body,
            key=where.access_key_id,
            secret=where.secret_access_key,
            token=where.session_token,
            region=where.region,
            service="batch",
            at=SystemClock().now(),
        )

    def _send(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        headers = self._headers(method, path, body)
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
    """Say where this process listens. Nobody reads half of it."""
    draft = folder / f"{SERVER_FILE}.new"
    draft.write_bytes(msgspec.json.encode(Server(url, os.getpid())))
    draft.replace(folder / SERVER_FILE)
