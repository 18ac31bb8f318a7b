"""From a path to its numbers and what each is: epoch, step, batch, sample, clock, size, seed. Pure.

The rule, in the order of strength, is in docs/samples.md; `slots.py` decides what a single name leaves open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from expsyncd.samples.labels import label_of, word_before, words_of
from expsyncd.samples.tokens import Piece, clock_value, is_odd, pieces_of
from expsyncd.samples.words import BESIDE, PLURAL, Role, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_NUMBER = 15  # digits; longer ones are ids
LARGEST = 1 << 63  # of a number with its k or M; larger ones fit no database
LONGEST_PATH = 4096
KEPT = 16_384  # names; about 1 kB each
LONG_IN_FOLDER = 5  # digits: `testset_050000` is a step, `exp_0042` an experiment
_SUFFIX = re.compile(rb"\.[A-Za-z]{2,5}$")
_FACTORS = {b"k": 1000, b"K": 1000, b"M": 1_000_000}

Kind = Literal[
    "epoch", "step", "batch", "index", "plain", "glued", "folder", "weak", "time", "id", "loose", "text"
]
SURE = ("epoch", "step", "batch")


@dataclass(frozen=True, slots=True)
class Slot:
    """One piece of a path: a number with what it may be, or text that stays.

    `text`: its bytes. `value`: of a number; for a clock its digits as one number. `where`: 0 for the file's
    name, 1 for its folder, and so on upwards. A `loose` one is a setting: it parts series only where they
    would get into each other's way. A `weak` one is a moment only where nothing else is.
    """

    kind: Kind
    text: bytes
    value: int = 0
    where: int = 0

    @property
    def sure(self) -> bool:
        """Whether its label decides, whatever other files are called."""
        return self.kind in SURE


@dataclass(frozen=True, slots=True)
class Name:
    """A path taken apart: the texts of all slots make the path again."""

    slots: tuple[Slot, ...]

    @property
    def shape(self) -> bytes:
        """Equal for names that differ in numbers only."""
        return b"".join(
            slot.text if slot.kind == "text" else b"\0" + slot.kind.encode() for slot in self.slots
        )

    def fixed(self, places: Iterable[int]) -> Name:
        """With these slots as text."""
        kept = set(places)
        return Name(
            tuple(Slot("text", slot.text) if at in kept else slot for at, slot in enumerate(self.slots))
        )


@lru_cache(KEPT)  # a run's names are looked at again with each new image
def taken_apart(path: bytes) -> Name:
    """The slots of `path`, which is relative to its run."""
    parts = path[-LONGEST_PATH:].split(b"/")
    slots: list[Slot] = []
    for place, part in enumerate(parts):
        where = len(parts) - 1 - place
        if where:
            slots += _folder(part, where)
            slots.append(Slot("text", b"/"))
        else:
            found = _SUFFIX.search(part)
            stem = part[: found.start()] if found else part
            slots += _slots(stem, 0)
            slots.append(Slot("text", part[len(stem) :]))
    return Name(tuple(_joined(slots)))


def _folder(part: bytes, where: int) -> list[Slot]:
    """A folder's labelled number is a moment if no words of an experiment are in it.

    A number alone, a long one, and a labelled one beside other words may be: the files decide.
    """
    if re.fullmatch(rb"\d{1,%d}" % LONGEST_NUMBER, part) and not is_odd(part):
        return [Slot("folder", part, int(part), where)]
    slots = _slots(part, where)
    words = {word for letters in re.findall(rb"[A-Za-z]+", part) for word in words_of(letters)}
    labels = {word for word in words if role_of(word) in (Role.EPOCH, Role.STEP, Role.BATCH)}
    others = [slot for slot in slots if slot.kind in ("plain", "glued", "index", "weak")]
    moments = [slot for slot in slots if slot.sure]
    if moments and not others and not labels & PLURAL and words <= labels | BESIDE:
        return slots
    numbers = moments + others
    maybe = len(numbers) == 1 and not labels & PLURAL and (bool(moments) or _may_be(numbers[0], words))
    return [
        replace(slot, kind="folder")
        if maybe and slot in numbers
        else slot
        if slot.kind in ("time", "id")
        else Slot("text", slot.text)
        for slot in slots
    ]


def _may_be(number: Slot, words: set[str]) -> bool:
    return number.kind != "weak" and (len(number.text) >= LONG_IN_FOLDER or (bool(words) and words <= BESIDE))


def _slots(text: bytes, where: int) -> list[Slot]:
    pieces = pieces_of(text)
    return [_slot(pieces, at, where) for at in range(len(pieces))]


def _slot(pieces: Sequence[Piece], at: int, where: int) -> Slot:
    piece = pieces[at]
    match piece.kind:
        case "uuid" | "hash":
            return Slot("id", piece.text, 0, where)
        case "size" | "share":
            before = word_before(pieces, at)
            word = words_of(pieces[before].text)[-1] if before is not None else ""
            return Slot("id" if role_of(word) is Role.MEASURE else "loose", piece.text, 0, where)
        case "time":
            if piece.text.isdigit() and label_of(pieces, at) in (Role.EPOCH, Role.STEP, Role.BATCH):
                return _number(pieces, at, where)  # step_1000000000
            return Slot("time", piece.text, clock_value(piece.text), where)
        case "number":
            return _number(pieces, at, where)
    return Slot("text", piece.text)


def _number(pieces: Sequence[Piece], at: int, where: int) -> Slot:
    text = pieces[at].text
    if len(text) > LONGEST_NUMBER:
        return Slot("id", text, 0, where)
    before = at > 0 and pieces[at - 1].kind == "letters"
    after = pieces[at + 1].text if at + 1 < len(pieces) and pieces[at + 1].kind == "letters" else b""
    value = int(text) * _FACTORS.get(after, 1)
    if value >= LARGEST:
        return Slot("id", text, 0, where)
    if after in _FACTORS:
        after = b""
    role = label_of(pieces, at)
    kind: Kind
    match role:
        case Role.EPOCH | Role.STEP | Role.BATCH:
            kind = role.value
        case Role.SEED | Role.MEASURE:
            kind = "id"
        case Role.NEVER:
            kind = "loose"
        case _ if before and after and len(text) == 1:
            return Slot("text", text)  # pix2pix
        case Role.WEAK:
            kind = "weak"
        case Role.INDEX if not (before and after):
            kind = "index"
        case _:
            kind = "glued" if before or after else "plain"
    return Slot(kind, text, value, where)


def _joined(slots: list[Slot]) -> list[Slot]:
    """Neighbouring texts as one."""
    found: list[Slot] = []
    for slot in slots:
        if slot.kind == "text" and found and found[-1].kind == "text":
            found[-1] = Slot("text", found[-1].text + slot.text)
        elif slot.text:
            found.append(slot)
    return found
