"""Did everything arrive: the host's folder against the mirror, and the runs against TensorBoard."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from expsyncd.config.model import HostConfig
    from expsyncd.demo.animated import Animated
    from expsyncd.demo.launched import Launched
    from expsyncd.demo.served import Served

# What real training writes, by its name; the first that fits says the kind.
KINDS = {
    "event files": "*tfevents*",
    "tables": "*.csv",
    "text logs": "*.log",
    "sample images": "*.png",
    "launch scripts": "*.sh",
    "settings": "*.json",
    "checkpoints": "*.pt",
}
_CHUNK = 1 << 20
_HOME = "~/"


@dataclass(frozen=True)
class Kind:
    """How the files of one kind fared. `wrong` says what of which file."""

    name: str
    files: int
    bytes: int
    equal: int
    skipped: tuple[tuple[str, str], ...]
    wrong: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """There are some, and each is here byte for byte or left out for a reason that status gives."""
        return self.files > 0 and not self.wrong


def compare(home: Path, mirror: Path, host: HostConfig, shown: Mapping[str, Any]) -> list[Kind]:
    """Each kind of KINDS; `shown` is the host's part of `status --json`. Blocks; reads every file.

    `mirror` is the host's folder in it. A launch script may lie anywhere there under its name.
    """
    files: dict[str, list[tuple[Path, Path | None, str | None]]] = {kind: [] for kind in KINDS}
    for source in host.sources:
        folder = home / source.path.removeprefix(_HOME)
        reasons = {
            skipped["path"]: skipped["reason"]
            for skipped in shown.get("sources", {}).get(source.name, {}).get("skipped", [])
        }
        for path in _files(folder):
            inside = path.relative_to(folder)
            files[_kind(path)].append((path, mirror / source.name / inside, reasons.get(str(inside))))
    for script in host.journal:
        path = home / script.removeprefix(_HOME)
        files[_kind(path)].append((path, next(iter(mirror.rglob(path.name)), None), None))
    return [_judge(name, found) for name, found in files.items()]


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _kind(path: Path) -> str:
    return next((kind for kind, pattern in KINDS.items() if fnmatch(path.name, pattern)), "settings")


def _judge(name: str, found: list[tuple[Path, Path | None, str | None]]) -> Kind:
    equal, size = 0, 0
    skipped, wrong = [], []
    for path, copy, reason in found:
        size += path.stat().st_size
        if copy is not None and copy.is_file():
            if _equal(path, copy):
                equal += 1
            else:
                wrong.append(f"{path.name} differs ({copy.stat().st_size} of {path.stat().st_size} bytes)")
        elif reason is not None:
            skipped.append((path.name, reason))
        else:
            wrong.append(f"{path.name} is not here")
    return Kind(name, len(found), size, equal, tuple(skipped), tuple(wrong))


def _equal(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while chunk := left.read(_CHUNK):
            if chunk != right.read(_CHUNK):
                return False
    return True


def new_points(found: Served, runs: Iterable[str], since: float) -> dict[str, int]:
    """How many points of each run TensorBoard serves that were written after `since` (wall time)."""
    counted = dict.fromkeys(runs, 0)
    for shown_as, tags in found.items():
        run = shown_as.rpartition("/")[2]
        if run in counted:
            counted[run] += sum(point.at > since for points in tags.values() for point in points)
    return counted


@dataclass(frozen=True)
class Verdict:
    """All that was checked; `points` has the new ones of each run."""

    kinds: tuple[Kind, ...]
    points: dict[str, int]
    animations: tuple[Animated, ...] = ()
    launched: tuple[Launched, ...] = ()

    @property
    def arrived(self) -> bool:
        """Every kind of file passed."""
        return all(kind.passed for kind in self.kinds)

    @property
    def failures(self) -> list[str]:
        """What did not pass, a sentence each."""
        said = []
        for kind in self.kinds:
            if kind.files == 0:
                said.append(f"{kind.name}: the training wrote none")
            elif kind.wrong:
                more = f" and {len(kind.wrong) - 1} more" if len(kind.wrong) > 1 else ""
                said.append(f"{kind.name}: {kind.wrong[0]}{more}")
        said += [
            f"animation of {one.run}: {one.frames} of {one.images} images"
            + ("" if one.newest else ", not the newest")
            for one in self.animations
            if not one.passed
        ]
        said += [
            f"journal: no command with notes and its lr for {one.run}"
            for one in self.launched
            if not one.passed
        ]
        said += [f"TensorBoard: no new point of {run}" for run, new in self.points.items() if not new]
        return said

    @property
    def passed(self) -> bool:
        """Nothing failed."""
        return not self.failures
