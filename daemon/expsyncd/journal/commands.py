"""One command: is it an entry, does it run another text, does it change what is known? Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from expsyncd.journal import heads
from expsyncd.journal.assign import assign
from expsyncd.journal.condition import count
from expsyncd.journal.directives import options
from expsyncd.journal.found import Entry, shell_text
from expsyncd.journal.quoted import parallel, quoted, screen_words
from expsyncd.journal.scope import Scope, Word
from expsyncd.journal.settings import program_of, settings_of
from expsyncd.journal.submitted import Submitted
from expsyncd.journal.syntax import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from expsyncd.journal.place import Place
    from expsyncd.journal.walk import Walker

_REDIRECTS = {"file_redirect", "heredoc_redirect", "herestring_redirect"}


class Commands:
    """What the walker does with commands; entries are appended to the walker's."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self.submitted = Submitted(walker)
        self.said = False  # what echo says is run

    def command(self, node: Node, scope: Scope, place: Place) -> None:
        """One simple command as it stands in the tree."""
        name = node.child_by_field_name("name")
        before: list[tuple[str, Word]] = []
        raws: list[str] = []
        for child in node.named_children:
            if child.type == "variable_assignment" and not raws:
                inner = scope.copy()
                found = assign(child, inner)
                before += [found] if found else []
            elif child.type not in {*_REDIRECTS, "comment", "subshell"}:
                raws.append(text_of(child))
        if name is None and not raws:
            return
        self._walker.inside(node, scope, place)
        for child in node.named_children:
            if child.type == "subshell":  # `time ( … )`
                self._walker.visit(child, scope, place)
        words = self._walker.words(raws, scope)
        if words:
            self.run(words, before, scope, place, *place.lines(node))

    def run(
        self,
        words: list[Word],
        before: Sequence[tuple[str, Word]],
        scope: Scope,
        place: Place,
        line: int,
        last: int,
    ) -> None:
        """A command by its words."""
        scope.budget.spend()
        texts = [word.text for word in words]
        if texts[0] in scope.functions:
            there = place if place.line is not None else replace(place, first=line, line=line)
            count = len(self._walker.entries)
            inner = scope.copy() if before else scope  # `LR=1 run` sets it for this call
            inner.variables.update(before)
            self._walker.call(texts[0], words[1:], inner, there)
            for entry in self._walker.entries[count:]:
                entry.settings = {**{key: value.text for key, value in before}, **entry.settings}
            return
        if texts[0] == ":" and any("\n" in text for text in texts):  # `: '…'` around lines that are left out
            there = place if place.line is not None else replace(place, first=line, line=line)
            for text in texts[1:]:
                self._walker.text(text, scope.copy(), replace(there.inside("comment"), state="commented"))
            return
        if self.said and texts[0] in {"echo", "printf"}:
            there = place if place.line is not None else replace(place, first=line, line=line)
            said = " ".join(text for text in texts[1:] if not text.startswith("-"))
            self._walker.text(said.replace("\\n", "\n"), scope.copy(), there.inside())
            return
        if self._changes(words, scope):
            return
        skip = heads.unwrapped(texts)
        core = words[skip:]
        head = core[0].text if core else ""
        if skip and head in scope.functions:
            self.run(core, before, scope, place, line, last)
            return
        name = head.rsplit("/", 1)[-1]
        there = place if place.line is not None else replace(place, first=line, line=line)
        if name == "parallel":
            for made in parallel(core) or []:
                if len(made) == 1 and " " in made[0].text:
                    self._walker.text(made[0].text, scope.copy(), there.inside("loop"))
                else:
                    self.run(made, before, scope, place.inside("loop"), line, last)
            return
        found = quoted(core)
        if found is not None:
            count = len(self._walker.entries)
            inner = scope.copy() if found.ours else Scope(budget=scope.budget, folder=scope.folder)
            kind = found.kind if found.kind not in ("eval", "plain") else ""
            if kind == "bash" and place.kind not in ("plain", "comment", "loop", "function"):
                kind = ""  # what it stands in says more
            if found.kind == "screen" and not found.text:
                self.run(screen_words(core), before, inner, place.inside("screen"), line, last)
                return
            self._walker.text(found.text, inner, there.inside(kind))
            if len(self._walker.entries) > count or found.kind != "bash":
                for entry in self._walker.entries[count:]:
                    entry.last_line = max(entry.last_line, last)
                    entry.settings = {**{key: value.text for key, value in before}, **entry.settings}
                return
        if name == "sbatch":
            self.submitted.sbatch(words, core, before, scope, place, line, last)
        elif heads.is_launch([word.text for word in core]):
            self._emit(words, core, before, scope, place, line, last)

    def _changes(self, words: Sequence[Word], scope: Scope) -> bool:
        """Commands that change what is known: cd, set --, shift, read."""
        head = words[0].text
        if head in {"cd", "pushd"}:
            rest = [word.text for word in words[1:] if not word.text.startswith("-")]
            if rest:
                scope.enter(rest[0])
        elif head == "shift":
            number = int(words[1].text) if len(words) > 1 and words[1].text.isdigit() else 1
            scope.args = None if scope.args is None else scope.args[number:]
        elif head == "set" and len(words) > 1 and words[1].text == "--":
            scope.args = list(words[2:])
        elif head == "let":
            for word in words[1:]:
                count(word.text, scope)
        elif head in {"read", "mapfile", "readarray", "getopts"}:
            for word in words[1:]:
                scope.variables.pop(re.split(r"[=+\-*/ ]", word.text)[0], None)
        else:
            return False
        return True

    def _emit(
        self,
        words: Sequence[Word],
        core: Sequence[Word],
        before: Sequence[tuple[str, Word]],
        scope: Scope,
        place: Place,
        line: int,
        last: int,
    ) -> None:
        texts = [word.text for word in core]
        prefix = [(name, word.text) for name, word in before]
        inside = [
            (part, value)
            for part, eq, value in (
                text.partition("=") for text in (word.text for word in words[: len(words) - len(core)])
            )
            if eq and part.isidentifier()
        ]
        settings: dict[str, str] = dict(place.more)
        kind = place.kind
        head = texts[0].rsplit("/", 1)[-1]
        if head in {"srun", "mpirun", "mpiexec", "horovodrun"}:
            kind = "srun" if head == "srun" else kind
            own, size = options(texts[1:])
            if head == "srun":
                settings |= {f"srun.{name}": value for name, value in own.items()}
            rest = _from_program(texts[1:], size)
            skip = heads.unwrapped(rest)
            texts = rest[skip:] or texts
        settings |= settings_of(texts, [*prefix, *inside])
        self._walker.add(
            Entry(
                line,
                last,
                shell_text(words, prefix),
                program_of(texts),
                kind,
                place.heading,
                list(place.notes),
                settings,
                place.state,
                not all(word.known for word in (*words, *(word for _, word in before))),
                scope.folder,
            )
        )


def _from_program(texts: list[str], size: int) -> list[str]:
    """Where the command of srun or mpirun begins: behind its options, at the latest at Python or a script."""
    for at, text in enumerate(texts):
        if (
            heads.is_python(text)
            or (at >= size and not text.startswith("-"))
            or re.fullmatch(r"\./\S+|\S+\.(?:py|sh)", text)
        ):
            return texts[at:]
    return texts[size:]
