"""`$( … )` of the few commands whose answer stands in the script itself: seq, echo, basename, dirname. Pure.

Nothing is run: what another command would print is not known, and the text stays as written.
"""

from __future__ import annotations

import posixpath
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from expsyncd.journal.scope import Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.journal.scope import Scope

LONGEST = 300
SEQ_MOST = 300


def substituted(inner: str, scope: Scope, expand: Callable[[str, Scope], list[Word]]) -> list[Word] | None:
    """The words it prints; None where only running it would tell."""
    inner = inner.strip()
    if (
        len(inner) > LONGEST
        or re.search(r"[|;&<>\n`]|\$\(", inner)
        or not re.match(r"(seq|echo|basename|dirname)\s", inner)
    ):
        return None
    name, *rest = re.findall(r"(?:[^\s'\"]|'[^']*'|\"[^\"]*\")+", inner)
    words = [word for raw in rest for word in expand(raw, scope)]
    if not all(word.known for word in words):
        return None
    texts = [word.text for word in words]
    if name == "echo":
        return [Word(" ".join(texts))] if not texts or not texts[0].startswith("-") else None
    if name == "seq":
        return _seq(texts)
    if not 1 <= len(texts) <= 2 or texts[0].startswith("-"):
        return None
    if name == "dirname":
        return [Word(posixpath.dirname(texts[0]) or ".")]
    return [Word(posixpath.basename(texts[0].rstrip("/")).removesuffix(texts[1] if len(texts) > 1 else ""))]


def _seq(texts: list[str]) -> list[Word] | None:
    padded = "-w" in texts
    texts = [text for text in texts if text != "-w"]
    if not 1 <= len(texts) <= 3:
        return None
    try:
        numbers = [Decimal(text) for text in texts]
    except InvalidOperation:
        return None
    first = numbers[0] if len(numbers) > 1 else Decimal(1)
    by = numbers[1] if len(numbers) == 3 else Decimal(1)
    last = numbers[-1]
    if not by or not all(number.is_finite() and abs(number) < 10**15 for number in numbers):
        return None
    if (last - first) / by > SEQ_MOST:
        return None
    places = max(0, *(-int(number.as_tuple().exponent) for number in (first, by)))
    found = []
    while (first <= last) if by > 0 else (first >= last):
        found.append(f"{first:.{places}f}")
        first += by
    width = max((len(text) for text in found), default=0) if padded else 0
    return [Word(text.zfill(width)) for text in found]
