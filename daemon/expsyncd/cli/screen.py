"""A `status --json` value as lines for a terminal. Pure: width, colour and the time now are given."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from typing import Any

from expsyncd.state.shown import needs_person
from expsyncd.units import counted, human_bytes, human_seconds

GREEN, YELLOW, RED, DIM, BOLD = "32", "33", "31", "2", "1"
COLOURS = {
    "connected": GREEN, "fresh": GREEN, "serving": GREEN, "open": GREEN,
    "pulling": GREEN, "connecting": YELLOW, "waiting": YELLOW, "stale": YELLOW, "partial": YELLOW,
    "restarting": YELLOW, "starting": YELLOW, "never": DIM, "paused": DIM, "off": DIM,
    "suspect": RED, "failed": RED, "needs-login": RED,
}  # fmt: skip
SKIPPED_SHOWN = 3
NAME_WIDTH = 22


class _Page:
    """Collects lines; knows width and colour."""

    def __init__(self, width: int, *, colour: bool, now: datetime) -> None:
        self.lines: list[str] = []
        self.width = width
        self.now = now
        self._colour = colour

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and code else text

    def add(self, indent: int, word: str, rest: str) -> None:
        """A coloured word and its text, wrapped below itself."""
        lead = " " * indent
        room = max(20, self.width - indent)
        wrapped = textwrap.wrap(f"{word}{rest}", room, subsequent_indent="  ", break_long_words=True)
        for number, line in enumerate(wrapped or [word]):
            if number == 0 and line.startswith(word):
                painted = self.paint(word, COLOURS.get(word.strip(), "")) + line[len(word) :]
            else:
                painted = line
            self.lines.append(lead + painted)

    def text(self, indent: int, text: str, code: str = "") -> None:
        for line in textwrap.wrap(text, max(20, self.width - indent), subsequent_indent="  ") or [""]:
            self.lines.append(" " * indent + self.paint(line, code))

    def ago(self, stamp: str | None) -> str:
        moment = _moment(stamp)
        return "never" if moment is None else f"{human_seconds((self.now - moment).total_seconds())} ago"

    def until(self, stamp: str | None) -> str:
        moment = _moment(stamp)
        return "" if moment is None else f"in {human_seconds((moment - self.now).total_seconds() + 0.999)}"


def render(shown: dict[str, Any], width: int, *, colour: bool, now: datetime | None = None) -> list[str]:
    """The lines of the screen; none is wider than `width`, none holds what a host could forge."""
    shown = _harmless(shown)
    page = _Page(width, colour=colour, now=now or datetime.now(UTC))
    _head(page, shown)
    for name, host in shown["hosts"].items():
        _host(page, name, host)
    if not shown["hosts"]:
        _no_hosts(page, shown)
    _needs(page, shown)
    return page.lines


def _head(page: _Page, shown: dict[str, Any]) -> None:
    board, root = shown["tensorboard"], shown["root"]
    free = "" if root["free_bytes"] is None else f", {human_bytes(root['free_bytes'])} free"
    page.text(0, f"expsyncd {shown['version']}, up {page.ago(shown['since'])[:-4]}", BOLD)
    where = board["url"] or (board["error"] or {}).get("title", "")
    runs = f"  {counted(board['runs'], 'run')}" if board["status"] != "off" else ""
    page.add(0, board["status"], f"  TensorBoard {where}{runs}")
    for notice in board["notices"]:
        page.text(2, notice, YELLOW)
    page.text(0, f"root     {root['path']}{free}")
    if error := root["error"]:
        page.text(2, error["title"], RED)
    if error := shown["config"]["error"]:
        page.text(0, f"config   {error['title']}", RED)
        page.text(2, f"in force: the file as of {page.ago(shown['config']['loaded_at'])}")
    for notice in shown["notices"]:
        page.text(0, notice, YELLOW)


def _host(page: _Page, name: str, host: dict[str, Any]) -> None:
    page.lines.append("")
    sentence = "" if host["sentence"] == host["status"] else f": {host['sentence']}"
    again = f", again {page.until(host['next_at'])}" if host["next_at"] else ""
    lead = page.paint(name, BOLD)
    page.add(0, host["status"], f" {sentence.lstrip(': ')}{again}" if sentence or again else "")
    first = page.lines.pop()
    page.lines.append(f"{lead}  {first}")
    _fold(page, len(name) + 2)
    for notice in host["notices"]:
        page.text(2, notice, YELLOW)
    for source_name, source in host["sources"].items():
        _source(page, source_name, source)
    for tunnel_name, tunnel in host["tunnels"].items():
        why = f" {tunnel['error']['title']}" if tunnel["error"] else ""
        page.add(2, tunnel["status"], f"  tunnel {tunnel_name} {tunnel['url'] or ''}{why}")


def _fold(page: _Page, used: int) -> None:
    """Wrap the last line when the host's name made it too wide."""
    line = page.lines[-1]
    if _visible(line) <= page.width:
        return
    page.lines.pop()
    plain = _strip(line)
    for number, piece in enumerate(textwrap.wrap(plain, page.width, subsequent_indent="  ")):
        page.lines.append(page.paint(piece[: used - 2], BOLD) + piece[used - 2 :] if number == 0 else piece)


def _source(page: _Page, name: str, source: dict[str, Any]) -> None:
    last = source["last_pull"]
    parts = []
    if source["status"] == "pulling":
        parts.append(_progress(source.get("progress") or {}))
    elif source["status"] == "fresh":
        parts.append(f"as of {page.ago(source['as_of'])}")
    else:
        parts.append(source["sentence"])
        if source["last_success_at"]:
            parts.append(f"last good {page.ago(source['last_success_at'])}")
    if last and last["files"]:
        parts.append(f"last pull {counted(last['files'], 'file')}, {human_bytes(last['bytes'])}")
    if source["next_pull_at"] and source["status"] != "pulling":
        parts.append(f"next {page.until(source['next_pull_at'])}")
    title = name if len(name) <= NAME_WIDTH else name[: NAME_WIDTH - 1] + "~"
    page.add(
        2, source["status"], f"{' ' * (8 - len(source['status']))}{title:<{NAME_WIDTH}} " + ", ".join(parts)
    )
    for notice in source["notices"]:
        page.text(11, notice, DIM)
    _skipped(page, source)


def _progress(progress: dict[str, Any]) -> str:
    if not progress.get("total_files"):
        return "listing"
    return (
        f"{progress['files']}/{progress['total_files']} files, "
        f"{human_bytes(progress['bytes'])} of {human_bytes(progress['total_bytes'] or 0)}"
    )


def _skipped(page: _Page, source: dict[str, Any]) -> None:
    if not source["skipped_total"]:
        return
    total = human_bytes(source["skipped_bytes"])
    page.text(11, f"not pulled: {source['skipped_total']} ({total})", DIM)
    for one in source["skipped"][:SKIPPED_SHOWN]:
        size = f" {human_bytes(one['bytes'])}" if one["bytes"] else ""
        page.text(13, f"{one['path']}{size}: {one['reason']}", DIM)
    if source["skipped_total"] > SKIPPED_SHOWN:
        page.text(13, f"and {source['skipped_total'] - SKIPPED_SHOWN} more (status --json)", DIM)


def _no_hosts(page: _Page, shown: dict[str, Any]) -> None:
    page.lines += ["", "No hosts yet. Edit", f"  {shown['config']['path']}", "for example:"]
    page.lines += [
        "  hosts:",
        "    gpu1:            # any name `ssh` knows",
        "      sources: [~/experiments/tb_log]",
    ]
    page.lines += ["It is applied as soon as you save it."]


def _needs(page: _Page, shown: dict[str, Any]) -> None:
    needs = needs_person(shown)
    if not needs:
        return
    page.lines.append("")
    page.text(0, "Needs you:", RED)
    for need in needs:
        page.text(2, f"{need['where']}: {need['title']}")
        if need["advice"]:
            page.text(4, f"-> {need['advice']}")


def _harmless(value: Any) -> Any:
    if isinstance(value, dict):
        return {_harmless(key): _harmless(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_harmless(inner) for inner in value]
    if isinstance(value, str):
        return "".join(c if c.isprintable() else "?" for c in value)
    return value


def _moment(stamp: str | None) -> datetime | None:
    return None if stamp is None else datetime.fromisoformat(stamp)


def _strip(line: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def _visible(line: str) -> int:
    return len(_strip(line))
