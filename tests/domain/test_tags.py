"""Tags: what may be one, and what adding and removing makes of them (BEHAVIOUR 1.6)."""

from __future__ import annotations

import pytest

from batchyard.domain.errors import Invalid
from batchyard.domain.tags import check_tags, with_tags, without_tags


def test_a_copy_is_returned_and_none_is_no_tags() -> None:
    given = {"stage": "", "Team:a/b@c": "größe 日本語 + - = . _"}  # 1.41, 1.46
    assert check_tags(given, 50) == given
    assert check_tags(given, 50) is not given
    assert check_tags(None, 50) == {}


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ({f"k{n}": "" for n in range(51)}, "at most 50 tags, got 51"),  # 1.40
        ({"": "v"}, "must have 1 to 128 characters, got 0"),
        ({"k" * 129: "v"}, "must have 1 to 128 characters, got 129"),
        ({"k": "v" * 257}, "at most 256 characters, got 257 for k"),
        ({"aws:x": "v"}, "reserved"),  # 1.41
        ({"AWS:x": "v"}, "reserved"),
        ({"a$": "v"}, "letters, digits, spaces"),
        ({"a": "v\x00"}, "letters, digits, spaces"),
    ],
)
def test_what_cannot_be_a_tag(tags: dict[str, str], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        check_tags(tags, 50)


def test_adding_overwrites_and_leaves_the_rest() -> None:  # 1.43
    before = {"a": "1", "b": "2"}
    assert with_tags(before, {"b": "3", "c": "4"}, 50) == {"a": "1", "b": "3", "c": "4"}
    assert before == {"a": "1", "b": "2"}


def test_the_sum_counts() -> None:  # 1.43
    with pytest.raises(Invalid, match="at most 2 tags, got 3"):
        with_tags({"a": "1", "b": "2"}, {"c": "3"}, 2)
    assert with_tags({"a": "1", "b": "2"}, {"b": "3"}, 2) == {"a": "1", "b": "3"}


def test_removing_an_absent_key_succeeds() -> None:  # 1.43
    assert without_tags({"a": "1", "b": "2"}, ["b", "zz"]) == {"a": "1"}


@pytest.mark.parametrize("keys", [[], [f"k{n}" for n in range(51)]])
def test_one_to_fifty_keys(keys: list[str]) -> None:  # 1.40
    with pytest.raises(Invalid, match="1 to 50"):
        without_tags({}, keys)


def test_adding_nothing_is_refused() -> None:  # 1.40
    with pytest.raises(Invalid, match="1 to 50"):
        with_tags({}, {}, 50)
