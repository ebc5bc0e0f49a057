"""Where random identifiers come from: injectable, so that a seed can give the same ones again."""

from __future__ import annotations

import random
import secrets
import uuid
from typing import Protocol


class Ids(Protocol):
    """Makes identifiers."""

    def uuid(self) -> str:
        """A lower-case uuid."""
        ...


class RandomIds:
    """Identifiers from the operating system's randomness."""

    def uuid(self) -> str:
        """A random lower-case uuid."""
        return str(uuid.uuid4())


class SeededIds:
    """The same identifiers for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        """The next lower-case uuid of this seed."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def secret(length: int = 40) -> str:
    """A random secret of letters and digits."""
    return secrets.token_hex((length + 1) // 2)[:length]
