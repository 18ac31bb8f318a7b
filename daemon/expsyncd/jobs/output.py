"""Where a job writes, from what Slurm says of it; only that is ever asked for. Pure."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.jobs.job import task_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from expsyncd.jobs.job import Job

LONGEST_PATH = 4000
LONGEST_NAME = 255
MOST_FILES = 200  # of the newest jobs; what was pulled before stays
NEVER = ("/dev/", "/proc/", "/sys/")
_PATTERN = re.compile(r"%(\d{0,2})(.)", re.DOTALL)


@dataclass(frozen=True)
class Folder:
    """A source of this host: its name, its physical path there, and whether it takes a file inside it.

    `made`: for job output, so what it takes follows from what is wished.
    """

    source: str
    path: str
    takes: Callable[[bytes], bool]
    made: bool = False


def expanded(job: Job, user: str) -> tuple[str, str]:
    """Paths of output and errors of a job that has started, each empty where it cannot be known."""
    if not job.start_at or job.waits or "[" in job.job:
        return "", ""
    output = _expanded(job.output or _default(job), job, user)
    errors = _expanded(job.errors, job, user)
    return output, "" if errors == output else errors


def _default(job: Job) -> str:
    return "slurm-%A_%a.out" if task_of(job.job)[1] is not None else "slurm-%j.out"


def _expanded(pattern: str, job: Job, user: str) -> str:
    if not pattern:
        return ""
    array, task = task_of(job.job)
    number = job.number or array
    # squeue makes this of the name that was not given, and for a task it is not the one that is used.
    if task is not None and pattern == posixpath.join(job.folder, f"slurm-{number}.out"):
        pattern = _default(job)
    if "\\" in pattern:
        return ""  # then sbatch expands nothing, and how it was meant is lost in what squeue prints
    node = "" if "[" in job.nodes else job.nodes.split(",")[0]
    meant = {
        "j": number, "J": number, "A": array, "a": task or "4294967294", "x": job.name, "u": user,
        "n": "0", "s": "batch", "t": "0", "N": node, "%": "%",
    }  # fmt: skip
    known = True

    def fill(found: re.Match[str]) -> str:
        nonlocal known
        value = meant.get(found[2], "")
        known = known and value != "" and "/" not in value
        return value.zfill(int(found[1])) if found[1] and value.isdigit() else value

    path = posixpath.join(job.folder, _PATTERN.sub(fill, pattern))
    return path if known and sound(path) else ""


def sound(path: str) -> bool:
    """Whether this can be a plain file that a job writes: absolute, straight, of harmless characters."""
    parts = path.split("/")
    return (
        path.startswith("/")
        and len(path.encode("utf-8", "surrogateescape")) <= LONGEST_PATH
        and not path.startswith(NEVER)
        and ".." not in parts
        and parts[-1] not in ("", ".")
        and len(parts[-1].encode("utf-8", "surrogateescape")) <= LONGEST_NAME
        and "\ufffd" not in path  # bytes that are no text: Slurm's answer cannot be trusted with them
        and not any(unicodedata.category(character) == "Cc" for character in path)
    )


def place(path: str, folders: Iterable[Folder]) -> tuple[str, bytes] | None:
    """The source that holds `path` already, and where inside it; the deepest of several."""
    best: tuple[int, str, bytes] | None = None
    for folder in folders:
        base = folder.path.rstrip("/") + "/"
        if path.startswith(base) and (best is None or len(base) > best[0]):
            inside = posixpath.normpath(path[len(base) :]).encode("utf-8", "surrogateescape")
            if folder.takes(inside):
                best = len(base), folder.source, inside
    return None if best is None else best[1:]


def by_folder(paths: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Folders and the names in each that are wished; the first of too many."""
    found: dict[str, list[str]] = {}
    for path in list(dict.fromkeys(paths))[:MOST_FILES]:
        if sound(path):
            folder, name = posixpath.split(posixpath.normpath(path))
            found.setdefault(folder, []).append(name)
    return {folder: tuple(sorted(names)) for folder, names in found.items()}


def literal(name: str) -> str:
    """`/NAME` as an rsync pattern that means just this file of the source's top."""
    if any(character in name for character in "*?["):
        name = re.sub(r"([*?\[\\])", r"\\\1", name)
    return f"/{name}"
