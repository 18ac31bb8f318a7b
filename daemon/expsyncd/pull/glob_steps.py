"""A source's glob taken apart, for hosts without a shell to expand it. Pure.

It means what it means to a shell: stars do not match a dot at the beginning, links are followed on the way
and are no match at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.pull.chosen import GLOB
from expsyncd.pull.patterns import expression

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPECIAL = re.compile(rb"([*?\[\]\\])")


@dataclass(frozen=True)
class Step:
    """One component: a `name`, or for a glob the rsync `pattern` that means it."""

    name: bytes
    pattern: bytes | None = None

    def matches(self, name: bytes) -> bool:
        """Whether a component fits."""
        if self.pattern is None:
            return name == self.name
        if name.startswith(b".") and not self.name.startswith(b"."):
            return False
        return expression(self.pattern).fullmatch(name) is not None


@dataclass(frozen=True)
class Steps:
    """`base`: the folder where globs begin, as sftp and rsync take it; then one step a component."""

    base: bytes
    rest: tuple[Step, ...]

    def matches(self, path: bytes) -> bool:
        """Whether a path below `base` fits, component by component."""
        parts = path.split(b"/")
        return len(parts) == len(self.rest) and all(
            step.matches(part) for step, part in zip(self.rest, parts, strict=True)
        )


def taken_apart(pattern: str) -> Steps:
    """The steps of a glob; `~/` is where a login starts, so the base is then relative."""
    whole = pattern.removeprefix("~/").encode("utf-8", "surrogateescape")
    components = [part for part in whole.split(b"/") if part]
    found = [_step(part) for part in components]
    first = next((number for number, step in enumerate(found) if step.pattern is not None), len(found))
    base = b"/".join(components[:first])
    return Steps(b"/" + base if whole.startswith(b"/") else base, tuple(found[first:]))


def filters_of(steps: Sequence[Step]) -> list[str]:
    """The rsync filters that list just the folders on the way and at the end."""
    parts = [step.pattern or _SPECIAL.sub(rb"\\\1", step.name) for step in steps]
    # Without a wildcard rsync takes a backslash for itself, so names are only escaped beside one.
    rules = []
    for length in range(1, len(parts) + 1):
        wild = any(step.pattern for step in steps[:length])
        chosen = parts[:length] if wild else [step.name for step in steps[:length]]
        rules.append("--include=/" + b"/".join(chosen).decode("utf-8", "surrogateescape") + "/")
    return [*rules, "--exclude=*"]


def _step(component: bytes) -> Step:
    pieces = GLOB.split(component)
    if len(pieces) == 1:
        return Step(component)
    pattern = b"".join(
        piece if number % 2 else _SPECIAL.sub(rb"\\\1", piece) for number, piece in enumerate(pieces)
    )
    return Step(component, pattern)
