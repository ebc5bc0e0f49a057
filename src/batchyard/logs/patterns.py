"""Filter patterns of CloudWatch Logs (12.42): the subset worth having.

    error                    the word is in the message; several words: all of them
    "disk full"              the phrase is in it
    ?warning ?error          any of these
    -debug                   and not this one
    %5\\d\\d%                  the regular expression is found in it
    { $.a.b = "x" && $.n > 3 }   the message is a JSON object of which this holds

All are case-sensitive. JSON comparisons: `= != < > <= >=` with numbers, `= !=` with strings (quoted or not; `*` stands
for anything, `%…%` is a regular expression), `IS NULL`, `IS TRUE`, `IS FALSE`, `NOT EXISTS`; `&&`, `||`, parentheses.
Regular expressions have no groups, as AWS's have none: nested repetitions could run for ever.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, cast

import msgspec

from batchyard.domain.errors import Invalid

Matcher = Callable[[str], bool]
_Test = Callable[[Any], bool]
_ABSENT = object()

_TERM = re.compile(r'\s*(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%|(?P<word>[^\s"]+))')
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<path>\$(?:\.(?:[A-Za-z0-9_@-]+|\["[^"]+"\])|\[(?:\d+|\*)\]|\["[^"]+"\])+)
    |"(?P<string>(?:[^"\\]|\\.)*)"
    |%(?P<regex>[^%]+)%
    |(?P<symbol>&&|\|\||<=|>=|!=|[=<>()])
    |(?P<word>[^\s()=<>!&|"%]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r'\.?\["([^"]+)"\]|\.([A-Za-z0-9_@-]+)|\[(\d+|\*)\]')
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_WORDS = {"IS NULL": None, "IS TRUE": True, "IS FALSE": False}


def compile_pattern(pattern: str) -> Matcher:
    """What tells whether a message matches. Raises Invalid for a pattern that cannot be read."""
    pattern = pattern.strip()
    if pattern.startswith("{"):
        if not pattern.endswith("}"):
            raise _invalid(pattern, 'a "{" needs its "}"')
        holds = _Json(pattern, pattern[1:-1]).read()
        return lambda message: _holds(holds, message)
    return _terms(pattern)


def _terms(pattern: str) -> Matcher:
    """Words, phrases and expressions with their signs."""
    needed: list[Matcher] = []
    optional: list[Matcher] = []
    position = 0
    while position < len(pattern):
        found = _TERM.match(pattern, position)
        if found is None:
            raise _invalid(pattern, f"cannot read it from character {position + 1} on")
        position = found.end()
        matcher = _term(pattern, found)
        if found["sign"] == "?":
            optional.append(matcher)
        elif found["sign"] == "-":
            needed.append(lambda message, matcher=matcher: not matcher(message))
        else:
            needed.append(matcher)
    if optional:
        needed.append(lambda message: any(matcher(message) for matcher in optional))
    return lambda message: all(matcher(message) for matcher in needed)


def _term(pattern: str, found: re.Match[str]) -> Matcher:
    if found["regex"] is not None:
        search = _regex(pattern, found["regex"]).search
        return lambda message: search(message) is not None
    text = found["word"] if found["word"] is not None else _unescape(found["phrase"])
    return lambda message: text in message


def _regex(pattern: str, expression: str) -> re.Pattern[str]:
    if re.search(r"(?<!\\)(?:\\\\)*\(|\\[1-9]", expression):
        raise _invalid(pattern, f"%{expression}% has a group or a reference to one")
    try:
        return re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        raise _invalid(pattern, f"%{expression}% is not a regular expression: {error}") from error


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _invalid(pattern: str, why: str) -> Invalid:
    return Invalid(f'Invalid filter pattern "{pattern}": {why}.')


def _holds(test: _Test, message: str) -> bool:
    try:
        document = msgspec.json.decode(message)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and test(document)


class _Json:
    """Reads one `{ … }` pattern: a small recursive descent, `||` below `&&` below comparisons."""

    def __init__(self, pattern: str, text: str) -> None:
        self._pattern = pattern
        self._tokens: list[re.Match[str]] = []
        self._next = 0
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise _invalid(pattern, f'cannot read it from "{text[position:]}" on')
            self._tokens.append(found)
            position = found.end()

    def read(self) -> _Test:
        """The whole pattern."""
        test = self._any()
        if self._next < len(self._tokens):
            raise _invalid(self._pattern, f'"{self._tokens[self._next][0].strip()}" is not expected')
        return test

    def _take(self, kind: str, *texts: str) -> str | None:
        """The next token if it is of this kind (and one of these), else None."""
        if self._next < len(self._tokens):
            text = self._tokens[self._next][kind]
            if text is not None and (not texts or text in texts):
                self._next += 1
                return text
        return None

    def _any(self) -> _Test:
        tests = [self._all()]
        while self._take("symbol", "||"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)

    def _all(self) -> _Test:
        tests = [self._one()]
        while self._take("symbol", "&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def _one(self) -> _Test:
        if self._take("symbol", "("):
            test = self._any()
            if not self._take("symbol", ")"):
                raise _invalid(self._pattern, 'a "(" needs its ")"')
            return test
        path = self._take("path")
        if path is None:
            raise _invalid(self._pattern, "a comparison begins with a field such as $.name")
        steps = [quoted or plain or (part if part == "*" else int(part)) for quoted, plain, part in _STEP.findall(path)]
        passes = self._condition()
        return lambda document: any(passes(value) for value in _values(document, steps))

    def _condition(self) -> _Test:
        """What a field's value must be."""
        words = f"{self._take('word', 'IS', 'NOT') or ''} {self._take('word', 'NULL', 'TRUE', 'FALSE', 'EXISTS') or ''}"
        if words == "NOT EXISTS":
            return lambda value: value is _ABSENT
        if words in _WORDS:
            wanted = _WORDS[words]
            return lambda value: value is wanted
        sign = self._take("symbol", *_COMPARE)
        if sign is None or words != " ":
            raise _invalid(self._pattern, f"a field needs one of {', '.join(_COMPARE)}, IS or NOT EXISTS")
        expression, quoted, word = self._take("regex"), self._take("string"), self._take("word")
        if expression is not None:
            return _text_test(self._pattern, sign, _regex(self._pattern, expression).search)
        number = _number(word)
        if number is not None:
            compare = _COMPARE[sign]
            return lambda value: _is_number(value) and compare(value, number)
        text = _unescape(quoted) if quoted is not None else word
        if text is None:
            raise _invalid(self._pattern, f'"{sign}" needs a value')
        glob = re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL).fullmatch
        return _text_test(self._pattern, sign, glob)


def _text_test(pattern: str, sign: str, found: Callable[[str], object]) -> _Test:
    if sign not in {"=", "!="}:
        raise _invalid(pattern, f'"{sign}" compares numbers; texts have = and !=')
    return lambda value: isinstance(value, str) and (found(value) is not None) == (sign == "=")


def _number(word: str | None) -> float | None:
    try:
        return float(word) if word is not None else None
    except ValueError:
        return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _values(document: Any, steps: list[str | int]) -> list[Any]:
    """What the path leads to: one value, several by `[*]`, or `_ABSENT`."""
    values = [document]
    for step in steps:
        following: list[Any] = []
        for value in values:
            if isinstance(value, dict) and step in value:
                following.append(cast("dict[Any, Any]", value)[step])
            elif isinstance(value, list) and step == "*":
                following.extend(cast("list[Any]", value))
            elif isinstance(value, list) and isinstance(step, int) and step < len(cast("list[Any]", value)):
                following.append(value[step])
        values = following
    return values or [_ABSENT]
