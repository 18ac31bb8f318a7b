"""What the words beside a number say of it: `epoch_12`, `12_epoch`, `3epoch_200iter`. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.samples.words import PAIRS, Role, role_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.samples.tokens import Piece

MOMENTS = (Role.EPOCH, Role.STEP, Role.BATCH)
SETTINGS = (Role.NEVER, Role.MEASURE, Role.SEED)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_CLEAR_MARKS = (b"-", b"=", b":")  # a single letter before one of them is a label: gs-000500_e-000003


def words_of(letters: bytes) -> list[str]:
    """`fakeEpoch` is fake and epoch; in lower case."""
    text = letters.decode("ascii", "replace")
    return [word.lower() for word in _WORD.findall(text)] or [text.lower()]


def label_of(pieces: Sequence[Piece], at: int) -> Role:
    """The word before it says what a number is, else one after it that no other number owns."""
    before = _before(pieces, at)
    after = _after(pieces, at)
    if before in SETTINGS or after is Role.NEVER:
        return before if before in SETTINGS else Role.NEVER
    if after is not None and _labels_follow(pieces):
        return after
    if before is Role.PLAIN or (before is Role.INDEX and after in MOMENTS and not _owned(pieces, at)):
        return Role.PLAIN if after is None or _owned(pieces, at) else after
    return before


def _before(pieces: Sequence[Piece], at: int) -> Role:
    place = word_before(pieces, at)
    if place is None or pieces[place].text.lower() == b"px":
        return Role.PLAIN
    words = words_of(pieces[place].text)
    earlier = word_before(pieces, place)
    first = words[-2] if len(words) > 1 else words_of(pieces[earlier].text)[-1] if earlier is not None else ""
    role = PAIRS.get((first, words[-1]), role_of(words[-1]))
    if role is Role.PLAIN:
        role = role_of("".join(words))
    if len(words[-1]) == 1:
        # One letter is a label where nothing else can be meant: e12, and e-12 or e=12.
        alone = len(pieces[place].text) == 1
        glued = place == at - 1
        clear = alone and not glued and pieces[at - 1].text in _CLEAR_MARKS
        if not (alone and glued) and not (clear and role in MOMENTS):
            return role if role is Role.NEVER and glued else Role.PLAIN
    return role


def word_before(pieces: Sequence[Piece], at: int) -> int | None:
    """The letters right before, with at most a mark of two characters between."""
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


def _word_after(pieces: Sequence[Piece], at: int) -> int | None:
    after = at + 1
    if after < len(pieces) and pieces[after].kind == "mark":
        after += 1
    return after if after < len(pieces) and pieces[after].kind == "letters" else None


def _after(pieces: Sequence[Piece], at: int) -> Role | None:
    """`500steps`, `12_epoch`, `512px`."""
    place = _word_after(pieces, at)
    if place is None:
        return None
    words = words_of(pieces[place].text)
    if words == ["px"]:
        return Role.NEVER
    if len(words) != 1 or len(words[0]) == 1:  # a2b, 12k
        return None
    role = role_of(words[0])
    return role if role in MOMENTS else None


def _owned(pieces: Sequence[Piece], at: int) -> bool:
    """In `12_epoch_3` the word belongs to the 3."""
    place = _word_after(pieces, at)
    if place is None:
        return False
    following = place + 1
    if following < len(pieces) and pieces[following].kind == "mark":
        following += 1
    return following < len(pieces) and pieces[following].kind == "number"


def _labels_follow(pieces: Sequence[Piece]) -> bool:
    """Whether all numbers stand before their words: `3epoch_200iter`, `12_epoch_34_iter`."""
    turns = ""
    for at, piece in enumerate(pieces):
        if piece.kind == "number":
            turns += "n"
        elif piece.kind == "letters" and role_of(words_of(piece.text)[-1]) in MOMENTS:
            turns += "w" if len(words_of(piece.text)) == 1 and _number_before(pieces, at) else "-"
    return re.fullmatch(r"(?:nw)+", turns) is not None


def _number_before(pieces: Sequence[Piece], at: int) -> bool:
    before = at - 1
    if before >= 0 and pieces[before].kind == "mark":
        before -= 1
    return before >= 0 and pieces[before].kind == "number"
