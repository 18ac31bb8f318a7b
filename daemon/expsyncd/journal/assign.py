"""Assignments: plain, arrays with numbers or names, `+=`, `declare`, `export`, `local`. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.journal.expand import expand, interpolated, joined
from expsyncd.journal.scope import Word
from expsyncd.journal.syntax import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from expsyncd.journal.scope import Scope, Value

_KEYED = re.compile(r"\[([^\]]*)\]=(.*)", re.DOTALL)
_SEARCHED_MOST = 4000  # nodes


def assign(node: Node, scope: Scope) -> tuple[str, Word] | None:
    """Set what one assignment sets; the name and value of a plain one."""
    scope.budget.spend()
    named, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if named is None:
        return None
    added = any(child.type == "+=" for child in node.children)
    if named.type == "subscript":
        _element(text_of(named), joined(text_of(value), scope) if value is not None else Word(""), scope)
        return None
    name = text_of(named)
    if value is not None and value.type == "array":
        made = _array(value, scope, named=isinstance(scope.variables.get(name), dict))
        before = scope.variables.get(name)
        if added and isinstance(before, list) and isinstance(made, list):
            made = [*before, *made]
        elif added and isinstance(before, dict) and isinstance(made, dict):
            made = {**before, **made}
        scope.variables[name] = made
        return None
    word = joined(text_of(value), scope) if value is not None else Word("")
    before = scope.variables.get(name)
    if added:
        if isinstance(before, Word):
            word = Word(before.text + word.text, before.known and word.known)
        else:
            scope.variables.pop(name, None)
            return None
    scope.variables[name] = word
    return name, word


def _array(node: Node, scope: Scope, *, named: bool) -> Value:
    listed: list[Word] = []
    keyed: dict[str, Word] = {}
    for child in node.named_children:
        if child.type == "comment":
            continue
        raw = text_of(child)
        match = _KEYED.fullmatch(raw)
        if match:
            key = interpolated(match[1].strip("'\""), scope).text
            keyed[key] = joined(match[2], scope)
            named = named or not key.isdigit()
        else:
            listed += expand(raw, scope)
    if keyed and named:
        return keyed
    return [*listed, *keyed.values()]


def _element(subscript: str, word: Word, scope: Scope) -> None:
    match = re.fullmatch(r"([A-Za-z_]\w*)\[(.*)\]", subscript, re.DOTALL)
    if match is None:
        return
    name = match[1]
    key = interpolated(match[2].strip("'\""), scope)
    value = scope.variables.get(name)
    if isinstance(value, dict):
        scope.variables[name] = {**value, key.text: word}
    elif key.text.isdigit() and isinstance(value, list) and int(key.text) <= len(value):
        number = int(key.text)
        scope.variables[name] = [*value[:number], word, *value[number + 1 :]]
    elif value is None:
        scope.variables[name] = [word] if key.text == "0" else {key.text: word}


def declare(node: Node, scope: Scope) -> None:
    """`declare -A X=(…)`, `export A=1 B=2`, `local name=$1`."""
    named = (
        re.match(r"(?:declare|local|typeset|readonly|export)\s+(?:-\w+\s+)*-\w*A", text_of(node)) is not None
    )
    for child in node.named_children:
        if child.type == "variable_assignment":
            name = child.child_by_field_name("name")
            if named and name is not None:
                scope.variables[text_of(name)] = {}
            assign(child, scope)
        elif child.type == "variable_name" and named:
            scope.variables.setdefault(text_of(child), {})


def names_set_in(node: Node) -> set[str]:
    """Names that anything below a node sets."""
    found: set[str] = set()
    waiting, seen = [node], 0
    while waiting and seen < _SEARCHED_MOST:
        one = waiting.pop()
        seen += 1
        if one.type == "variable_assignment" and (name := one.child_by_field_name("name")) is not None:
            found.add(text_of(name).split("[")[0])
        elif one.type == "command" and text_of(one).startswith(("read ", "mapfile ", "let ", "getopts ")):
            found.update(re.findall(r"\b[A-Za-z_]\w*\b", text_of(one)))
        elif one.type in ("postfix_expression", "unary_expression"):
            found.update(re.findall(r"[A-Za-z_]\w*", text_of(one)))
        waiting += one.named_children
    return found
