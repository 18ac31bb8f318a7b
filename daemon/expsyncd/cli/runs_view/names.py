"""Which runs a person means by what they typed: a name, the end of one, a part, a glob. Pure."""

from __future__ import annotations

import re
from difflib import get_close_matches
from fnmatch import translate
from typing import TYPE_CHECKING

from expsyncd.errors import Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

CANDIDATES_SHOWN = 6
NO_RUNS = Error(
    "no runs yet",
    "they come with the first event files or tables of a pull; `expsyncd status` says how it goes",
)


def fitting(names: Iterable[str], words: Sequence[str]) -> list[str]:
    """The names that one of the words is a part of, or a glob for (of the whole or of what follows a `/`).

    No words mean all.
    """
    if not words:
        return list(names)
    fits = [_fits(word) for word in words]
    return [name for name in names if any(fit(name) for fit in fits)]


def one_of(names: Sequence[str], word: str) -> str:
    """The one run that `word` means: the whole name, its end, a part of it or a glob.

    Raises Error with the candidates or the nearest names when it means none or several.
    """
    if not names:
        raise NO_RUNS
    if not word:
        raise Error("no run is named", f"`expsyncd runs` lists all {len(names)}")
    for fits in (
        lambda name: name == word,
        lambda name: name.endswith(f"/{word}"),
        lambda name: name.endswith(word),
        _fits(word),
    ):
        found = [name for name in names if fits(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Error(f"{word} may be {len(found)} runs", f"say which: {_some(found)}")
    raise unknown(names, word)


def several_of(names: Sequence[str], words: Sequence[str]) -> list[str]:
    """The runs of each word in its order, each run once: all that a glob means, else one a word.

    Raises Error as `one_of` does.
    """
    found: dict[str, None] = {}
    for word in words:
        if word not in names and is_glob(word) and (several := fitting(names, [word])):
            found |= dict.fromkeys(several)
        else:
            found[one_of(names, word)] = None
    return list(found)


def is_glob(word: str) -> bool:
    """Whether it has a `*`, `?` or `[`."""
    return any(mark in word for mark in "*?[")


def unknown(names: Sequence[str], word: str) -> Error:
    """That there is no such run, with the nearest names."""
    if not names:
        return NO_RUNS
    ends = {name.rpartition("/")[2]: name for name in reversed(names)}
    near = [*get_close_matches(word, names, 3, 0.5)]
    near += [ends[end] for end in get_close_matches(word, ends, 3, 0.5)]
    if near:
        return Error(f"no run {word}", f"the nearest: {_some(list(dict.fromkeys(near)))}")
    return Error(f"no run {word}", f"`expsyncd runs` lists all {len(names)}")


def _fits(word: str) -> Callable[[str], bool]:
    if not is_glob(word):
        return lambda name: word in name
    glob = re.compile(f"(?:{translate(word)})|(?:{translate('*/' + word)})")
    # A name may hold the marks itself: `run[1]`.
    return lambda name: glob.match(name) is not None or word in name


def _some(names: Sequence[str]) -> str:
    more = len(names) - CANDIDATES_SHOWN
    return ", ".join(names[:CANDIDATES_SHOWN]) + (f" and {more} more" if more > 0 else "")
