"""Filter patterns (BEHAVIOUR 12.42)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchyard.domain.errors import Invalid
from batchyard.logs.patterns import compile_pattern

JSON = '{"a": {"b": "x", "n": 5}, "list": [{"k": "v"}, 3], "null": null, "yes": true, "text": "GET /home 404"}'


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("", ["", "anything"], []),
        ("error", ["an error here", "errors"], ["Error", ""]),
        ("error disk", ["disk error"], ["error", "disk"]),
        ('"disk full"', ["the disk full!"], ["full disk"]),
        (r'"say \"hi\""', ['they say "hi"'], ["say hi"]),
        ("?warn ?error", ["warn", "error"], ["info"]),
        ("job ?warn ?error", ["job error"], ["job", "error"]),
        ("job -debug", ["job"], ["job debug"]),
        ('-"no way"', ["way"], ["no way"]),
        (r"%5\d\d%", ["HTTP 503"], ["HTTP 404"]),
        (r"status %5\d\d%", ["status 500"], ["500"]),
        ('{ $.a.b = "x" }', [JSON], ["text", "[]", '{"a": "x"}']),
        ("{ $.a.b = x }", [JSON], ['{"a": {"b": "y"}}']),
        ('{ $.a.b != "x" }', ['{"a": {"b": "y"}}'], [JSON, "{}"]),
        ("{ $.a.n = 5 }", [JSON], ['{"a": {"n": "5"}}', '{"a": {"n": true}}']),
        ("{ $.a.n > 4.5 && $.a.n <= 5 }", [JSON], ['{"a": {"n": 6}}']),
        ("{ $.a.n < 1 || $.yes IS TRUE }", [JSON], ['{"yes": 1}']),
        ("{ ($.a.n < 1 || $.a.n >= 5) && $.a.b = x }", [JSON], ['{"a": {"n": 5}}']),
        ("{ $.null IS NULL }", [JSON], ["{}"]),
        ("{ $.missing NOT EXISTS }", [JSON], ['{"missing": 0}']),
        ("{ $.list[0].k = v }", [JSON], ['{"list": []}']),
        ("{ $.list[*] = 3 }", [JSON], ['{"list": [4]}']),
        ('{ $["a"].b = x }', [JSON], []),
        ('{ $.text = "GET * 404" }', [JSON], ['{"text": "GET 405"}']),
        (r"{ $.text = %4\d4% }", [JSON], ['{"text": "503"}']),
    ],
)
def test_what_matches(pattern: str, matching: list[str], other: list[str]) -> None:
    matches = compile_pattern(pattern)
    assert [text for text in matching if not matches(text)] == []
    assert [text for text in other if matches(text)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        "{",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a > x }",
        "{ a = 1 }",
        "{ ($.a = 1 }",
        "{ $.a = 1 $.b = 2 }",
        "{ $.a = 1 && }",
        "{ $.a IS }",
        '{ $.a = "x }',
        '"open',
        "%[%",
        "%(a+)+b%",
    ],
)
def test_what_cannot_be_read(pattern: str) -> None:
    with pytest.raises(Invalid, match="Invalid filter pattern"):
        compile_pattern(pattern)


@given(st.text(st.sampled_from('{}$.ab[]*"%=!<>&|()?- \\0123'), max_size=30), st.text(max_size=20))
def test_any_text_is_a_pattern_or_refused(pattern: str, message: str) -> None:
    try:
        matches = compile_pattern(pattern)
    except Invalid:
        return
    assert matches(message) in {True, False} and matches(JSON) in {True, False}
