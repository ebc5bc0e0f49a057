"""`GET /healthz`: whether the server answers at all; unsigned, for whatever watches over the process."""

from __future__ import annotations

from batchyard.server.messages import Reply

PATH = b"/healthz"


def reply() -> Reply:
    """200 and `{"status":"ok"}`."""
    return Reply(body=b'{"status":"ok"}')
