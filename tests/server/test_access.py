"""Roles: what a reader and a submitter may call; a refusal is AccessDeniedException in AWS's words (1.13)."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from batchyard.api import batch, logs
from batchyard.api.batch import SubmitJobResponse
from batchyard.server.access import least


def of_role(role: str, service: str, operations) -> set[str]:
    return {name for name in operations if least(service, name) == role}


def test_a_reader_may_call_what_only_reads():
    reading = ("Describe", "List", "Get", "Filter", "StartLiveTail")
    for service, operations in (("batch", batch.OPERATIONS), ("logs", logs.OPERATIONS)):
        assert of_role("reader", service, operations) == {name for name in operations if name.startswith(reading)}
    assert least("sts", "GetCallerIdentity") == "reader"


def test_a_submitter_may_also_submit_stop_and_define_jobs():
    assert of_role("submitter", "batch", batch.OPERATIONS) == {
        *("SubmitJob", "CancelJob", "CancelJobs", "TerminateJob", "TerminateJobs"),
        *("RegisterJobDefinition", "DeregisterJobDefinition"),
        *("SubmitServiceJob", "UpdateServiceJob", "TerminateServiceJob", "TerminateServiceJobs"),
    }
    assert of_role("submitter", "logs", logs.OPERATIONS) == {"CreateLogGroup", "CreateLogStream", "PutLogEvents"}


def test_what_is_not_named_needs_an_administrator():
    assert least("batch", "DeleteJobQueue") == "admin"
    assert least("batch", "TagResource") == "admin"  # a tag chooses an environment's provider
    assert least("batch", "SomethingNew") == "admin"


@pytest.mark.parametrize(
    ("key", "submits", "deletes"), [("AKREAD", False, False), ("AKSUBMIT", True, False), ("AKADMIN", True, True)]
)
def test_roles_over_the_wire(serve, an_app, key, submits, deletes):
    async def submit_job(context, request):
        return SubmitJobResponse(jobName="j", jobId="1")

    async def delete_job_queue(context, request):
        return batch.DeleteJobQueueResponse()

    yard = serve(an_app({"batch": {"SubmitJob": submit_job, "DeleteJobQueue": delete_job_queue}}))
    client = yard.boto("batch", key)

    def allowed(call, **parameters) -> bool:
        try:
            call(**parameters)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDeniedException"
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
            assert "User: arn:aws:iam::123456789012:user/" in str(error)
            assert " is not authorized to perform: batch:" in str(error)
            return False
        return True

    assert allowed(client.submit_job, jobName="j", jobQueue="q", jobDefinition="d") is submits
    assert allowed(client.delete_job_queue, jobQueue="q") is deletes
