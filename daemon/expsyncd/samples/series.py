"""From the image files of a run to its series, each with frames in order. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from expsyncd.samples.frame import BETWEEN, Frame, Picture
from expsyncd.samples.names import taken_apart
from expsyncd.samples.slots import Parts, decide

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

    from expsyncd.samples.names import Name

GRID_MOST = 144  # pictures of one frame; more are left out, by index
LABEL_LONGEST = 60
_PART_WORDS = {"epoch": "epoch", "step": "step", "batch": "batch", "n": ""}


@dataclass(frozen=True)
class Content:
    """One content of one file: what is there now, or what was before it was overwritten.

    `path` is relative to the run; `at` is where the bytes are, absolute.
    """

    path: bytes
    at: bytes
    size: int
    mtime_ns: int
    member: str = ""


@dataclass(frozen=True)
class Moment:
    """What a name says of one content. `within`: its place among the samples of the same moment."""

    order: tuple[int, ...] = ()
    step: int | None = None
    within: tuple[int, ...] = ()
    label: str = ""
    epoch: int | None = None

    @property
    def index(self) -> int | None:
        """The sample index."""
        return self.within[0] if self.within else None


@dataclass(frozen=True)
class Series:
    """`name`: the names it is made of, with {epoch}, {step}, {n}, {i}… for what differs. `why`: see Parts."""

    name: bytes
    frames: tuple[Frame, ...]
    why: str = ""


@dataclass
class _Gathered:
    frames: dict[tuple[int, ...], list[tuple[Moment, Content]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    why: str = ""


def series_of(contents: Iterable[Content], pattern: re.Pattern[str] | None = None) -> list[Series]:
    """All series of a run, by name. `pattern` has named groups: step, epoch, batch, index, series."""
    by_shape: dict[bytes, list[tuple[Name, Content]]] = defaultdict(list)
    found: dict[bytes, _Gathered] = defaultdict(_Gathered)
    for content in contents:
        told = _by_pattern(content, pattern) if pattern is not None else None
        if told is not None:
            name, moment = told
            found[name].frames[moment.order].append((moment, content))
        else:
            taken = taken_apart(content.path)
            by_shape[taken.shape].append((taken, content))
    for group in by_shape.values():
        _gather(group, found)
    return [Series(name, tuple(_frames(gathered)), gathered.why) for name, gathered in sorted(found.items())]


def _gather(group: list[tuple[Name, Content]], found: dict[bytes, _Gathered]) -> None:
    names = {content.path: (name, content.mtime_ns) for name, content in group}
    parts = decide([name for name, _ in names.values()], [mtime for _, mtime in names.values()], len(group))
    if parts.apart:
        several: dict[tuple[bytes, ...], list[tuple[Name, Content]]] = defaultdict(list)
        for name, content in group:
            its = tuple(name.slots[at].text for at in parts.apart)
            several[its].append((name.fixed(parts.apart), content))
        for one in several.values():
            _gather(one, found)
        return
    for name, content in group:
        gathered = found[template(name, parts)]
        moment = moment_of(name, parts)
        gathered.frames[moment.order].append((moment, content))
        gathered.why = parts.why


def template(name: Name, parts: Parts) -> bytes:
    """The name of its series."""
    return b"".join(
        b"{%s}" % parts.of[at].encode() if at in parts.of else slot.text for at, slot in enumerate(name.slots)
    )


def moment_of(name: Name, parts: Parts) -> Moment:
    """Where in its series a name stands."""
    values = {part: name.slots[at] for at, part in parts.of.items() if part != "id"}
    said = [
        f"{_PART_WORDS[part]} {values[part].value}".strip()
        for part in ("epoch", "step", "n", "batch")
        if part in values
    ]
    order = tuple(values[part].value for part in ("epoch", "n", "step", "batch") if part in values)
    if "time" in values:
        order = tuple(slot.value for at, slot in enumerate(name.slots) if parts.of.get(at) == "time")
        said = [values["time"].text.decode("ascii", "replace")]
    step = next((values[part].value for part in ("step", "n", "epoch", "batch") if part in values), None)
    within = tuple(slot.value for at, slot in enumerate(name.slots) if parts.of.get(at) == "i")
    epoch = values["epoch"].value if "epoch" in values else None
    return Moment(order, step, within, BETWEEN.join(said)[:LABEL_LONGEST], epoch)


def _by_pattern(content: Content, pattern: re.Pattern[str]) -> tuple[bytes, Moment] | None:
    """What the person's own pattern says; None where it does not fit."""
    text = content.path.decode("utf-8", "surrogateescape")
    found = pattern.search(text)
    if found is None:
        return None
    groups = {name: value for name, value in found.groupdict().items() if value is not None}
    numbers = {
        name: int(value)
        for name, value in groups.items()
        if name != "series" and value.isascii() and value.isdigit() and len(value) <= 18
    }
    moment = Moment(
        tuple(numbers[part] for part in ("epoch", "step", "batch") if part in numbers),
        next((numbers[part] for part in ("step", "epoch", "batch") if part in numbers), None),
        (numbers["index"],) if "index" in numbers else (),
        BETWEEN.join(f"{part} {numbers[part]}" for part in ("epoch", "step", "batch") if part in numbers),
        numbers.get("epoch"),
    )
    if "series" in groups:
        name = groups["series"]
    else:
        spans = sorted((found.span(name), name) for name in numbers)
        name, end = "", 0
        for (start, stop), group in spans:
            if start >= end:
                name += text[end:start] + f"{{{'i' if group == 'index' else group}}}"
                end = stop
        name += text[end:]
    return name.encode("utf-8", "surrogateescape"), moment


def _frames(gathered: _Gathered) -> Iterable[Frame]:
    """In time order; what was overwritten under the same name is a frame of its own, by its time."""
    ordered = sorted(gathered.frames)
    # Steps that begin anew with each epoch order nothing by themselves.
    steps = [gathered.frames[order][0][0].step for order in ordered]
    restarts = any(a is not None and b is not None and b < a for a, b in pairwise(steps))
    for order in ordered:
        latest: dict[tuple[bytes, str], list[tuple[Moment, Content]]] = defaultdict(list)
        for moment, content in sorted(gathered.frames[order], key=lambda row: (row[1].mtime_ns, row[1].at)):
            latest[content.path, content.member].append((moment, content))
        rounds = max(len(contents) for contents in latest.values())
        for number in range(rounds):
            # A name that was overwritten less often keeps its content of the same round from the end.
            taken = [contents[max(0, number - (rounds - len(contents)))] for contents in latest.values()]
            yield _frame((*order, number), taken, dated=rounds > 1 or not order, by_epoch=restarts)


def _frame(
    order: tuple[int, ...], taken: Sequence[tuple[Moment, Content]], *, dated: bool, by_epoch: bool
) -> Frame:
    ordered = sorted(taken, key=lambda row: (row[0].within, row[1].path))
    pictures = tuple(
        Picture(content.at, content.size, content.mtime_ns, moment.index, content.member)
        for moment, content in ordered[:GRID_MOST]
    )
    first = ordered[0][0]
    label = first.label
    if dated:
        newest = max(content.mtime_ns for _, content in taken)
        when = datetime.fromtimestamp(newest / 1e9, tz=UTC)
        label = BETWEEN.join(word for word in (label, f"{when:%Y-%m-%d %H:%M:%S}") if word)
    step = first.epoch if by_epoch and first.epoch is not None else first.step
    return Frame(order, label, pictures, step)
