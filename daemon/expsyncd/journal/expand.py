"""One word of a script as the shell would see it, as far as its variables are known. Pure, and runs nothing.

Whatever is not known (`$1`, `$(date)`, backquotes) stays as written, and the word is not `known`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.journal.arithmetic import evaluate
from expsyncd.journal.braces import braces
from expsyncd.journal.parameter import parameter
from expsyncd.journal.scope import Word
from expsyncd.journal.substitution import substituted

if TYPE_CHECKING:
    from expsyncd.journal.scope import Scope

FIELDS_MOST = 400
LONGEST = 20_000
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_SPECIAL = "@*#?!$-0123456789"


def expand(raw: str, scope: Scope) -> list[Word]:
    """The words that `raw` becomes: none, one or many."""
    scope.budget.spend(1 + len(raw) // 100)
    if not _EXPANDS.search(raw):
        return [Word(raw)]
    found: list[Word] = []
    for alternative in braces(raw):
        found += _fields(alternative, scope)
        if len(found) > FIELDS_MOST:
            return found[:FIELDS_MOST]
    return found


_EXPANDS = re.compile(r"[\\'\"$`{]|[<>]\(")


def joined(raw: str, scope: Scope) -> Word:
    """One word, whatever it holds: what stands right of an assignment."""
    words = expand(raw, scope) if not raw.startswith("{") else _fields(raw, scope)
    return _bounded(" ".join(word.text for word in words), all(word.known for word in words), scope)


def interpolated(text: str, scope: Scope) -> Word:
    """Text with variables in it, such as a heredoc's or what stands between double quotes."""
    scope.budget.spend(1 + len(text) // 100)
    parts, known, at = [], True, 0
    while at < len(text):
        stop = _next(text, at)
        parts.append(text[at:stop])
        if stop >= len(text):
            break
        if text[stop] == "\\":
            following = text[stop + 1 : stop + 2]
            parts.append("" if following == "\n" else following if following in '$`"\\' else "\\" + following)
            at = stop + 2
            continue
        words, at, certain = _dollar(text, stop, scope)
        known = known and certain
        parts.append(" ".join(word.text for word in words))
        known = known and all(word.known for word in words)
    return _bounded("".join(parts), known, scope)


def _bounded(text: str, known: bool, scope: Scope) -> Word:
    """No value grows without end: `A=$A$A` sixty times would."""
    scope.budget.spend(len(text) // 100)
    return Word(text, known) if len(text) <= LONGEST else Word(text[:LONGEST], known=False)


def _next(text: str, at: int) -> int:
    match = re.compile(r"[\\$`]").search(text, at)
    return match.start() if match else len(text)


def _fields(raw: str, scope: Scope) -> list[Word]:
    if len(raw) > LONGEST or re.match(r"[<>]\(", raw):
        return [Word(raw, known=False)]
    done: list[Word] = []
    parts: list[str] = []
    known, begun, at = True, False, 0

    def close() -> None:
        nonlocal known, begun
        if begun:
            done.append(Word("".join(parts), known))
        parts.clear()
        known, begun = True, False

    def add(text: str, certain: bool = True) -> None:
        nonlocal known, begun
        parts.append(text)
        known, begun = known and certain, True

    while at < len(raw):
        character = raw[at]
        if character == "\\":
            if raw[at + 1 : at + 2] != "\n":
                add(raw[at + 1 : at + 2])
            at += 2
        elif character == "'":
            end = raw.find("'", at + 1)
            end = len(raw) if end < 0 else end
            add(raw[at + 1 : end])
            at = end + 1
        elif raw.startswith("$'", at):
            text, at = _ansi(raw, at + 2)
            add(text)
        elif character == '"' or raw.startswith('$"', at):
            start = at + (2 if character == "$" else 1)
            end = closing(raw, start, '"')
            inner = raw[start:end]
            many = _all_of(inner, scope)
            if many is not None:
                for number, word in enumerate(many):
                    if number:
                        close()
                    add(word.text, word.known)
            else:
                word = interpolated(inner, scope)
                add(word.text, word.known)
            at = end + 1
        elif character in "$`":
            words, at, certain = _dollar(raw, at, scope)
            for number, word in enumerate(words):
                pieces = word.text.split() if certain and not re.search(r"[$`]", word.text) else [word.text]
                for place, piece in enumerate(pieces):
                    if number or place:
                        close()
                    add(piece, certain and word.known)
        else:
            add(character)
            at += 1
    close()
    return done


def _all_of(inner: str, scope: Scope) -> list[Word] | None:
    """The elements of `"$@"` or `"${A[@]}"` where that is all that stands between the quotes."""
    if inner == "$@":
        return scope.args if scope.args is not None else [Word("$@", known=False)]
    if (
        inner.startswith("${")
        and inner.endswith("}")
        and ("[@]" in inner or inner.startswith("${@"))
        and closing(inner, 2, "}") == len(inner) - 1
    ):
        return parameter(inner[2:-1], scope, interpolated)
    return None


def _dollar(text: str, at: int, scope: Scope) -> tuple[list[Word], int, bool]:
    """What `$…` or a backquote at `at` stands for, where it ends, and whether that is certain."""
    if text[at] == "`":
        end = closing(text, at + 1, "`") + 1
        found = substituted(text[at + 1 : end - 1], scope, expand)
    elif text.startswith("$((", at):
        end = closing(text, at + 3, ")") + 2
        inner = interpolated(text[at + 3 : end - 2], scope)
        for name in re.findall(r"([A-Za-z_]\w*)\s*(?:\+\+|--|[-+*/%]?=[^=])", inner.text):
            scope.variables.pop(name, None)  # it changes as it is read
        number = evaluate(inner.text, lambda name: _number(name, scope)) if inner.known else None
        found = None if number is None else [Word(str(number))]
    elif text.startswith("$(", at):
        end = closing(text, at + 2, ")") + 1
        found = substituted(text[at + 2 : end - 1], scope, expand)
    elif text.startswith("${", at):
        end = closing(text, at + 2, "}") + 1
        found = parameter(text[at + 2 : end - 1], scope, interpolated)
    else:
        match = re.compile(r"[A-Za-z_]\w*").match(text, at + 1)
        if match is None and text[at + 1 : at + 2] not in _SPECIAL:
            return [Word("$")], at + 1, True
        end = match.end() if match else at + 2
        if end == at + 1 or at + 1 >= len(text):
            return [Word("$")], at + 1, True
        found = parameter(text[at + 1 : end], scope, interpolated)
    if found is None:
        return [Word(text[at:end], known=False)], end, False
    return found, end, True


def _number(name: str, scope: Scope) -> int | None:
    value = scope.variables.get(name)
    if isinstance(value, Word) and value.known and re.fullmatch(r"\s*-?\d{1,18}\s*", value.text):
        return int(value.text)
    return None


def closing(text: str, at: int, end: str) -> int:
    """Where `end` closes what was opened before `at`; the text's end when nothing does."""
    opening = {")": "(", "}": "{"}.get(end, "")
    depth = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 2
            continue
        if character == end and depth == 0:
            return at
        if end != '"' and character == "'":
            quoted = text.find("'", at + 1)
            at = len(text) if quoted < 0 else quoted
        elif end not in '"`' and character == '"':
            at = closing(text, at + 1, '"')
        elif end == '"' and text.startswith("$(", at):
            at = closing(text, at + 2, ")")
        elif end == '"' and text.startswith("${", at):
            at = closing(text, at + 2, "}")
        elif opening and character == opening:
            depth += 1
        elif opening and character == end:
            depth -= 1
        at += 1
    return len(text)


def _ansi(raw: str, at: int) -> tuple[str, int]:
    parts = []
    while at < len(raw) and raw[at] != "'":
        if raw[at] == "\\" and at + 1 < len(raw):
            parts.append(_ESCAPES.get(raw[at + 1], "\\" + raw[at + 1]))
            at += 1
        else:
            parts.append(raw[at])
        at += 1
    return "".join(parts), at + 1
