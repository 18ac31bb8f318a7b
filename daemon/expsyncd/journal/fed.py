"""Commands that read a text which stands in the script: heredocs, `<<<`, `echo … |`, xargs. Pure."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from expsyncd.journal import heads
from expsyncd.journal.expand import expand, interpolated, joined
from expsyncd.journal.found import Entry, shell_text
from expsyncd.journal.scope import Scope, Word
from expsyncd.journal.settings import keywords_of
from expsyncd.journal.syntax import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from expsyncd.journal.commands import Commands
    from expsyncd.journal.place import Place
    from expsyncd.journal.repeats import Repeats
    from expsyncd.journal.walk import Walker

_REDIRECTS = {"file_redirect", "heredoc_redirect", "herestring_redirect"}
_HEREDOC_PARTS = {"heredoc_start", "heredoc_body", "heredoc_end", *_REDIRECTS}
_TRAINS = re.compile(r"\b(?:train|main|run|fit|experiment|launch|sweep)\w*\s*\(")


class Fed:
    """Finds the commands in what others read."""

    def __init__(self, walker: Walker, commands: Commands, repeats: Repeats) -> None:
        self._walker = walker
        self._commands = commands
        self._repeats = repeats

    def redirected(self, node: Node, scope: Scope, place: Place) -> None:
        """A statement with redirections; a heredoc may be a script of its own."""
        body = node.child_by_field_name("body")
        found = _heredoc(node, scope)
        if found is None:
            if body is not None and (here := _here(node)) is not None and body.type == "command":
                self.here(body, here, scope, place)
            elif body is not None:
                self._walker.visit(body, scope, place)
            else:
                self._walker.statements(
                    [child for child in node.named_children if child.type not in _REDIRECTS], scope, place
                )
            return
        text, row = found
        behind = _behind(node)
        if body is None:
            return
        into = _into(node, scope)
        pipes = [child for child in behind if child.type == "pipeline"]
        if pipes and body.type == "command" and text_of(body).split()[0] in {"cat", "/bin/cat"}:
            for part in (part for pipe in pipes for part in _piped(pipe)):
                self._reads(part, text, row, scope, place, into)
            behind = [child for child in behind if child not in pipes]
        else:
            parts = (body.named_children if body.type in ("list", "pipeline") else []) or [body]
            for child in parts[:-1]:  # only the last command of `a && b <<EOF` reads it
                self._walker.visit(child, scope, place)
            self._reads(parts[-1], text, row, scope, place, into)
        for child in behind:
            self._walker.visit(child, scope, place)

    def here(self, node: Node, here: Node, scope: Scope, place: Place) -> None:
        """A command that reads the words behind `<<<`."""
        words = expand(text_of(here).removeprefix("<<<").strip(), scope)
        text = " ".join(word.text for word in words)
        self._fed(node, text, place.lines(node)[0] - 1, scope, place, one_line=True)

    def command(self, node: Node, scope: Scope, place: Place) -> None:
        """A simple command."""
        here = _here(node)
        if here is not None:
            self.here(node, here, scope, place)
        else:
            self._commands.command(node, scope, place)

    def _reads(self, node: Node, text: str, row: int, scope: Scope, place: Place, into: str) -> None:
        """Whatever reads a heredoc: a command, a loop, or the commands of a group."""
        if node.type == "while_statement":
            self._repeats.read_lines(node, scope, place, text)
            return
        for command in [node] if node.type == "command" else node.named_children:
            if command.type == "command":
                self._fed(command, text, row, scope, place, into=into)
        if node.type != "command":
            self._walker.visit(node, scope, place)

    def _fed(
        self,
        node: Node,
        text: str,
        row: int,
        scope: Scope,
        place: Place,
        *,
        into: str = "",
        one_line: bool = False,
    ) -> None:
        """A command that reads `text`, which begins at this row."""
        raws = [
            text_of(child)
            for child in node.named_children
            if child.type not in {*_REDIRECTS, "comment", "variable_assignment"}
        ]
        words = self._walker.words(raws, scope)
        if not words:
            return
        texts = [word.text for word in words]
        core = words[heads.unwrapped(texts) :]
        head = core[0].text.rsplit("/", 1)[-1]
        count = len(self._walker.entries)
        line = place.lines(node)[0]
        inner_place = replace(place, line=line) if one_line and place.line is None else place
        if inner_place.line is None:
            inner_place = replace(inner_place, first=place.first + row)
        fresh = Scope(budget=scope.budget, folder=scope.folder)
        if head in {"cat", "tee"} and (into or head == "tee"):
            path = into or texts[-1]
            self._walker.beside[posixpath.basename(path)] = text
            if re.match(r"\s*#!.*python|\s*(?:import|from)\s", text) or path.endswith(
                (".py", ".yaml", ".yml", ".json")
            ):
                return
            self._walker.text(text, fresh, inner_place.inside("heredoc"))
        elif head == ":":
            self._walker.text(text, fresh, replace(inner_place.inside("comment"), state="commented"))
        elif heads.is_python(core[0].text) and (len(core) == 1 or core[1].text == "-"):
            if _TRAINS.search(text):
                command = f"{shell_text(core[:1])} - <<\n{text.strip()}"
                last = line if one_line else place.lines(node)[0] + text.count("\n") + 1
                self._walker.add(Entry(
                    line, last, command, "-", "heredoc", place.heading, list(place.notes),
                    {**place.more, **keywords_of(text)},
                    place.state, bool(re.search(r"\$\w|\$\{", text)), scope.folder,
                ))  # fmt: skip
        elif head == "sbatch":
            self._commands.submitted.job(text, core, fresh, inner_place)
            if len(self._walker.entries) == count:
                self._commands.command(node, scope, place)
        elif head == "xargs":
            whole = any(word.startswith(("-I", "-L", "-d")) for word in texts)
            values = [Word(part) for part in (text.split("\n") if whole else text.split()) if part.strip()]
            self._each(core, values, scope, place, *place.lines(node))
        elif head in heads.SHELLS | {"ssh", "at", "batch", "qsub", "su", "sudo", "parallel"} or (
            head in heads.CONTAINERS
        ):
            kind = "ssh" if head == "ssh" else "heredoc"
            self._walker.text(text, scope.copy() if head in heads.SHELLS else fresh, inner_place.inside(kind))
            if len(self._walker.entries) == count:  # answers to what it asks, no commands
                self._commands.command(node, scope, place)
        else:
            self._commands.command(node, scope, place)

    def pipeline(self, node: Node, scope: Scope, place: Place) -> None:
        """`echo "…" | bash`, `seq 3 | xargs -I{} …`, and plain pipes."""
        parts = node.named_children
        first, last = parts[0], parts[-1]
        if first.type == "command" and last.type == "command" and len(parts) == 2:
            told = self._walker.words([text_of(child) for child in first.named_children], scope)
            fed = self._walker.words([text_of(child) for child in last.named_children], scope)
            head = told[0].text if told else ""
            name = fed[0].text.rsplit("/", 1)[-1] if fed else ""
            if (
                name == "parallel"
                and head in {"echo", "printf"}
                and all(w.text.startswith("-") for w in fed[1:])
            ):
                text = "\n".join(word.text for word in told[1:] if "%" not in word.text)
                self._fed(last, text, node.start_point[0], scope, place, one_line=True)
                return
            if head in {"echo", "printf", "seq"} and name in {"xargs", "parallel"}:
                values = [Word(text) for word in told[1:] if head != "seq" for text in word.text.split()]
                if head == "seq":
                    values = expand("$(" + " ".join(word.text for word in told) + ")", scope)
                self._each(fed, values, scope, place, *place.lines(node))
                return
            if head in {"echo", "printf"} and name in heads.SHELLS | {"at", "batch", "sbatch", "qsub", "ssh"}:
                text = " ".join(word.text for word in told[1:] if not word.text.startswith("-"))
                self._fed(last, text, node.start_point[0], scope, place, one_line=True)
                return
            if name == "xargs":
                self._walker.visit(first, scope, place)
                self._each(fed, [], scope, place, *place.lines(node))
                return
        reader = self._walker.words([text_of(child) for child in last.named_children[:1]], scope)
        runs = reader and reader[0].text.rsplit("/", 1)[-1] in {*heads.SHELLS, "parallel", "at", "batch"}
        for child in parts:
            # `for …; do echo "python …"; done | parallel`: what a loop says is run.
            said, self._commands.said = self._commands.said, bool(runs) and child.type != "command"
            try:
                self._walker.visit(child, scope, place)
            finally:
                self._commands.said = said

    def _each(
        self, fed: list[Word], values: Sequence[Word], scope: Scope, place: Place, line: int, last: int
    ) -> None:
        texts = [word.text for word in fed]
        mark = next(
            (text[2:] or texts[at + 1] for at, text in enumerate(texts[:-1]) if text.startswith("-I")), "{}"
        )
        at = 1
        while at < len(fed) and texts[at].startswith("-"):
            at += 2 if texts[at] in {"-I", "-n", "-P", "-L", "-d", "-j"} else 1
        literal = [value for value in values if value.known]
        for value in literal[:200] or [Word(mark, known=False)]:
            made = [
                Word(word.text.replace(mark, value.text), word.known and value.known) for word in fed[at:]
            ]
            if [word.text for word in made] == [word.text for word in fed[at:]]:
                made.append(value)
            if made:
                self._commands.run(made, [], scope, place.inside("loop"), line, last)


def _into(node: Node, scope: Scope) -> str:
    """Where the output of a statement goes."""
    waiting = list(node.named_children)
    while waiting:
        child = waiting.pop(0)
        if child.type == "file_redirect" and text_of(child).lstrip("1").startswith((">", ">>", ">|")):
            goal = child.child_by_field_name("destination")
            return joined(text_of(goal), scope).text if goal is not None else ""
        if child.type == "heredoc_redirect":
            waiting += child.named_children
    return ""


def _here(node: Node) -> Node | None:
    return next((child for child in node.named_children if child.type == "herestring_redirect"), None)


def _behind(node: Node) -> list[Node]:
    """What stands behind the mark of a heredoc on its line: the rest of a list or of a pipe."""
    here = [child for child in node.named_children if child.type == "heredoc_redirect"]
    return [child for one in here for child in one.named_children if child.type not in _HEREDOC_PARTS]


def _piped(node: Node) -> list[Node]:
    """The commands of a pipe, without what they are redirected to."""
    if node.type == "pipeline":
        return [found for child in node.named_children for found in _piped(child)]
    body = node.child_by_field_name("body") if node.type == "redirected_statement" else None
    return [body or node]


def _heredoc(node: Node, scope: Scope) -> tuple[str, int] | None:
    """The text of a heredoc below this node and the row it begins at."""
    start = _descendant(node, "heredoc_start")
    body = _descendant(node, "heredoc_body")
    if start is None or body is None:
        return None
    row = start.start_point[0] + 1
    # Blanks at the body's beginning are not part of its node.
    text = "\n" * max(0, body.start_point[0] - row) + " " * body.start_point[1] + text_of(body)
    if not re.match(r"['\"\\]", text_of(start)):
        text = interpolated(text, scope).text
    return text, row


def _descendant(node: Node, kind: str) -> Node | None:
    for child in node.children:
        if child.type == kind:
            return child
        if child.type in ("heredoc_redirect", "redirected_statement", "pipeline", "list") and (
            found := _descendant(child, kind)
        ):
            return found
    return None
