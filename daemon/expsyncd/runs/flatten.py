"""Nested settings as dotted names and texts, within limits. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 12
SETTINGS_MOST = 1000
NAME_LONGEST = 200
TEXT_LONGEST = 1000
TEXT_READ = 4 * TEXT_LONGEST  # a secret that is cut in two is not known for one, so that comes after
VISITS_MOST = 20_000  # aliases let a small file unfold into billions of pieces
LIST_LONGEST = 16  # a list of plain values up to this is one setting


def flattened(value: Any) -> tuple[dict[str, str], str]:
    """Settings by dotted name, and what was left out, in words; only dict, list and plain values count."""
    found: dict[str, str] = {}
    left_out = ""
    for visited, (name, text) in enumerate(_walk(value, "", 0)):
        if visited >= VISITS_MOST:
            return found, "it unfolds without end"
        if text is None:
            left_out = f"more than {DEEPEST} levels"
        elif len(found) >= SETTINGS_MOST:
            return found, f"more than {SETTINGS_MOST} settings"
        elif name:
            found[cut(name, NAME_LONGEST)] = cut(text, TEXT_READ)
    return found, left_out


def plain(value: Any) -> str:
    """One value as a person writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _walk(value: Any, name: str, depth: int) -> Iterator[tuple[str, str | None]]:
    if depth > DEEPEST:
        yield name, None
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{name}.{key}" if name else str(key), depth + 1)
        if not value:
            yield name, "{}"
    elif isinstance(value, list | tuple):
        if len(value) <= LIST_LONGEST and not any(isinstance(one, dict | list | tuple) for one in value):
            yield name, f"[{', '.join(plain(one) for one in value)}]"
            return
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{name}.{number}" if name else str(number), depth + 1)
    else:
        yield name, plain(value)


def cut(text: str, longest: int) -> str:
    """`text`, or its beginning and `…`."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
