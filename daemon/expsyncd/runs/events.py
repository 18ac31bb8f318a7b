"""Reads what an event file got since last time: scalars in both encodings, hparams. For the child.

Records look like the ones before them: but for step, time and value the same bytes come again and again. So
what TensorBoard's protobuf classes say of one record is remembered as a pattern (`Patterns`), and the next
one of the kind costs one look into a table.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event

from expsyncd.eventfiles.framing import HEAD, TAIL, Heads, masked_crc
from expsyncd.mirror.layout import shown
from expsyncd.runs import hparams
from expsyncd.runs.patterns import Patterns, place_of_value, scalar_of
from expsyncd.runs.points import news_of
from expsyncd.runs.rhythm import LONGEST, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from expsyncd.runs.tally import News

PIECE = 8 << 20  # bytes read at once; then another run has its turn
LARGEST = 16 << 20  # records over this are images; scalars are not looked for in them
TORN_LARGEST = 1 << 20  # checksums of data are slow in Python: only of what may be damaged, and of this size
TAGS_MOST = 2000  # of a run
TAG_LONGEST = 500
_EVENT_TIME, _EVENT_STEP = 0x09, 0x10  # event.proto: the keys of its first two fields
_DOUBLE = struct.Struct("<d")


@dataclass
class Points:
    """Points of a tag in the order of the file; where time and value stand says what they are."""

    steps: list[int] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


@dataclass
class Read:
    """What a piece held. `offset`: where to go on; `more`: there is more to read now."""

    offset: int
    more: bool = False
    points: dict[str, Points] = field(default_factory=dict)
    damaged: tuple[int, int] | None = None  # where the first damage was, and how many bytes were left out
    unread: int = 0  # records that hold no event
    walls: list[float] = field(default_factory=list)
    hparams: dict[str, Any] = field(default_factory=dict)
    tags_left_out: int = 0


def read(file: BinaryIO, offset: int, tags: Mapping[str, int], *, piece: int = PIECE) -> Read:
    """Read about `piece` bytes of records from `offset` on; a last one that is not whole yet waits.

    `tags`: the scalar tags that the run has already, as they are `named`.
    """
    size = file.seek(0, 2)
    file.seek(offset)
    data = file.read(piece)
    reading = _Reading(offset, tags)
    wanted = reading.walk(data, size)
    if wanted and offset + len(data) < size:  # one record that is larger than the piece
        file.seek(offset)
        data = file.read(wanted)
        reading = _Reading(offset, tags)
        reading.walk(data, size)
    found = reading.found
    found.more = found.offset + HEAD < size and found.offset > offset and not reading.waits
    return found


class _Reading:
    """One piece on its way."""

    def __init__(self, offset: int, tags: Mapping[str, int]) -> None:
        self.found = Read(offset)
        self._tags = tags
        self._heads = Heads()
        self._patterns = Patterns()
        self.waits = False  # what comes next is not whole yet

    def walk(self, data: bytes, size: int) -> int:
        """All whole records; how many bytes the next one needs if it is larger than all of `data`."""
        base, found, length_of, take = self.found.offset, self.found, self._heads.length, self._take
        at, end = 0, len(data)
        before = -1
        last = base + end >= size
        while at + HEAD <= end:
            length = length_of(data[at : at + HEAD])
            if length is None:
                begin = before if self._was_torn(data, before, at) else at
                at = self._over_damage(data, begin, last=last)
                before = -1
                if self.waits or at + HEAD > end:
                    break
                continue
            after = at + HEAD + length + TAIL
            if after > end:
                if last or base + after > size:
                    self.waits = True  # it is still being written
                    break
                if length <= LARGEST:
                    found.offset = base + at
                    return after if at == 0 else 0
                found.offset = base + after
                return 0
            if length <= LARGEST:
                take(data, at + HEAD, after - TAIL)
            before, at = at, after
        found.offset = base + at
        return 0

    @staticmethod
    def _was_torn(data: bytes, begin: int, end: int) -> bool:
        """Whether the record before damage is part of it: cut off by a crash, then another writer went on."""
        if begin < 0 or end - begin > TORN_LARGEST:
            return False
        crc = int.from_bytes(data[end - TAIL : end], "little")
        return masked_crc(data[begin + HEAD : end - TAIL]) != crc

    def _over_damage(self, data: bytes, at: int, *, last: bool) -> int:
        """Where to go on after what is no record."""
        good = self._heads.next_in(data, at + 1)
        if good is None:
            # Zeros at the end are a hole that will be filled; a head may be half there.
            begun = len(data.rstrip(b"\0")) if last else len(data)
            good = max(at, begun - HEAD + 1)
            self.waits = last
        if good > at:
            first, count = self.found.damaged or (self.found.offset + at, 0)
            self.found.damaged = (first, count + good - at)
        return good

    def _take(self, data: bytes, begin: int, end: int) -> None:
        step, rest = 0, begin + 9
        if rest >= end or data[begin] != _EVENT_TIME:
            self._parse(data[begin:end])
            return
        if data[rest] == _EVENT_STEP:
            rest += 1
            shift = 0
            while True:
                byte = data[rest]
                step |= (byte & 0x7F) << shift
                rest += 1
                if byte < 0x80:
                    break
                shift += 7
                if shift > 63 or rest >= end:
                    self.found.unread += 1
                    return
            if step >= 1 << 63:
                step = step - (1 << 64) if step < 1 << 64 else 0
        known = self._patterns.find(data, rest, end)
        if known is None:
            self._parse(data[begin:end], data[rest:end])
            return
        points, value = known
        (wall,) = _DOUBLE.unpack_from(data, begin + 1)
        points.steps.append(step)
        points.walls.append(wall)
        points.values.append(value)
        self.found.walls.append(wall)

    def _parse(self, record: bytes, rest: bytes = b"") -> None:
        try:
            event = Event.FromString(record)
        except DecodeError:
            self.found.unread += 1
            return
        scalars = 0
        for value in event.summary.value:
            hparams.take(value, event.wall_time, self.found.hparams)
            number = scalar_of(value, known=self._is_known(value.tag))
            if number is None:
                continue
            scalars += 1
            points = self._points(value.tag)
            if points is not None:
                points.steps.append(event.step)
                points.walls.append(event.wall_time)
                points.values.append(number)
        if scalars:
            self.found.walls.append(event.wall_time)
        if scalars == 1 and len(event.summary.value) == 1 and rest:
            tag = event.summary.value[0].tag
            place = place_of_value(
                record, len(record) - len(rest), scalar_of(event.summary.value[0], known=True)
            )
            if place is not None and tag in self.found.points:
                self._patterns.learn(rest, place, self.found.points[tag])

    def _is_known(self, tag: str) -> bool:
        return tag in self.found.points or named(tag) in self._tags

    def _points(self, tag: str) -> Points | None:
        points = self.found.points.get(tag)
        if points is None:
            new = len(self.found.points.keys() - self._tags.keys())
            is_full = len(self._tags) + new >= TAGS_MOST
            if len(tag) > TAG_LONGEST or (is_full and named(tag) not in self._tags):
                self.found.tags_left_out += 1
                return None
            points = self.found.points[tag] = Points()
        return points


def named(tag: str) -> str:
    """What a tag is called where it is kept: without what could fool a terminal."""
    return tag if tag.isascii() and tag.isprintable() else shown(tag.encode("utf-8", "surrogatepass"))


def news(found: Read, tags: Mapping[str, int]) -> dict[str, News]:
    """The new points by tag; `tags`: the first step of those that the run has already."""
    return {
        tag: news_of(
            np.array(points.steps, dtype=np.int64),
            _times(points.walls),
            np.array(points.values, dtype=np.float64),
            tags.get(tag),
        )
        for tag, points in found.points.items()
        if points.steps
    }


def _times(walls: list[float]) -> NDArray[np.float64]:
    """What is no time is not known: 0."""
    return np.nan_to_num(np.array(walls, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def gaps(walls: list[float], before: float | None) -> dict[int, tuple[int, float]]:
    """As rhythm.Gaps: the gaps between times of writing, the first one from `before`."""
    times: NDArray[np.float64] = np.array(walls if before is None else [before, *walls], dtype=np.float64)
    between = np.diff(times)
    between = between[np.isfinite(between) & (between > 0)]
    powers = np.clip(np.frexp(between)[1] - 1, SHORTEST, LONGEST)
    return {
        int(power): (int((powers == power).sum()), float(between[powers == power].sum()))
        for power in np.unique(powers)
    }
