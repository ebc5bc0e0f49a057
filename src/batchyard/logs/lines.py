"""Cutting a file into lines, forward or backward from any place, with bounded memory and the same result.

A line longer than a block is cut, or one line without end would fill the memory. The rule needs no more than a block
of context, so that both directions find the same cuts: a block (aligned to its size) without any newline ends a piece
where it ends. So lines up to 128 KiB are never cut, and no piece is longer than 256 KiB.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

BLOCK = 128 * 1024
"""Bytes read at once, and the longest line that is never cut."""

Piece = tuple[int, int, bytes]
"""Start and end in the file, newline included, and the text without it."""


def forward(file: int, position: int, size: int, cut: bool = True) -> Iterator[Piece]:
    """Pieces from `position` on, up to `size`; the last one may lack its newline."""
    base = position // BLOCK * BLOCK
    start, carry = position, b""
    while base < size:
        block = os.pread(file, min(BLOCK, size - base), base)
        texts = block[max(position - base, 0) :].split(b"\n")
        texts[0] = carry + texts[0]
        carry = texts.pop()
        for text in texts:
            end = start + len(text) + 1
            yield start, end, text
            start = end
        if cut and carry and _is_solid(block):
            yield start, start + len(carry), carry
            start, carry = start + len(carry), b""
        base += BLOCK
    if carry:
        yield start, start + len(carry), carry


def backward(file: int, position: int, cut: bool = True) -> Iterator[Piece]:
    """Pieces that end at or before `position`, the last one first."""
    if position == 0:
        return
    base = (position - 1) // BLOCK * BLOCK
    data = os.pread(file, position - base, base)
    while True:
        start = base + len(data)
        *texts, rest = data.split(b"\n")
        if texts and rest:
            start -= len(rest)
            yield start, start + len(rest), rest
        for text in reversed(texts[1:]):
            end, start = start, start - len(text) - 1
            yield start, end, text
        pending = data[: len(texts[0]) + 1] if texts else rest
        if base == 0:
            yield 0, len(pending), pending.removesuffix(b"\n")
            return
        base -= BLOCK
        block = os.pread(file, BLOCK, base)
        if cut and _is_solid(block):
            yield base + BLOCK, base + BLOCK + len(pending), pending.removesuffix(b"\n")
            data = block
        else:
            data = block + pending


def is_edge(file: int, position: int) -> bool:
    """Whether a piece begins at `position`, which is not 0."""
    base = (position - 1) // BLOCK * BLOCK
    block = os.pread(file, position - base, base)
    return block.endswith(b"\n") or _is_solid(block)


def _is_solid(block: bytes) -> bool:
    """Whether the block is whole and has no newline: its end is a cut."""
    return len(block) == BLOCK and b"\n" not in block
