"""Finds runs in the mirror: folders with event files, Sacred's and wandb's folders, tables of metrics.

Links are never followed. Which tables are tables of metrics is seen when they are read.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.mirror.batch import UNFINISHED_FOLDERS, is_temporary
from expsyncd.mirror.scan import changed_ns, is_called, is_event_file_name
from expsyncd.runs.logs import log_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expsyncd.state.measured import RunKey
    from expsyncd.state.readings import Address

Name = bytes

TABLES_MOST = 20  # of a folder: more are something else
SETTINGS = (
    b"hparams.yaml", b"hparams.yml", b"config.yaml", b"config.yml", b"config.json", b"args.json",
    b"args.yaml", b"args.yml", b"flags.json", b"params.json", b"hparams.json", b"options.json",
    b"train_opt.txt", b"opt.txt",
)  # fmt: skip
HYDRA = (b".hydra/config.yaml", b".hydra/overrides.yaml")
JSON_LINES = (b".jsonl", b".ndjson")
_ENDINGS = (*JSON_LINES, b".csv", b".tsv", b".json", b".yaml", b".yml", b".txt", b".log", b".out", b".wandb")
SACRED = {b"run.json": "sacred-run", b"metrics.json": "sacred-metrics", b"config.json": "settings"}
WANDB = {
    b"files/config.yaml": "wandb-settings", b"files/wandb-summary.json": "wandb-summary",
    b"files/output.log": "log",
}  # fmt: skip
_WANDB_FOLDER = re.compile(rb"(?:offline-)?run-\d{8}_\d{6}-[\w.-]+")
# PyTorch's add_hparams writes settings into a folder below the run's that is called like the time.
_HPARAMS_FOLDER = re.compile(rb"\d{9,10}\.\d+")
HPARAMS_FOLDERS_MOST = 5  # the newest ones
# Where a framework puts event files one level below what belongs to the run.
_INNER = re.compile(
    rb"(?:tb|tensorboard|events?|summar(?:y|ies)|logs?|tb_?logs?|tensorboard_logs?|train(?:ing)?|val(?:id(?:ation)?)?"
    rb"|eval(?:uation)?|test)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file of a run. `kind`: see `read`, and what is not read: lent (another run's) or other."""

    host: str
    source: str
    path: Name
    kind: str
    size: int
    mtime_ns: int
    # One for all tables that have it as their key, see RunSeen.
    address: Address = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sets which file it is."""
        object.__setattr__(self, "address", (self.host, self.source, self.path))

    @property
    def grows(self) -> bool:
        """Whether that it changes says that the run goes on."""
        return self.kind not in {"settings", "wandb-settings", "lent"}

    @property
    def is_read(self) -> bool:
        """Whether it is read for this run."""
        return self.kind not in {"other", "lent"}


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A folder that is a run, or for kind `table` may be one. `files` in the order in which they are read."""

    host: str
    source: str
    inside: Name
    kind: str
    files: tuple[FileSeen, ...]
    log: Name = b""
    note: str = ""
    # One for all tables that have it as their key: with 20,000 runs each more would take a megabyte.
    key: RunKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sets what identifies the run, whatever it is called in TensorBoard."""
        object.__setattr__(self, "key", (self.host, self.source, self.inside))

    @property
    def shown(self) -> bool:
        """Whether TensorBoard shows it: it has event files."""
        return any(file.kind == "events" for file in self.files)


def may_matter(path: Name) -> bool:
    """Whether a file of this name may be one of a run; most of what changes are images."""
    name = path.rpartition(b"/")[2].lower()
    return is_event_file_name(name) or name.endswith(_ENDINGS)


def find(mirror: bytes, host: str, source: str, below: Name = b"") -> Iterator[RunSeen]:
    """All runs of a source at or below a folder of it."""
    waiting = [below]
    while waiting:
        inside = waiting.pop()
        names, folders = _listed(_path(mirror, host, source, inside))
        seen = _seen(mirror, host, source, inside, names, folders)
        if seen is not None:
            yield seen
        if seen is None or seen.kind != "wandb":
            waiting += [_join(inside, name) for name in folders if name not in UNFINISHED_FOLDERS]


def look(mirror: bytes, host: str, source: str, inside: Name) -> RunSeen | None:
    """The run that one folder is."""
    names, folders = _listed(_path(mirror, host, source, inside))
    return _seen(mirror, host, source, inside, names, folders)


def sources(mirror: bytes) -> list[tuple[str, str]]:
    """Every host and source that there is a folder of."""
    found = []
    for host in sorted(_listed(mirror)[1]):
        if is_called(host):
            inner = sorted(_listed(mirror + b"/" + host)[1])
            found += [(os.fsdecode(host), os.fsdecode(name)) for name in inner if is_called(name)]
    return found


def _seen(
    mirror: bytes, host: str, source: str, inside: Name, names: set[Name], folders: set[Name]
) -> RunSeen | None:
    base = inside.rpartition(b"/")[2]
    kinds: list[tuple[Name, str]] = [(name, "events") for name in sorted(names) if is_event_file_name(name)]
    kind, note, log = "tensorboard", "", log_of(names)
    tables = sorted(name for name in names if _table_kind(name))
    if len(tables) > TABLES_MOST:
        note = f"{len(tables)} tables lie here: the first {TABLES_MOST} are read"
    kinds += [(name, _table_kind(name)) for name in tables[:TABLES_MOST]]
    if SACRED.keys() <= names or {b"run.json", b"config.json", b"cout.txt"} <= names:
        kind = "sacred"
        kinds += [(name, SACRED[name]) for name in sorted(SACRED) if name in names]
        kinds = [pair for pair in kinds if pair != (b"metrics.json", "json-lines")]
    elif _WANDB_FOLDER.fullmatch(base) and (b"files" in folders or any(n.endswith(b".wandb") for n in names)):
        kind = "wandb"
        kinds = [(name, "other") for name in sorted(names) if name.endswith(b".wandb")] + list(WANDB.items())
        log = b"files/output.log"
    elif not any(what == "events" for _, what in kinds):
        if not kinds:
            return None
        kind = "table"
    settings = [(name, "settings") for name in SETTINGS if name in names and (name, "settings") not in kinds]
    if b".hydra" in folders:
        settings += [(name, "settings") for name in HYDRA]
    if kind in {"tensorboard", "table"}:
        around, log = _around(mirror, host, source, inside, log)
        settings += around
    if kind == "tensorboard":
        for folder in sorted(name for name in folders if _HPARAMS_FOLDER.fullmatch(name))[
            -HPARAMS_FOLDERS_MOST:
        ]:
            below, _ = _listed(_path(mirror, host, source, _join(inside, folder)))
            settings += [(_join(folder, name), "lent") for name in sorted(below) if is_event_file_name(name)]
    if log:
        kinds = [pair for pair in kinds if pair[0] != log]
        settings.append((log, "log"))
    found = [_file(mirror, host, source, inside, name, what) for name, what in [*kinds, *settings]]
    files = tuple(file for file in found if file is not None)
    present = {file.path for file in files}
    place = _up(inside, log) if log else b""
    return (
        RunSeen(host, source, inside, kind, files, place if place in present else b"", note)
        if files
        else None
    )


def _around(
    mirror: bytes, host: str, source: str, inside: Name, log: Name
) -> tuple[list[tuple[Name, str]], Name]:
    """Settings, and the log, that lie above the folder of the event files and belong to no other run."""
    found: list[tuple[Name, str]] = []
    parts = inside.split(b"/") if inside else []
    for height in range(1, min(2, len(parts)) + 1):
        above = b"../" * height
        found += [(above + name, "settings") for name in HYDRA]
    if parts and _INNER.fullmatch(parts[-1]):
        names, _ = _listed(_path(mirror, host, source, b"/".join(parts[:-1])))
        found += [(b"../" + name, "settings") for name in SETTINGS if name in names]
        if not log and (other := log_of(names)):
            log = b"../" + other
    return found, log


def _table_kind(name: Name) -> str:
    lower = name.lower()
    if is_event_file_name(name) or is_temporary(name):
        return ""
    if lower.endswith((b".csv", b".tsv")):
        return "table"
    # Some write one JSON object a line and call it metrics.json.
    return "json-lines" if lower.endswith(JSON_LINES) or lower == b"metrics.json" else ""


def _file(mirror: bytes, host: str, source: str, inside: Name, name: Name, kind: str) -> FileSeen | None:
    path = _up(inside, name)
    with suppress(OSError):
        found = os.lstat(_path(mirror, host, source, path))
        if found.st_mode & 0o170000 == 0o100000:
            return FileSeen(host, source, path, kind, found.st_size, changed_ns(found))
    return None


def _up(inside: Name, name: Name) -> Name:
    parts = inside.split(b"/") if inside else []
    while name.startswith(b"../"):
        parts.pop()
        name = name[3:]
    return b"/".join([*parts, name])


def _listed(folder: bytes) -> tuple[set[Name], set[Name]]:
    names, folders = set[Name](), set[Name]()
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.add(entry.name)
            elif entry.is_file(follow_symlinks=False):
                names.add(entry.name)
    return names, folders


def _path(mirror: bytes, host: str, source: str, inside: Name) -> bytes:
    return b"/".join(part for part in (mirror, os.fsencode(host), os.fsencode(source), inside) if part)


def _join(inside: Name, name: Name) -> Name:
    return b"/".join((inside, name)) if inside else name
