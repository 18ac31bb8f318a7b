"""Loops: unrolled where what they run over is literal, else their body once, symbolic. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.journal.assign import names_set_in
from expsyncd.journal.loops import counted as counted_in
from expsyncd.journal.loops import values_of
from expsyncd.journal.place import UNROLLED_MOST
from expsyncd.journal.scope import Word
from expsyncd.journal.syntax import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from expsyncd.journal.place import Place
    from expsyncd.journal.scope import Scope
    from expsyncd.journal.walk import Walker


class Repeats:
    """Has the walker take the bodies of loops."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker

    def over_words(self, node: Node, scope: Scope, place: Place) -> None:
        """`for x in …`: once for each word, where these are literal."""
        name = text_of(node.child_by_field_name("variable") or node)
        body = [child for child in node.named_children if child.type == "do_group"]
        values = values_of(node, scope)
        if values is None or len(values) * place.times > UNROLLED_MOST:
            self._unknown(body, [name], scope, place)
            return
        for word in values:
            if word.known or not re.search(r"[$`]", word.text):
                scope.variables[name] = word
            else:
                scope.variables.pop(name, None)
            self._bodies(body, scope, place.inside("loop", times=len(values)))

    def counted(self, node: Node, scope: Scope, place: Place) -> None:
        """`for ((i = 0; i < 3; i++))`."""
        body = [child for child in node.named_children if child.type in ("do_group", "compound_statement")]
        name, numbers = counted_in(text_of(node), scope)
        if numbers is None or len(numbers) * place.times > UNROLLED_MOST:
            self._unknown(body, [name] if name else [], scope, place)
            return
        for number in numbers:
            scope.variables[name] = Word(str(number))
            self._bodies(body, scope, place.inside("loop", times=max(1, len(numbers))))

    def while_it_lasts(self, node: Node, scope: Scope, place: Place, lines: Sequence[str] = ()) -> None:
        """Nobody knows how often; with the `lines` that it reads, once for each."""
        condition = text_of(node).split("do", 1)[0]
        read = re.search(r"\bread\s+((?:-\w+\s+(?:\S+\s+)??)*)([A-Za-z_][\w ]*)", condition)
        names = read[2].split() if read else []
        body = [child for child in node.named_children if child.type == "do_group"]
        # `until python train.py; do sleep 60; done`: what is tried again and again is launched, too.
        tried = self._without(body, names, scope)
        self._walker.statements(node.children_by_field_name("condition"), tried, place.inside("loop"))
        if lines and names and len(lines) * place.times <= UNROLLED_MOST:
            comma = re.search(r"IFS=[\"']?([,:;|])", condition)
            for line in lines:
                parts = line.split(comma[1] if comma else None, len(names) - 1)
                scope.variables.update(
                    {
                        name: Word(part.strip())
                        for name, part in zip(names, [*parts, *[""] * len(names)], strict=False)
                    }
                )
                self._bodies(body, scope, place.inside("loop", times=len(lines)))
            return
        self._unknown(body, names, scope, place)

    def read_lines(self, node: Node, scope: Scope, place: Place, text: str) -> None:
        """`while read …; do …; done <<EOF`: the lines are there."""
        self.while_it_lasts(node, scope, place, [line for line in text.splitlines() if line.strip()])

    def _unknown(self, body: Sequence[Node], names: Sequence[str], scope: Scope, place: Place) -> None:
        """A body that runs nobody knows how often: what it sets is not known in it."""
        inner = self._without(body, names, scope)
        self._bodies(body, inner, place.inside("loop"))
        scope.functions.update(inner.functions)

    def _without(self, body: Sequence[Node], names: Sequence[str], scope: Scope) -> Scope:
        """What is known in a loop whatever its body has set before."""
        inner = scope.copy()
        for name in {*names, *(found for node in body for found in names_set_in(node))}:
            inner.variables.pop(name, None)
        return inner

    def _bodies(self, body: Sequence[Node], scope: Scope, place: Place) -> None:
        for node in body:
            self._walker.statements(node.named_children, scope, place)
