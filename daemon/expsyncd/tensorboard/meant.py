"""Which runs a person means by names and globs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.mirror.layout import shown
from expsyncd.tensorboard.selection import fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expsyncd.tensorboard.names import RunKey

NEAR = 3  # names that an error suggests
COMPARED = 2000  # looking for near ones in more takes seconds


@dataclass(frozen=True)
class KnownRun:
    """A run that can be meant: as TensorBoard calls it, and when it was written last (seconds since 1970)."""

    name: str
    newest_at: float | None = None


Known = dict["RunKey", KnownRun]


def meant(
    known: Mapping[RunKey, KnownRun],
    words: Sequence[str],
    *,
    host: str | None = None,
    older_than: float | None = None,
) -> list[RunKey]:
    """The runs of `words` (all without any), by name; of `host` and last written before `older_than` only.

    A word is a name, else the end of just one, else a glob over HOST/RUN or RUN. Raises Error for one that
    means nothing.
    """
    by_name: dict[str, list[RunKey]] = {}
    for key, run in known.items():
        by_name.setdefault(run.name, []).append(key)
    found: set[RunKey] = set() if words else set(known)
    for word in words:
        if word in by_name:
            found.update(by_name[word])
            continue
        ends = [name for name in by_name if name.endswith(f"/{word}")]
        keys = by_name[ends[0]] if len(ends) == 1 else _matching(known, word)
        if not keys:
            raise _nothing(word, ends, by_name)
        found.update(keys)
    chosen = [
        key
        for key in found
        if (host is None or fnmatchcase(key[0], host))
        and (older_than is None or _older(known[key].newest_at, older_than))
    ]
    return sorted(chosen, key=lambda key: (known[key].name, key))


def _matching(known: Mapping[RunKey, KnownRun], word: str) -> list[RunKey]:
    if not any(sign in word for sign in "*?["):
        return []
    return [key for key, run in known.items() if fits(run.name, [word])]


def _older(newest_at: float | None, than: float) -> bool:
    return newest_at is not None and newest_at < than


def _nothing(word: str, ends: Iterable[str], names: Iterable[str]) -> Error:
    some = sorted(names)[:COMPARED]
    near = sorted(ends)[:NEAR] or [name for name in some if word in name][:NEAR]
    near = near or get_close_matches(word, some, NEAR)
    advice = f"did you mean {' or '.join(near)}?" if near else "`expsyncd runs` lists them; quote globs"
    return Error(f"no run is called {shown(word.encode('utf-8', 'surrogateescape'))}", advice)
