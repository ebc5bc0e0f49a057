"""`Ref::name` placeholders in commands (BEHAVIOUR 2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from batchyard.domain.errors import Invalid

_PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_-]+)")


def substitute(command: list[str], parameters: Mapping[str, str]) -> list[str]:
    """`command` with every placeholder replaced, once, wherever it stands in an element (2.32, 2.34).

    Raises Invalid for a placeholder without a value (2.33). Parameters that nothing uses are no fault (2.35).
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in parameters:
            raise Invalid(f"Unable to substitute value. No parameter found for reference {name}")
        return parameters[name]

    return [_PLACEHOLDER.sub(value, word) if "Ref::" in word else word for word in command]
