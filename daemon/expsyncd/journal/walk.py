"""Walks the tree of a script as the shell would, and notes every command that starts something. Pure.

Nothing is run: loops over literal values are unrolled, both branches of a condition are looked at, and what
only running would tell stays symbolic.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from expsyncd.journal.assign import assign, declare
from expsyncd.journal.blocks import block_of
from expsyncd.journal.commands import Commands
from expsyncd.journal.condition import count, known_condition
from expsyncd.journal.expand import expand
from expsyncd.journal.fed import Fed
from expsyncd.journal.found import ENTRIES_MOST
from expsyncd.journal.place import DEEPEST, Place
from expsyncd.journal.repeats import Repeats
from expsyncd.journal.scope import BudgetError, Scope, Word
from expsyncd.journal.syntax import mended, text_of, tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tree_sitter import Node

    from expsyncd.journal.found import Entry

_BLOCKS = {
    "program",
    "compound_statement",
    "subshell",
    "do_group",
    "else_clause",
    "elif_clause",
    "list",
    "ERROR",
    "negated_command",
}


class Walker:
    """Collects `entries` of one script; `beside`: texts of scripts that lie in the same folder, by name."""

    def __init__(self, beside: Mapping[str, str]) -> None:
        self.entries: list[Entry] = []
        self.called: set[str] = set()
        self.beside = dict(beside)
        self._commands = Commands(self)
        self._repeats = Repeats(self)
        self._fed = Fed(self, self._commands, self._repeats)

    # --- text and sequences ---------------------------------------------------------------------------

    def text(self, text: str, scope: Scope, place: Place) -> None:
        """All of a script's text."""
        if place.deep > DEEPEST:
            return
        scope.budget.spend(1 + len(text) // 200)
        whole, _ = mended(text)
        self.statements(tree(whole).named_children, scope, place)

    def statements(self, nodes: Sequence[Node], scope: Scope, place: Place) -> None:
        """Statements and comments in order."""
        heading, pending = place.heading, list[str]()
        before = -1  # the last row of what came before
        at = 0
        while at < len(nodes):
            node = nodes[at]
            row = node.start_point[0]
            if node.type == "comment":
                if row == before:  # it stands beside a command, which has it already
                    at += 1
                    continue
                end = at
                while (
                    end + 1 < len(nodes)
                    and nodes[end + 1].type == "comment"
                    and nodes[end + 1].start_point[0] == nodes[end].start_point[0] + 1
                ):
                    end += 1
                if row > before + 1:
                    pending = []
                last_row = nodes[end].start_point[0]
                following = nodes[end + 1].start_point[0] if end + 1 < len(nodes) else None
                alone = following is None or following > last_row + 1
                block = [text_of(one) for one in nodes[at : end + 1]]
                heading, pending = block_of(
                    self, block, row, scope, replace(place, heading=heading), pending, alone=alone
                )
                before, at = last_row, end + 1
                continue
            if row > before + 1:
                pending = []
            before = node.end_point[0] - (node.end_point[1] == 0)
            beside = [
                _note(text_of(one))
                for one in nodes[at + 1 : at + 3]
                if one.type == "comment" and one.start_point[0] == before
            ]
            count = len(self.entries)
            self.visit(
                node,
                scope,
                replace(place, heading=heading, notes=(*place.notes, *pending, *filter(None, beside))),
            )
            # A note reaches over set-up to its command; in a function it is about the set-up.
            if len(self.entries) > count or place.body:
                pending = []
            at += 1

    def add(self, entry: Entry) -> None:
        """One more entry. Raises BudgetError past what a script may hold."""
        if len(self.entries) >= ENTRIES_MOST:
            raise BudgetError
        self.entries.append(entry)

    # --- statements -----------------------------------------------------------------------------------

    def visit(self, node: Node, scope: Scope, place: Place) -> None:
        """One statement."""
        scope.budget.spend()
        if place.deep > DEEPEST:
            return
        place = replace(place, deep=place.deep + 1)
        match node.type:
            case "command":
                self._fed.command(node, scope, place)
            case "redirected_statement":
                self._fed.redirected(node, scope, place)
            case "pipeline":
                self._fed.pipeline(node, scope, place)
            case "variable_assignment":
                self.inside(node, scope, place)
                assign(node, scope)
            case "variable_assignments":
                for child in node.named_children:
                    self.visit(child, scope, place)
            case "declaration_command":
                self.inside(node, scope, place)
                declare(node, scope)
            case "unset_command":
                for word in text_of(node).split()[1:]:
                    scope.variables.pop(word, None)
            case "for_statement":
                self._repeats.over_words(node, scope, place)
            case "c_style_for_statement":
                self._repeats.counted(node, scope, place)
            case "while_statement":
                self._repeats.while_it_lasts(node, scope, place)
            case "if_statement":
                self._if(node, scope, place)
            case "case_statement":
                self._case(node, scope, place)
            case "function_definition":
                self._function(node, scope)
            case "subshell":
                self.statements(node.named_children, scope.copy(), place)
            case "compound_statement" | "test_command" if text_of(node).startswith("(("):
                count(text_of(node)[2:-2], scope)
            case block if block in _BLOCKS:
                self.statements(node.named_children, scope, place)

    def _if(self, node: Node, scope: Scope, place: Place) -> None:
        """Branches that are known not to run hold commented commands; of others any may have run."""
        clauses = ("elif_clause", "else_clause")
        own = [child for child in node.named_children if child.type not in clauses]
        branches = [(_condition(node), own)]
        branches += [
            (_condition(child) if child.type == "elif_clause" else "true", child.named_children)
            for child in node.named_children
            if child.type in clauses
        ]
        maybe: list[Scope] = []
        decided = False
        for condition, nodes in branches:
            holds = False if decided else known_condition(condition, scope)
            inner = scope.copy()
            state = "commented" if holds is False else place.state
            self.statements(nodes, inner, replace(place, state=state))
            if holds is not False:
                maybe.append(inner)
            decided = decided or holds is True
        scope.join(maybe, complete=decided)

    def _case(self, node: Node, scope: Scope, place: Place) -> None:
        maybe: list[Scope] = []
        for item in node.named_children:
            if item.type == "case_item":
                inner = scope.copy()
                patterns = {child.id for child in item.children_by_field_name("value")}
                self.statements(
                    [child for child in item.named_children if child.id not in patterns], inner, place
                )
                maybe.append(inner)
        scope.join(maybe, complete=False)

    def _function(self, node: Node, scope: Scope) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            scope.functions[text_of(name)] = node

    def call(self, name: str, words: Sequence[Word], scope: Scope, place: Place) -> None:
        """A function with arguments; what it declares `local` ends with it."""
        self.called.add(name)
        body = scope.functions[name].child_by_field_name("body")
        if body is None or place.deep > DEEPEST // 2:
            return
        args, variables = scope.args, dict(scope.variables)
        scope.args = list(words)
        kind = place.kind if place.kind not in ("plain", "comment") else "function"
        self.statements(body.named_children, scope, replace(place.inside(kind), body=True))
        scope.args = args
        for local in re.findall(r"\blocal\s+(?:-\w+\s+)*([^;\n}&|]+)", text_of(body)):
            for declared in re.findall(r"([A-Za-z_]\w*)(?:=\S*)?", local):
                if declared in variables:
                    scope.variables[declared] = variables[declared]
                else:
                    scope.variables.pop(declared, None)

    def uncalled(self, scope: Scope, place: Place, known: Mapping[str, Node] | None = None) -> None:
        """Functions that nobody calls, with arguments that nobody knows; `known`: all but these."""
        for name, node in list(scope.functions.items()):
            body = node.child_by_field_name("body")
            called = name in self.called if known is None else known.get(name) is node
            if not called and body is not None:
                inner = scope.copy()
                inner.args = None
                self.statements(body.named_children, inner, place.inside("function"))

    def inside(self, node: Node, scope: Scope, place: Place) -> None:
        """Commands in `$( … )` below a node."""
        if "$(" not in text_of(node) and "`" not in text_of(node):
            return
        waiting = list(node.named_children)
        while waiting:
            child = waiting.pop(0)
            if child.type == "command_substitution":
                self.statements(child.named_children, scope.copy(), place.inside())
            elif child.type not in ("heredoc_redirect", "command"):
                waiting += child.named_children

    def ending(self, line: int) -> list[Entry]:
        """The newest entries, if they end on this line."""
        found = []
        for entry in reversed(self.entries):
            if entry.last_line != line:
                break
            found.append(entry)
        return found

    def words(self, raws: Sequence[str], scope: Scope) -> list[Word]:
        """Expanded words."""
        return [word for raw in raws for word in expand(raw, scope)]


def _condition(node: Node) -> str:
    """What stands between `if` and `then`."""
    nodes = node.children_by_field_name("condition")
    if nodes:
        return " ".join(text_of(one) for one in nodes if one.type != ";") if len(nodes) <= 2 else ""
    first = next((child for child in node.named_children if child.type != "comment"), None)
    return text_of(first) if first is not None else ""


def _note(text: str) -> str:
    return text.lstrip("#").strip()
