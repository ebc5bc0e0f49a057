"""`batchyard submit` and `rerun`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from batchyard.cli.client import Client, ClientError
from batchyard.cli.common import DataDir, JobArgument, Json, app, opened
from batchyard.cli.logs import show_log
from batchyard.cli.output import as_json, err
from batchyard.cli.progress import follow_array, wait
from batchyard.kit.digests import digest

_MOST_RERUNS = 1000


@app.command()
def submit(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="What to run, after `--`.")],
    array: Annotated[int | None, typer.Option(help="Children of an array job.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the job; else the command's.")] = None,
    queue: Annotated[str, typer.Option(help="Job queue.")] = "default",
    vcpus: Annotated[int, typer.Option(help="vCPUs.")] = 1,
    memory: Annotated[int, typer.Option(help="Memory in MiB.")] = 256,
    image: Annotated[
        str, typer.Option(help="Image name; recorded, and looked up in [images] of the settings.")
    ] = "none",
    env: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; may be repeated.")] = None,
    timeout: Annotated[int | None, typer.Option(help="Seconds that an attempt may run; 60 or more.")] = None,
    attempts: Annotated[int, typer.Option(help="How often the job is tried.")] = 1,
    depends_on: Annotated[list[str] | None, typer.Option(help="Id of a job to wait for; may be repeated.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Print the log, of an array the progress; exit with the job's code.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Run a command as a job; its id is printed on stdout."""
    with opened(data_dir) as client:
        request: dict[str, Any] = {
            "jobName": name or _name(command[0]),
            "jobQueue": queue,
            "jobDefinition": _definition(client, command, image, vcpus, memory),
            "containerOverrides": {"environment": _environment(env or [])},
            "arrayProperties": None if array is None else {"size": array},
            "timeout": None if timeout is None else {"attemptDurationSeconds": timeout},
            "retryStrategy": {"attempts": attempts},
            "dependsOn": [{"jobId": client.resolve(job)} for job in depends_on or []],
        }
        answer = client.call("SubmitJob", **request)
        job_id: str = answer["jobId"]
        if json and not follow:
            as_json(answer)
        elif not follow:
            typer.echo(job_id)
        elif json:
            wait(client, job_id)
            history = client.own("jobs", job_id)
            as_json(history)
            raise typer.Exit(_code(history["job"]))
        else:
            err.print(f"job {job_id}", markup=False)
            raise typer.Exit(follow_array(client, job_id) if array else show_log(client, job_id, True))


def _code(job: dict[str, Any]) -> int:
    """The exit code of a final job; 1 for one that failed without any."""
    return 0 if job["status"] == "SUCCEEDED" else (job.get("container") or {}).get("exitCode") or 1


def _name(program: str) -> str:
    """A job name from a program's: 1.33 allows letters, digits, hyphens and underscores."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", Path(program).name).strip("-_")[:128] or "job"


def _environment(pairs: list[str]) -> list[dict[str, str]]:
    for pair in pairs:
        if "=" not in pair:
            raise ClientError(f'--env takes NAME=VALUE, got "{pair}"')
    return [{"name": name, "value": value} for name, _, value in (pair.partition("=") for pair in pairs)]


def _definition(client: Client, command: list[str], image: str, vcpus: int, memory: int) -> str:
    """A definition of exactly this: its name follows from its content, so an equal one is found again."""
    container = {
        "image": image,
        "command": command,
        "resourceRequirements": [
            {"type": "VCPU", "value": str(vcpus)},
            {"type": "MEMORY", "value": str(memory)},
        ],
    }
    # `Ref::` in what somebody types is no placeholder: a parameter puts each back as it was (2.34).
    parameters = {name: f"Ref::{name}" for part in command for name in re.findall(r"Ref::([A-Za-z0-9_-]+)", part)}
    name = f"{_name(command[0])[:100]}-{digest(msgspec.json.encode(container).decode(), 12)}"
    found = client.call("DescribeJobDefinitions", jobDefinitionName=name, status="ACTIVE")["jobDefinitions"]
    if not found:
        client.call(
            "RegisterJobDefinition",
            jobDefinitionName=name,
            type="container",
            containerProperties=container,
            parameters=parameters,
        )
    return name


@app.command()
def rerun(
    job: JobArgument,
    failed: Annotated[bool, typer.Option("--failed", help="Of an array, only the children that FAILED.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Submit a job again: its definition, command, environment, resources, limits and tags, without what it waited for.

    A child is submitted as a job of its own, with its index put into the environment by `env` before the command.
    """
    with opened(data_dir) as client:
        old = client.call("DescribeJobs", jobs=[client.resolve(job)])["jobs"][0]
        if "container" not in old:
            raise ClientError(f"{old['jobId']} is no job of one container (containerProperties): submit it by hand")
        array = old.get("arrayProperties") or {}
        if failed:
            requests = [_child(old, index, array["size"]) for index in _failed(client, old)]
        elif "index" in array:
            parent = client.call("DescribeJobs", jobs=[old["jobId"].partition(":")[0]])["jobs"][0]
            requests = [_child(old, array["index"], parent["arrayProperties"]["size"])]
        else:
            requests = [_again(old)]
        answers = [client.call("SubmitJob", **request) for request in requests]
        if json:
            as_json(answers)
        for answer in answers if not json else ():
            typer.echo(answer["jobId"])


def _again(old: dict[str, Any]) -> dict[str, Any]:
    container = old.get("container") or {}
    array = old.get("arrayProperties") or {}
    return {
        "jobName": old["jobName"],
        "jobQueue": old["jobQueue"],
        "jobDefinition": old["jobDefinition"],
        "parameters": old.get("parameters") or {},
        "containerOverrides": {
            "command": container.get("command") or [],
            "environment": container.get("environment") or [],
            "resourceRequirements": container.get("resourceRequirements") or [],
        },
        "arrayProperties": {"size": array["size"]} if "size" in array else None,
        "retryStrategy": old.get("retryStrategy"),
        "timeout": old.get("timeout"),
        "shareIdentifier": old.get("shareIdentifier"),
        "schedulingPriorityOverride": old.get("schedulingPriority"),
        "tags": old.get("tags") or None,
    }


def _failed(client: Client, old: dict[str, Any]) -> list[int]:
    """Indexes of an array's failed children."""
    if "size" not in (old.get("arrayProperties") or {}):
        raise ClientError(f"{old['jobId']} is no array: rerun it without --failed")
    found = client.pages("ListJobs", "jobSummaryList", arrayJobId=old["jobId"], jobStatus="FAILED")
    indexes = [child["arrayProperties"]["index"] for child in found]
    if not indexes:
        raise ClientError(f"no child of {old['jobId']} has failed")
    if len(indexes) > _MOST_RERUNS:
        raise ClientError(f"{len(indexes)} children failed, more than {_MOST_RERUNS}: rerun the whole array")
    return indexes


def _child(old: dict[str, Any], index: int, size: int) -> dict[str, Any]:
    """A child as a job of its own. AWS_BATCH_ names cannot be given in a request (6.02), so the command sets them."""
    request = _again(old)
    command = request["containerOverrides"]["command"]
    if not command:
        raise ClientError(f"{old['jobId']} has no command of its own, before which an index could be put")
    names = (f"AWS_BATCH_JOB_ARRAY_INDEX={index}", f"AWS_BATCH_JOB_ARRAY_SIZE={size}")
    request["containerOverrides"]["command"] = ["env", *names, *command]
    request["arrayProperties"] = None
    return request
