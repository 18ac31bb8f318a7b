"""From a path to its numbers and what each is: epoch, step, batch, sample, clock, size, seed. Pure.

The rule, in the order of strength, is in docs/samples.md; `series.py` decides what a single name leaves open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from expsyncd.samples.words import BESIDE, PAIRS, PLURAL, Role, role_of

LONGEST_NUMBER = 15  # digits; longer ones are ids
LONGEST_PATH = 4096
_SUFFIX = re.compile(rb"\.[A-Za-z]{2,5}$")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# What is no number: clocks, sizes, ids, fractions. The first that fits wins; the order matters.
_DATE = rb"(?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])"
_HOURS = rb"(?:[-_.T ]{0,2}(?:[01]\d|2[0-3])[-_.:h]?[0-5]\d(?:[-_.:m]?[0-5]\d)?(?:\.\d{1,6})?)?"
_ODD = [
    ("uuid", rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
    ("time", _DATE + _HOURS + rb"s?(?!\d)"),
    ("time", rb"1[0-9]{9}(?:\d{3})?(?:\.\d+)?(?!\d)"),  # seconds or milliseconds since 1970, 2001 to 2033
    ("time", rb"(?:[01]\d|2[0-3])[-:][0-5]\d[-:][0-5]\d(?!\d)"),
    ("size", rb"\d+(?:[xX]|\xc3\x97)\d+(?:(?:[xX]|\xc3\x97)\d+)*(?![A-Za-z0-9])"),
    ("hash", rb"(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d[0-9a-f]*\d)[0-9a-f]{8,64}(?![A-Za-z0-9])"),
    ("share", rb"\d+(?:\.\d+)?(?:[eE][-+]?\d+)(?![A-Za-z0-9])"),
    ("share", rb"\d+\.\d+(?![\d.])(?=[^A-Za-z.]|$)"),
]  # fmt: skip
_TOKEN = re.compile(
    b"|".join(b"(?P<odd%d>(?<![A-Za-z0-9])%s)" % (n, form) for n, (_, form) in enumerate(_ODD))
    + rb"|(?P<number>\d+)|(?P<letters>[A-Za-z]+)|(?P<mark>[^A-Za-z0-9]+)"
)

Kind = Literal["epoch", "step", "batch", "index", "plain", "glued", "folder", "time", "id", "text"]


@dataclass(frozen=True)
class Slot:
    """One piece of a path: a number with what it may be, or text that stays.

    `text`: its bytes. `value`: of a number; for a clock its digits as one number. `where`: 0 for the file's
    name, 1 for its folder, and so on upwards. `sure`: a word beside it says what it is.
    """

    kind: Kind
    text: bytes
    value: int = 0
    where: int = 0

    @property
    def sure(self) -> bool:
        """Whether its label decides, whatever other files are called."""
        return self.kind in ("epoch", "step", "batch")


@dataclass(frozen=True)
class Name:
    """A path taken apart: the texts of all slots make the path again."""

    slots: tuple[Slot, ...]

    @property
    def shape(self) -> bytes:
        """Equal for names that differ in numbers only."""
        return b"".join(
            slot.text if slot.kind == "text" else b"\0" + slot.kind.encode() for slot in self.slots
        )


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
            slots += _pieces(stem, 0)
            slots.append(Slot("text", part[len(stem) :]))
    return Name(tuple(_joined(slots)))


def _folder(part: bytes, where: int) -> list[Slot]:
    """A folder's numbers count when it is a number, or a labelled one without words of an experiment."""
    if re.fullmatch(rb"\d{1,%d}" % LONGEST_NUMBER, part) and not _is_odd(part):
        return [Slot("folder", part, int(part), where)]
    slots = _pieces(part, where)
    words = {
        word.lower() for text in re.findall(rb"[A-Za-z]+", part) for word in _WORD.findall(text.decode())
    }
    labels = {word for word in words if role_of(word) in (Role.EPOCH, Role.STEP, Role.BATCH)}
    moments = [slot for slot in slots if slot.sure]
    others = [slot for slot in slots if slot.kind in ("plain", "glued", "index")]
    if moments and not others and not labels & PLURAL and words <= labels | BESIDE:
        return slots
    return [slot if slot.kind in ("time", "id") else Slot("text", slot.text) for slot in slots]


def _is_odd(part: bytes) -> bool:
    found = _TOKEN.match(part)
    return found is not None and bool(found.lastgroup) and str(found.lastgroup).startswith("odd")


@dataclass
class _Piece:
    kind: str  # number, letters, mark, or the word of _ODD
    text: bytes
    role: Role = Role.PLAIN


def _pieces(text: bytes, where: int) -> list[Slot]:
    pieces = [_piece(found) for found in _TOKEN.finditer(text)]
    for at, piece in enumerate(pieces):
        if piece.kind == "number":
            piece.role = _label(pieces, at)
    return [_slot(pieces, at, where) for at in range(len(pieces))]


def _piece(found: re.Match[bytes]) -> _Piece:
    name = str(found.lastgroup)
    return _Piece(_ODD[int(name[3:])][0] if name.startswith("odd") else name, found[0])


def _words(piece: _Piece) -> list[str]:
    return [word.lower() for word in _WORD.findall(piece.text.decode())] or [piece.text.decode().lower()]


def _label(pieces: list[_Piece], at: int) -> Role:
    """By the word before it, else by one right after it that no other number owns."""
    before = _word_before(pieces, at)
    if before is not None and pieces[before].text.lower() != b"px":
        words = _words(pieces[before])
        earlier = _word_before(pieces, before)
        first = words[-2] if len(words) > 1 else _words(pieces[earlier])[-1] if earlier is not None else ""
        role = PAIRS.get((first, words[-1]), role_of(words[-1]))
        if role is Role.PLAIN:
            role = role_of("".join(words))
        glued = before == at - 1
        if len(words[-1]) == 1 and not (glued and len(pieces[before].text) == 1):
            role = Role.PLAIN if role is not Role.NEVER or not glued else role
        if role is not Role.PLAIN and not (role is Role.INDEX and _labelled_after(pieces, at)):
            return role
    return _labelled_after(pieces, at) or Role.PLAIN


def _word_before(pieces: list[_Piece], at: int) -> int | None:
    """The letters right before, with at most a mark between."""
    if at and pieces[at - 1].kind == "letters":
        return at - 1
    if (
        at > 1
        and pieces[at - 1].kind == "mark"
        and len(pieces[at - 1].text) <= 2
        and pieces[at - 2].kind == "letters"
    ):
        return at - 2
    return None


def _labelled_after(pieces: list[_Piece], at: int) -> Role | None:
    """`500steps`, `12_epoch`, `0500_iter`; not `12_epoch_3`, where the word belongs to the 3."""
    after = at + 1
    if after < len(pieces) and pieces[after].kind == "mark":
        after += 1
    if after >= len(pieces) or pieces[after].kind != "letters":
        return None
    words = _words(pieces[after])
    if len(words) != 1 or (len(words[0]) == 1 and after != at + 1):
        return None
    role = role_of(words[0])
    if words[0] in ("px", "k", "m", "x") or role not in (Role.EPOCH, Role.STEP, Role.BATCH):
        return Role.NEVER if words[0] == "px" else None
    following = after + 1
    if following < len(pieces) and pieces[following].kind == "mark":
        following += 1
    if following < len(pieces) and pieces[following].kind == "number":
        return None
    return role


def _slot(pieces: list[_Piece], at: int, where: int) -> Slot:
    piece = pieces[at]
    if piece.kind == "time":
        return Slot("time", piece.text, int(b"".join(re.findall(rb"\d+", piece.text))[:20]), where)
    if piece.kind in ("uuid", "hash"):
        return Slot("id", piece.text, 0, where)
    if piece.kind != "number" or len(piece.text) > LONGEST_NUMBER:
        return Slot("text", piece.text)
    letters_before = at > 0 and pieces[at - 1].kind == "letters"
    letters_after = at + 1 < len(pieces) and pieces[at + 1].kind == "letters"
    value = int(piece.text)
    match piece.role:
        case Role.NEVER:
            # A seed differs from picture to picture and says nothing.
            before = _word_before(pieces, at)
            seed = before is not None and _words(pieces[before])[-1] in ("seed", "seeds")
            return Slot("id" if seed else "text", piece.text, value, where)
        case Role.EPOCH | Role.STEP | Role.BATCH:
            return Slot(piece.role.value, piece.text, value, where)
        case Role.INDEX if not (letters_before and letters_after):
            return Slot("index", piece.text, value, where)
        case _ if letters_after and pieces[at + 1].text.lower() == b"k" and not letters_before:
            return Slot("plain", piece.text, value * 1000, where)
        case _ if letters_before and letters_after:
            return Slot("text", piece.text)  # pix2pix
        case _ if letters_before or letters_after:
            return Slot("glued", piece.text, value, where)
    return Slot("plain", piece.text, value, where)


def _joined(slots: list[Slot]) -> list[Slot]:
    """Neighbouring texts as one."""
    found: list[Slot] = []
    for slot in slots:
        if slot.kind == "text" and found and found[-1].kind == "text":
            found[-1] = Slot("text", found[-1].text + slot.text)
        elif slot.text:
            found.append(slot)
    return found
