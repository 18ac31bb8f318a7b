"""The names that sources get from their paths, and the folders they become. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from fnmatch import fnmatchcase

LONGEST_NAME = 128  # bytes; a file system allows 255, and pull folders put more around it
HOME = "~"

_WILD = re.compile(r"[*?]|\[[^]]+\]")


def is_glob(path: str) -> bool:
    """Whether the host's shell would expand `path`."""
    return _WILD.search(path) is not None


def components(path: str) -> tuple[str, ...]:
    """`~/a//b/` and `a/b` → ("~", "a", "b"); `/a/b` → ("", "a", "b"): equal for the same folder."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith("/"):
        return ("", *parts)
    return (HOME, *parts[1:]) if parts[:1] == [HOME] else (HOME, *parts)


def folder_name(text: str) -> str:
    """`text` as one safe folder name: no slash or control character, no leading dot or dash, not too long."""
    name = "".join(
        "_" if c == "/" or unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} else c for c in text
    )
    name = name.strip().lstrip(".-") or "_"
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:8]
    return encoded[: LONGEST_NAME - 9].decode("utf-8", "ignore") + "-" + digest


def match_name(pattern: str, match: str) -> str:
    """The source's name of one match of a glob: its components from the first wildcard on, joined by "-".

    `/scratch/me/*/tb_log`, `/scratch/me/exp1/tb_log` → `exp1-tb_log`. Counted from the end, because the
    host's shell has made `~/` an absolute path.
    """
    parts = components(pattern)
    first = next((index for index, part in enumerate(parts) if is_glob(part)), len(parts) - 1)
    return folder_name("-".join(components(match)[first - len(parts) :]))


def source_name(pattern: str, name: str, match: str) -> str:
    """The name of one match of a source that was written with the glob `pattern` and is called `name`.

    A name that the person gave becomes the prefix.
    """
    found = match_name(pattern, match)
    return found if name == match_name(pattern, pattern) else folder_name(f"{name}-{found}")


def default_names(paths: list[str], taken: set[str]) -> list[str]:
    """A name for each path: its last component, more of them where two would be the same.

    `taken` are the names the person gave. The result has equal names only where paths do not suffice.
    """
    parts = [list(components(path)[1:]) for path in paths]
    counts = [1] * len(paths)

    def named(index: int) -> str:
        if is_glob(paths[index]):
            return match_name(paths[index], paths[index])
        return folder_name("-".join(parts[index][-counts[index] :]))

    while True:
        names = [named(index) for index in range(len(paths))]
        seen = Counter(names)
        longer = [
            index
            for index, name in enumerate(names)
            if (seen[name] > 1 or name in taken)
            and not is_glob(paths[index])
            and counts[index] < len(parts[index])
        ]
        if not longer:
            return names
        for index in longer:
            counts[index] += 1


def may_hold(outer: tuple[str, ...], inner: tuple[str, ...]) -> bool:
    """Whether the folder `outer` is or encloses `inner`, either of them perhaps a glob.

    Two different patterns at one place count as different unless one is a bare `*`.
    """
    return len(outer) <= len(inner) and all(map(_may_equal, outer, inner))


def _may_equal(one: str, other: str) -> bool:
    if one == other:
        return True
    if is_glob(one) and is_glob(other):
        return "*" in {one, other}
    if is_glob(other):
        one, other = other, one
    # as a shell does it, a wildcard does not match a leading dot
    return (
        is_glob(one) and not (other.startswith(".") and not one.startswith(".")) and fnmatchcase(other, one)
    )
