"""Conditions on runs, as users write them: ``env = dram and (agent in (tpe, 'ppo') or seed < 3)``.

Grammar, words of any case::

    condition:   part { "or" part }
    part:        term { "and" term }
    term:        "not" term | "(" condition ")" | comparison
    comparison:  KEY ( "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" ) VALUE
               | KEY [ "not" ] "in" "(" VALUE { "," VALUE } ")"
    VALUE:       a number, a bare word, or a text in 'quotes' or "quotes" (doubled: a quote)

Nothing is evaluated but this: no functions, no code, no SQL. A key that a run lacks, such as a
hyper-parameter of another agent, equals nothing.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from archgym.errors import SettingError

Value = str | float
Test = Callable[[Mapping[str, Any]], bool]
_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""
_TOKEN = re.compile(rf"\s*(?:({_QUOTED})|(<=|>=|!=|==|[=<>(),])|([^\s'\"=<>!(),]+))")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_QUOTES = {"'", '"'}
_EQUAL = {"=", "=="}
_KEYWORDS = {"and", "or", "not", "in"}


@dataclass(frozen=True)
class Condition:
    """A parsed condition.

    Attributes:
        text: As the user wrote it.
        test: Says whether a mapping of keys meets it.
        keys: All keys that it names.
    """

    text: str
    test: Test
    keys: frozenset[str]


def parse_condition(text: str) -> Condition:
    """Return the condition that a text stands for.

    Raises:
        SettingError: The text does not follow the grammar; says where.
    """
    parser = _Parser(text, _tokens(text))
    test = parser.condition()
    if parser.peek():
        raise parser.expected("'and', 'or' or the end")
    return Condition(text, test, frozenset(parser.keys))


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise SettingError(f"--where {text!r}: cannot read {text[at:].strip()!r}")
        tokens.append(match[0].strip())
        at = match.end()
    return tokens


@dataclass
class _Parser:
    text: str
    tokens: list[str]
    at: int = 0
    keys: set[str] = field(default_factory=set)

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *words: str) -> bool:
        found = self.peek().lower() in words
        self.at += found
        return found

    def expected(self, what: str) -> SettingError:
        found = repr(self.peek()) if self.peek() else "the end"
        return SettingError(f"--where {self.text!r}: {what} is expected in place of {found}")

    def condition(self) -> Test:
        parts = [self.part()]
        while self.take("or"):
            parts.append(self.part())
        return lambda row: any(part(row) for part in parts)

    def part(self) -> Test:
        terms = [self.term()]
        while self.take("and"):
            terms.append(self.term())
        return lambda row: all(term(row) for term in terms)

    def term(self) -> Test:
        if self.take("not"):
            inner = self.term()
            return lambda row: not inner(row)
        if self.take("("):
            inner = self.condition()
            self.must("(", ")")
            return inner
        return self.comparison()

    def must(self, after: str, token: str) -> None:
        if not self.take(token):
            raise self.expected(f"{token!r} after {after!r}")

    def comparison(self) -> Test:
        key = self.word("a key")
        self.keys.add(key)
        if self.take("not"):
            self.must("not", "in")
            among = self.values()
            return lambda row: not any(_equal(row.get(key), value) for value in among)
        if self.take("in"):
            among = self.values()
            return lambda row: any(_equal(row.get(key), value) for value in among)
        sign = self.peek()
        if not self.take(*_EQUAL, "!=", *_ORDERS):
            raise self.expected(f"a comparison after {key!r}")
        return self.compared(key, sign, self.value())

    def compared(self, key: str, sign: str, value: Value) -> Test:
        if sign in _EQUAL:
            return lambda row: _equal(row.get(key), value)
        if sign == "!=":
            return lambda row: not _equal(row.get(key), value)
        if not isinstance(value, float):
            raise SettingError(f"--where {self.text!r}: {sign!r} needs a number, not {value!r}")
        order = _ORDERS[sign]
        return lambda row: isinstance(row.get(key), int | float) and order(row[key], value)

    def values(self) -> list[Value]:
        self.must("in", "(")
        found = [self.value()]
        while self.take(","):
            found.append(self.value())
        self.must("(", ")")
        return found

    def value(self) -> Value:
        quote = self.peek()[:1]
        if quote in _QUOTES:
            self.at += 1
            return self.tokens[self.at - 1][1:-1].replace(2 * quote, quote)
        word = self.word("a value")
        try:
            return float(word)
        except ValueError:
            return word

    def word(self, what: str) -> str:
        word = self.peek()
        if not word or word[0] in "'\"=<>!()," or word.lower() in _KEYWORDS:
            raise self.expected(what)
        self.at += 1
        return word


def _equal(have: Any, wanted: Value) -> bool:
    if have is None:
        return False
    if isinstance(wanted, float) and isinstance(have, int | float) and not isinstance(have, bool):
        return bool(have == wanted)
    return _text(have) == _text(wanted)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
