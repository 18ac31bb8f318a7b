"""Where things lie in the mirror, and names from hosts made harmless for people. Pure."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.paths import RootPaths

# What a terminal or a reader could be fooled with: controls, format characters (bidi), line separators,
# lone surrogates (bytes that are not UTF-8), unassigned and private use.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True)
class Place:
    """A path in the mirror: of which source of which host, and where `inside` it."""

    host: str
    source: str
    inside: bytes


def source_folder(root: RootPaths, host: str, source: str) -> Path:
    """The folder of a source's copies."""
    return root.mirror / host / source


def where(root: RootPaths, path: bytes | Path) -> Place | None:
    """Which source an absolute path belongs to; None outside any source."""
    base = os.fsencode(root.mirror) + b"/"
    full = os.fsencode(path)
    if not full.startswith(base):
        return None
    parts = full[len(base) :].split(b"/", 2)
    if len(parts) < 3 or not all(parts):
        return None
    return Place(os.fsdecode(parts[0]), os.fsdecode(parts[1]), parts[2])


def shown(name: bytes) -> str:
    r"""A name for people: harmful characters as `\u202e`, bytes that are not UTF-8 as `\xff`."""
    return "".join(_shown(character) for character in name.decode("utf-8", "surrogateescape"))


def _shown(character: str) -> str:
    if character == "\\" or unicodedata.category(character) not in _HARMFUL:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # an undecodable byte
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
