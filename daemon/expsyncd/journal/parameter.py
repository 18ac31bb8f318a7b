"""`${…}`: values, elements, lengths, defaults, cut and replaced parts. Pure."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

from expsyncd.journal.arithmetic import evaluate
from expsyncd.journal.scope import Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.journal.scope import Scope, Value

_PARTS = re.compile(
    r"(?P<sign>[#!]?)(?P<name>[A-Za-z_]\w*|\d+|[@*?$!#-])(?:\[(?P<index>[^\]]*)\])?(?P<rest>.*)", re.DOTALL
)
LONGEST = 2000  # of a value that is cut by patterns


def parameter(inner: str, scope: Scope, interpolated: Callable[[str, Scope], Word]) -> list[Word] | None:
    """What stands for `${inner}`; None where it is not known."""
    match = _PARTS.fullmatch(inner)
    if match is None:
        return None
    sign, name, index, rest = match["sign"], match["name"], match["index"], match["rest"]
    value = _value(name, scope)
    whole = index in ("@", "*")
    if sign == "!":
        if whole and isinstance(value, dict):
            return [Word(key) for key in value]
        if whole and isinstance(value, list):
            return [Word(str(number)) for number in range(len(value))]
        if isinstance(value, Word) and value.known and not rest:
            return parameter(value.text, scope, interpolated)
        return None
    elements = _elements(value, index, scope, interpolated)
    if sign == "#":
        if elements is None:
            return None
        return [
            Word(str(len(elements) if whole or name in "@*" else len(elements[0].text) if elements else 0))
        ]
    if not rest:
        return elements
    return _changed(elements, rest, scope, interpolated, name)


def _value(name: str, scope: Scope) -> Value | None:
    if name in ("@", "*"):
        return scope.args
    if name == "#":
        return None if scope.args is None else Word(str(len(scope.args)))
    if name.isdigit():
        number = int(name)
        if number == 0 or scope.args is None:
            return None
        return scope.args[number - 1] if number <= len(scope.args) else Word("")
    return scope.variables.get(name)


def _elements(
    value: Value | None, index: str | None, scope: Scope, interpolated: Callable[[str, Scope], Word]
) -> list[Word] | None:
    if value is None:
        return None
    if index in ("@", "*"):
        return (
            list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
        )
    if index is None:
        if isinstance(value, dict):
            return [value["0"]] if "0" in value else []
        if isinstance(value, list):
            # `$@` and `${@}` are all of them, `$A` of an array is its first.
            return value if value is scope.args else value[:1]
        return [value]
    key = interpolated(index.strip("'\""), scope)
    if not key.known:
        return None
    if isinstance(value, dict):
        found = value.get(key.text)
        return None if found is None else [found]
    number = evaluate(key.text, lambda name: _whole(scope.variables.get(name)))
    if number is None:
        return None
    some = value if isinstance(value, list) else [value]
    return [some[number]] if -len(some) <= number < len(some) else []


def _whole(value: Value | None) -> int | None:
    if isinstance(value, Word) and value.known and re.fullmatch(r"-?\d{1,18}", value.text):
        return int(value.text)
    return None


def _changed(
    elements: list[Word] | None,
    rest: str,
    scope: Scope,
    interpolated: Callable[[str, Scope], Word],
    name: str,
) -> list[Word] | None:
    default = re.fullmatch(r"(:?)([-=+?])(.*)", rest, re.DOTALL)
    if default:
        empty = elements is None or not any(word.text for word in elements)
        if default[2] == "+":
            return [] if empty else [interpolated(_bare(default[3]), scope)]
        if default[2] == "?" or not empty:
            return elements
        # Nobody knows what was set outside; the default is what it is without.
        word = interpolated(_bare(default[3]), scope)
        found = Word(word.text, known=False)
        if default[2] == "=":
            scope.variables[name] = found
        return [found]
    if elements is None:
        return None
    some = re.fullmatch(r":\s*(-?\d+)(?::(\d+))?", rest)
    if some and (name in "@*" or isinstance(scope.variables.get(name), list)):
        start = int(some[1]) - (name in "@*")  # `${@:1}` begins with `$1`
        return elements[start:] if some[2] is None else elements[start : start + int(some[2])]
    changed = [_cut(word, rest, scope, interpolated) for word in elements]
    if any(word is None for word in changed):
        return None
    return [word for word in changed if word is not None]


def _cut(word: Word, rest: str, scope: Scope, interpolated: Callable[[str, Scope], Word]) -> Word | None:
    text = word.text
    if len(text) > LONGEST:
        return None
    if rest in ("^^", ",,", "^", ",", "@U", "@L", "@Q"):
        made = {
            "^^": text.upper(), "@U": text.upper(), ",,": text.lower(), "@L": text.lower(), "@Q": text,
            "^": text[:1].upper() + text[1:], ",": text[:1].lower() + text[1:],
        }  # fmt: skip
        return Word(made[rest], word.known)
    slice_ = re.fullmatch(r":\s*(-?\d+)(?::(-?\d+))?|:\((-?\d+)\)", rest)
    if slice_:
        start = int(slice_[1] or slice_[3])
        some = text[start:]
        return Word(some if slice_[2] is None else some[: int(slice_[2])], word.known)
    replaced = re.fullmatch(r"(//?)([^/]+)(?:/(.*))?", rest, re.DOTALL)
    if replaced:
        pattern, new = interpolated(_bare(replaced[2]), scope), interpolated(_bare(replaced[3] or ""), scope)
        many = 0 if replaced[1] == "//" else 1
        regex = fnmatch.translate(pattern.text).removesuffix("\\Z").removesuffix("\\z")
        return Word(
            re.sub(regex, lambda _: new.text, text, count=many), word.known and pattern.known and new.known
        )
    ends = re.fullmatch(r"(##?|%%?)(.*)", rest, re.DOTALL)
    if ends:
        pattern = interpolated(_bare(ends[2]), scope)
        return Word(_trimmed(text, ends[1], pattern.text), word.known and pattern.known)
    return None


def _trimmed(text: str, how: str, pattern: str) -> str:
    """`#`, `##`, `%`, `%%`: the shortest or longest end that the pattern matches is left out."""
    longest = len(how) == 2
    sizes = range(len(text), -1, -1) if longest else range(len(text) + 1)
    for size in sizes:
        piece = text[:size] if how[0] == "#" else text[len(text) - size :]
        if fnmatch.fnmatchcase(piece, pattern):
            return text[size:] if how[0] == "#" else text[: len(text) - size]
    return text


def _bare(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text
