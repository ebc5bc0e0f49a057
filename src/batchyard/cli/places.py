"""`batchyard queues` and `environments`."""

from __future__ import annotations

from batchyard.cli.common import DataDir, Json, app, opened
from batchyard.cli.output import as_json, out, status, table


@app.command()
def queues(data_dir: DataDir = None, json: Json = False) -> None:
    """List job queues."""
    with opened(data_dir) as client:
        found = list(client.pages("DescribeJobQueues", "jobQueues"))
    if json:
        as_json(found)
        return
    rows = (
        [
            queue["jobQueueName"],
            str(queue["priority"]),
            queue["state"],
            status(queue["status"]),
            ", ".join(each["computeEnvironment"].rpartition("/")[2] for each in queue["computeEnvironmentOrder"]),
        ]
        for queue in found
    )
    out.print(table(["queue", "priority", "state", "status", "environments"], rows))


@app.command()
def environments(data_dir: DataDir = None, json: Json = False) -> None:
    """List compute environments."""
    with opened(data_dir) as client:
        found = list(client.pages("DescribeComputeEnvironments", "computeEnvironments"))
    if json:
        as_json(found)
        return
    rows = (
        [
            each["computeEnvironmentName"],
            each["type"],
            (each.get("computeResources") or {}).get("type", ""),
            str((each.get("computeResources") or {}).get("maxvCpus", "")),
            each["state"],
            status(each["status"]),
            each.get("statusReason", ""),
        ]
        for each in found
    )
    out.print(table(["environment", "type", "kind", "max vCPUs", "state", "status", "reason"], rows))
