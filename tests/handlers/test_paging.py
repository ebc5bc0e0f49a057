"""Pages and their tokens (BEHAVIOUR 1.25 to 1.27, 1.30)."""

from __future__ import annotations

import base64

import msgspec
import pytest

from batchyard.domain.errors import Invalid
from batchyard.handlers.paging import chosen, decode_token, encode_token, page, page_size


class Thing(msgspec.Struct, frozen=True):
    name: str


class Ask(msgspec.Struct):
    maxResults: int | None = None
    nextToken: str | None = None


THINGS = [Thing(f"t{n:03}") for n in range(250)]


def test_sizes() -> None:  # 1.26
    assert [page_size(given) for given in (None, 1, 100)] == [100, 1, 100]
    assert page_size(None, most=1000) == 1000
    for wrong in (0, -1, 101):
        with pytest.raises(Invalid, match=f"maxResults must be between 1 and 100, got {wrong}"):
            page_size(wrong)


@pytest.mark.parametrize(("position", "kind"), [("t001", str), (7, int), ((7, "größe"), tuple[int, str]), ("", str)])
def test_a_token_carries_where_the_page_ended(position: object, kind: type) -> None:
    assert decode_token("List", encode_token("List", position), kind) == position


def test_no_token_is_a_first_page() -> None:
    assert decode_token("List", None, str) is None
    assert decode_token("List", "", str) is None  # CLIENTS 4: sent by the pcluster command


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "größe",
        "AAAA",
        "%%%%",
        base64.urlsafe_b64encode(b'00000000"t001"').decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        encode_token("Other", "t001"),
        encode_token("List", 7),
        encode_token("List", "t001") + "A",
        "A" + encode_token("List", "t001"),
    ],
)
def test_any_other_token_is_refused(token: str) -> None:  # 1.27
    with pytest.raises(Invalid, match="nextToken must be one that List answered"):
        decode_token("List", token, str)


def test_pages_follow_each_other_and_the_last_has_no_token() -> None:  # 1.27
    seen: list[Thing] = []
    sizes: list[int] = []
    token = None
    while True:
        shown, token = page(THINGS, "List", Ask(None, token))
        seen += shown
        sizes.append(len(shown))
        if token is None:
            break
    assert seen == THINGS
    assert sizes == [100, 100, 50]
    assert page(THINGS[:100], "List", Ask()) == (THINGS[:100], None)
    assert page([], "List", Ask()) == ([], None)


def test_what_goes_meanwhile_moves_nothing() -> None:
    first, token = page(THINGS, "List", Ask(2))
    assert page(THINGS[2:], "List", Ask(2, token))[0] == THINGS[2:4]
    assert first == THINGS[:2]


def test_names_choose_and_unknown_ones_are_left_out() -> None:  # 1.30
    def read(text: str) -> str | None:
        return text.removeprefix("arn:") if text != "arn:other" else None

    assert chosen(THINGS, None, "things", read) == THINGS
    assert chosen(THINGS, [], "things", read) == THINGS
    assert chosen(THINGS, ["t002", "arn:t001", "gone", "arn:other", "t002"], "things", read) == THINGS[1:3]
    with pytest.raises(Invalid, match="things can have at most 100 entries, got 101"):
        chosen(THINGS, [f"t{n}" for n in range(101)], "things", read)
