"""Streams whose last event is older than their group keeps are removed (BEHAVIOUR 12.08)."""

from __future__ import annotations

import os
from pathlib import Path

from batchyard.domain.log_streams import WRITTEN, LogGroup
from batchyard.logs.files import LogFiles
from batchyard.loops.log_retention import expire
from batchyard.store.base import Tx
from batchyard.store.database import SqliteStore

NOW = 1_700_000_000.0
DAY_S = 86_400.0


class Now:
    """A clock that stands."""

    def now(self) -> float:
        return NOW


async def test_only_what_is_older_than_its_group_keeps_goes(tmp_path: Path) -> None:
    store, logs = SqliteStore(None, inline=True), LogFiles(tmp_path, Now(), inline=True)
    made = {
        "old": ("own", 10, 8),  # group, days since it was made, days since its last event
        "no events": ("own", 10, None),
        "still written": ("own", 10, 1),
        "young": ("own", 1, 1),
        "kept for ever": ("other", 1000, 1000),
    }

    def fill(tx: Tx) -> None:
        tx.logs.add_group(LogGroup(name="own", created_at=0.0, retention_days=7))
        tx.logs.add_group(LogGroup(name="other", created_at=0.0))
        for name, (group, age, _) in made.items():
            tx.logs.add_stream(group, name, f"{hash(name) % 10**8:08x}", WRITTEN, NOW - age * DAY_S)

    await store.write(fill)
    streams = await store.read(lambda tx: tx.logs.by_age("own", 10) + tx.logs.by_age("other", 10))
    for stream in streams:
        quiet = made[stream.name][2]
        if quiet is not None:
            await logs.append(logs.path(stream), [(0, "x")])
            os.utime(logs.path(stream), (NOW - quiet * DAY_S,) * 2)
    assert await expire(store, logs, NOW) == 2
    left = await store.read(lambda tx: tx.logs.by_age("own", 10) + tx.logs.by_age("other", 10))
    assert {stream.name for stream in left} == {"still written", "young", "kept for ever"}
    assert {stream.name for stream in streams if logs.path(stream).exists()} == {stream.name for stream in left}
    assert await expire(store, logs, NOW) == 0
    await store.close()
