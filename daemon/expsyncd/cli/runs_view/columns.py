"""Which columns a list of runs gets: what tells most and what differs, as far as there is room. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.elide import cells
from expsyncd.cli.runs_view.fields import Field
from expsyncd.cli.runs_view.grid import GAP
from expsyncd.cli.runs_view.metrics import most_telling, telling, words
from expsyncd.cli.runs_view.values import canonical, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from expsyncd.cli.runs_view.seen import Seen

ALWAYS = (Field("state", "run"), Field("name", "run"), Field("step", "run"), Field("age", "run"))
LEAST_TELLING = 1.0  # below it there is no measure in the tag
# Settings that name the run or a place are told by its name; they differ always and say nothing.
NAMING = frozenset(
    listed("""
    name dir path folder file log logdir logs output id uuid date time timestamp port host rank device
    gpu gpus hostname tag comment checkpoint resume ckpt
""")
)
ASKED = tuple(
    listed("""
    lr learning batch bs model arch dataset optimizer opt wd decay dropout depth layers width hidden dim
    epochs seed
""")
)
MUST_HAVE = 2
NARROWEST = 1 + GAP  # of a column
LONGEST_CELL = 14
LONGEST_HEAD = 16


def metrics(runs: int, counts: Mapping[str, int], most: int) -> list[str]:
    """At most so many tags that are worth a column, different measures before the same again."""
    ranked = [tag for tag in most_telling(counts, runs) if telling(tag) > LEAST_TELLING]
    if not ranked:
        ranked = most_telling(counts, runs)
    chosen: list[str] = []
    later: list[str] = []
    endings: set[str] = set()
    for tag in ranked:
        ending = (words(tag) or (tag,))[-1]
        (later if ending in endings else chosen).append(tag)
        endings.add(ending)
    return [*chosen, *later][:most]


def differing(seen: Sequence[Seen]) -> list[str]:
    """Settings that are not the same in all runs that have them, the most asked for first.

    Those that less than half of the runs have come last; those that only name the run do not come.
    """
    known: dict[str, dict[str, int]] = {}
    for one in seen:
        for name, value in one.settings.items():
            values = known.setdefault(name, {})
            values[value] = values.get(value, 0) + 1
    found = []
    for name, texts in known.items():
        distinct = len({canonical(text) for text in texts})
        if distinct < 2 or _only_names(name, texts):
            continue
        rare = sum(texts.values()) * 2 < len(seen)
        found.append((rare, _rank(name), distinct == len(seen) > 2, distinct, name))
    return [name for *_, name in sorted(found)]


def _only_names(name: str, texts: Mapping[str, int]) -> bool:
    spoken = words(name)
    if spoken and spoken[-1] in NAMING:
        return True
    return all("/" in text or cells(text) > 4 * LONGEST_CELL for text in texts)


def _rank(name: str) -> int:
    spoken = words(name)
    return min((ASKED.index(word) for word in spoken if word in ASKED), default=len(ASKED))


def in_turn(tags: Sequence[str], settings: Sequence[str]) -> Iterator[Field]:
    """A metric, a setting, the next metric, and so on."""
    for number in range(max(len(tags), len(settings))):
        if number < len(tags):
            yield Field(tags[number], "last", ((tags[number],),))
        if number < len(settings):
            yield Field(settings[number], "setting", ((settings[number],),))


def fit(
    wanted: Sequence[Field], width_of: Callable[[Field], int], room: int, names: tuple[int, int]
) -> tuple[list[Field], int]:
    """As many of `wanted` as fit beside the columns that are always there, and the room the name gets.

    `names`: the least room for names and the one they read well in; the latter has to give way to the first
    two of `wanted` only.
    """
    least, good = names
    fixed = sum(width_of(field) + GAP for field in ALWAYS if field.word != "name")
    left = room - fixed
    chosen = list(ALWAYS)
    for field in wanted:
        if left < least + NARROWEST:
            break
        need = width_of(field) + GAP
        if need <= left - (good if len(chosen) - len(ALWAYS) >= MUST_HAVE else least):
            chosen.append(field)
            left -= need
    return chosen, max(left, least)
