"""Shapes and operations of AWS Batch, API version 2016-08-10.

GENERATED from the service model of botocore 1.44.5 by tools/generate_api.py; do not edit.
"""

from __future__ import annotations

from typing import TypeAlias

from batchyard.api.shape import Integer, Long, Operation, Shape

ArrayJobDependency: TypeAlias = str
ARRAY_JOB_DEPENDENCY_VALUES = ("N_TO_N", "SEQUENTIAL")
AssignPublicIp: TypeAlias = str
ASSIGN_PUBLIC_IP_VALUES = ("ENABLED", "DISABLED")
CEState: TypeAlias = str
CE_STATE_VALUES = ("ENABLED", "DISABLED")
CEStatus: TypeAlias = str
CE_STATUS_VALUES = ("CREATING", "UPDATING", "DELETING", "DELETED", "VALID", "INVALID")
CEType: TypeAlias = str
CE_TYPE_VALUES = ("MANAGED", "UNMANAGED")
CRAllocationStrategy: TypeAlias = str
CR_ALLOCATION_STRATEGY_VALUES = (
    "BEST_FIT",
    "BEST_FIT_PROGRESSIVE",
    "BEST_FIT_PROGRESSIVE_ORDERED",
    "SPOT_CAPACITY_OPTIMIZED",
    "SPOT_PRICE_CAPACITY_OPTIMIZED",
    "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED",
)
CRType: TypeAlias = str
CR_TYPE_VALUES = ("EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "ECS_MANAGED_INSTANCES")
CRUpdateAllocationStrategy: TypeAlias = str
CR_UPDATE_ALLOCATION_STRATEGY_VALUES = (
    "BEST_FIT_PROGRESSIVE",
    "BEST_FIT_PROGRESSIVE_ORDERED",
    "SPOT_CAPACITY_OPTIMIZED",
    "SPOT_PRICE_CAPACITY_OPTIMIZED",
    "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED",
)
ContainerInsights: TypeAlias = str
CONTAINER_INSIGHTS_VALUES = ("ENABLED", "ENHANCED", "DISABLED")
DeviceCgroupPermission: TypeAlias = str
DEVICE_CGROUP_PERMISSION_VALUES = ("READ", "WRITE", "MKNOD")
EFSAuthorizationConfigIAM: TypeAlias = str
EFS_AUTHORIZATION_CONFIG_IAM_VALUES = ("ENABLED", "DISABLED")
EFSTransitEncryption: TypeAlias = str
EFS_TRANSIT_ENCRYPTION_VALUES = ("ENABLED", "DISABLED")
EksAccessEntryDesiredState: TypeAlias = str
EKS_ACCESS_ENTRY_DESIRED_STATE_VALUES = ("ENABLED", "DISABLED", "INHERIT_FROM_CLUSTER")
EksAccessEntryStatus: TypeAlias = str
EKS_ACCESS_ENTRY_STATUS_VALUES = ("ACTIVE", "INACTIVE")
EksSeccompProfileType: TypeAlias = str
EKS_SECCOMP_PROFILE_TYPE_VALUES = ("RuntimeDefault", "Localhost", "Unconfined")
FirelensConfigurationType: TypeAlias = str
FIRELENS_CONFIGURATION_TYPE_VALUES = ("fluentd", "fluentbit")
JQState: TypeAlias = str
JQ_STATE_VALUES = ("ENABLED", "DISABLED")
JQStatus: TypeAlias = str
JQ_STATUS_VALUES = ("CREATING", "UPDATING", "DELETING", "DELETED", "VALID", "INVALID")
JobDefinitionType: TypeAlias = str
JOB_DEFINITION_TYPE_VALUES = ("container", "multinode")
JobQueueType: TypeAlias = str
JOB_QUEUE_TYPE_VALUES = ("EKS", "ECS", "ECS_FARGATE", "SAGEMAKER_TRAINING", "ECS_MANAGED_INSTANCES")
JobStateTimeLimitActionsAction: TypeAlias = str
JOB_STATE_TIME_LIMIT_ACTIONS_ACTION_VALUES = ("CANCEL", "TERMINATE")
JobStateTimeLimitActionsState: TypeAlias = str
JOB_STATE_TIME_LIMIT_ACTIONS_STATE_VALUES = ("RUNNABLE",)
JobStatus: TypeAlias = str
JOB_STATUS_VALUES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
LogDriver: TypeAlias = str
LOG_DRIVER_VALUES = ("json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens")
OrchestrationType: TypeAlias = str
ORCHESTRATION_TYPE_VALUES = ("ECS", "EKS")
PlatformCapability: TypeAlias = str
PLATFORM_CAPABILITY_VALUES = ("EC2", "FARGATE", "MANAGED_INSTANCES")
QuotaShareIdleResourceAssignmentStrategy: TypeAlias = str
QUOTA_SHARE_IDLE_RESOURCE_ASSIGNMENT_STRATEGY_VALUES = ("FIFO",)
QuotaShareInSharePreemptionState: TypeAlias = str
QUOTA_SHARE_IN_SHARE_PREEMPTION_STATE_VALUES = ("ENABLED", "DISABLED")
QuotaShareResourceSharingStrategy: TypeAlias = str
QUOTA_SHARE_RESOURCE_SHARING_STRATEGY_VALUES = ("RESERVE", "LEND", "LEND_AND_BORROW")
QuotaShareState: TypeAlias = str
QUOTA_SHARE_STATE_VALUES = ("ENABLED", "DISABLED")
QuotaShareStatus: TypeAlias = str
QUOTA_SHARE_STATUS_VALUES = ("CREATING", "VALID", "INVALID", "UPDATING", "DELETING")
ResourceType: TypeAlias = str
RESOURCE_TYPE_VALUES = ("GPU", "VCPU", "MEMORY")
RetryAction: TypeAlias = str
RETRY_ACTION_VALUES = ("RETRY", "EXIT")
ServiceEnvironmentState: TypeAlias = str
SERVICE_ENVIRONMENT_STATE_VALUES = ("ENABLED", "DISABLED")
ServiceEnvironmentStatus: TypeAlias = str
SERVICE_ENVIRONMENT_STATUS_VALUES = ("CREATING", "UPDATING", "DELETING", "DELETED", "VALID", "INVALID")
ServiceEnvironmentType: TypeAlias = str
SERVICE_ENVIRONMENT_TYPE_VALUES = ("SAGEMAKER_TRAINING",)
ServiceJobRetryAction: TypeAlias = str
SERVICE_JOB_RETRY_ACTION_VALUES = ("RETRY", "EXIT")
ServiceJobStatus: TypeAlias = str
SERVICE_JOB_STATUS_VALUES = (
    "SUBMITTED",
    "PENDING",
    "RUNNABLE",
    "SCHEDULED",
    "STARTING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
)
ServiceJobType: TypeAlias = str
SERVICE_JOB_TYPE_VALUES = ("SAGEMAKER_TRAINING",)
ServiceResourceIdName: TypeAlias = str
SERVICE_RESOURCE_ID_NAME_VALUES = ("TrainingJobArn",)
UserdataType: TypeAlias = str
USERDATA_TYPE_VALUES = ("EKS_BOOTSTRAP_SH", "EKS_NODEADM")


class ArrayProperties(Shape, kw_only=True):
    size: Integer | None = None


class ArrayPropertiesDetail(Shape, kw_only=True):
    statusSummary: dict[str, Integer] | None = None
    statusSummaryLastUpdatedAt: Long | None = None
    size: Integer | None = None
    index: Integer | None = None


class ArrayPropertiesSummary(Shape, kw_only=True):
    size: Integer | None = None
    index: Integer | None = None
    statusSummary: dict[str, Integer] | None = None
    statusSummaryLastUpdatedAt: Long | None = None


class AttemptContainerDetail(Shape, kw_only=True):
    containerInstanceArn: str | None = None
    taskArn: str | None = None
    exitCode: Integer | None = None
    reason: str | None = None
    logStreamName: str | None = None
    networkInterfaces: list[NetworkInterface] | None = None


class AttemptDetail(Shape, kw_only=True):
    container: AttemptContainerDetail | None = None
    startedAt: Long | None = None
    stoppedAt: Long | None = None
    statusReason: str | None = None
    taskProperties: list[AttemptEcsTaskDetails] | None = None


class AttemptEcsTaskDetails(Shape, kw_only=True):
    containerInstanceArn: str | None = None
    taskArn: str | None = None
    containers: list[AttemptTaskContainerDetails] | None = None


class AttemptTaskContainerDetails(Shape, kw_only=True):
    exitCode: Integer | None = None
    name: str | None = None
    reason: str | None = None
    logStreamName: str | None = None
    networkInterfaces: list[NetworkInterface] | None = None


class CancelJobRequest(Shape, kw_only=True):
    jobId: str
    reason: str


class CancelJobResponse(Shape, kw_only=True):
    pass


class CancelJobsErrorDetail(Shape, kw_only=True):
    job: str | None = None
    code: str | None = None
    message: str | None = None


class CancelJobsRequest(Shape, kw_only=True):
    jobs: list[str]
    reason: str


class CancelJobsResponse(Shape, kw_only=True):
    successful: list[str] | None = None
    errors: list[CancelJobsErrorDetail] | None = None


class CapacityLimit(Shape, kw_only=True):
    maxCapacity: Integer | None = None
    capacityUnit: str | None = None


class CapacityReservationRequest(Shape, kw_only=True):
    reservationGroupArn: str | None = None
    reservationPreference: str | None = None


class ComputeEnvironmentDetail(Shape, kw_only=True):
    computeEnvironmentName: str | None = None
    computeEnvironmentArn: str | None = None
    unmanagedvCpus: Integer | None = None
    ecsClusterArn: str | None = None
    tags: dict[str, str] | None = None
    type: CEType | None = None
    state: CEState | None = None
    status: CEStatus | None = None
    statusReason: str | None = None
    computeResources: ComputeResource | None = None
    serviceRole: str | None = None
    updatePolicy: UpdatePolicy | None = None
    eksConfiguration: EksConfiguration | None = None
    containerOrchestrationType: OrchestrationType | None = None
    uuid: str | None = None
    context: str | None = None
    ecsSettings: EcsSettings | None = None


class ComputeEnvironmentOrder(Shape, kw_only=True):
    order: Integer
    computeEnvironment: str


class ComputeResource(Shape, kw_only=True):
    type: CRType
    allocationStrategy: CRAllocationStrategy | None = None
    minvCpus: Integer | None = None
    maxvCpus: Integer
    desiredvCpus: Integer | None = None
    instanceTypes: list[str] | None = None
    imageId: str | None = None
    subnets: list[str] | None = None
    securityGroupIds: list[str] | None = None
    ec2KeyPair: str | None = None
    instanceRole: str | None = None
    tags: dict[str, str] | None = None
    placementGroup: str | None = None
    bidPercentage: Integer | None = None
    spotIamFleetRole: str | None = None
    launchTemplate: LaunchTemplateSpecification | None = None
    ec2Configuration: list[Ec2Configuration] | None = None
    scalingPolicy: ComputeScalingPolicy | None = None
    managedInstancesProvider: ManagedInstancesProvider | None = None
    capacityTags: dict[str, str] | None = None


class ComputeResourceUpdate(Shape, kw_only=True):
    minvCpus: Integer | None = None
    maxvCpus: Integer | None = None
    desiredvCpus: Integer | None = None
    subnets: list[str] | None = None
    securityGroupIds: list[str] | None = None
    allocationStrategy: CRUpdateAllocationStrategy | None = None
    instanceTypes: list[str] | None = None
    ec2KeyPair: str | None = None
    instanceRole: str | None = None
    tags: dict[str, str] | None = None
    placementGroup: str | None = None
    bidPercentage: Integer | None = None
    launchTemplate: LaunchTemplateSpecification | None = None
    ec2Configuration: list[Ec2Configuration] | None = None
    updateToLatestImageVersion: bool | None = None
    type: CRType | None = None
    imageId: str | None = None
    scalingPolicy: ComputeScalingPolicy | None = None
    managedInstancesProvider: UpdateManagedInstancesProviderConfiguration | None = None
    capacityTags: dict[str, str] | None = None


class ComputeScalingPolicy(Shape, kw_only=True):
    minScaleDownDelayMinutes: Integer | None = None


class ConsumableResourceProperties(Shape, kw_only=True):
    consumableResourceList: list[ConsumableResourceRequirement] | None = None


class ConsumableResourceRequirement(Shape, kw_only=True):
    consumableResource: str | None = None
    quantity: Long | None = None


class ConsumableResourceSummary(Shape, kw_only=True):
    consumableResourceArn: str | None = None
    consumableResourceName: str | None = None
    totalQuantity: Long | None = None
    inUseQuantity: Long | None = None
    resourceType: str | None = None


class ContainerDetail(Shape, kw_only=True):
    image: str | None = None
    vcpus: Integer | None = None
    memory: Integer | None = None
    command: list[str] | None = None
    jobRoleArn: str | None = None
    executionRoleArn: str | None = None
    volumes: list[Volume] | None = None
    environment: list[KeyValuePair] | None = None
    mountPoints: list[MountPoint] | None = None
    readonlyRootFilesystem: bool | None = None
    ulimits: list[Ulimit] | None = None
    privileged: bool | None = None
    user: str | None = None
    exitCode: Integer | None = None
    reason: str | None = None
    containerInstanceArn: str | None = None
    taskArn: str | None = None
    logStreamName: str | None = None
    instanceType: str | None = None
    networkInterfaces: list[NetworkInterface] | None = None
    resourceRequirements: list[ResourceRequirement] | None = None
    linuxParameters: LinuxParameters | None = None
    logConfiguration: LogConfiguration | None = None
    secrets: list[Secret] | None = None
    networkConfiguration: NetworkConfiguration | None = None
    fargatePlatformConfiguration: FargatePlatformConfiguration | None = None
    ephemeralStorage: EphemeralStorage | None = None
    runtimePlatform: RuntimePlatform | None = None
    repositoryCredentials: RepositoryCredentials | None = None
    enableExecuteCommand: bool | None = None


class ContainerOverrides(Shape, kw_only=True):
    vcpus: Integer | None = None
    memory: Integer | None = None
    command: list[str] | None = None
    instanceType: str | None = None
    environment: list[KeyValuePair] | None = None
    resourceRequirements: list[ResourceRequirement] | None = None


class ContainerProperties(Shape, kw_only=True):
    image: str | None = None
    vcpus: Integer | None = None
    memory: Integer | None = None
    command: list[str] | None = None
    jobRoleArn: str | None = None
    executionRoleArn: str | None = None
    volumes: list[Volume] | None = None
    environment: list[KeyValuePair] | None = None
    mountPoints: list[MountPoint] | None = None
    readonlyRootFilesystem: bool | None = None
    privileged: bool | None = None
    ulimits: list[Ulimit] | None = None
    user: str | None = None
    instanceType: str | None = None
    resourceRequirements: list[ResourceRequirement] | None = None
    linuxParameters: LinuxParameters | None = None
    logConfiguration: LogConfiguration | None = None
    secrets: list[Secret] | None = None
    networkConfiguration: NetworkConfiguration | None = None
    fargatePlatformConfiguration: FargatePlatformConfiguration | None = None
    enableExecuteCommand: bool | None = None
    ephemeralStorage: EphemeralStorage | None = None
    runtimePlatform: RuntimePlatform | None = None
    repositoryCredentials: RepositoryCredentials | None = None


class ContainerSummary(Shape, kw_only=True):
    exitCode: Integer | None = None
    reason: str | None = None


class CreateComputeEnvironmentRequest(Shape, kw_only=True):
    computeEnvironmentName: str
    type: CEType
    state: CEState | None = None
    unmanagedvCpus: Integer | None = None
    computeResources: ComputeResource | None = None
    serviceRole: str | None = None
    tags: dict[str, str] | None = None
    eksConfiguration: EksConfiguration | None = None
    context: str | None = None
    ecsSettings: EcsSettings | None = None


class CreateComputeEnvironmentResponse(Shape, kw_only=True):
    computeEnvironmentName: str | None = None
    computeEnvironmentArn: str | None = None


class CreateConsumableResourceRequest(Shape, kw_only=True):
    consumableResourceName: str
    totalQuantity: Long | None = None
    resourceType: str | None = None
    tags: dict[str, str] | None = None


class CreateConsumableResourceResponse(Shape, kw_only=True):
    consumableResourceName: str | None = None
    consumableResourceArn: str | None = None


class CreateJobQueueRequest(Shape, kw_only=True):
    jobQueueName: str
    state: JQState | None = None
    schedulingPolicyArn: str | None = None
    priority: Integer
    computeEnvironmentOrder: list[ComputeEnvironmentOrder] | None = None
    serviceEnvironmentOrder: list[ServiceEnvironmentOrder] | None = None
    jobQueueType: JobQueueType | None = None
    tags: dict[str, str] | None = None
    jobStateTimeLimitActions: list[JobStateTimeLimitAction] | None = None


class CreateJobQueueResponse(Shape, kw_only=True):
    jobQueueName: str | None = None
    jobQueueArn: str | None = None


class CreateQuotaShareRequest(Shape, kw_only=True):
    quotaShareName: str
    jobQueue: str
    capacityLimits: list[QuotaShareCapacityLimit]
    resourceSharingConfiguration: QuotaShareResourceSharingConfiguration
    preemptionConfiguration: QuotaSharePreemptionConfiguration
    state: QuotaShareState | None = None
    tags: dict[str, str] | None = None


class CreateQuotaShareResponse(Shape, kw_only=True):
    quotaShareName: str | None = None
    quotaShareArn: str | None = None


class CreateSchedulingPolicyRequest(Shape, kw_only=True):
    name: str
    quotaSharePolicy: QuotaSharePolicy | None = None
    fairsharePolicy: FairsharePolicy | None = None
    tags: dict[str, str] | None = None


class CreateSchedulingPolicyResponse(Shape, kw_only=True):
    name: str | None = None
    arn: str | None = None


class CreateServiceEnvironmentRequest(Shape, kw_only=True):
    serviceEnvironmentName: str
    serviceEnvironmentType: ServiceEnvironmentType
    state: ServiceEnvironmentState | None = None
    capacityLimits: list[CapacityLimit]
    tags: dict[str, str] | None = None


class CreateServiceEnvironmentResponse(Shape, kw_only=True):
    serviceEnvironmentName: str | None = None
    serviceEnvironmentArn: str | None = None


class DeleteComputeEnvironmentRequest(Shape, kw_only=True):
    computeEnvironment: str


class DeleteComputeEnvironmentResponse(Shape, kw_only=True):
    pass


class DeleteConsumableResourceRequest(Shape, kw_only=True):
    consumableResource: str


class DeleteConsumableResourceResponse(Shape, kw_only=True):
    pass


class DeleteJobQueueRequest(Shape, kw_only=True):
    jobQueue: str


class DeleteJobQueueResponse(Shape, kw_only=True):
    pass


class DeleteQuotaShareRequest(Shape, kw_only=True):
    quotaShareArn: str


class DeleteQuotaShareResponse(Shape, kw_only=True):
    pass


class DeleteSchedulingPolicyRequest(Shape, kw_only=True):
    arn: str


class DeleteSchedulingPolicyResponse(Shape, kw_only=True):
    pass


class DeleteServiceEnvironmentRequest(Shape, kw_only=True):
    serviceEnvironment: str


class DeleteServiceEnvironmentResponse(Shape, kw_only=True):
    pass


class DeregisterJobDefinitionRequest(Shape, kw_only=True):
    jobDefinition: str


class DeregisterJobDefinitionResponse(Shape, kw_only=True):
    pass


class DescribeComputeEnvironmentsRequest(Shape, kw_only=True):
    computeEnvironments: list[str] | None = None
    maxResults: Integer | None = None
    nextToken: str | None = None


class DescribeComputeEnvironmentsResponse(Shape, kw_only=True):
    computeEnvironments: list[ComputeEnvironmentDetail] | None = None
    nextToken: str | None = None


class DescribeConsumableResourceRequest(Shape, kw_only=True):
    consumableResource: str


class DescribeConsumableResourceResponse(Shape, kw_only=True):
    consumableResourceName: str | None = None
    consumableResourceArn: str | None = None
    totalQuantity: Long | None = None
    inUseQuantity: Long | None = None
    availableQuantity: Long | None = None
    resourceType: str | None = None
    createdAt: Long | None = None
    tags: dict[str, str] | None = None


class DescribeJobDefinitionsRequest(Shape, kw_only=True):
    jobDefinitions: list[str] | None = None
    maxResults: Integer | None = None
    jobDefinitionName: str | None = None
    status: str | None = None
    nextToken: str | None = None


class DescribeJobDefinitionsResponse(Shape, kw_only=True):
    jobDefinitions: list[JobDefinition] | None = None
    nextToken: str | None = None


class DescribeJobQueuesRequest(Shape, kw_only=True):
    jobQueues: list[str] | None = None
    maxResults: Integer | None = None
    nextToken: str | None = None


class DescribeJobQueuesResponse(Shape, kw_only=True):
    jobQueues: list[JobQueueDetail] | None = None
    nextToken: str | None = None


class DescribeJobsRequest(Shape, kw_only=True):
    jobs: list[str]


class DescribeJobsResponse(Shape, kw_only=True):
    jobs: list[JobDetail] | None = None


class DescribeQuotaShareRequest(Shape, kw_only=True):
    quotaShareArn: str


class DescribeQuotaShareResponse(Shape, kw_only=True):
    quotaShareName: str | None = None
    quotaShareArn: str | None = None
    jobQueueArn: str | None = None
    capacityLimits: list[QuotaShareCapacityLimit] | None = None
    resourceSharingConfiguration: QuotaShareResourceSharingConfiguration | None = None
    preemptionConfiguration: QuotaSharePreemptionConfiguration | None = None
    state: QuotaShareState | None = None
    status: QuotaShareStatus | None = None
    tags: dict[str, str] | None = None


class DescribeSchedulingPoliciesRequest(Shape, kw_only=True):
    arns: list[str]


class DescribeSchedulingPoliciesResponse(Shape, kw_only=True):
    schedulingPolicies: list[SchedulingPolicyDetail] | None = None


class DescribeServiceEnvironmentsRequest(Shape, kw_only=True):
    serviceEnvironments: list[str] | None = None
    maxResults: Integer | None = None
    nextToken: str | None = None


class DescribeServiceEnvironmentsResponse(Shape, kw_only=True):
    serviceEnvironments: list[ServiceEnvironmentDetail] | None = None
    nextToken: str | None = None


class DescribeServiceJobRequest(Shape, kw_only=True):
    jobId: str


class DescribeServiceJobResponse(Shape, kw_only=True):
    attempts: list[ServiceJobAttemptDetail] | None = None
    capacityUsage: list[ServiceJobCapacityUsageDetail] | None = None
    createdAt: Long | None = None
    isTerminated: bool | None = None
    jobArn: str | None = None
    jobId: str | None = None
    jobName: str | None = None
    jobQueue: str | None = None
    latestAttempt: LatestServiceJobAttempt | None = None
    retryStrategy: ServiceJobRetryStrategy | None = None
    scheduledAt: Long | None = None
    schedulingPriority: Integer | None = None
    serviceRequestPayload: str | None = None
    serviceJobType: ServiceJobType | None = None
    shareIdentifier: str | None = None
    quotaShareName: str | None = None
    preemptionConfiguration: ServiceJobPreemptionConfiguration | None = None
    preemptionSummary: ServiceJobPreemptionSummary | None = None
    startedAt: Long | None = None
    status: ServiceJobStatus | None = None
    statusReason: str | None = None
    stoppedAt: Long | None = None
    tags: dict[str, str] | None = None
    timeoutConfig: ServiceJobTimeout | None = None


class Device(Shape, kw_only=True):
    hostPath: str
    containerPath: str | None = None
    permissions: list[DeviceCgroupPermission] | None = None


class EFSAuthorizationConfig(Shape, kw_only=True):
    accessPointId: str | None = None
    iam: EFSAuthorizationConfigIAM | None = None


class EFSVolumeConfiguration(Shape, kw_only=True):
    fileSystemId: str
    rootDirectory: str | None = None
    transitEncryption: EFSTransitEncryption | None = None
    transitEncryptionPort: Integer | None = None
    authorizationConfig: EFSAuthorizationConfig | None = None


class Ec2Configuration(Shape, kw_only=True):
    imageType: str
    imageIdOverride: str | None = None
    batchImageStatus: str | None = None
    imageKubernetesVersion: str | None = None


class EcsProperties(Shape, kw_only=True):
    taskProperties: list[EcsTaskProperties]


class EcsPropertiesDetail(Shape, kw_only=True):
    taskProperties: list[EcsTaskDetails] | None = None


class EcsPropertiesOverride(Shape, kw_only=True):
    taskProperties: list[TaskPropertiesOverride] | None = None


class EcsSettings(Shape, kw_only=True):
    containerInsights: ContainerInsights | None = None


class EcsTaskDetails(Shape, kw_only=True):
    containers: list[TaskContainerDetails] | None = None
    containerInstanceArn: str | None = None
    taskArn: str | None = None
    ephemeralStorage: EphemeralStorage | None = None
    executionRoleArn: str | None = None
    platformVersion: str | None = None
    ipcMode: str | None = None
    taskRoleArn: str | None = None
    pidMode: str | None = None
    networkConfiguration: NetworkConfiguration | None = None
    runtimePlatform: RuntimePlatform | None = None
    volumes: list[Volume] | None = None
    enableExecuteCommand: bool | None = None
    networkMode: str | None = None


class EcsTaskProperties(Shape, kw_only=True):
    containers: list[TaskContainerProperties]
    ephemeralStorage: EphemeralStorage | None = None
    executionRoleArn: str | None = None
    platformVersion: str | None = None
    ipcMode: str | None = None
    taskRoleArn: str | None = None
    pidMode: str | None = None
    networkConfiguration: NetworkConfiguration | None = None
    runtimePlatform: RuntimePlatform | None = None
    volumes: list[Volume] | None = None
    enableExecuteCommand: bool | None = None
    networkMode: str | None = None


class EksAccessEntry(Shape, kw_only=True):
    desiredState: EksAccessEntryDesiredState
    status: EksAccessEntryStatus | None = None


class EksAttemptContainerDetail(Shape, kw_only=True):
    name: str | None = None
    containerID: str | None = None
    exitCode: Integer | None = None
    reason: str | None = None


class EksAttemptDetail(Shape, kw_only=True):
    containers: list[EksAttemptContainerDetail] | None = None
    initContainers: list[EksAttemptContainerDetail] | None = None
    eksClusterArn: str | None = None
    podName: str | None = None
    podNamespace: str | None = None
    nodeName: str | None = None
    startedAt: Long | None = None
    stoppedAt: Long | None = None
    statusReason: str | None = None


class EksConfiguration(Shape, kw_only=True):
    eksClusterArn: str
    kubernetesNamespace: str
    accessEntry: EksAccessEntry | None = None


class EksConfigurationUpdate(Shape, kw_only=True):
    accessEntry: EksAccessEntry | None = None


class EksContainer(Shape, kw_only=True):
    name: str | None = None
    image: str
    imagePullPolicy: str | None = None
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[EksContainerEnvironmentVariable] | None = None
    resources: EksContainerResourceRequirements | None = None
    volumeMounts: list[EksContainerVolumeMount] | None = None
    securityContext: EksContainerSecurityContext | None = None


class EksContainerDetail(Shape, kw_only=True):
    name: str | None = None
    image: str | None = None
    imagePullPolicy: str | None = None
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[EksContainerEnvironmentVariable] | None = None
    resources: EksContainerResourceRequirements | None = None
    exitCode: Integer | None = None
    reason: str | None = None
    volumeMounts: list[EksContainerVolumeMount] | None = None
    securityContext: EksContainerSecurityContext | None = None


class EksContainerEnvironmentVariable(Shape, kw_only=True):
    name: str
    value: str | None = None


class EksContainerLinuxCapabilities(Shape, kw_only=True):
    add: list[str] | None = None
    drop: list[str] | None = None


class EksContainerOverride(Shape, kw_only=True):
    name: str | None = None
    image: str | None = None
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[EksContainerEnvironmentVariable] | None = None
    resources: EksContainerResourceRequirements | None = None


class EksContainerResourceRequirements(Shape, kw_only=True):
    limits: dict[str, str] | None = None
    requests: dict[str, str] | None = None


class EksContainerSecurityContext(Shape, kw_only=True):
    runAsUser: Long | None = None
    runAsGroup: Long | None = None
    privileged: bool | None = None
    allowPrivilegeEscalation: bool | None = None
    readOnlyRootFilesystem: bool | None = None
    runAsNonRoot: bool | None = None
    capabilities: EksContainerLinuxCapabilities | None = None
    seccompProfile: EksSeccompProfile | None = None


class EksContainerVolumeMount(Shape, kw_only=True):
    name: str | None = None
    mountPath: str | None = None
    subPath: str | None = None
    readOnly: bool | None = None


class EksEmptyDir(Shape, kw_only=True):
    medium: str | None = None
    sizeLimit: str | None = None


class EksHostPath(Shape, kw_only=True):
    path: str | None = None


class EksMetadata(Shape, kw_only=True):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    namespace: str | None = None


class EksPersistentVolumeClaim(Shape, kw_only=True):
    claimName: str
    readOnly: bool | None = None


class EksPodProperties(Shape, kw_only=True):
    serviceAccountName: str | None = None
    hostNetwork: bool | None = None
    dnsPolicy: str | None = None
    imagePullSecrets: list[ImagePullSecret] | None = None
    containers: list[EksContainer] | None = None
    initContainers: list[EksContainer] | None = None
    volumes: list[EksVolume] | None = None
    metadata: EksMetadata | None = None
    shareProcessNamespace: bool | None = None
    securityContext: EksPodSecurityContext | None = None


class EksPodPropertiesDetail(Shape, kw_only=True):
    serviceAccountName: str | None = None
    hostNetwork: bool | None = None
    dnsPolicy: str | None = None
    imagePullSecrets: list[ImagePullSecret] | None = None
    containers: list[EksContainerDetail] | None = None
    initContainers: list[EksContainerDetail] | None = None
    volumes: list[EksVolume] | None = None
    podName: str | None = None
    nodeName: str | None = None
    metadata: EksMetadata | None = None
    shareProcessNamespace: bool | None = None
    securityContext: EksPodSecurityContext | None = None


class EksPodPropertiesOverride(Shape, kw_only=True):
    containers: list[EksContainerOverride] | None = None
    initContainers: list[EksContainerOverride] | None = None
    metadata: EksMetadata | None = None


class EksPodSecurityContext(Shape, kw_only=True):
    runAsUser: Long | None = None
    runAsGroup: Long | None = None
    runAsNonRoot: bool | None = None
    seccompProfile: EksSeccompProfile | None = None
    fsGroup: Long | None = None


class EksProperties(Shape, kw_only=True):
    podProperties: EksPodProperties | None = None


class EksPropertiesDetail(Shape, kw_only=True):
    podProperties: EksPodPropertiesDetail | None = None


class EksPropertiesOverride(Shape, kw_only=True):
    podProperties: EksPodPropertiesOverride | None = None


class EksSeccompProfile(Shape, kw_only=True):
    type: EksSeccompProfileType
    localhostProfile: str | None = None


class EksSecret(Shape, kw_only=True):
    secretName: str
    optional: bool | None = None


class EksVolume(Shape, kw_only=True):
    name: str
    hostPath: EksHostPath | None = None
    emptyDir: EksEmptyDir | None = None
    secret: EksSecret | None = None
    persistentVolumeClaim: EksPersistentVolumeClaim | None = None


class EphemeralStorage(Shape, kw_only=True):
    sizeInGiB: Integer


class EvaluateOnExit(Shape, kw_only=True):
    onStatusReason: str | None = None
    onReason: str | None = None
    onExitCode: str | None = None
    action: RetryAction


class FairshareCapacityUsage(Shape, kw_only=True):
    capacityUnit: str | None = None
    quantity: float | None = None


class FairshareCapacityUtilization(Shape, kw_only=True):
    shareIdentifier: str | None = None
    capacityUsage: list[FairshareCapacityUsage] | None = None


class FairsharePolicy(Shape, kw_only=True):
    shareDecaySeconds: Integer | None = None
    computeReservation: Integer | None = None
    shareDistribution: list[ShareAttributes] | None = None


class FairshareUtilizationDetail(Shape, kw_only=True):
    activeShareCount: Long | None = None
    topCapacityUtilization: list[FairshareCapacityUtilization] | None = None


class FargatePlatformConfiguration(Shape, kw_only=True):
    platformVersion: str | None = None


class FirelensConfiguration(Shape, kw_only=True):
    type: FirelensConfigurationType
    options: dict[str, str] | None = None


class FrontOfQueueDetail(Shape, kw_only=True):
    jobs: list[FrontOfQueueJobSummary] | None = None
    lastUpdatedAt: Long | None = None


class FrontOfQueueJobSummary(Shape, kw_only=True):
    jobArn: str | None = None
    earliestTimeAtPosition: Long | None = None


class FrontOfQuotaShareJobSummary(Shape, kw_only=True):
    jobArn: str | None = None
    earliestTimeAtPosition: Long | None = None


class FrontOfQuotaSharesDetail(Shape, kw_only=True):
    quotaShares: dict[str, list[FrontOfQuotaShareJobSummary]] | None = None
    lastUpdatedAt: Long | None = None


class GetJobQueueSnapshotRequest(Shape, kw_only=True):
    jobQueue: str


class GetJobQueueSnapshotResponse(Shape, kw_only=True):
    frontOfQueue: FrontOfQueueDetail | None = None
    frontOfQuotaShares: FrontOfQuotaSharesDetail | None = None
    queueUtilization: QueueSnapshotUtilizationDetail | None = None


class Host(Shape, kw_only=True):
    sourcePath: str | None = None


class ImagePullSecret(Shape, kw_only=True):
    name: str


class InfrastructureOptimization(Shape, kw_only=True):
    scaleInAfter: Integer | None = None


class InstanceLaunchTemplate(Shape, kw_only=True):
    ec2InstanceProfileArn: str
    networkConfiguration: ManagedInstancesNetworkConfiguration
    instanceRequirements: InstanceRequirementsRequest | None = None
    capacityOptionType: str | None = None
    storageConfiguration: ManagedInstancesStorageConfiguration | None = None
    monitoring: str | None = None
    fipsEnabled: bool | None = None
    capacityReservations: CapacityReservationRequest | None = None
    instanceMetadataTagsPropagation: bool | None = None
    localStorageConfiguration: ManagedInstancesLocalStorageConfiguration | None = None


class InstanceLaunchTemplateUpdate(Shape, kw_only=True):
    ec2InstanceProfileArn: str | None = None
    networkConfiguration: ManagedInstancesNetworkConfiguration | None = None
    instanceRequirements: InstanceRequirementsRequest | None = None
    storageConfiguration: ManagedInstancesStorageConfiguration | None = None
    monitoring: str | None = None
    capacityReservations: CapacityReservationRequest | None = None
    instanceMetadataTagsPropagation: bool | None = None
    localStorageConfiguration: ManagedInstancesLocalStorageConfiguration | None = None


class InstanceRequirementsRequest(Shape, kw_only=True):
    allowedInstanceTypes: list[str] | None = None


class JobCapacityUsageSummary(Shape, kw_only=True):
    capacityUnit: str | None = None
    quantity: float | None = None


class JobDefinition(Shape, kw_only=True):
    jobDefinitionName: str | None = None
    jobDefinitionArn: str | None = None
    revision: Integer | None = None
    status: str | None = None
    type: str | None = None
    schedulingPriority: Integer | None = None
    parameters: dict[str, str] | None = None
    retryStrategy: RetryStrategy | None = None
    containerProperties: ContainerProperties | None = None
    timeout: JobTimeout | None = None
    nodeProperties: NodeProperties | None = None
    tags: dict[str, str] | None = None
    propagateTags: bool | None = None
    platformCapabilities: list[PlatformCapability] | None = None
    ecsProperties: EcsProperties | None = None
    eksProperties: EksProperties | None = None
    containerOrchestrationType: OrchestrationType | None = None
    consumableResourceProperties: ConsumableResourceProperties | None = None


class JobDependency(Shape, kw_only=True):
    jobId: str | None = None
    type: ArrayJobDependency | None = None


class JobDetail(Shape, kw_only=True):
    jobArn: str | None = None
    jobName: str | None = None
    jobId: str | None = None
    jobQueue: str | None = None
    status: JobStatus | None = None
    shareIdentifier: str | None = None
    schedulingPriority: Integer | None = None
    attempts: list[AttemptDetail] | None = None
    statusReason: str | None = None
    createdAt: Long | None = None
    retryStrategy: RetryStrategy | None = None
    startedAt: Long | None = None
    stoppedAt: Long | None = None
    dependsOn: list[JobDependency] | None = None
    jobDefinition: str | None = None
    parameters: dict[str, str] | None = None
    container: ContainerDetail | None = None
    nodeDetails: NodeDetails | None = None
    nodeProperties: NodeProperties | None = None
    arrayProperties: ArrayPropertiesDetail | None = None
    timeout: JobTimeout | None = None
    tags: dict[str, str] | None = None
    propagateTags: bool | None = None
    platformCapabilities: list[PlatformCapability] | None = None
    eksProperties: EksPropertiesDetail | None = None
    eksAttempts: list[EksAttemptDetail] | None = None
    ecsProperties: EcsPropertiesDetail | None = None
    isCancelled: bool | None = None
    isTerminated: bool | None = None
    consumableResourceProperties: ConsumableResourceProperties | None = None


class JobQueueDetail(Shape, kw_only=True):
    jobQueueName: str | None = None
    jobQueueArn: str | None = None
    state: JQState | None = None
    schedulingPolicyArn: str | None = None
    status: JQStatus | None = None
    statusReason: str | None = None
    priority: Integer | None = None
    computeEnvironmentOrder: list[ComputeEnvironmentOrder] | None = None
    serviceEnvironmentOrder: list[ServiceEnvironmentOrder] | None = None
    jobQueueType: JobQueueType | None = None
    tags: dict[str, str] | None = None
    jobStateTimeLimitActions: list[JobStateTimeLimitAction] | None = None


class JobStateTimeLimitAction(Shape, kw_only=True):
    reason: str
    state: JobStateTimeLimitActionsState
    maxTimeSeconds: Integer
    action: JobStateTimeLimitActionsAction


class JobSummary(Shape, kw_only=True):
    jobArn: str | None = None
    jobId: str | None = None
    jobName: str | None = None
    capacityUsage: list[JobCapacityUsageSummary] | None = None
    createdAt: Long | None = None
    scheduledAt: Long | None = None
    shareIdentifier: str | None = None
    status: JobStatus | None = None
    statusReason: str | None = None
    startedAt: Long | None = None
    stoppedAt: Long | None = None
    container: ContainerSummary | None = None
    arrayProperties: ArrayPropertiesSummary | None = None
    nodeProperties: NodePropertiesSummary | None = None
    jobDefinition: str | None = None
    isCancelled: bool | None = None
    isTerminated: bool | None = None


class JobTimeout(Shape, kw_only=True):
    attemptDurationSeconds: Integer | None = None


class KeyValuePair(Shape, kw_only=True):
    name: str | None = None
    value: str | None = None


class KeyValuesPair(Shape, kw_only=True):
    name: str | None = None
    values: list[str] | None = None


class LatestServiceJobAttempt(Shape, kw_only=True):
    serviceResourceId: ServiceResourceId | None = None


class LaunchTemplateSpecification(Shape, kw_only=True):
    launchTemplateId: str | None = None
    launchTemplateName: str | None = None
    version: str | None = None
    overrides: list[LaunchTemplateSpecificationOverride] | None = None
    userdataType: UserdataType | None = None


class LaunchTemplateSpecificationOverride(Shape, kw_only=True):
    launchTemplateId: str | None = None
    launchTemplateName: str | None = None
    version: str | None = None
    targetInstanceTypes: list[str] | None = None
    userdataType: UserdataType | None = None


class LinuxParameters(Shape, kw_only=True):
    devices: list[Device] | None = None
    initProcessEnabled: bool | None = None
    sharedMemorySize: Integer | None = None
    tmpfs: list[Tmpfs] | None = None
    maxSwap: Integer | None = None
    swappiness: Integer | None = None


class ListConsumableResourcesRequest(Shape, kw_only=True):
    filters: list[KeyValuesPair] | None = None
    maxResults: Integer | None = None
    nextToken: str | None = None


class ListConsumableResourcesResponse(Shape, kw_only=True):
    consumableResources: list[ConsumableResourceSummary] | None = None
    nextToken: str | None = None


class ListJobsByConsumableResourceRequest(Shape, kw_only=True):
    consumableResource: str
    filters: list[KeyValuesPair] | None = None
    maxResults: Integer | None = None
    nextToken: str | None = None


class ListJobsByConsumableResourceResponse(Shape, kw_only=True):
    jobs: list[ListJobsByConsumableResourceSummary] | None = None
    nextToken: str | None = None


class ListJobsByConsumableResourceSummary(Shape, kw_only=True):
    jobArn: str | None = None
    jobQueueArn: str | None = None
    jobName: str | None = None
    jobDefinitionArn: str | None = None
    shareIdentifier: str | None = None
    jobStatus: str | None = None
    quantity: Long | None = None
    statusReason: str | None = None
    startedAt: Long | None = None
    createdAt: Long | None = None
    consumableResourceProperties: ConsumableResourceProperties | None = None


class ListJobsRequest(Shape, kw_only=True):
    jobQueue: str | None = None
    arrayJobId: str | None = None
    multiNodeJobId: str | None = None
    jobStatus: JobStatus | None = None
    maxResults: Integer | None = None
    nextToken: str | None = None
    filters: list[KeyValuesPair] | None = None


class ListJobsResponse(Shape, kw_only=True):
    jobSummaryList: list[JobSummary] | None = None
    nextToken: str | None = None


class ListQuotaSharesRequest(Shape, kw_only=True):
    jobQueue: str
    maxResults: Integer | None = None
    nextToken: str | None = None


class ListQuotaSharesResponse(Shape, kw_only=True):
    quotaShares: list[QuotaShareDetail] | None = None
    nextToken: str | None = None


class ListSchedulingPoliciesRequest(Shape, kw_only=True):
    maxResults: Integer | None = None
    nextToken: str | None = None


class ListSchedulingPoliciesResponse(Shape, kw_only=True):
    schedulingPolicies: list[SchedulingPolicyListingDetail] | None = None
    nextToken: str | None = None


class ListServiceJobsRequest(Shape, kw_only=True):
    jobQueue: str | None = None
    jobStatus: ServiceJobStatus | None = None
    maxResults: Integer | None = None
    nextToken: str | None = None
    filters: list[KeyValuesPair] | None = None


class ListServiceJobsResponse(Shape, kw_only=True):
    jobSummaryList: list[ServiceJobSummary] | None = None
    nextToken: str | None = None


class ListTagsForResourceRequest(Shape, kw_only=True):
    resourceArn: str


class ListTagsForResourceResponse(Shape, kw_only=True):
    tags: dict[str, str] | None = None


class LogConfiguration(Shape, kw_only=True):
    logDriver: LogDriver
    options: dict[str, str] | None = None
    secretOptions: list[Secret] | None = None


class ManagedInstancesLocalStorageConfiguration(Shape, kw_only=True):
    useLocalStorage: bool | None = None


class ManagedInstancesNetworkConfiguration(Shape, kw_only=True):
    subnets: list[str]
    securityGroups: list[str]


class ManagedInstancesProvider(Shape, kw_only=True):
    propagateTags: str | None = None
    infrastructureRoleArn: str
    instanceLaunchTemplate: InstanceLaunchTemplate
    infrastructureOptimization: InfrastructureOptimization | None = None


class ManagedInstancesStorageConfiguration(Shape, kw_only=True):
    storageSizeGiB: Integer | None = None


class MountPoint(Shape, kw_only=True):
    containerPath: str | None = None
    readOnly: bool | None = None
    sourceVolume: str | None = None


class NetworkConfiguration(Shape, kw_only=True):
    assignPublicIp: AssignPublicIp | None = None


class NetworkInterface(Shape, kw_only=True):
    attachmentId: str | None = None
    ipv6Address: str | None = None
    privateIpv4Address: str | None = None


class NodeDetails(Shape, kw_only=True):
    nodeIndex: Integer | None = None
    isMainNode: bool | None = None


class NodeOverrides(Shape, kw_only=True):
    numNodes: Integer | None = None
    nodePropertyOverrides: list[NodePropertyOverride] | None = None


class NodeProperties(Shape, kw_only=True):
    numNodes: Integer
    mainNode: Integer
    nodeRangeProperties: list[NodeRangeProperty]


class NodePropertiesSummary(Shape, kw_only=True):
    isMainNode: bool | None = None
    numNodes: Integer | None = None
    nodeIndex: Integer | None = None


class NodePropertyOverride(Shape, kw_only=True):
    targetNodes: str
    containerOverrides: ContainerOverrides | None = None
    ecsPropertiesOverride: EcsPropertiesOverride | None = None
    instanceTypes: list[str] | None = None
    eksPropertiesOverride: EksPropertiesOverride | None = None
    consumableResourcePropertiesOverride: ConsumableResourceProperties | None = None


class NodeRangeProperty(Shape, kw_only=True):
    targetNodes: str
    container: ContainerProperties | None = None
    instanceTypes: list[str] | None = None
    ecsProperties: EcsProperties | None = None
    eksProperties: EksProperties | None = None
    consumableResourceProperties: ConsumableResourceProperties | None = None


class QueueSnapshotCapacityUsage(Shape, kw_only=True):
    capacityUnit: str | None = None
    quantity: float | None = None


class QueueSnapshotUtilizationDetail(Shape, kw_only=True):
    totalCapacityUsage: list[QueueSnapshotCapacityUsage] | None = None
    fairshareUtilization: FairshareUtilizationDetail | None = None
    quotaShareUtilization: QuotaShareUtilizationDetail | None = None
    lastUpdatedAt: Long | None = None


class QuotaShareCapacityLimit(Shape, kw_only=True):
    maxCapacity: Integer
    capacityUnit: str


class QuotaShareCapacityUsage(Shape, kw_only=True):
    capacityUnit: str | None = None
    quantity: float | None = None


class QuotaShareCapacityUtilization(Shape, kw_only=True):
    quotaShareName: str | None = None
    capacityUsage: list[QuotaShareCapacityUsage] | None = None


class QuotaShareDetail(Shape, kw_only=True):
    quotaShareName: str | None = None
    quotaShareArn: str | None = None
    jobQueueArn: str | None = None
    capacityLimits: list[QuotaShareCapacityLimit] | None = None
    resourceSharingConfiguration: QuotaShareResourceSharingConfiguration | None = None
    preemptionConfiguration: QuotaSharePreemptionConfiguration | None = None
    state: QuotaShareState | None = None
    status: QuotaShareStatus | None = None


class QuotaSharePolicy(Shape, kw_only=True):
    idleResourceAssignmentStrategy: QuotaShareIdleResourceAssignmentStrategy


class QuotaSharePreemptionConfiguration(Shape, kw_only=True):
    inSharePreemption: QuotaShareInSharePreemptionState


class QuotaShareResourceSharingConfiguration(Shape, kw_only=True):
    strategy: QuotaShareResourceSharingStrategy
    borrowLimit: Integer | None = None


class QuotaShareUtilizationDetail(Shape, kw_only=True):
    topCapacityUtilization: list[QuotaShareCapacityUtilization] | None = None


class RegisterJobDefinitionRequest(Shape, kw_only=True):
    jobDefinitionName: str
    type: JobDefinitionType
    parameters: dict[str, str] | None = None
    schedulingPriority: Integer | None = None
    containerProperties: ContainerProperties | None = None
    nodeProperties: NodeProperties | None = None
    retryStrategy: RetryStrategy | None = None
    propagateTags: bool | None = None
    timeout: JobTimeout | None = None
    tags: dict[str, str] | None = None
    platformCapabilities: list[PlatformCapability] | None = None
    eksProperties: EksProperties | None = None
    ecsProperties: EcsProperties | None = None
    consumableResourceProperties: ConsumableResourceProperties | None = None


class RegisterJobDefinitionResponse(Shape, kw_only=True):
    jobDefinitionName: str | None = None
    jobDefinitionArn: str | None = None
    revision: Integer | None = None


class RepositoryCredentials(Shape, kw_only=True):
    credentialsParameter: str


class ResourceRequirement(Shape, kw_only=True):
    value: str
    type: ResourceType


class RetryStrategy(Shape, kw_only=True):
    attempts: Integer | None = None
    evaluateOnExit: list[EvaluateOnExit] | None = None


class RuntimePlatform(Shape, kw_only=True):
    operatingSystemFamily: str | None = None
    cpuArchitecture: str | None = None


class S3FilesVolumeConfiguration(Shape, kw_only=True):
    fileSystemArn: str
    rootDirectory: str | None = None
    transitEncryptionPort: Integer | None = None
    accessPointArn: str | None = None


class SchedulingPolicyDetail(Shape, kw_only=True):
    name: str | None = None
    arn: str | None = None
    quotaSharePolicy: QuotaSharePolicy | None = None
    fairsharePolicy: FairsharePolicy | None = None
    tags: dict[str, str] | None = None


class SchedulingPolicyListingDetail(Shape, kw_only=True):
    arn: str | None = None


class Secret(Shape, kw_only=True):
    name: str
    valueFrom: str


class ServiceEnvironmentDetail(Shape, kw_only=True):
    serviceEnvironmentName: str | None = None
    serviceEnvironmentArn: str | None = None
    serviceEnvironmentType: ServiceEnvironmentType | None = None
    state: ServiceEnvironmentState | None = None
    status: ServiceEnvironmentStatus | None = None
    capacityLimits: list[CapacityLimit] | None = None
    tags: dict[str, str] | None = None


class ServiceEnvironmentOrder(Shape, kw_only=True):
    order: Integer
    serviceEnvironment: str


class ServiceJobAttemptDetail(Shape, kw_only=True):
    serviceResourceId: ServiceResourceId | None = None
    startedAt: Long | None = None
    stoppedAt: Long | None = None
    statusReason: str | None = None


class ServiceJobCapacityUsageDetail(Shape, kw_only=True):
    capacityUnit: str | None = None
    quantity: float | None = None


class ServiceJobCapacityUsageSummary(Shape, kw_only=True):
    capacityUnit: str | None = None
    quantity: float | None = None


class ServiceJobEvaluateOnExit(Shape, kw_only=True):
    action: ServiceJobRetryAction | None = None
    onStatusReason: str | None = None


class ServiceJobPreemptedAttempt(Shape, kw_only=True):
    serviceResourceId: ServiceResourceId | None = None
    startedAt: Long | None = None
    stoppedAt: Long | None = None
    statusReason: str | None = None


class ServiceJobPreemptionConfiguration(Shape, kw_only=True):
    preemptionRetriesBeforeTermination: Integer | None = None


class ServiceJobPreemptionSummary(Shape, kw_only=True):
    preemptedAttemptCount: Integer | None = None
    recentPreemptedAttempts: list[ServiceJobPreemptedAttempt] | None = None


class ServiceJobRetryStrategy(Shape, kw_only=True):
    attempts: Integer
    evaluateOnExit: list[ServiceJobEvaluateOnExit] | None = None


class ServiceJobSummary(Shape, kw_only=True):
    latestAttempt: LatestServiceJobAttempt | None = None
    capacityUsage: list[ServiceJobCapacityUsageSummary] | None = None
    createdAt: Long | None = None
    jobArn: str | None = None
    jobId: str | None = None
    jobName: str | None = None
    scheduledAt: Long | None = None
    serviceJobType: ServiceJobType | None = None
    shareIdentifier: str | None = None
    quotaShareName: str | None = None
    status: ServiceJobStatus | None = None
    statusReason: str | None = None
    startedAt: Long | None = None
    stoppedAt: Long | None = None
    isTerminated: bool | None = None


class ServiceJobTimeout(Shape, kw_only=True):
    attemptDurationSeconds: Integer | None = None


class ServiceResourceId(Shape, kw_only=True):
    name: ServiceResourceIdName | None = None
    value: str | None = None


class ShareAttributes(Shape, kw_only=True):
    shareIdentifier: str
    weightFactor: float | None = None


class SubmitJobRequest(Shape, kw_only=True):
    jobName: str
    jobQueue: str
    shareIdentifier: str | None = None
    schedulingPriorityOverride: Integer | None = None
    arrayProperties: ArrayProperties | None = None
    dependsOn: list[JobDependency] | None = None
    jobDefinition: str
    parameters: dict[str, str] | None = None
    containerOverrides: ContainerOverrides | None = None
    nodeOverrides: NodeOverrides | None = None
    retryStrategy: RetryStrategy | None = None
    propagateTags: bool | None = None
    timeout: JobTimeout | None = None
    tags: dict[str, str] | None = None
    eksPropertiesOverride: EksPropertiesOverride | None = None
    ecsPropertiesOverride: EcsPropertiesOverride | None = None
    consumableResourcePropertiesOverride: ConsumableResourceProperties | None = None


class SubmitJobResponse(Shape, kw_only=True):
    jobArn: str | None = None
    jobName: str | None = None
    jobId: str | None = None


class SubmitServiceJobRequest(Shape, kw_only=True):
    jobName: str
    jobQueue: str
    retryStrategy: ServiceJobRetryStrategy | None = None
    schedulingPriority: Integer | None = None
    serviceRequestPayload: str
    serviceJobType: ServiceJobType
    shareIdentifier: str | None = None
    quotaShareName: str | None = None
    preemptionConfiguration: ServiceJobPreemptionConfiguration | None = None
    timeoutConfig: ServiceJobTimeout | None = None
    tags: dict[str, str] | None = None
    clientToken: str | None = None


class SubmitServiceJobResponse(Shape, kw_only=True):
    jobArn: str | None = None
    jobName: str | None = None
    jobId: str | None = None


class TagResourceRequest(Shape, kw_only=True):
    resourceArn: str
    tags: dict[str, str]


class TagResourceResponse(Shape, kw_only=True):
    pass


class TaskContainerDependency(Shape, kw_only=True):
    containerName: str | None = None
    condition: str | None = None


class TaskContainerDetails(Shape, kw_only=True):
    command: list[str] | None = None
    dependsOn: list[TaskContainerDependency] | None = None
    environment: list[KeyValuePair] | None = None
    essential: bool | None = None
    firelensConfiguration: FirelensConfiguration | None = None
    image: str | None = None
    linuxParameters: LinuxParameters | None = None
    logConfiguration: LogConfiguration | None = None
    mountPoints: list[MountPoint] | None = None
    name: str | None = None
    privileged: bool | None = None
    readonlyRootFilesystem: bool | None = None
    repositoryCredentials: RepositoryCredentials | None = None
    resourceRequirements: list[ResourceRequirement] | None = None
    secrets: list[Secret] | None = None
    ulimits: list[Ulimit] | None = None
    user: str | None = None
    startTimeout: Integer | None = None
    stopTimeout: Integer | None = None
    exitCode: Integer | None = None
    reason: str | None = None
    logStreamName: str | None = None
    networkInterfaces: list[NetworkInterface] | None = None


class TaskContainerOverrides(Shape, kw_only=True):
    command: list[str] | None = None
    environment: list[KeyValuePair] | None = None
    name: str | None = None
    resourceRequirements: list[ResourceRequirement] | None = None


class TaskContainerProperties(Shape, kw_only=True):
    command: list[str] | None = None
    dependsOn: list[TaskContainerDependency] | None = None
    environment: list[KeyValuePair] | None = None
    essential: bool | None = None
    firelensConfiguration: FirelensConfiguration | None = None
    image: str
    linuxParameters: LinuxParameters | None = None
    logConfiguration: LogConfiguration | None = None
    mountPoints: list[MountPoint] | None = None
    name: str | None = None
    privileged: bool | None = None
    readonlyRootFilesystem: bool | None = None
    repositoryCredentials: RepositoryCredentials | None = None
    resourceRequirements: list[ResourceRequirement] | None = None
    secrets: list[Secret] | None = None
    ulimits: list[Ulimit] | None = None
    user: str | None = None
    startTimeout: Integer | None = None
    stopTimeout: Integer | None = None


class TaskPropertiesOverride(Shape, kw_only=True):
    containers: list[TaskContainerOverrides] | None = None


class TerminateJobRequest(Shape, kw_only=True):
    jobId: str
    reason: str


class TerminateJobResponse(Shape, kw_only=True):
    pass


class TerminateJobsErrorDetail(Shape, kw_only=True):
    job: str | None = None
    code: str | None = None
    message: str | None = None


class TerminateJobsRequest(Shape, kw_only=True):
    jobs: list[str]
    reason: str


class TerminateJobsResponse(Shape, kw_only=True):
    successful: list[str] | None = None
    errors: list[TerminateJobsErrorDetail] | None = None


class TerminateServiceJobRequest(Shape, kw_only=True):
    jobId: str
    reason: str


class TerminateServiceJobResponse(Shape, kw_only=True):
    pass


class TerminateServiceJobsErrorDetail(Shape, kw_only=True):
    job: str | None = None
    code: str | None = None
    message: str | None = None


class TerminateServiceJobsRequest(Shape, kw_only=True):
    jobs: list[str]
    reason: str


class TerminateServiceJobsResponse(Shape, kw_only=True):
    successful: list[str] | None = None
    errors: list[TerminateServiceJobsErrorDetail] | None = None


class Tmpfs(Shape, kw_only=True):
    containerPath: str
    size: Integer
    mountOptions: list[str] | None = None


class Ulimit(Shape, kw_only=True):
    hardLimit: Integer
    name: str
    softLimit: Integer


class UntagResourceRequest(Shape, kw_only=True):
    resourceArn: str
    tagKeys: list[str]


class UntagResourceResponse(Shape, kw_only=True):
    pass


class UpdateComputeEnvironmentRequest(Shape, kw_only=True):
    computeEnvironment: str
    state: CEState | None = None
    unmanagedvCpus: Integer | None = None
    computeResources: ComputeResourceUpdate | None = None
    serviceRole: str | None = None
    updatePolicy: UpdatePolicy | None = None
    context: str | None = None
    ecsSettings: EcsSettings | None = None
    eksConfiguration: EksConfigurationUpdate | None = None


class UpdateComputeEnvironmentResponse(Shape, kw_only=True):
    computeEnvironmentName: str | None = None
    computeEnvironmentArn: str | None = None


class UpdateConsumableResourceRequest(Shape, kw_only=True):
    consumableResource: str
    operation: str | None = None
    quantity: Long | None = None
    clientToken: str | None = None


class UpdateConsumableResourceResponse(Shape, kw_only=True):
    consumableResourceName: str | None = None
    consumableResourceArn: str | None = None
    totalQuantity: Long | None = None


class UpdateJobQueueRequest(Shape, kw_only=True):
    jobQueue: str
    state: JQState | None = None
    schedulingPolicyArn: str | None = None
    priority: Integer | None = None
    computeEnvironmentOrder: list[ComputeEnvironmentOrder] | None = None
    serviceEnvironmentOrder: list[ServiceEnvironmentOrder] | None = None
    jobStateTimeLimitActions: list[JobStateTimeLimitAction] | None = None


class UpdateJobQueueResponse(Shape, kw_only=True):
    jobQueueName: str | None = None
    jobQueueArn: str | None = None


class UpdateManagedInstancesProviderConfiguration(Shape, kw_only=True):
    propagateTags: str | None = None
    infrastructureRoleArn: str | None = None
    instanceLaunchTemplate: InstanceLaunchTemplateUpdate | None = None
    infrastructureOptimization: InfrastructureOptimization | None = None


class UpdatePolicy(Shape, kw_only=True):
    terminateJobsOnUpdate: bool | None = None
    jobExecutionTimeoutMinutes: Long | None = None


class UpdateQuotaShareRequest(Shape, kw_only=True):
    quotaShareArn: str
    capacityLimits: list[QuotaShareCapacityLimit] | None = None
    resourceSharingConfiguration: QuotaShareResourceSharingConfiguration | None = None
    preemptionConfiguration: QuotaSharePreemptionConfiguration | None = None
    state: QuotaShareState | None = None


class UpdateQuotaShareResponse(Shape, kw_only=True):
    quotaShareName: str | None = None
    quotaShareArn: str | None = None


class UpdateSchedulingPolicyRequest(Shape, kw_only=True):
    arn: str
    quotaSharePolicy: QuotaSharePolicy | None = None
    fairsharePolicy: FairsharePolicy | None = None


class UpdateSchedulingPolicyResponse(Shape, kw_only=True):
    pass


class UpdateServiceEnvironmentRequest(Shape, kw_only=True):
    serviceEnvironment: str
    state: ServiceEnvironmentState | None = None
    capacityLimits: list[CapacityLimit] | None = None


class UpdateServiceEnvironmentResponse(Shape, kw_only=True):
    serviceEnvironmentName: str | None = None
    serviceEnvironmentArn: str | None = None


class UpdateServiceJobRequest(Shape, kw_only=True):
    jobId: str
    schedulingPriority: Integer


class UpdateServiceJobResponse(Shape, kw_only=True):
    jobArn: str | None = None
    jobName: str | None = None
    jobId: str | None = None


class Volume(Shape, kw_only=True):
    host: Host | None = None
    name: str | None = None
    efsVolumeConfiguration: EFSVolumeConfiguration | None = None
    s3filesVolumeConfiguration: S3FilesVolumeConfiguration | None = None


OPERATIONS: dict[str, Operation] = {
    "CancelJob": Operation(
        name="CancelJob",
        method="POST",
        path="/v1/canceljob",
        request_type=CancelJobRequest,
        response_type=CancelJobResponse,
        errors=("ClientException", "ServerException"),
    ),
    "CancelJobs": Operation(
        name="CancelJobs",
        method="POST",
        path="/v1/canceljobs",
        request_type=CancelJobsRequest,
        response_type=CancelJobsResponse,
        errors=("ClientException", "ServerException"),
    ),
    "CreateComputeEnvironment": Operation(
        name="CreateComputeEnvironment",
        method="POST",
        path="/v1/createcomputeenvironment",
        request_type=CreateComputeEnvironmentRequest,
        response_type=CreateComputeEnvironmentResponse,
        errors=("ClientException", "ServerException"),
    ),
    "CreateConsumableResource": Operation(
        name="CreateConsumableResource",
        method="POST",
        path="/v1/createconsumableresource",
        request_type=CreateConsumableResourceRequest,
        response_type=CreateConsumableResourceResponse,
        errors=("ClientException", "ServerException"),
    ),
    "CreateJobQueue": Operation(
        name="CreateJobQueue",
        method="POST",
        path="/v1/createjobqueue",
        request_type=CreateJobQueueRequest,
        response_type=CreateJobQueueResponse,
        errors=("ClientException", "ServerException"),
    ),
    "CreateQuotaShare": Operation(
        name="CreateQuotaShare",
        method="POST",
        path="/v1/createquotashare",
        request_type=CreateQuotaShareRequest,
        response_type=CreateQuotaShareResponse,
        errors=("ClientException", "ServerException"),
    ),
    "CreateSchedulingPolicy": Operation(
        name="CreateSchedulingPolicy",
        method="POST",
        path="/v1/createschedulingpolicy",
        request_type=CreateSchedulingPolicyRequest,
        response_type=CreateSchedulingPolicyResponse,
        errors=("ClientException", "ServerException"),
    ),
    "CreateServiceEnvironment": Operation(
        name="CreateServiceEnvironment",
        method="POST",
        path="/v1/createserviceenvironment",
        request_type=CreateServiceEnvironmentRequest,
        response_type=CreateServiceEnvironmentResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DeleteComputeEnvironment": Operation(
        name="DeleteComputeEnvironment",
        method="POST",
        path="/v1/deletecomputeenvironment",
        request_type=DeleteComputeEnvironmentRequest,
        response_type=DeleteComputeEnvironmentResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DeleteConsumableResource": Operation(
        name="DeleteConsumableResource",
        method="POST",
        path="/v1/deleteconsumableresource",
        request_type=DeleteConsumableResourceRequest,
        response_type=DeleteConsumableResourceResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DeleteJobQueue": Operation(
        name="DeleteJobQueue",
        method="POST",
        path="/v1/deletejobqueue",
        request_type=DeleteJobQueueRequest,
        response_type=DeleteJobQueueResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DeleteQuotaShare": Operation(
        name="DeleteQuotaShare",
        method="POST",
        path="/v1/deletequotashare",
        request_type=DeleteQuotaShareRequest,
        response_type=DeleteQuotaShareResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DeleteSchedulingPolicy": Operation(
        name="DeleteSchedulingPolicy",
        method="POST",
        path="/v1/deleteschedulingpolicy",
        request_type=DeleteSchedulingPolicyRequest,
        response_type=DeleteSchedulingPolicyResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DeleteServiceEnvironment": Operation(
        name="DeleteServiceEnvironment",
        method="POST",
        path="/v1/deleteserviceenvironment",
        request_type=DeleteServiceEnvironmentRequest,
        response_type=DeleteServiceEnvironmentResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DeregisterJobDefinition": Operation(
        name="DeregisterJobDefinition",
        method="POST",
        path="/v1/deregisterjobdefinition",
        request_type=DeregisterJobDefinitionRequest,
        response_type=DeregisterJobDefinitionResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DescribeComputeEnvironments": Operation(
        name="DescribeComputeEnvironments",
        method="POST",
        path="/v1/describecomputeenvironments",
        request_type=DescribeComputeEnvironmentsRequest,
        response_type=DescribeComputeEnvironmentsResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DescribeConsumableResource": Operation(
        name="DescribeConsumableResource",
        method="POST",
        path="/v1/describeconsumableresource",
        request_type=DescribeConsumableResourceRequest,
        response_type=DescribeConsumableResourceResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DescribeJobDefinitions": Operation(
        name="DescribeJobDefinitions",
        method="POST",
        path="/v1/describejobdefinitions",
        request_type=DescribeJobDefinitionsRequest,
        response_type=DescribeJobDefinitionsResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DescribeJobQueues": Operation(
        name="DescribeJobQueues",
        method="POST",
        path="/v1/describejobqueues",
        request_type=DescribeJobQueuesRequest,
        response_type=DescribeJobQueuesResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DescribeJobs": Operation(
        name="DescribeJobs",
        method="POST",
        path="/v1/describejobs",
        request_type=DescribeJobsRequest,
        response_type=DescribeJobsResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DescribeQuotaShare": Operation(
        name="DescribeQuotaShare",
        method="POST",
        path="/v1/describequotashare",
        request_type=DescribeQuotaShareRequest,
        response_type=DescribeQuotaShareResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DescribeSchedulingPolicies": Operation(
        name="DescribeSchedulingPolicies",
        method="POST",
        path="/v1/describeschedulingpolicies",
        request_type=DescribeSchedulingPoliciesRequest,
        response_type=DescribeSchedulingPoliciesResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DescribeServiceEnvironments": Operation(
        name="DescribeServiceEnvironments",
        method="POST",
        path="/v1/describeserviceenvironments",
        request_type=DescribeServiceEnvironmentsRequest,
        response_type=DescribeServiceEnvironmentsResponse,
        errors=("ClientException", "ServerException"),
    ),
    "DescribeServiceJob": Operation(
        name="DescribeServiceJob",
        method="POST",
        path="/v1/describeservicejob",
        request_type=DescribeServiceJobRequest,
        response_type=DescribeServiceJobResponse,
        errors=("ClientException", "ServerException"),
    ),
    "GetJobQueueSnapshot": Operation(
        name="GetJobQueueSnapshot",
        method="POST",
        path="/v1/getjobqueuesnapshot",
        request_type=GetJobQueueSnapshotRequest,
        response_type=GetJobQueueSnapshotResponse,
        errors=("ClientException", "ServerException"),
    ),
    "ListConsumableResources": Operation(
        name="ListConsumableResources",
        method="POST",
        path="/v1/listconsumableresources",
        request_type=ListConsumableResourcesRequest,
        response_type=ListConsumableResourcesResponse,
        errors=("ClientException", "ServerException"),
    ),
    "ListJobs": Operation(
        name="ListJobs",
        method="POST",
        path="/v1/listjobs",
        request_type=ListJobsRequest,
        response_type=ListJobsResponse,
        errors=("ClientException", "ServerException"),
    ),
    "ListJobsByConsumableResource": Operation(
        name="ListJobsByConsumableResource",
        method="POST",
        path="/v1/listjobsbyconsumableresource",
        request_type=ListJobsByConsumableResourceRequest,
        response_type=ListJobsByConsumableResourceResponse,
        errors=("ClientException", "ServerException"),
    ),
    "ListQuotaShares": Operation(
        name="ListQuotaShares",
        method="POST",
        path="/v1/listquotashares",
        request_type=ListQuotaSharesRequest,
        response_type=ListQuotaSharesResponse,
        errors=("ClientException", "ServerException"),
    ),
    "ListSchedulingPolicies": Operation(
        name="ListSchedulingPolicies",
        method="POST",
        path="/v1/listschedulingpolicies",
        request_type=ListSchedulingPoliciesRequest,
        response_type=ListSchedulingPoliciesResponse,
        errors=("ClientException", "ServerException"),
    ),
    "ListServiceJobs": Operation(
        name="ListServiceJobs",
        method="POST",
        path="/v1/listservicejobs",
        request_type=ListServiceJobsRequest,
        response_type=ListServiceJobsResponse,
        errors=("ClientException", "ServerException"),
    ),
    "ListTagsForResource": Operation(
        name="ListTagsForResource",
        method="GET",
        path="/v1/tags/{resourceArn}",
        request_type=ListTagsForResourceRequest,
        response_type=ListTagsForResourceResponse,
        errors=("ClientException", "ServerException"),
    ),
    "RegisterJobDefinition": Operation(
        name="RegisterJobDefinition",
        method="POST",
        path="/v1/registerjobdefinition",
        request_type=RegisterJobDefinitionRequest,
        response_type=RegisterJobDefinitionResponse,
        errors=("ClientException", "ServerException"),
    ),
    "SubmitJob": Operation(
        name="SubmitJob",
        method="POST",
        path="/v1/submitjob",
        request_type=SubmitJobRequest,
        response_type=SubmitJobResponse,
        errors=("ClientException", "ServerException"),
    ),
    "SubmitServiceJob": Operation(
        name="SubmitServiceJob",
        method="POST",
        path="/v1/submitservicejob",
        request_type=SubmitServiceJobRequest,
        response_type=SubmitServiceJobResponse,
        errors=("ClientException", "ServerException"),
    ),
    "TagResource": Operation(
        name="TagResource",
        method="POST",
        path="/v1/tags/{resourceArn}",
        request_type=TagResourceRequest,
        response_type=TagResourceResponse,
        errors=("ClientException", "ServerException"),
    ),
    "TerminateJob": Operation(
        name="TerminateJob",
        method="POST",
        path="/v1/terminatejob",
        request_type=TerminateJobRequest,
        response_type=TerminateJobResponse,
        errors=("ClientException", "ServerException"),
    ),
    "TerminateJobs": Operation(
        name="TerminateJobs",
        method="POST",
        path="/v1/terminatejobs",
        request_type=TerminateJobsRequest,
        response_type=TerminateJobsResponse,
        errors=("ClientException", "ServerException"),
    ),
    "TerminateServiceJob": Operation(
        name="TerminateServiceJob",
        method="POST",
        path="/v1/terminateservicejob",
        request_type=TerminateServiceJobRequest,
        response_type=TerminateServiceJobResponse,
        errors=("ClientException", "ServerException"),
    ),
    "TerminateServiceJobs": Operation(
        name="TerminateServiceJobs",
        method="POST",
        path="/v1/terminateservicejobs",
        request_type=TerminateServiceJobsRequest,
        response_type=TerminateServiceJobsResponse,
        errors=("ClientException", "ServerException"),
    ),
    "UntagResource": Operation(
        name="UntagResource",
        method="DELETE",
        path="/v1/tags/{resourceArn}",
        request_type=UntagResourceRequest,
        response_type=UntagResourceResponse,
        query=("tagKeys",),
        errors=("ClientException", "ServerException"),
    ),
    "UpdateComputeEnvironment": Operation(
        name="UpdateComputeEnvironment",
        method="POST",
        path="/v1/updatecomputeenvironment",
        request_type=UpdateComputeEnvironmentRequest,
        response_type=UpdateComputeEnvironmentResponse,
        errors=("ClientException", "ServerException"),
    ),
    "UpdateConsumableResource": Operation(
        name="UpdateConsumableResource",
        method="POST",
        path="/v1/updateconsumableresource",
        request_type=UpdateConsumableResourceRequest,
        response_type=UpdateConsumableResourceResponse,
        errors=("ClientException", "ServerException"),
    ),
    "UpdateJobQueue": Operation(
        name="UpdateJobQueue",
        method="POST",
        path="/v1/updatejobqueue",
        request_type=UpdateJobQueueRequest,
        response_type=UpdateJobQueueResponse,
        errors=("ClientException", "ServerException"),
    ),
    "UpdateQuotaShare": Operation(
        name="UpdateQuotaShare",
        method="POST",
        path="/v1/updatequotashare",
        request_type=UpdateQuotaShareRequest,
        response_type=UpdateQuotaShareResponse,
        errors=("ClientException", "ServerException"),
    ),
    "UpdateSchedulingPolicy": Operation(
        name="UpdateSchedulingPolicy",
        method="POST",
        path="/v1/updateschedulingpolicy",
        request_type=UpdateSchedulingPolicyRequest,
        response_type=UpdateSchedulingPolicyResponse,
        errors=("ClientException", "ServerException"),
    ),
    "UpdateServiceEnvironment": Operation(
        name="UpdateServiceEnvironment",
        method="POST",
        path="/v1/updateserviceenvironment",
        request_type=UpdateServiceEnvironmentRequest,
        response_type=UpdateServiceEnvironmentResponse,
        errors=("ClientException", "ServerException"),
    ),
    "UpdateServiceJob": Operation(
        name="UpdateServiceJob",
        method="POST",
        path="/v1/updateservicejob",
        request_type=UpdateServiceJobRequest,
        response_type=UpdateServiceJobResponse,
        errors=("ClientException", "ServerException"),
    ),
}
"""The operations of the service that have a place here, by name."""
