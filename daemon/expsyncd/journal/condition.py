"""Conditions that are known without running anything: `[ $lr = 1e-3 ]`, `(( i < 3 ))`. Pure."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from expsyncd.journal.arithmetic import evaluate
from expsyncd.journal.expand import expand, interpolated
from expsyncd.journal.scope import Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.journal.scope import Scope

LONGEST = 300
_WORDS = re.compile(r"(?:[^\s'\"]|'[^']*'|\"[^\"]*\")+")
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": int.__eq__, "-ne": int.__ne__, "-gt": int.__gt__, "-ge": int.__ge__, "-lt": int.__lt__,
    "-le": int.__le__,
    "==": int.__eq__, "!=": int.__ne__, ">": int.__gt__, ">=": int.__ge__, "<": int.__lt__, "<=": int.__le__,
}  # fmt: skip


def known_condition(text: str, scope: Scope) -> bool | None:
    """Whether it holds; None where only running the script would tell."""
    text = text.strip().rstrip(";").strip()
    if text in ("true", ":", "false"):
        return text != "false"
    if len(text) > LONGEST:
        return None
    if text.startswith("!"):
        found = known_condition(text[1:], scope)
        return None if found is None else not found
    counted = re.fullmatch(r"\(\((.*?)(==|!=|<=|>=|<|>)(.*)\)\)", text, re.DOTALL)
    if counted:
        left, right = number_of(counted[1], scope), number_of(counted[3], scope)
        return None if left is None or right is None else _NUMBERS[counted[2]](left, right)
    test = re.fullmatch(r"(?:\[\[?|test)\s+(.*?)(?:\s+\]\]?)?", text, re.DOTALL)
    return _tested(_WORDS.findall(test[1]), scope) if test else None


def _tested(raws: list[str], scope: Scope) -> bool | None:
    if len(raws) == 2 and raws[0] in ("-n", "-z"):
        words = expand(raws[1], scope)
        if not all(word.known for word in words):
            return None
        return bool("".join(word.text for word in words)) is (raws[0] == "-n")
    if len(raws) != 3:
        return None
    sides = [expand(raw, scope) for raw in (raws[0], raws[2])]
    if any(len(side) != 1 or not side[0].known for side in sides):
        return None
    left, right = sides[0][0].text, sides[1][0].text
    if raws[1] in ("=", "==", "!="):
        pattern = right if raws[2][:1] not in "'\"" else re.sub(r"([*?\[])", r"[\1]", right)
        return fnmatchcase(left, pattern) is (raws[1] != "!=")
    if raws[1].startswith("-") and raws[1] in _NUMBERS:
        numbers = [number_of(text, scope) for text in (left, right)]
        if numbers[0] is None or numbers[1] is None:
            return None
        return _NUMBERS[raws[1]](numbers[0], numbers[1])
    return None


def number_of(text: str, scope: Scope) -> int | None:
    """The whole number that an expression is, as far as its names are known."""
    word = interpolated(text.strip(), scope)

    def value(name: str) -> int | None:
        found = scope.variables.get(name)
        good = isinstance(found, Word) and found.known and re.fullmatch(r"-?\d{1,18}", found.text)
        return int(found.text) if good and isinstance(found, Word) else None

    return evaluate(word.text, value) if word.known else None


def count(text: str, scope: Scope) -> None:
    """`((i++))`, `((n += 2))`, `let i++`: the new value; not known where the old one is not."""
    for part in text.split(","):
        match = re.fullmatch(
            r"\s*(?:\+\+|--)?\s*([A-Za-z_]\w*)\s*(\+\+|--|[-+*/%]?=[^=].*)?\s*", part, re.DOTALL
        )
        if match is None:
            for name in re.findall(r"([A-Za-z_]\w*)\s*(?:\+\+|--|[-+*/%]?=[^=])", part):
                scope.variables.pop(name, None)
            continue
        name, how = match[1], match[2] or ("--" if "--" in part else "++" if "++" in part else "")
        if not how:
            continue
        if how in ("++", "--"):
            new = number_of(f"{name} {how[0]} 1", scope)
        elif how.startswith("="):
            new = number_of(how[1:], scope)
        else:
            new = number_of(f"{name} {how[0]} ({how[2:]})", scope)
        if new is None:
            scope.variables.pop(name, None)
        else:
            scope.variables[name] = Word(str(new))
