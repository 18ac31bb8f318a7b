"""Under which run the images of a folder belong, and where their animation lies. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.mirror.layout import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

LONGEST_NAME = 180  # bytes of a file name, with room for suffixes
_PLACEHOLDER = re.compile(r"\{[a-z]+\}")
_UNEASY = re.compile(r"[^\w.+=@,-]+")


@dataclass(frozen=True)
class Home:
    """`source` and `run` whose animation it is; images are named from `base`, a folder of their source."""

    source: str
    run: bytes
    base: bytes
    why: str = ""


def homes(
    source: str,
    folders: Iterable[bytes],
    runs: AbstractSet[bytes],
    others: Mapping[bytes, list[tuple[str, bytes]]],
) -> dict[bytes, Home]:
    """The home of each folder with images of `source`.

    `runs` are run folders of the same source; `others` the runs of the host's other sources by the last part
    of their folder.
    """
    return {folder: _home(source, folder, runs, others) for folder in folders}


def _home(
    source: str, folder: bytes, own: AbstractSet[bytes], others: Mapping[bytes, list[tuple[str, bytes]]]
) -> Home:
    parts = folder.split(b"/") if folder else []
    for length in range(len(parts), -1, -1):
        enclosing = b"/".join(parts[:length])
        if enclosing in own:
            return Home(source, enclosing, enclosing)
    # Samples are often kept beside the logs, in a folder with the run's name.
    for length in range(len(parts), 0, -1):
        named = others.get(parts[length - 1], [])
        base = b"/".join(parts[:length])
        if len(named) == 1:
            run_source, run = named[0]
            return Home(run_source, run, base, f"the run {shown(run) or run_source} has its folder's name")
        if named:
            where = ", ".join(sorted({run_source for run_source, _ in named}))
            return Home(source, base, base, f"several runs have its folder's name ({where})")
    top = parts[0] if parts else b""
    return Home(source, top, top, "no run is near: its folder's name")


def file_stem(name: bytes, taken: Iterable[str] = ()) -> str:
    """A plain file name for a series: `out/fake_epoch_{epoch}.png` makes `out.fake_epoch`.

    Where another series has that name already (`taken`), a few letters of its digest follow.
    """
    text = shown(name)
    text = _PLACEHOLDER.sub("", re.sub(r"\.[A-Za-z]{2,5}$", "", text)).replace("/", ".")
    text = re.sub(r"([._-])[._-]+", r"\1", _UNEASY.sub("_", text)).strip("._-") or "samples"
    text = text.encode()[:LONGEST_NAME].decode("utf-8", "ignore")
    if text in set(taken):
        text = f"{text}-{hashlib.sha256(name).hexdigest()[:6]}"
    return text
