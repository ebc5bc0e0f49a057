"""Terraform's aws provider makes, plans again, changes and destroys what it can describe (C.1)."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import RunningYard

pytestmark = pytest.mark.terraform

MIRRORS = [Path.home() / ".terraform.d/plugins", Path("/usr/local/share/terraform/plugins"), *Path("/opt").glob("*")]
PROVIDER = """
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""
RESOURCES = """
variable "prefix" {
  type = string
}

variable "changed" {
  type    = bool
  default = false
}

resource "aws_batch_scheduling_policy" "fair" {
  name = "${var.prefix}-fair"
  fair_share_policy {
    compute_reservation = 1
    share_decay_seconds = var.changed ? 600 : 300
    share_distribution {
      share_identifier = "a*"
      weight_factor    = 0.1
    }
    share_distribution {
      share_identifier = "b"
      weight_factor    = 0.5
    }
  }
  tags = { team = "x" }
}

resource "aws_batch_compute_environment" "ec2" {
  compute_environment_name = "${var.prefix}-ec2"
  type                     = "MANAGED"
  compute_resources {
    type                = "EC2"
    allocation_strategy = "BEST_FIT_PROGRESSIVE"
    min_vcpus           = 0
    max_vcpus           = var.changed ? 16 : 8
    instance_type       = ["optimal"]
    subnets             = ["subnet-1"]
    security_group_ids  = ["sg-1"]
    instance_role       = "arn:aws:iam::123456789012:instance-profile/any"
    tags                = { on = "instances" }
  }
  tags = { team = var.changed ? "y" : "x" }
}

resource "aws_batch_compute_environment" "fargate" {
  compute_environment_name = "${var.prefix}-fargate"
  type                     = "MANAGED"
  state                    = var.changed ? "DISABLED" : "ENABLED"
  service_role             = "arn:aws:iam::123456789012:role/batch"
  compute_resources {
    type               = "FARGATE"
    max_vcpus          = 4
    subnets            = ["subnet-1"]
    security_group_ids = ["sg-1"]
  }
}

resource "aws_batch_compute_environment" "unmanaged" {
  compute_environment_name = "${var.prefix}-unmanaged"
  type                     = "UNMANAGED"
  service_role             = "arn:aws:iam::123456789012:role/batch"
}

resource "aws_batch_job_queue" "work" {
  name                  = "${var.prefix}-work"
  state                 = var.changed ? "DISABLED" : "ENABLED"
  priority              = var.changed ? 7 : 10
  scheduling_policy_arn = aws_batch_scheduling_policy.fair.arn
  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.ec2.arn
  }
  tags = { team = var.changed ? "y" : "x" }
}

resource "aws_batch_job_definition" "revised" {
  name = "${var.prefix}-revised"
  type = "container"
  container_properties = jsonencode({
    image                = "any"
    command              = ["echo", var.changed ? "two" : "one"]
    resourceRequirements = [{ type = "VCPU", value = "1" }, { type = "MEMORY", value = "64" }]
  })
}
"""


def container(**members: Any) -> dict[str, Any]:
    sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
    return {"image": "any", "resourceRequirements": sizes, **members}


ROLE = "arn:aws:iam::123456789012:role/jobs"
FULL = container(
    command=["echo", "Ref::word"],
    jobRoleArn=ROLE,
    executionRoleArn=ROLE,
    environment=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    ulimits=[{"name": "nofile", "softLimit": 10, "hardLimit": 20}],
    volumes=[{"name": "v", "host": {"sourcePath": "/v"}}],
    mountPoints=[{"sourceVolume": "v", "containerPath": "/v", "readOnly": False}],
    logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "/mine", "awslogs-create-group": "true"}},
    linuxParameters={"initProcessEnabled": True, "sharedMemorySize": 64, "devices": [], "tmpfs": []},
    secrets=[{"name": "S", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/s"}],
    privileged=True,
    readonlyRootFilesystem=False,
    user="nobody",
)
FARGATE = {
    "image": "any",
    "executionRoleArn": ROLE,
    "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
    "networkConfiguration": {"assignPublicIp": "ENABLED"},
    "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"},
    "ephemeralStorage": {"sizeInGiB": 30},
}
NODES = {
    "numNodes": 3,
    "mainNode": 0,
    "nodeRangeProperties": [
        {"targetNodes": "0:0", "container": container(command=["main"])},
        {"targetNodes": "1:", "container": container(command=["child"])},
    ],
}
TASK = {
    "taskProperties": [
        {
            "containers": [container(name="app", command=["true"], essential=True)],
            "executionRoleArn": ROLE,
        }
    ]
}
DEFINITIONS: dict[str, dict[str, Any]] = {
    "minimal": {"type": "container", "container_properties": json.dumps(container())},
    "legacy": {
        "type": "container",
        "container_properties": json.dumps({"image": "any", "vcpus": 1, "memory": 64, "command": ["true"]}),
    },
    "empties": {
        "type": "container",
        "container_properties": json.dumps(
            container(command=[], environment=[], mountPoints=[], volumes=[], ulimits=[], secrets=[])
        ),
    },
    "full": {
        "type": "container",
        "container_properties": json.dumps(FULL),
        "parameters": {"word": "hello", "dotted.key": "x"},
        "propagate_tags": True,
        "platform_capabilities": ["EC2"],
        "scheduling_priority": 5,
        "retry_strategy": {
            "attempts": 3,
            "evaluate_on_exit": [
                {"action": "RETRY", "on_status_reason": "Host EC2*"},
                {"action": "exit", "on_reason": "*", "on_exit_code": "1*"},
            ],
        },
        "timeout": {"attempt_duration_seconds": 60},
        "tags": {"team": "x", "empty": ""},
    },
    "fargate": {
        "type": "container",
        "platform_capabilities": ["FARGATE"],
        "container_properties": json.dumps(FARGATE),
    },
    "nodes": {"type": "multinode", "node_properties": json.dumps(NODES)},
    "task": {"type": "container", "ecs_properties": json.dumps(TASK)},
    "pod": {
        "type": "container",
        "eks_properties": {
            "pod_properties": {
                "host_network": True,
                "containers": {
                    "image": "any",
                    "command": ["sleep", "1"],
                    "resources": {"limits": {"cpu": "1", "memory": "64Mi"}},
                    "env": [{"name": "A", "value": "1"}],
                },
                "metadata": {"labels": {"a": "b"}},
            }
        },
    },
}


class Folder:
    """A configuration with its state, whose names begin with `prefix`."""

    def __init__(self, yard: RunningYard, prefix: str, folder: Path, mirror: Path) -> None:
        self._yard, self._prefix, self._folder = yard, prefix, folder
        folder.mkdir()
        (folder / "terraform.rc").write_text(f'provider_installation {{ filesystem_mirror {{ path = "{mirror}" }} }}')
        (folder / "main.tf").write_text(PROVIDER + RESOURCES)
        made = {name: {"name": f"{prefix}-{name}", **members} for name, members in DEFINITIONS.items()}
        (folder / "definitions.tf.json").write_text(json.dumps({"resource": {"aws_batch_job_definition": made}}))

    def run(self, *words: str, changed: bool = False, code: int = 0) -> None:
        """Run a command of Terraform, which must end with this exit code."""
        variables = {
            "TF_CLI_CONFIG_FILE": str(self._folder / "terraform.rc"),
            "TF_VAR_prefix": self._prefix,
            "TF_VAR_changed": str(changed).lower(),
            "AWS_ENDPOINT_URL_BATCH": self._yard.url,
            "CHECKPOINT_DISABLE": "1",
        }
        environ = {name: value for name, value in self._yard.environ.items() if name != "AWS_ENDPOINT_URL"}
        command = ["terraform", *words, "-input=false", "-no-color"]
        done = subprocess.run(
            command, cwd=self._folder, env=environ | variables, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == code, done.stdout[-6000:] + done.stderr[-6000:]

    def create(self) -> None:
        """Make everything, and see that nothing differs afterwards."""
        self.run("init")
        self.run("apply", "-auto-approve")
        self.run("plan", "-detailed-exitcode")

    def queue(self) -> dict[str, Any]:
        """The queue as it is now."""
        return self._yard.batch.describe_job_queues(jobQueues=[f"{self._prefix}-work"])["jobQueues"][0]

    def left(self) -> list[str]:
        """The names of what there is."""
        batch = self._yard.batch
        names = [each["jobQueueName"] for each in batch.describe_job_queues()["jobQueues"]]
        environments = batch.describe_compute_environments()["computeEnvironments"]
        names += [each["computeEnvironmentName"] for each in environments]
        names += [each["arn"].split("/")[-1] for each in batch.list_scheduling_policies()["schedulingPolicies"]]
        active = batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
        names += [each["jobDefinitionName"] for each in active]
        return sorted(name for name in names if name.startswith(f"{self._prefix}-"))


@pytest.fixture
def mirror() -> Path:
    """Where the provider is, unpacked as Terraform wants it."""
    found = [each for each in MIRRORS if list(each.glob("registry.terraform.io/hashicorp/aws/*"))]
    if not found:
        reason = "the aws provider is in no file-system mirror of Terraform's (its plugin folders, or below /opt)"
        if os.environ.get("BATCHYARD_REQUIRE") == "all":
            pytest.fail(f"needs terraform, and BATCHYARD_REQUIRE=all: {reason}")
        pytest.skip(reason)
    return found[0]


def test_create_plan_again_change_and_destroy(yard: RunningYard, mirror: Path, tmp_path: Path) -> None:
    """Two configurations at once, since the provider sleeps half a minute for each change of a queue."""
    one, other = (Folder(yard, prefix, tmp_path / prefix, mirror) for prefix in ("tf-change", "tf-destroy"))
    with ThreadPoolExecutor() as pool:
        for running in (pool.submit(create_and_change, yard, one), pool.submit(create_and_destroy, other)):
            running.result()


def create_and_change(yard: RunningYard, folder: Folder) -> None:
    folder.create()
    queue = folder.queue()
    assert (queue["priority"], queue["state"], queue["tags"]) == (10, "ENABLED", {"team": "x"})
    folder.run("plan", "-detailed-exitcode", changed=True, code=2)  # 2: there are differences
    folder.run("apply", "-auto-approve", changed=True)
    folder.run("plan", "-detailed-exitcode", changed=True)
    queue = folder.queue()
    assert (queue["priority"], queue["state"], queue["tags"]) == (7, "DISABLED", {"team": "y"})
    names = ["tf-change-ec2", "tf-change-fargate"]
    found = yard.batch.describe_compute_environments(computeEnvironments=names)["computeEnvironments"]
    ec2, fargate = sorted(found, key=lambda each: each["computeEnvironmentName"])
    assert ec2["computeResources"]["maxvCpus"] == 16
    assert (ec2["tags"], fargate["state"]) == ({"team": "y"}, "DISABLED")
    revisions = yard.batch.describe_job_definitions(jobDefinitionName="tf-change-revised")["jobDefinitions"]
    assert [(each["revision"], each["status"]) for each in revisions] == [(2, "ACTIVE"), (1, "INACTIVE")]


def create_and_destroy(folder: Folder) -> None:
    folder.create()
    assert len(folder.left()) == len(DEFINITIONS) + 6
    folder.run("destroy", "-auto-approve")
    assert folder.left() == []
