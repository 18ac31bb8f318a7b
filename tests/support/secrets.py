"""The hand-written tables of secrets and of what only looks like one."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "redact"


def _lines(name: str) -> list[str]:
    lines = (FOLDER / name).read_text().splitlines()
    return [line.replace("\\n", "\n") for line in lines[1:]]


def secrets() -> list[tuple[str, str]]:
    """Pairs of a secret and the text that holds it; no secret stands in two texts."""
    made = [
        (f"{number:03x}{value}", context.replace("§", f"{number:03x}{value}"))
        for number, context in enumerate(_lines("contexts.txt"))
        for value in _lines("values.txt")
    ]
    known = [tuple(line.split("\t", 1)) for line in _lines("shapes.txt")]
    return [*made, *((secret, text) for secret, text in known)]


def harmless() -> list[str]:
    """Texts that must come through byte for byte."""
    return _lines("harmless.txt")
