"""Finding: one thing the doctor looked at, how it is, and what to do about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

# Only a problem needs the person; a warning is to be known of, an unknown could not be looked at.
Word = Literal["ok", "note", "warning", "problem", "unknown"]

SCHEMA = 1
HERE = ""


@dataclass(frozen=True)
class Finding:
    """`area`: what was looked at; `fix`: the exact remedy; `place`: a host's name, or HERE."""

    area: str
    word: Word
    title: str
    fix: str = ""
    place: str = HERE


def ok(area: str, title: str) -> Finding:
    """As it should be."""
    return Finding(area, "ok", title)


def note(area: str, title: str) -> Finding:
    """Worth knowing; nothing is wrong."""
    return Finding(area, "note", title)


def warning(area: str, title: str, fix: str) -> Finding:
    """Works, but not as well as it could, or not for long."""
    return Finding(area, "warning", title, fix)


def problem(area: str, title: str, fix: str) -> Finding:
    """Does not work until somebody mends it."""
    return Finding(area, "problem", title, fix)


def unknown(area: str, title: str, fix: str = "") -> Finding:
    """Could not be looked at."""
    return Finding(area, "unknown", title, fix)


def all_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing must be mended."""
    return all(finding.word != "problem" for finding in findings)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """`doctor --json`."""
    return {
        "schema": SCHEMA,
        "ok": all_well(findings),
        "findings": [
            {
                "place": finding.place or None,
                "area": finding.area,
                "status": finding.word,
                "title": finding.title,
                "fix": finding.fix,
            }
            for finding in findings
        ],
    }
