"""What a loop runs over, where that is literal. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.journal.arithmetic import evaluate
from expsyncd.journal.expand import expand, interpolated
from expsyncd.journal.scope import Word
from expsyncd.journal.syntax import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from expsyncd.journal.scope import Scope

ROUNDS_MOST = 300
_HEAD = re.compile(
    r"for\s*\(\(\s*(?P<name>[A-Za-z_]\w*)\s*=(?P<start>[^;]+);\s*(?P=name)\s*(?P<sign><=|<|>=|>|!=)(?P<end>[^;]+);"
    r"\s*(?:\+\+|--)?(?P=name)?\s*(?P<step>\+\+|--|[+-]=\s*\d+|=[^)]+)?\s*\)\)"
)


def values_of(node: Node, scope: Scope) -> list[Word] | None:
    """The words after `in`; None where there is no list or none of it is known."""
    nodes = node.children_by_field_name("value")
    if not nodes:  # `for x; do`: over the arguments
        return scope.args
    words = [word for child in nodes for word in expand(text_of(child), scope)]
    return words if any(word.known or not re.search(r"[$`]", word.text) for word in words) else None


def counted(text: str, scope: Scope) -> tuple[str, list[int] | None]:
    """Name and numbers of `for ((i = 0; i < 3; i++))`; None for numbers that are not literal."""
    match = _HEAD.match(text)
    if match is None:
        name = re.match(r"for\s*\(\(\s*([A-Za-z_]\w*)", text)
        return (name[1] if name else ""), None
    start, end = _number(match["start"], scope), _number(match["end"], scope)
    step = _step(match["step"] or ("--" if "--" in match[0] else "++"), match["name"])
    if start is None or end is None or not step:
        return match["name"], None
    tests = {"<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__, "!=": int.__ne__}
    numbers: list[int] = []
    while tests[match["sign"]](start, end) and len(numbers) <= ROUNDS_MOST:
        numbers.append(start)
        start += step
    return match["name"], numbers


def _step(text: str, name: str) -> int:
    if text in ("++", "--"):
        return 1 if text == "++" else -1
    match = re.fullmatch(r"([+-])=\s*(\d+)|=\s*" + re.escape(name) + r"\s*([+-])\s*(\d+)\s*", text.strip())
    if match is None:
        return 0
    return int((match[1] or match[3]) + (match[2] or match[4]))


def _number(text: str, scope: Scope) -> int | None:
    word = interpolated(text.strip(), scope)
    if not word.known:
        return None

    def value(name: str) -> int | None:
        found = scope.variables.get(name)
        return (
            int(found.text)
            if isinstance(found, Word) and found.known and re.fullmatch(r"-?\d{1,9}", found.text)
            else None
        )

    return evaluate(word.text, value)
