"""References to secrets in `secrets` and `secretOptions` (BEHAVIOUR 2.9); their values are fetched elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from batchyard.api.batch import Secret
from batchyard.domain.checks import required
from batchyard.domain.errors import Invalid

_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_./-]+")
_SECRET_ARN = re.compile(r"arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+(?::([^:]*)(?::([^:]*)(?::([^:]*))?)?)?")
_PARAMETER_ARN = re.compile(r"arn:[^:]+:ssm:[^:]*:[^:]*:parameter/.+")


def check_secrets(secrets: Sequence[Secret] | None, member: str) -> None:
    """Refuse an entry of `member` without a name or whose `valueFrom` is neither form of 2.91-2.93."""
    for secret in secrets or ():
        required(secret.name, f"{member}.name")
        source = required(secret.valueFrom, f"{member}.valueFrom")
        if source.startswith("arn:"):
            found = _SECRET_ARN.fullmatch(source)
            if found is None and _PARAMETER_ARN.fullmatch(source) is None:
                raise Invalid(f"{member}: {source} is the ARN of neither a secret nor a parameter.")
            if found is not None and found[2] and found[3]:
                raise Invalid(f"{member}: {source} names both a version stage and a version id; give one of them.")
        elif _PARAMETER_NAME.fullmatch(source) is None:
            raise Invalid(f"{member}: {source} is neither an ARN nor the name of a parameter.")
