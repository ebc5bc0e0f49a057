"""Cutting a file into lines, forward or backward from any place, with bounded memory and the same result.

A line longer than a block is cut, or one line without end would fill the memory. The rule needs no more than a block
of context, so that both directions find the same cuts: a block (aligned to its size) without any newline ends a piece
where it ends, moved back by up to three bytes so that no UTF-8 character is cut. So lines up to 128 KiB are never cut
and no piece is longer than 256 KiB.
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
        if cut and is_solid(block):
            text = carry[: len(carry) - _broken(block)]
            if text:
                yield start, start + len(text), text
                start, carry = start + len(text), carry[len(text) :]
        base += BLOCK
    if carry:
        yield start, start + len(carry), carry


def backward(file: int, position: int, cut: bool = True) -> Iterator[Piece]:
    """Pieces that end at or before `position`, the last one first."""
    if position == 0:
        return
    base = (position - 1) // BLOCK * BLOCK
    data = os.pread(file, position - base, base)
    if cut and is_solid(data) and (tail := _broken(data)):
        yield position - tail, position, data[-tail:]
        data = data[:-tail]
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
        if not (cut and is_solid(block)):
            data = block + pending
            continue
        start = base + BLOCK - _broken(block)
        data, text = block[: start - base], block[start - base :] + pending
        if text:
            yield start, start + len(text), text.removesuffix(b"\n")


def is_solid(block: bytes) -> bool:
    """Whether the block is whole and has no newline: its end is a cut."""
    return len(block) == BLOCK and b"\n" not in block


def _broken(block: bytes) -> int:
    """How many bytes at the end begin a UTF-8 character that goes on behind it: 0 to 3."""
    for back in (1, 2, 3):
        byte = block[-back]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if length > back else 0
        if byte < 0x80:
            return 0
    return 0
