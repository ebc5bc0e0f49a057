"""Stable names for texts. Apart from `ids`, because pure rooms may use it."""

from __future__ import annotations

import hashlib


def digest(text: str, length: int = 32) -> str:
    """A hexadecimal name of `length` digits: the same text gives the same name on every machine."""
    return hashlib.blake2b(text.encode(), digest_size=(length + 1) // 2).hexdigest()[:length]
