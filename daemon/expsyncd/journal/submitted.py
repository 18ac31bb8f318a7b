"""What is given to Slurm: sbatch with its options, and the lines of the job's own script. Pure."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from expsyncd.journal.directives import directives, options, tasks
from expsyncd.journal.found import Entry, shell_text
from expsyncd.journal.scope import Scope, Word
from expsyncd.journal.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.journal.place import Place
    from expsyncd.journal.walk import Walker


class Submitted:
    """Adds the entries of jobs to the walker's."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker

    def sbatch(
        self,
        words: Sequence[Word],
        core: Sequence[Word],
        before: Sequence[tuple[str, Word]],
        scope: Scope,
        place: Place,
        line: int,
        last: int,
    ) -> None:
        """A job that is submitted: the command, and what its script or `--wrap` runs."""
        texts = [word.text for word in core]
        own, size = options(texts[1:])
        there = place if place.line is not None else replace(place, first=line, line=line)
        if "wrap" in own:
            text = own.pop("wrap")
            settings = {f"sbatch.{name}": value for name, value in own.items() if name != "export"}
            more = replace(there.inside("sbatch"), more={**place.more, **settings, **_exported(own)})
            self._walker.text(text, Scope(budget=scope.budget, folder=scope.folder), more)
            return
        rest = core[1 + size :]
        if not rest:
            return
        settings = {f"sbatch.{name}": value for name, value in own.items() if name != "export"}
        command = Entry(
            line, last, shell_text(words, [(name, word.text) for name, word in before]), rest[0].text,
            "sbatch",
            place.heading, list(place.notes),
            {**place.more, **settings, **_exported(own), **settings_of([word.text for word in rest])},
            place.state,
            not all(word.known for word in words), scope.folder,
        )  # fmt: skip
        self._walker.add(command)
        script = self._walker.beside.get(posixpath.basename(rest[0].text))
        if script is not None and place.deep < 20:
            inner = Scope(budget=scope.budget, folder=scope.folder, args=list(rest[1:]))
            self.job(script, core[: 1 + size], inner, there)

    def job(self, text: str, core: Sequence[Word], scope: Scope, place: Place) -> None:
        """A job's own lines, once for each task of an array where its number matters."""
        own, _ = options([word.text for word in core[1:]])
        given = {**directives(text), **own}
        exported = _exported(own)
        settings = {f"sbatch.{name}": value for name, value in given.items() if name != "export"}
        place = replace(place.inside("sbatch"), more={**place.more, **settings, **exported})
        scope.variables.update({name: Word(value) for name, value in exported.items()})
        numbers = tasks(given.get("array", "")) if "SLURM_ARRAY_TASK_ID" in text and "array" in given else []
        for number in numbers or [""]:
            inner = scope.copy()
            if number:
                inner.variables["SLURM_ARRAY_TASK_ID"] = Word(number)
            self._walker.text(text, inner, place)


def _exported(own: dict[str, str]) -> dict[str, str]:
    pairs = (part.partition("=") for part in own.get("export", "").split(","))
    return {name: value for name, equals, value in pairs if equals}
