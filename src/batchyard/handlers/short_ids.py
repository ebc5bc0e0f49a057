"""Ids as people type them: `last`, the first letters of one, an ARN; with a child's index behind them or not."""

from __future__ import annotations

from batchyard.domain.errors import Invalid, NotFound
from batchyard.handlers.base import Context

_LEAST = 4


async def resolve(context: Context, text: str) -> str:
    """The whole id that `text` means. Raises NotFound, and Invalid for what fits several jobs or is too short."""
    own = context.identity.own(text, "job") if text.startswith("arn:") else text
    if own is None:
        raise NotFound(f"Job {text} does not exist.")
    short, colon, index = own.partition(":")
    short = short.lower()
    if colon and not index.isdecimal():
        raise Invalid(f'"{index}" is no index of a child: write ID:INDEX with a number from 0.')
    if len(short) < _LEAST:
        raise Invalid(f'"{short}" is too short for an id: give at least its first {_LEAST} letters, or "last".')
    found = await context.store.read(lambda tx: tx.listing.resolve(short))
    if not found and short == "last":
        raise NotFound("There is no job yet.")
    if not found:
        raise NotFound(f'No job has an id that begins with "{short}".')
    if len(found) > 1:
        raise Invalid(f'Several jobs have an id that begins with "{short}": {", ".join(found)}.')
    return f"{found[0]}{colon}{index}"
