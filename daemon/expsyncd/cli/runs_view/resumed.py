"""Whether a run was resumed: a later event file begins at steps that an earlier one had passed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Part:
    """What an event file covers: step and wall time (seconds since 1970) of its first and its last event."""

    name: bytes
    first: tuple[int, float]
    last: tuple[int, float]


@dataclass(frozen=True)
class Resumed:
    """The file `name` began `at` this wall time with `step`, after the run had `reached` a later one."""

    name: bytes
    step: int
    reached: int
    at: float


def resumed(parts: Iterable[Part]) -> list[Resumed]:
    """Each time the run went back, the first one first. Files that were written at the same time are one."""
    found: list[Resumed] = []
    reached: int | None = None
    until = 0.0
    for part in sorted(parts, key=lambda part: (part.first[1], part.name)):
        step, at = part.first
        if reached is not None and at >= until and step < reached:
            found.append(Resumed(part.name, step, reached, at))
            reached = None
        reached = part.last[0] if reached is None else max(reached, part.last[0])
        until = max(until, part.last[1])
    return found
