"""What a run is called in TensorBoard: HOST/RUN, or HOST/SOURCE/RUN where two sources have the same. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RunKey = tuple[str, str, bytes]  # host, source, folder inside the source


class RunLike(Protocol):
    """What a name is made of."""

    @property
    def key(self) -> RunKey: ...  # noqa: D102
    @property
    def host(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def inside(self) -> bytes: ...  # noqa: D102


NAME_MAX = 200  # bytes; the file system allows 255, and escaping and marks need room
EVENT_MARK = "tfevents"
# Control, invisible and direction-changing characters, surrogates, unassigned: they break the page or the
# terminal, or make two names look alike.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_LOOKS_ESCAPED = re.compile(rb"%(?=[0-9A-F]{2})")


def harmless(name: bytes) -> str:
    """One path component as valid UTF-8 without harmful characters; different names stay different.

    Each byte of what cannot stay becomes `%XX`. A `%` that already looks like that is escaped too. A name
    that gets too long is cut and marked with a digest.
    """
    text = _LOOKS_ESCAPED.sub(b"%25", name).decode("utf-8", "surrogateescape")
    shown = "".join(_percent(char) if unicodedata.category(char) in _HARMFUL else char for char in text)
    if len(encoded := shown.encode()) <= NAME_MAX:
        return shown
    digest = hashlib.sha256(name).hexdigest()[:16]
    mark = f".{EVENT_MARK}" if EVENT_MARK.encode() in name else ""
    return f"{encoded[: NAME_MAX - 40].decode(errors='ignore')}~{digest}{mark}"


def view_names(runs: Iterable[RunLike]) -> dict[RunKey, str]:
    """The name of each run, a relative path; no two are the same, whatever the order of `runs`."""
    ordered = sorted(runs, key=lambda run: run.key)
    short = {run.key: f"{_host(run)}/{_run(run)}" for run in ordered}
    if not _same(short):  # as almost always: for 20,000 runs the rest takes megabytes
        return short
    long = {run.key: f"{_host(run)}/{_component(run.source)}/{_run(run)}" for run in ordered}
    names = dict(short)
    # A long name may meet another run's short one (source `a` has run `b`, another source has run `a/b`),
    # so again until nothing changes; each round makes at least one more name long.
    while clash := [key for same in _same(names) for key in same if names[key] != long[key]]:
        names |= {key: long[key] for key in clash}
    # What is left lies in one source: event files in the source `x` itself and in its folder `x`.
    taken = set(names.values())
    for same in _same(names):
        for key in same[1:]:
            number = 2
            while (numbered := f"{names[key]}~{number}") in taken:
                number += 1
            names[key] = numbered
            taken.add(numbered)
    return names


def names_beside(taken: Mapping[RunKey, str], runs: Iterable[RunLike]) -> dict[RunKey, str]:
    """The names of runs that TensorBoard does not show, by the same rule; none is one of `taken`."""
    others = sorted((run for run in runs if run.key not in taken), key=lambda run: run.key)
    if not others:
        return {}
    names = view_names(others)
    used = set(taken.values())
    for run in others:
        if names[run.key] in used:
            names[run.key] = f"{_host(run)}/{_component(run.source)}/{_run(run)}"
        number, name = 2, names[run.key]
        while names[run.key] in used:
            names[run.key] = f"{name}~{number}"
            number += 1
        used.add(names[run.key])
    return names


def _same(names: dict[RunKey, str]) -> Sequence[list[RunKey]]:
    if len(dict.fromkeys(names.values())) == len(names):  # a quarter of a set
        return []
    by_name: defaultdict[str, list[RunKey]] = defaultdict(list)
    for key, name in names.items():
        by_name[name].append(key)
    return [keys for keys in by_name.values() if len(keys) > 1]


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))


def _component(name: str) -> str:
    return harmless(name.encode("utf-8", "surrogateescape"))


def _host(run: RunLike) -> str:
    return _component(run.host)


def _run(run: RunLike) -> str:
    if not run.inside:
        return _component(run.source)
    return "/".join(harmless(part) for part in run.inside.split(b"/"))
