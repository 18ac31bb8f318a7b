"""Brace expansion: `{a,b}` and `{1..5}`, outside quotes only. Pure."""

from __future__ import annotations

import re

MOST = 300
DEEPEST = 6
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?|([A-Za-z])\.\.([A-Za-z])")


def braces(raw: str, deep: int = 0) -> list[str]:
    """The words that one word stands for, at most `MOST`; itself where it has no braces to expand."""
    found = _first(raw) if "{" in raw and deep < DEEPEST else None
    if found is None:
        return [raw]
    start, end = found
    before, inner, after = raw[:start], raw[start + 1 : end], raw[end + 1 :]
    words: list[str] = []
    ends = braces(after, deep + 1)
    for part in _parts(inner):
        for middle in braces(part, deep + 1):
            words += [before + middle + rest for rest in ends]
            if len(words) >= MOST:
                return words[:MOST]
    return words


def _parts(inner: str) -> list[str]:
    match = _RANGE.fullmatch(inner)
    if match is None:
        return _split(inner)
    first, last, step, one, other = match.groups()
    if one:
        low, high = ord(one), ord(other)
        return [chr(code) for code in range(low, high + (1 if high >= low else -1), 1 if high >= low else -1)]
    low, high, by = int(first), int(last), max(1, abs(int(step or 1)))
    numbers = range(low, high + 1, by) if high >= low else range(low, high - 1, -by)
    numbers = numbers[:MOST]
    width = max(len(first), len(last)) if re.match(r"-?0\d", first) or re.match(r"-?0\d", last) else 0
    return [f"{number:0{width}d}" for number in numbers]


def _split(inner: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, character in enumerate(inner):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            parts.append(inner[start:at])
            start = at + 1
    return [*parts, inner[start:]]


def _first(raw: str) -> tuple[int, int] | None:
    """Where the first brace that expands opens and closes."""
    opened: list[int] = []
    quote = ""
    at = 0
    skip = 0  # inside ${…}
    while at < len(raw):
        character = raw[at]
        if character == "\\" and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif raw.startswith(("${", "$("), at):
            skip += 1
            at += 2
            continue
        elif skip and character in "})":
            skip -= 1
        elif character == "{" and not skip:
            opened.append(at)
        elif character == "}" and opened and not skip:
            start = opened.pop()
            inner = raw[start + 1 : at]
            if not opened and (_RANGE.fullmatch(inner) or len(_split(inner)) > 1):
                return start, at
        at += 1
    return None
