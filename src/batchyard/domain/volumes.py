"""Volumes of a job and where its containers mount them (BEHAVIOUR 2.7)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from batchyard.api.batch import (
    EFS_AUTHORIZATION_CONFIG_IAM_VALUES,
    EFS_TRANSIT_ENCRYPTION_VALUES,
    EFSAuthorizationConfig,
    EFSVolumeConfiguration,
    MountPoint,
    Volume,
)
from batchyard.domain.checks import one_of, required, within
from batchyard.domain.errors import Invalid
from batchyard.domain.resources import FARGATE

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_FILE_SYSTEM = re.compile(r"fs-[A-Za-z0-9]+")
_PORT = 65535


def check_volumes(
    volumes: Sequence[Volume] | None, *, platform: str, platform_version: str | None, role: str | None, windows: bool
) -> None:
    """Refuse volumes that break 2.70-2.74; `role` is the job's role, `platform_version` Fargate's as it was named."""
    for volume in volumes or ():
        name = required(volume.name, "volumes.name")
        if _NAME.fullmatch(name) is None:
            raise Invalid(f"Volume name {name} must have 1 to 255 letters, digits, hyphens or underscores.")
        efs, s3files = volume.efsVolumeConfiguration, volume.s3filesVolumeConfiguration
        if sum(kind is not None for kind in (volume.host, efs, s3files)) > 1:
            raise Invalid(
                f"Volume {name} can have only one of host, efsVolumeConfiguration and s3filesVolumeConfiguration."
            )
        if volume.host is not None and volume.host.sourcePath and platform == FARGATE:
            raise Invalid("host.sourcePath is not applicable for Fargate.")
        if efs is not None:
            _check_efs(efs, role)
            if windows:
                raise Invalid("efsVolumeConfiguration is not applicable for Windows containers.")
            if platform == FARGATE and platform_version != "1.4.0":
                raise Invalid("EFS is supported for Fargate platform version 1.4.0")
        if s3files is not None:
            required(s3files.fileSystemArn, "s3filesVolumeConfiguration.fileSystemArn")
            within(s3files.transitEncryptionPort, 0, _PORT, "transitEncryptionPort")
            if not role:
                raise Invalid("An S3 Files volume requires a job role.")


def _check_efs(efs: EFSVolumeConfiguration, role: str | None) -> None:
    if _FILE_SYSTEM.fullmatch(efs.fileSystemId) is None:
        raise Invalid(f"fileSystemId must have the form fs-…, got {efs.fileSystemId}.")
    root = efs.rootDirectory or "/"
    if len(root) > 4096:
        raise Invalid(f"rootDirectory can have at most 4096 characters, got {len(root)}.")
    one_of(efs.transitEncryption, EFS_TRANSIT_ENCRYPTION_VALUES, "transitEncryption")
    within(efs.transitEncryptionPort, 0, _PORT, "transitEncryptionPort")
    access = efs.authorizationConfig or EFSAuthorizationConfig()
    one_of(access.iam, EFS_AUTHORIZATION_CONFIG_IAM_VALUES, "authorizationConfig.iam")
    encrypted = efs.transitEncryption == "ENABLED"
    if access.iam == "ENABLED":
        if not encrypted:
            raise Invalid("EFS IAM authorization requires TransitEncryption to be enabled.")
        if not role:
            raise Invalid("EFS IAM authorization requires a job role.")
    if access.accessPointId:
        if root != "/":
            raise Invalid('When using an EFS access point, the root directory must either be set to "/" or omitted')
        if not encrypted:
            raise Invalid("An EFS access point requires TransitEncryption to be enabled.")


def check_mounts(mounts: Sequence[MountPoint] | None, volumes: Sequence[Volume] | None) -> None:
    """Refuse a mount of a volume that is not there, or one without a path (2.72)."""
    names = {volume.name for volume in volumes or ()}
    for mount in mounts or ():
        required(mount.containerPath, "mountPoints.containerPath")
        source = required(mount.sourceVolume, "mountPoints.sourceVolume")
        if source not in names:
            raise Invalid(f"mountPoints: sourceVolume {source} does not exist among the volumes.")
