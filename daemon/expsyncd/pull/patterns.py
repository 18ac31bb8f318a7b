"""rsync's include and exclude patterns, for transports that have no rsync on the other end. Pure.

After rsync(1), "INCLUDE/EXCLUDE PATTERN RULES"; a test compares with rsync itself. Names are bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CLASSES = {
    b"alnum": rb"0-9A-Za-z", b"alpha": rb"A-Za-z", b"blank": rb" \t", b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": rb"0-9", b"graph": rb"!-~", b"lower": rb"a-z", b"print": rb" -~",
    b"punct": rb"!-/:-@\[-`{-~", b"space": rb"\t-\r ", b"upper": rb"A-Z", b"xdigit": rb"0-9A-Fa-f",
}  # fmt: skip


class _Malformed(Exception):  # noqa: N818 - a pattern that matches nothing, no failure
    """An unclosed bracket."""


@dataclass(frozen=True)
class Rule:
    """One pattern, ready to be asked. `elements`: match the last so many of a path, 0 for all of it."""

    include: bool
    expression: re.Pattern[bytes] | None
    folders_only: bool
    elements: int
    slash_before: bool
    slash_after: bool

    def matches(self, path: bytes, *, folder: bool) -> bool:
        """Whether it is about `path`, relative to the source and without a slash at the end."""
        if self.expression is None or (self.folders_only and not folder):
            return False
        text = path
        if self.elements:
            parts = path.split(b"/")
            if len(parts) < self.elements:
                return False
            text = b"/".join(parts[-self.elements :])
        if self.slash_before:
            text = b"/" + text
        if self.slash_after and folder:
            text += b"/"
        return self.expression.fullmatch(text) is not None


@dataclass(frozen=True)
class Filter:
    """A list of rules: the first that matches decides, what none matches is taken."""

    rules: tuple[Rule, ...]

    def takes(self, path: bytes, *, folder: bool) -> bool:
        """Whether a path is pulled; a folder that is not is not looked into."""
        for rule in self.rules:
            if rule.matches(path, folder=folder):
                return rule.include
        return True


@cache
def expression(pattern: bytes) -> re.Pattern[bytes]:
    """A wildcard pattern as a regular expression, for one component; malformed ones match nothing."""
    try:
        return re.compile(b"".join(_translated(pattern)), re.DOTALL)
    except _Malformed:
        return re.compile(rb"(?!)")


def filter_of(arguments: Sequence[str]) -> Filter:
    """The filter that rsync's `--include=PATTERN` and `--exclude=PATTERN` mean, in their order."""
    rules = []
    for argument in arguments:
        option, _, pattern = argument.partition("=")
        rules.append(_rule(pattern.encode("utf-8", "surrogateescape"), include=option == "--include"))
    return Filter(tuple(rules))


def _rule(pattern: bytes, *, include: bool) -> Rule:
    folders_only = len(pattern) > 1 and pattern.endswith(b"/")
    if folders_only:
        pattern = pattern[:-1]
    wild = any(character in pattern for character in b"*?[")
    starts_deep = pattern.startswith(b"**")
    deep = b"**" in pattern
    slashes = pattern.count(b"/")
    anchored = pattern.startswith(b"/")
    body = pattern[1:] if anchored else pattern
    elements, before = 0, b""
    if not slashes and not deep:
        elements = 1
    elif not anchored and not deep:
        elements = slashes + 1
    elif not anchored and not starts_deep:
        before = b"(?:.*/)?"  # tried after every slash
    try:
        text = b"".join(_translated(body)) if wild else re.escape(body)
        expression = re.compile(before + text, re.DOTALL)
    except _Malformed:
        expression = None
    return Rule(
        include,
        expression,
        folders_only,
        elements,
        slash_before=deep and starts_deep,
        slash_after=deep and pattern.endswith(b"***"),
    )


def _translated(pattern: bytes) -> Iterable[bytes]:
    place = 0
    while place < len(pattern):
        character = pattern[place : place + 1]
        place += 1
        if character == b"*":
            stars = 1
            while pattern[place : place + 1] == b"*":
                place, stars = place + 1, stars + 1
            yield b".*" if stars > 1 else b"[^/]*"
        elif character == b"?":
            yield b"[^/]"
        elif character == b"[":
            chosen, place = _bracket(pattern, place)
            yield chosen
        elif character == b"\\" and place < len(pattern):
            yield re.escape(pattern[place : place + 1])
            place += 1
        else:
            yield re.escape(character)


def _bracket(pattern: bytes, place: int) -> tuple[bytes, int]:
    """The expression for the bracket whose inside begins at `place`, and where the pattern goes on."""
    negated = pattern[place : place + 1] in (b"!", b"^")
    place += negated
    inside: list[bytes] = []
    before: int | None = None
    first = True
    while first or pattern[place : place + 1] != b"]":
        first = False
        character, place = _next(pattern, place)
        if character == ord("\\"):
            character, place = _next(pattern, place)
        elif character == ord("-") and before is not None and pattern[place : place + 1] not in (b"", b"]"):
            end, place = _next(pattern, place)
            if end == ord("\\"):
                end, place = _next(pattern, place)
            if before <= end:
                inside.append(b"\\x%02x-\\x%02x" % (before, end))
            before = None
            continue
        elif character == ord("[") and pattern[place : place + 1] == b":":
            end = pattern.find(b"]", place)
            if end < 0:
                raise _Malformed
            # `[:word:]` is a class; anything else there is an ordinary bracket character.
            if end > place + 1 and pattern[end - 1 : end] == b":":
                name = pattern[place + 1 : end - 1]
                if name not in _CLASSES:
                    raise _Malformed
                inside.append(_CLASSES[name])
                place, before = end + 1, None
                continue
        inside.append(b"\\x%02x" % character)
        before = character
    if not inside:
        return (b"[^/]" if negated else b"(?!)"), place + 1
    return b"(?!/)[" + (b"^" if negated else b"") + b"".join(inside) + b"]", place + 1


def _next(pattern: bytes, place: int) -> tuple[int, int]:
    if place >= len(pattern):
        raise _Malformed
    return pattern[place], place + 1
