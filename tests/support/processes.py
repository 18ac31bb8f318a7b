"""Who runs whom on this machine, from /proc (Linux only)."""

from __future__ import annotations

from pathlib import Path


def _stat(pid: int) -> tuple[str, int] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name may hold spaces and parentheses; state and parent follow its last parenthesis.
    state, parent, *_ = text.rpartition(")")[2].split()
    return state, int(parent)


def alive(pid: int) -> bool:
    """Whether `pid` runs; a zombie does not."""
    found = _stat(pid)
    return found is not None and found[0] not in "ZX"


def all_pids() -> list[int]:
    """Every process we can see."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def descendants(ancestor: int) -> list[int]:
    """Living children of `ancestor`, their children and so on."""
    children: dict[int, list[int]] = {}
    for pid in all_pids():
        if (found := _stat(pid)) and found[0] not in "ZX":
            children.setdefault(found[1], []).append(pid)
    found_pids, todo = [], [ancestor]
    while todo:
        here = children.get(todo.pop(), [])
        found_pids += here
        todo += here
    return found_pids


def command_line(pid: int) -> str:
    """The command of `pid` as text, empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def marked(marker: str) -> list[int]:
    """Living processes whose environment holds `marker` (`NAME=VALUE`), whoever their parent is now."""
    wanted = marker.encode()
    found = []
    for pid in all_pids():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if wanted in environment.split(b"\0") and alive(pid):
            found.append(pid)
    return found
