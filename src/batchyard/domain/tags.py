"""Tags of every kind of resource (BEHAVIOUR 1.40, 1.41, 1.43, 1.46)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from batchyard.domain.errors import Invalid


def check_tags(tags: Mapping[str, str] | None, limit: int) -> dict[str, str]:
    """A copy of `tags` (empty when None), at most `limit`, with keys and values as 1.40 and 1.41 have them."""
    given = dict(tags or {})
    if len(given) > limit:
        raise Invalid(f"A resource can have at most {limit} tags, got {len(given)}.")
    for key, value in given.items():
        if not 1 <= len(key) <= 128:
            raise Invalid(f"A tag's key must have 1 to 128 characters, got {len(key)}.")
        if key.lower().startswith("aws:"):
            raise Invalid(f"Tag keys that begin with aws: are reserved, got {key}.")
        if len(value) > 256:
            raise Invalid(f"A tag's value can have at most 256 characters, got {len(value)} for {key}.")
        if not (_writable(key) and _writable(value)):
            raise Invalid(f"Tags can have letters, digits, spaces and + - = . _ : / @, got {key}: {value}.")
    return given


def with_tags(now: Mapping[str, str], given: Mapping[str, str], limit: int) -> dict[str, str]:
    """`now` with the given keys added or overwritten (1.43)."""
    if not given:
        raise Invalid("tags must have 1 to 50 entries, got 0.")
    return check_tags({**now, **check_tags(given, limit)}, limit)


def without_tags(now: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """`now` without these 1 to 50 keys; one that is absent does no harm (1.43)."""
    unwanted = set(keys)
    if not 1 <= len(unwanted) <= 50:
        raise Invalid(f"tagKeys must have 1 to 50 entries, got {len(unwanted)}.")
    return {key: value for key, value in now.items() if key not in unwanted}


def _writable(text: str) -> bool:
    """Letters, digits and separators of every script, and a few signs (1.41)."""
    return all(char in "+-=._:/@" or unicodedata.category(char)[0] in "LNZ" for char in text)
