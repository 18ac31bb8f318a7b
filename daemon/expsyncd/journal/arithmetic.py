"""`$(( … ))` of whole numbers, as far as every name in it is known. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(r"\s*(?:(\d+)|([A-Za-z_]\w*)|(\*\*|<=|>=|==|!=|&&|\|\||[-+*/%()<>]))")
LONGEST = 200
_BIG = 1 << 63


def evaluate(text: str, value: Callable[[str], int | None]) -> int | None:
    """The number, or None where it is not one that can be known. `value` tells a name's."""
    if len(text) > LONGEST:
        return None
    tokens: list[str] = []
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        number, name, sign = match.groups()
        if name:
            found = value(name)
            if found is None:
                return None
            number = str(found)
            if number.startswith("-"):
                tokens += ["(", "-", number[1:], ")"]
                number = None
        if number or sign:
            tokens.append(number or sign)
        at = match.end()
    try:
        reader = _Reader(tokens)
        result = reader.sum()
    except (ValueError, IndexError, ZeroDivisionError, OverflowError, RecursionError):
        return None
    return result if reader.done and abs(result) < _BIG else None


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def sum(self) -> int:
        result = self._product()
        while self._next() in ("+", "-"):
            sign = self._take()
            other = self._product()
            result = result + other if sign == "+" else result - other
        return result

    def _product(self) -> int:
        result = self._power()
        while self._next() in ("*", "/", "%"):
            sign = self._take()
            other = self._power()
            if sign == "*":
                result *= other
            else:  # as C divides: towards zero
                whole = abs(result) // abs(other) * (1 if (result < 0) == (other < 0) else -1)
                result = whole if sign == "/" else result - whole * other
            if abs(result) > _BIG:
                raise OverflowError
        return result

    def _power(self) -> int:
        base = self._atom()
        if self._next() == "**":
            self._take()
            exponent = self._power()
            if not 0 <= exponent <= 62 or abs(base) > 1 << 16:
                raise OverflowError
            base = int(base**exponent)
        return base

    def _atom(self) -> int:
        part = self._take()
        if part == "(":
            result = self.sum()
            if self._take() != ")":
                raise ValueError
            return result
        if part == "-":
            return -self._atom()
        if part == "+":
            return self._atom()
        return int(part)

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]
