"""Settings and figures as values that compare and as text that fits. Pure."""

from __future__ import annotations

import math
import re
from typing import Any

from expsyncd.mirror.layout import shown

Value = str | float | None

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WORDS = {"nan": math.nan, "inf": math.inf, "infinity": math.inf}
DIGITS = 4  # significant; more says nothing about a training and costs columns
MANY = 1e7  # from here on only the magnitude is read
CLOSE = 1e-9  # 1e-3 and 0.001 are one number, whatever a program's rounding made of them


def number(text: str) -> float | None:
    """The number that a text is (`1e-3`, `-inf`), None for any other text."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    sign, word = (-1.0, text[1:]) if text[:1] == "-" else (1.0, text.removeprefix("+"))
    found = _WORDS.get(word.lower())
    return None if found is None else sign * found


def plain(text: str) -> str:
    """A text without the quotes around it and without case: how two texts are compared."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return text.casefold()


def canonical(text: str) -> Value:
    """The same for texts that mean the same: `1e-3` and `0.001`, `Adam` and `'adam'`."""
    found = number(text)
    if found is None:
        return plain(text)
    return "nan" if math.isnan(found) else found


def alike(one: float, other: float) -> bool:
    """Whether two numbers are the same but for rounding; NaN is NaN."""
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=CLOSE)


def figure(value: float | None) -> str:
    """A figure in at most ten characters: `0.1234`, `12.35`, `1234`, `1.2e-05`; empty for none."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:g}"
    if value == int(value) and abs(value) < MANY:
        return str(int(value))
    if 1 <= abs(value) < MANY:
        return f"{value:.{max(0, DIGITS - len(str(int(abs(value)))))}f}"
    return f"{value:.{DIGITS}g}"


def text_of(value: Value) -> str:
    """A setting as it stands, a figure shortened."""
    return value if isinstance(value, str) else figure(value)


def for_json(value: Any) -> Any:
    """JSON has no NaN and no infinity: these become texts, as protobuf's JSON has them."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def harmless(text: str) -> str:
    """A text from a host on one line, without what could fool a terminal."""
    return text if text.isascii() and text.isprintable() else shown(text.encode("utf-8", "surrogateescape"))


def listed(text: str) -> list[str]:
    """The words of a text: a table of words reads better as one."""
    return text.split()
