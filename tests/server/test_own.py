"""Our own endpoints, over a yard whose engine and clock the test moves: histories, explanations, short ids, changes."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.loops.world import HOST, World, a_world

from batchyard.handlers.base import Caller
from batchyard.kit.clock import ms
from batchyard.kit.digests import digest
from batchyard.logs.times import times_path
from batchyard.server import own
from batchyard.server.app import App, build_app


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, auth={"enabled": False}) as world:
        yield world


class Answer:
    """What the application sends for one request, as it comes."""

    def __init__(self) -> None:
        self.status = 0
        self._parts: asyncio.Queue[bytes] = asyncio.Queue()
        self._text = b""
        self.ended = asyncio.Event()

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self._parts.put_nowait(message["body"])
            if not message.get("more_body"):
                self.ended.set()

    async def body(self) -> Any:
        """The whole answer, decoded."""
        await self.ended.wait()
        while not self._parts.empty():
            self._text += self._parts.get_nowait()
        return msgspec.json.decode(self._text)

    async def until(self, word: str) -> list[str]:
        """The lines of a stream up to the one that begins with `word`."""
        async with asyncio.timeout(10):
            while True:
                *lines, self._text = self._text.split(b"\n") if self._text else [b""]
                told = [line.decode() for line in lines]
                found = next((n for n, line in enumerate(told) if line.startswith(word)), None)
                if found is not None:
                    self._text = b"\n".join([*lines[found + 1 :], self._text])
                    return told[: found + 1]
                self._text = b"\n".join([*lines, self._text]) + await self._parts.get()


@contextlib.asynccontextmanager
async def opened(world: World, path: str, **headers: str) -> AsyncIterator[Answer]:
    """A GET request; the caller goes away at the end of the block."""
    app: App = build_app(world.yard.context(Caller(name="x", role="reader")), {}, {"batch": {}, "logs": {}, "sts": {}},
                         own.routes())  # fmt: skip
    answer, gone = Answer(), asyncio.Event()
    raw, _, query = path.partition("?")
    scope = {"type": "http", "method": "GET", "path": raw, "raw_path": raw.encode(), "query_string": query.encode(),
             "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
             "http_version": "1.1"}  # fmt: skip

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    first = [{"type": "http.request", "body": b"", "more_body": False}]

    async def asked() -> dict[str, Any]:
        return first.pop() if first else await receive()

    running = asyncio.create_task(app(scope, asked, answer.send))
    try:
        yield answer
    finally:
        gone.set()
        async with asyncio.timeout(10):
            await running


async def get(world: World, path: str) -> Any:
    async with opened(world, f"/_batchyard/{path}") as answer:
        body = await answer.body()
    assert answer.status == 200, body
    return body


async def refusal(world: World, path: str) -> str:
    async with opened(world, f"/_batchyard/{path}") as answer:
        body = await answer.body()
    assert answer.status == 400, body
    return body["message"]


# --- jobs/{id}


async def test_a_history_has_every_event_and_what_each_attempt_used(world: World) -> None:
    job = await world.submit(retryStrategy={"attempts": 2})
    await world.until(job, "RUNNING")
    world.later(5)
    world.engine.end(job, 137, "OutOfMemoryError: Container killed due to memory usage")
    await world.when(job, lambda found: len(found["attempts"]) == 1 and found["status"] == "RUNNING")
    world.later(2)
    world.engine.end(job, 0)
    await world.ended(job)
    history = await get(world, f"jobs/{job}")
    assert history["job"]["jobId"] == job
    assert [moment["event"] for moment in history["timeline"]] == [
        "SUBMITTED", "ACCEPTED", "PLACED", "STARTED", "RETRIED", "PLACED", "STARTED", "SUCCEEDED"
    ]  # fmt: skip
    spans = [(m["at"] - history["timeline"][0]["at"]) / 1000 for m in history["timeline"]]
    assert spans == [0, 0, 0, 0, 5, 5, 5, 7]
    assert [(used["attempt"], used["category"], used["wall_s"]) for used in history["usage"]] == [
        (1, "OOM", 5.0),
        (2, "SUCCEEDED", 2.0),
    ]
    assert history["category"] == "SUCCEEDED"


ENDINGS: list[tuple[dict[str, Any], str]] = [
    ({"exit_code": 3}, "EXIT 3"),
    ({"exit_code": 139}, "SIGNAL 11"),
    ({"exit_code": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}, "OOM"),
    ({"exit_code": None, "reason": "CannotStartContainerError: no such program"}, "NOT_STARTED"),
]


@pytest.mark.parametrize(("ending", "category"), ENDINGS)
async def test_the_sort_of_an_ending(world: World, ending: dict[str, Any], category: str) -> None:
    job = await world.submit()
    await world.until(job, "RUNNING")
    world.engine.end(job, **ending)
    await world.ended(job)
    assert (await get(world, f"jobs/{job}"))["category"] == category


async def test_the_sort_of_an_ending_that_was_asked_for_or_came_from_outside(world: World) -> None:
    running, timed, lost = [await world.submit(timeout={"attemptDurationSeconds": 60}) for _ in range(3)]
    for job in (running, timed, lost):
        await world.until(job, "RUNNING")
    await world.call("TerminateJob", jobId=running, reason="enough")
    world.engine.lose(lost)
    await world.ended(running, lost)
    world.later(61)
    await world.ended(timed)
    bad = await world.submit()
    held = await world.submit(on=bad)
    await world.until(bad, "RUNNING")
    await world.until(held, "PENDING")
    world.engine.end(bad, 1)
    await world.ended(held)
    jobs = {running: "TERMINATED", timed: "TIMEOUT", lost: "HOST_LOST", held: "DEPENDENCY"}
    assert {job: (await get(world, f"jobs/{job}"))["category"] for job in jobs} == jobs


async def test_the_sort_of_an_ending_before_any_attempt(world: World) -> None:
    await world.define("huge", memory_mib=100_000)
    cancelled, terminated = [await world.submit(jobDefinition="huge") for _ in range(2)]
    await world.call("CancelJob", jobId=cancelled, reason="no")
    await world.call("TerminateJob", jobId=terminated, reason="no")
    await world.ended(cancelled, terminated)
    jobs = {cancelled: "CANCELLED", terminated: "TERMINATED"}
    for job, category in jobs.items():
        told = await get(world, f"explain/{job}")
        assert (told["category"], told["summary"]) == (category, "FAILED: no.")
        assert (await get(world, f"jobs/{job}"))["usage"] == []


async def test_an_arn_names_a_job_too_and_an_unknown_one_does_not_exist(world: World) -> None:
    job = await world.submit()
    arn = (await world.job(job))["jobArn"]
    assert (await get(world, f"jobs/{arn}"))["job"]["jobId"] == job
    for path in ("jobs/x", f"jobs/{job}:7", "explain/x", "logs/x"):
        assert "does not exist" in await refusal(world, path)  # 1.18


async def test_notes_say_what_has_no_effect_here(world: World) -> None:
    await world.define("p", privileged=True)
    told = (await get(world, f"jobs/{await world.submit(jobDefinition='p')}"))["notes"]
    assert [("image" in note, "privileged" in note) for note in told] == [(True, False), (False, True)]


# --- explain/{id}


async def test_why_a_job_waits_for_room_and_who_is_before_it(world: World) -> None:
    await world.define("big", vcpus=3)
    running = await world.submit(jobDefinition="big")
    await world.until(running, "RUNNING")
    first, second = await world.submit(jobDefinition="big"), await world.submit()
    await world.until(second, "RUNNABLE")
    told = await get(world, f"explain/{first}")
    assert (told["status"], told["position"], told["ahead"]) == ("RUNNABLE", 0, [])
    assert told["summary"].endswith("waits for room: local uses 3 of its 4 vCPUs; the job needs 3.")
    behind = await get(world, f"explain/{second}")
    assert (behind["position"], behind["ahead"][0]) == (1, first)
    assert behind["summary"] == f"1 job of queue default must start before it; the first is {first}."
    assert behind["suggestion"] == f"batchyard explain {first}"
    assert "lacks" not in behind or behind["lacks"] is None  # were it first, there would be room
    about = await get(world, f"explain/{running}")
    assert about["summary"] == f"Runs on host {HOST}, attempt 1 of 1."


async def test_a_job_that_can_never_start_is_told_what_to_change(world: World) -> None:
    await world.define("huge", memory_mib=100_000)
    job = await world.submit(jobDefinition="huge")
    await world.when(job, lambda found: found.get("statusReason") is not None)
    told = await get(world, f"explain/{job}")
    assert "needs 100,000 MiB; the largest host offers 64,000" in told["summary"]  # 8.41
    assert "larger hosts" in told["suggestion"]


async def test_what_is_waited_for_and_where_it_is(world: World) -> None:
    done, open_ = await world.submit(), await world.submit()
    await world.until(done, "RUNNING")
    world.engine.end(done, 0)
    await world.ended(done)
    job = await world.submit(dependsOn=[{"jobId": done}, {"jobId": open_}])
    await world.until(open_, "RUNNING")
    await world.until(job, "PENDING")
    told = await get(world, f"explain/{job}")
    assert [(each["jobId"], each["status"]) for each in told["dependencies"]] == [
        (done, "SUCCEEDED"),
        (open_, "RUNNING"),
    ]
    assert told["summary"] == "Waits for 1 of 2 dependencies."
    assert told["suggestion"] == f"batchyard explain {open_}"


async def test_a_child_that_waits_for_its_partner(world: World) -> None:  # 3.53
    first = await world.submit(size=2)
    second = await world.submit(size=2, dependsOn=[{"jobId": first, "type": "N_TO_N"}])
    await world.until(f"{second}:1", "PENDING")
    told = await get(world, f"explain/{second}:1")
    assert [(each["jobId"], each["type"]) for each in told["dependencies"]] == [(f"{first}:1", "N_TO_N")]


async def test_a_child_that_is_not_made_yet(world: World) -> None:  # 3.40
    first = await world.submit()
    array = await world.submit(size=2, on=first)
    await world.until(array, "PENDING")
    told = await get(world, f"explain/{array}:1")
    assert told["summary"].startswith("Not made yet") and told["suggestion"] == f"batchyard explain {array}"


async def test_an_array_is_explained_by_its_children(world: World) -> None:
    array = await world.submit(size=6)
    await world.when(array, lambda found: found["arrayProperties"]["statusSummary"]["RUNNING"] == 4)
    told = await get(world, f"explain/{array}")
    assert told["summary"] == "An array is PENDING until its 6 children have ended: 2 RUNNABLE, 4 RUNNING."


async def test_an_ending_is_explained_with_advice(world: World) -> None:
    job = await world.submit()
    await world.until(job, "RUNNING")
    world.engine.end(job, 137, "OutOfMemoryError: Container killed due to memory usage")
    await world.ended(job)
    told = await get(world, f"explain/{job}")
    assert told["category"] == "OOM" and "exit code 137" in told["summary"]
    assert "ask for more MEMORY" in told["suggestion"]


async def test_a_job_that_is_being_stopped_says_so(world: World) -> None:
    world.engine.on_stop = None
    job = await world.submit()
    await world.until(job, "RUNNING")
    await world.call("TerminateJob", jobId=job, reason="enough")
    assert (await get(world, f"explain/{job}"))["summary"] == "Is being stopped: enough"


# --- resolve


async def test_ids_in_short(world: World) -> None:
    old, new = await world.submit(), await world.submit(size=3)
    arn = (await world.job(new))["jobArn"]
    asked = {
        "last": new, "last:2": f"{new}:2", old[:4]: old, old[:9].upper(): old, f"{new[:6]}:0": f"{new}:0", old: old,
        arn: new, f"{arn}:1": f"{new}:1",
    }  # fmt: skip
    assert {text: (await get(world, f"resolve?id={text}"))["jobId"] for text in asked} == asked


async def test_what_is_no_id(world: World) -> None:
    assert await refusal(world, "resolve?id=last") == "There is no job yet."
    job = await world.submit()
    other = "0000" if not job.startswith("0000") else "1111"
    assert other in await refusal(world, f"resolve?id={other}")
    assert "at least its first 4 letters" in await refusal(world, f"resolve?id={job[:3]}")
    assert "index of a child" in await refusal(world, f"resolve?id={job}:x")
    assert "does not exist" in await refusal(world, f"resolve?id=arn:aws:batch:mars:1:job/{job}")


async def test_the_beginning_of_several_ids_names_them(world: World) -> None:
    jobs = [await world.submit() for _ in range(2)]
    uuids = [job.replace(job[:4], "abcd", 1) for job in jobs]
    connection = world.store._connection._cursor  # the ids are chance: two are made to look alike
    for job, uuid in zip(jobs, uuids, strict=True):
        connection.execute("UPDATE jobs SET uuid = ? WHERE uuid = ?", (uuid, job))
    told = await refusal(world, "resolve?id=abcd")
    assert told.startswith("Several jobs") and all(uuid in told for uuid in uuids)


# --- events


def data(lines: list[str]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


async def test_changes_are_pushed_from_now_on(world: World) -> None:
    before = await world.submit()
    await world.until(before, "RUNNING")
    async with opened(world, "/_batchyard/events") as stream:
        await stream.until(": at ")
        job = await world.submit()
        told = data(await stream.until("data: ") + await stream.until("data: ") + await stream.until("data: "))
        assert [(each["jobId"], each["event"], each["status"]) for each in told] == [
            (job, "ACCEPTED", "RUNNABLE"),
            (job, "PLACED", "STARTING"),
            (job, "STARTED", "RUNNING"),
        ]


async def test_a_reader_goes_on_behind_the_last_event_it_saw(world: World) -> None:
    job = await world.submit()
    await world.until(job, "RUNNING")
    async with opened(world, "/_batchyard/events?after=0") as stream:
        first = await stream.until("id: ")
        assert first[0] == ": at 0"
    async with opened(world, "/_batchyard/events?after=0", last_event_id=first[-1].removeprefix("id: ")) as stream:
        assert data(await stream.until("data: "))[0]["event"] == "PLACED"


async def test_only_the_jobs_asked_for_and_all_children_of_an_array(world: World) -> None:
    first = await world.submit()
    array = await world.submit(size=2)
    await world.until(f"{array}:1", "RUNNING")
    async with opened(world, f"/_batchyard/events?after=0&job={array}") as stream:
        told = data(await stream.until(": at 0") + await stream.until(": at "))
    assert {each["jobId"] for each in told} == {array, f"{array}:0", f"{array}:1"}
    async with opened(world, f"/_batchyard/events?after=0&job={array}:1&job={first}") as stream:
        told = data(await stream.until(": at 0") + await stream.until(": at "))
    assert {each["jobId"] for each in told} == {f"{array}:1", first}


async def test_a_gap_gathers_changes(world: World) -> None:
    async with opened(world, "/_batchyard/events?gap=20") as stream:
        await stream.until(": at ")
        job = await world.submit(size=50)
        await world.when(job, lambda found: found["arrayProperties"]["statusSummary"]["RUNNING"] == 4)
        deliveries = [data(await stream.until(": at "))]
        while not any(each["event"] == "STARTED" for each in deliveries[-1]):
            deliveries.append(data(await stream.until(": at ")))
    assert len(deliveries) < 4 and sum(map(len, deliveries)) >= 55


async def test_a_quiet_stream_says_that_it_lives(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "_KEEP_ALIVE_S", 0.01)
    async with opened(world, "/_batchyard/events") as stream:
        assert [await stream.until(": at ") for _ in range(3)]


@pytest.mark.parametrize("query", ["after=-1", "after=x", f"after={'9' * 30}", "gap=x", "gap=60001"])
async def test_a_cursor_or_gap_that_is_none(world: World, query: str) -> None:
    assert query.partition("=")[0] in await refusal(world, f"events?{query}")


# --- logs


async def test_a_log_of_a_job_without_one(world: World) -> None:
    assert "add the index of a child" in await refusal(world, f"logs/{await world.submit(size=2)}")
    job = await world.submit()
    async with opened(world, f"/_batchyard/logs/{job}") as stream:
        lines = await stream.until("event: end") + await stream.until("data: ")
    assert lines[0] == "event: end"


def write(world: World, job: str, text: str) -> None:
    """What the present attempt of a job prints, to be read at once."""
    path = world.yard.logs.attempt_path(digest(world.engine.key(job)))
    with path.open("ab") as file:
        file.write(text.encode())
    with times_path(path).open("ab") as times:
        times.write(struct.pack("<QQ", path.stat().st_size, ms(world.clock.now())))


async def test_a_followed_log_goes_through_the_attempts_to_the_end(world: World) -> None:
    job = await world.submit(retryStrategy={"attempts": 2})
    await world.until(job, "RUNNING")
    write(world, job, "one\ntwo\n")
    async with opened(world, f"/_batchyard/logs/{job}?follow=1&all=1") as stream:
        first = data(await stream.until("data: ") + await stream.until("data: "))
        assert [(each["placement"], each["message"]) for each in first] == [(1, "one"), (1, "two")]
        assert first[0]["timestamp"] == ms(world.clock.now())
        world.engine.end(job, 1)
        await world.when(job, lambda found: len(found["attempts"]) == 1 and found["status"] == "RUNNING")
        write(world, job, "three\n")
        assert data(await stream.until("data: "))[0]["message"] == "three"
        world.engine.end(job, 5)
        (end,) = data(await stream.until("event: end") + await stream.until("data: "))
        assert (end["status"], end["exitCode"]) == ("FAILED", 5)
        await asyncio.wait_for(stream.ended.wait(), 10)
    async with opened(world, f"/_batchyard/logs/{job}") as stream:  # of the last attempt alone
        lines = data(await stream.until("event: end"))
    assert [(each["placement"], each["message"]) for each in lines] == [(2, "three")]


async def test_what_is_not_final_ends_a_log_that_is_not_followed(world: World) -> None:
    job = await world.submit()
    await world.until(job, "RUNNING")
    write(world, job, "so far\n")
    async with opened(world, f"/_batchyard/logs/{job}") as stream:
        line, end = data(await stream.until("data: ") + await stream.until("data: "))
        await asyncio.wait_for(stream.ended.wait(), 10)
    assert (line["message"], end["status"], end.get("exitCode")) == ("so far", "RUNNING", None)


async def test_a_call_must_be_signed(tmp_path: Path) -> None:  # 1.13
    async with a_world(tmp_path) as world, opened(world, "/_batchyard/resolve?id=last") as answer:
        assert "Missing Authentication Token" in (await answer.body())["message"]
        assert answer.status == 403
