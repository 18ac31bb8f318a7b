"""Which series and frames a person means by what they typed. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.mirror.layout import shown
from expsyncd.samples.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from expsyncd.samples.frame import Picture, SeriesKey
    from expsyncd.samples.wanted import Wanted

KNOWN_SHOWN = 5


def run_name(key: SeriesKey) -> str:
    """HOST/SOURCE/RUN."""
    return "/".join(part for part in (key.host, key.source, shown(key.run)) if part)


def full_name(key: SeriesKey) -> str:
    """HOST/SOURCE/RUN/SERIES."""
    return f"{run_name(key)}/{shown(key.name)}"


def file_names(found: Sequence[Wanted], suffix: str) -> list[str]:
    """What the export of each is called: RUN.SERIES, and HOST.SOURCE before it where two were the same."""
    names = [f"{shown(one.key.run).replace('/', '.') or one.key.source}.{one.out.stem}" for one in found]
    often = Counter(names)
    for number, one in enumerate(found):
        if often[names[number]] > 1:
            names[number] = f"{one.key.host}.{one.key.source}.{names[number]}"
    often = Counter(names)
    for number, one in enumerate(found):
        if often[names[number]] > 1:  # the runs a/b and a.b
            names[number] += f"-{sha256(full_name(one.key).encode()).hexdigest()[:6]}"
    return [f"{name}.{suffix}" for name in names]


def means(key: SeriesKey, words: Sequence[str]) -> bool:
    """Whether one of the words names it: a glob, or a part, of HOST/SOURCE/RUN/SERIES. No words mean all."""
    name = full_name(key)
    return not words or any(
        fnmatchcase(name, word if _is_glob(word) else f"*{_escaped(word)}*") for word in words
    )


def chosen(found: Iterable[Wanted], words: Sequence[str]) -> list[Wanted]:
    """The series that the words mean. Raises Error when there is none."""
    everything = list(found)
    wanted = [series for series in everything if means(series.key, words)]
    if not wanted:
        known = sorted({run_name(series.key) for series in everything})
        more = " …" if len(known) > KNOWN_SHOWN else ""
        raise Error(
            f"no sample images of {' '.join(words)}" if words else "no sample images in the mirror",
            "there are: " + ", ".join(known[:KNOWN_SHOWN]) + more
            if known
            else "they come with the next pull; `expsyncd status` says how it goes",
        )
    return wanted


def within(frames: Sequence[Frame], first: int | None, last: int | None, every: int) -> list[Frame]:
    """Frames of these steps, each `every`-th, the last one always. Raises Error when none is left."""
    kept = [
        frame
        for frame in frames
        if (first is None or (frame.step is not None and frame.step >= first))
        and (last is None or (frame.step is not None and frame.step <= last))
    ]
    if not kept:
        steps = [frame.step for frame in frames if frame.step is not None]
        advice = f"it has steps {min(steps)} to {max(steps)}" if steps else "its names say no steps"
        raise Error("no frame lies between these steps", advice)
    thinned = kept[::every]
    return thinned if thinned[-1] is kept[-1] else [*thinned, kept[-1]]


def to_compare(found: Sequence[Wanted], words: Sequence[str], series: str | None) -> list[Wanted]:
    """One series of each run that is named, all of the same name. Raises Error where that is not clear."""
    fitting = [one for one in found if series is None or _same(one, series)]
    by_word = {word: [one for one in fitting if means(one.key, [word])] for word in words}
    for word, candidates in by_word.items():
        if not candidates:
            called = f" called {series}" if series else ""
            raise Error(f"no sample images of {word}{called}", "`expsyncd samples` lists them")
    common = set.intersection(*({one.key.name for one in candidates} for candidates in by_word.values()))
    return [
        _only(word, [one for one in candidates if one.key.name in common] or candidates)
        for word, candidates in by_word.items()
    ]


def _only(word: str, candidates: Sequence[Wanted]) -> Wanted:
    names = sorted({shown(one.key.name) for one in candidates})
    if len(names) > 1:
        few = ", ".join(f"--series {name}" for name in names[:KNOWN_SHOWN])
        raise Error(f"{word} has several series", f"name one: {few}")
    runs = sorted(run_name(one.key) for one in candidates)
    if len(runs) > 1:
        raise Error(f"{word} means several runs", f"name one: {', '.join(runs[:KNOWN_SHOWN])}")
    return candidates[0]


def compared(picked: Sequence[Wanted], step: int | None) -> list[Frame]:
    """Frames that show all runs side by side: at `step` (each run's last one up to it), or at every step."""
    names = _short([run_name(one.key) for one in picked])
    steps = [[frame.step for frame in one.frames if frame.step is not None] for one in picked]
    if not all(steps):
        raise Error("the names of one of them say no steps", "only series with steps can be compared")
    if step is not None:
        moments = [step]
    else:
        begin = max(its[0] for its in steps)
        moments = sorted({one for its in steps for one in its if one >= begin})
    return [_side_by_side(picked, names, moment) for moment in moments]


def _side_by_side(picked: Sequence[Wanted], names: Sequence[str], moment: int) -> Frame:
    pictures: list[Picture] = []
    panels: list[tuple[str, int]] = []
    for one, name in zip(picked, names, strict=True):
        stepped = [frame for frame in one.frames if frame.step is not None]
        at = bisect_right([frame.step or 0 for frame in stepped], moment) - 1
        if at < 0:
            raise Error(f"{name} begins after step {moment}", f"its first step is {stepped[0].step}")
        frame = stepped[at]
        where = "" if frame.step == moment else f" (step {frame.step})"
        pictures += frame.pictures
        panels.append((name + where, len(frame.pictures)))
    return Frame((moment, 0), f"step {moment}", tuple(pictures), moment, tuple(panels))


def _short(names: Sequence[str]) -> list[str]:
    """Without the folders that all have."""
    parts = [name.split("/") for name in names]
    while all(len(part) > 1 for part in parts) and len({part[0] for part in parts}) == 1:
        parts = [part[1:] for part in parts]
    return ["/".join(part) for part in parts]


def _same(one: Wanted, series: str) -> bool:
    name = shown(one.key.name)
    return fnmatchcase(name, series if _is_glob(series) else f"*{_escaped(series)}*")


def _is_glob(word: str) -> bool:
    return any(character in word for character in "*?[")


def _escaped(word: str) -> str:
    return word.replace("[", "[[]")
