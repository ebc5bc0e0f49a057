"""Shapes and operations of Amazon CloudWatch Logs, API version 2014-03-28.

GENERATED from the service model of botocore 1.44.5 by tools/generate_api.py; do not edit.
"""

from __future__ import annotations

from typing import TypeAlias

from batchyard.api.shape import Empty, Integer, Long, Operation, Shape

TARGET_PREFIX = "Logs_20140328"
DataProtectionStatus: TypeAlias = str
DATA_PROTECTION_STATUS_VALUES = ("ACTIVATED", "DELETED", "ARCHIVED", "DISABLED")
EntityRejectionErrorType: TypeAlias = str
ENTITY_REJECTION_ERROR_TYPE_VALUES = (
    "InvalidEntity",
    "InvalidTypeValue",
    "InvalidKeyAttributes",
    "InvalidAttributes",
    "EntitySizeTooLarge",
    "UnsupportedLogGroupType",
    "MissingRequiredFields",
)
InheritedProperty: TypeAlias = str
INHERITED_PROPERTY_VALUES = ("ACCOUNT_DATA_PROTECTION",)
LogGroupClass: TypeAlias = str
LOG_GROUP_CLASS_VALUES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS")
OrderBy: TypeAlias = str
ORDER_BY_VALUES = ("LogStreamName", "LastEventTime")


class CreateLogGroupRequest(Shape, kw_only=True):
    logGroupName: str
    kmsKeyId: str | None = None
    tags: dict[str, str] | None = None
    logGroupClass: LogGroupClass | None = None
    deletionProtectionEnabled: bool | None = None


class CreateLogStreamRequest(Shape, kw_only=True):
    logGroupName: str
    logStreamName: str


class DeleteLogGroupRequest(Shape, kw_only=True):
    logGroupName: str


class DeleteLogStreamRequest(Shape, kw_only=True):
    logGroupName: str
    logStreamName: str


class DeleteRetentionPolicyRequest(Shape, kw_only=True):
    logGroupName: str


class DescribeLogGroupsRequest(Shape, kw_only=True):
    accountIdentifiers: list[str] | None = None
    logGroupNamePrefix: str | None = None
    logGroupNamePattern: str | None = None
    nextToken: str | None = None
    limit: Integer | None = None
    includeLinkedAccounts: bool | None = None
    logGroupClass: LogGroupClass | None = None
    logGroupIdentifiers: list[str] | None = None


class DescribeLogGroupsResponse(Shape, kw_only=True):
    logGroups: list[LogGroup] | None = None
    nextToken: str | None = None


class DescribeLogStreamsRequest(Shape, kw_only=True):
    logGroupName: str | None = None
    logGroupIdentifier: str | None = None
    logStreamNamePrefix: str | None = None
    orderBy: OrderBy | None = None
    descending: bool | None = None
    nextToken: str | None = None
    limit: Integer | None = None


class DescribeLogStreamsResponse(Shape, kw_only=True):
    logStreams: list[LogStream] | None = None
    nextToken: str | None = None


class Entity(Shape, kw_only=True):
    keyAttributes: dict[str, str] | None = None
    attributes: dict[str, str] | None = None


class FilterLogEventsRequest(Shape, kw_only=True):
    logGroupName: str | None = None
    logGroupIdentifier: str | None = None
    logStreamNames: list[str] | None = None
    logStreamNamePrefix: str | None = None
    startTime: Long | None = None
    endTime: Long | None = None
    filterPattern: str | None = None
    nextToken: str | None = None
    limit: Integer | None = None
    startFromHead: bool | None = None
    interleaved: bool | None = None
    unmask: bool | None = None


class FilterLogEventsResponse(Shape, kw_only=True):
    events: list[FilteredLogEvent] | None = None
    searchedLogStreams: list[SearchedLogStream] | None = None
    nextToken: str | None = None


class FilteredLogEvent(Shape, kw_only=True):
    logStreamName: str | None = None
    timestamp: Long | None = None
    message: str | None = None
    ingestionTime: Long | None = None
    eventId: str | None = None


class GetLogEventsRequest(Shape, kw_only=True):
    logGroupName: str | None = None
    logGroupIdentifier: str | None = None
    logStreamName: str
    startTime: Long | None = None
    endTime: Long | None = None
    nextToken: str | None = None
    limit: Integer | None = None
    startFromHead: bool | None = None
    unmask: bool | None = None


class GetLogEventsResponse(Shape, kw_only=True):
    events: list[OutputLogEvent] | None = None
    nextForwardToken: str | None = None
    nextBackwardToken: str | None = None


class InputLogEvent(Shape, kw_only=True):
    timestamp: Long
    message: str


class ListTagsForResourceRequest(Shape, kw_only=True):
    resourceArn: str


class ListTagsForResourceResponse(Shape, kw_only=True):
    tags: dict[str, str] | None = None


class LiveTailSessionLogEvent(Shape, kw_only=True):
    logStreamName: str | None = None
    logGroupIdentifier: str | None = None
    message: str | None = None
    timestamp: Long | None = None
    ingestionTime: Long | None = None


class LiveTailSessionMetadata(Shape, kw_only=True):
    sampled: bool | None = None


class LiveTailSessionStart(Shape, kw_only=True):
    requestId: str | None = None
    sessionId: str | None = None
    logGroupIdentifiers: list[str] | None = None
    logStreamNames: list[str] | None = None
    logStreamNamePrefixes: list[str] | None = None
    logEventFilterPattern: str | None = None


class LiveTailSessionUpdate(Shape, kw_only=True):
    sessionMetadata: LiveTailSessionMetadata | None = None
    sessionResults: list[LiveTailSessionLogEvent] | None = None


class LogGroup(Shape, kw_only=True):
    logGroupName: str | None = None
    creationTime: Long | None = None
    retentionInDays: Integer | None = None
    metricFilterCount: Integer | None = None
    arn: str | None = None
    storedBytes: Long | None = None
    kmsKeyId: str | None = None
    dataProtectionStatus: DataProtectionStatus | None = None
    inheritedProperties: list[InheritedProperty] | None = None
    logGroupClass: LogGroupClass | None = None
    logGroupArn: str | None = None
    deletionProtectionEnabled: bool | None = None
    bearerTokenAuthenticationEnabled: bool | None = None
    retentionPolicyName: str | None = None


class LogStream(Shape, kw_only=True):
    logStreamName: str | None = None
    creationTime: Long | None = None
    firstEventTimestamp: Long | None = None
    lastEventTimestamp: Long | None = None
    lastIngestionTime: Long | None = None
    uploadSequenceToken: str | None = None
    arn: str | None = None
    storedBytes: Long | None = None


class OutputLogEvent(Shape, kw_only=True):
    timestamp: Long | None = None
    message: str | None = None
    ingestionTime: Long | None = None


class PutLogEventsRequest(Shape, kw_only=True):
    logGroupName: str
    logStreamName: str
    logEvents: list[InputLogEvent]
    sequenceToken: str | None = None
    entity: Entity | None = None


class PutLogEventsResponse(Shape, kw_only=True):
    nextSequenceToken: str | None = None
    rejectedLogEventsInfo: RejectedLogEventsInfo | None = None
    rejectedEntityInfo: RejectedEntityInfo | None = None


class PutRetentionPolicyRequest(Shape, kw_only=True):
    logGroupName: str
    retentionInDays: Integer


class RejectedEntityInfo(Shape, kw_only=True):
    errorType: EntityRejectionErrorType | None = None


class RejectedLogEventsInfo(Shape, kw_only=True):
    tooNewLogEventStartIndex: Integer | None = None
    tooOldLogEventEndIndex: Integer | None = None
    expiredLogEventEndIndex: Integer | None = None


class SearchedLogStream(Shape, kw_only=True):
    logStreamName: str | None = None
    searchedCompletely: bool | None = None


class SessionStreamingException(Shape, kw_only=True):
    message: str | None = None


class SessionTimeoutException(Shape, kw_only=True):
    message: str | None = None


class StartLiveTailRequest(Shape, kw_only=True):
    logGroupIdentifiers: list[str]
    logStreamNames: list[str] | None = None
    logStreamNamePrefixes: list[str] | None = None
    logEventFilterPattern: str | None = None


class StartLiveTailResponse(Shape, kw_only=True):
    pass


OPERATIONS: dict[str, Operation] = {
    "CreateLogGroup": Operation(
        name="CreateLogGroup",
        method="POST",
        path="/",
        request_type=CreateLogGroupRequest,
        response_type=Empty,
        errors=(
            "InvalidParameterException",
            "LimitExceededException",
            "OperationAbortedException",
            "ResourceAlreadyExistsException",
            "ServiceUnavailableException",
        ),
    ),
    "CreateLogStream": Operation(
        name="CreateLogStream",
        method="POST",
        path="/",
        request_type=CreateLogStreamRequest,
        response_type=Empty,
        errors=(
            "InvalidParameterException",
            "ResourceAlreadyExistsException",
            "ResourceNotFoundException",
            "ServiceUnavailableException",
        ),
    ),
    "DeleteLogGroup": Operation(
        name="DeleteLogGroup",
        method="POST",
        path="/",
        request_type=DeleteLogGroupRequest,
        response_type=Empty,
        errors=(
            "InvalidParameterException",
            "OperationAbortedException",
            "ResourceNotFoundException",
            "ServiceUnavailableException",
            "ValidationException",
        ),
    ),
    "DeleteLogStream": Operation(
        name="DeleteLogStream",
        method="POST",
        path="/",
        request_type=DeleteLogStreamRequest,
        response_type=Empty,
        errors=(
            "InvalidParameterException",
            "OperationAbortedException",
            "ResourceNotFoundException",
            "ServiceUnavailableException",
            "ValidationException",
        ),
    ),
    "DeleteRetentionPolicy": Operation(
        name="DeleteRetentionPolicy",
        method="POST",
        path="/",
        request_type=DeleteRetentionPolicyRequest,
        response_type=Empty,
        errors=(
            "InvalidParameterException",
            "OperationAbortedException",
            "ResourceNotFoundException",
            "ServiceUnavailableException",
        ),
    ),
    "DescribeLogGroups": Operation(
        name="DescribeLogGroups",
        method="POST",
        path="/",
        request_type=DescribeLogGroupsRequest,
        response_type=DescribeLogGroupsResponse,
        errors=("InvalidParameterException", "ServiceUnavailableException"),
    ),
    "DescribeLogStreams": Operation(
        name="DescribeLogStreams",
        method="POST",
        path="/",
        request_type=DescribeLogStreamsRequest,
        response_type=DescribeLogStreamsResponse,
        errors=("InvalidParameterException", "ResourceNotFoundException", "ServiceUnavailableException"),
    ),
    "FilterLogEvents": Operation(
        name="FilterLogEvents",
        method="POST",
        path="/",
        request_type=FilterLogEventsRequest,
        response_type=FilterLogEventsResponse,
        errors=("InvalidParameterException", "ResourceNotFoundException", "ServiceUnavailableException"),
    ),
    "GetLogEvents": Operation(
        name="GetLogEvents",
        method="POST",
        path="/",
        request_type=GetLogEventsRequest,
        response_type=GetLogEventsResponse,
        errors=("InvalidParameterException", "ResourceNotFoundException", "ServiceUnavailableException"),
    ),
    "ListTagsForResource": Operation(
        name="ListTagsForResource",
        method="POST",
        path="/",
        request_type=ListTagsForResourceRequest,
        response_type=ListTagsForResourceResponse,
        errors=("InvalidParameterException", "ResourceNotFoundException", "ServiceUnavailableException"),
    ),
    "PutLogEvents": Operation(
        name="PutLogEvents",
        method="POST",
        path="/",
        request_type=PutLogEventsRequest,
        response_type=PutLogEventsResponse,
        errors=(
            "DataAlreadyAcceptedException",
            "InvalidParameterException",
            "InvalidSequenceTokenException",
            "ResourceNotFoundException",
            "ServiceUnavailableException",
            "UnrecognizedClientException",
        ),
    ),
    "PutRetentionPolicy": Operation(
        name="PutRetentionPolicy",
        method="POST",
        path="/",
        request_type=PutRetentionPolicyRequest,
        response_type=Empty,
        errors=(
            "InvalidParameterException",
            "OperationAbortedException",
            "ResourceNotFoundException",
            "ServiceUnavailableException",
        ),
    ),
    "StartLiveTail": Operation(
        name="StartLiveTail",
        method="POST",
        path="/",
        request_type=StartLiveTailRequest,
        response_type=StartLiveTailResponse,
        errors=(
            "AccessDeniedException",
            "InvalidOperationException",
            "InvalidParameterException",
            "LimitExceededException",
            "ResourceNotFoundException",
        ),
        events={
            "sessionStart": LiveTailSessionStart,
            "sessionUpdate": LiveTailSessionUpdate,
            "SessionTimeoutException": SessionTimeoutException,
            "SessionStreamingException": SessionStreamingException,
        },
    ),
}
"""The operations of the service that have a place here, by name."""
