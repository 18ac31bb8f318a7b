"""What is pulled, set aside, skipped, and why. Pure: a listing and a look at the mirror in, a plan out.

Two steps, because only the host can say whether a file merely grew: `plan` sorts every path and names the
questions, `decide` takes the answers. Event files come first, then metrics, then small before large.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from expsyncd.pull.digest import WHOLE_LIMIT, Question
from expsyncd.pull.kinds import is_append_only, is_event_file, matches
from expsyncd.units import human_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from expsyncd.pull.listing import Item, Listing
    from expsyncd.pull.source import Source

# Above this a file goes with the large ones, so that a thousand samples do not wait for one archive.
SMALL = 8_000_000


class Local(Enum):
    """What stands at a path in the mirror."""

    NOTHING = "nothing"
    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Here:
    """What stands at a path in the mirror and, for a file, its bytes."""

    kind: Local
    size: int = 0


@dataclass(frozen=True)
class Rules:
    """The guards of one pull; sizes in bytes. `named` means the person's `include` chose the files."""

    max_size: int | None
    skip_patterns: tuple[str, ...]
    skip_over: int
    named: bool
    max_entries: int
    room: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be fetched whole; `replaces` when older bytes stand here."""

    path: bytes
    size: int
    replaces: bool


@dataclass(frozen=True, slots=True)
class Grown:
    """A file whose beginning may be ours already: `question` settles it."""

    path: bytes
    size: int
    here: int
    question: Question


@dataclass(frozen=True, slots=True)
class Left:
    """A path that is not pulled and why. `missing` marks what should have come and did not."""

    path: bytes
    size: int
    reason: str
    missing: bool = False


@dataclass(frozen=True)
class Plan:
    """The sorted listing. Nothing here has happened yet."""

    asked: tuple[Grown, ...]
    wanted: tuple[Wanted, ...]
    aside: tuple[bytes, ...]
    left: tuple[Left, ...]
    too_many: bool = False

    @property
    def files(self) -> int:
        """How many files differ and are to come."""
        return len(self.asked) + len(self.wanted)

    @property
    def bytes(self) -> int:
        """How many bytes are to come at most (a grown file counts what is new)."""
        return sum(max(0, g.size - g.here) for g in self.asked) + sum(w.size for w in self.wanted)


@dataclass(frozen=True)
class Passes:
    """What each rsync gets. `grow` appends; the others replace atomically and keep the old bytes."""

    grow: tuple[Grown, ...]
    metrics: tuple[Wanted, ...]
    small: tuple[Wanted, ...]
    large: tuple[Wanted, ...]

    @property
    def bulk(self) -> tuple[Wanted, ...]:
        """All that goes by the second rsync of a host."""
        return self.small + self.large


def plan(listing: Listing, here: Mapping[bytes, Here], rules: Rules, *, busy: Collection[bytes] = ()) -> Plan:
    """Sort what differs. `here` tells of every listed path; `busy` paths are under way in another pass."""
    left = [Left(path, 0, "not a regular file (link, pipe or device)") for path in listing.irregular]
    left += [Left(path, 0, reason) for path, reason in listing.refused]
    if listing.entries is not None and listing.entries > rules.max_entries:
        return Plan((), (), (), tuple(left), too_many=True)
    asked: list[Grown] = []
    wanted: list[Wanted] = []
    aside: list[bytes] = []
    room = rules.room
    for item in sorted(listing.items, key=_order):
        if item.path in busy:
            continue
        there = here.get(item.path, Here(Local.NOTHING))
        if reason := unwanted(item, rules):
            left.append(Left(item.path, item.size, reason))
            continue
        may_grow = there.kind is Local.FILE and is_append_only(item.path) and item.size >= there.size
        # What is replaced comes whole, and its old bytes stay as well.
        need = item.size - there.size if may_grow else item.size
        if room is not None:
            if need > room:
                left.append(Left(item.path, item.size, "no room on the root's disk", missing=True))
                continue
            room -= need
        if there.kind is Local.FOLDER:
            aside.append(item.path)
            wanted.append(Wanted(item.path, item.size, replaces=True))
        elif may_grow:
            whole = there.size <= WHOLE_LIMIT
            asked.append(Grown(item.path, item.size, there.size, Question(item.path, there.size, whole)))
        else:
            wanted.append(Wanted(item.path, item.size, replaces=there.kind is not Local.NOTHING))
    return Plan(tuple(asked), tuple(wanted), tuple(aside), tuple(left))


def decide(planned: Plan, same: Collection[bytes]) -> Passes:
    """The passes, once the host has said which beginnings are the `same`; all others count as replaced."""
    grow = tuple(grown for grown in planned.asked if grown.path in same)
    replaced = [Wanted(g.path, g.size, replaces=True) for g in planned.asked if g.path not in same]
    whole: Sequence[Wanted] = sorted([*planned.wanted, *replaced], key=_order)
    metrics = tuple(w for w in whole if is_append_only(w.path))
    rest = [w for w in whole if not is_append_only(w.path)]
    return Passes(
        grow,
        metrics,
        tuple(w for w in rest if w.size <= SMALL),
        tuple(w for w in rest if w.size > SMALL),
    )


def _order(item: Item | Wanted) -> tuple[int, int, bytes]:
    rank = 0 if is_event_file(item.path) else 1 if is_append_only(item.path) else 2
    return rank, item.size, item.path


def rules_of(source: Source, room: int | None) -> Rules:
    """What the config says of a source, and `room` in bytes as far as it is known."""
    return Rules(
        max_size=source.max_size,
        skip_patterns=source.skip_patterns,
        skip_over=source.skip_over,
        named=bool(source.include),
        max_entries=source.max_entries,
        room=room,
    )


def unwanted(item: Item, rules: Rules) -> str:
    """Why a file is left out, or ""."""
    if rules.max_size is not None and item.size > rules.max_size:
        return f"larger than max_size {human_bytes(rules.max_size)}"
    if not rules.named and item.size > rules.skip_over and matches(item.path, rules.skip_patterns):
        return f"a checkpoint over {human_bytes(rules.skip_over)} (name it in `include:` to pull it)"
    return ""
