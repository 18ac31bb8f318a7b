"""A `status --json` value as lines for a terminal. Pure: width, colour and the time now are given."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from expsyncd.cli import screen_short
from expsyncd.cli.asked_words import gpus_words, jobs_words
from expsyncd.cli.screen_page import BOLD, COLOURS, DIM, RED, YELLOW, Page
from expsyncd.state.needs import needs_person
from expsyncd.units import counted, human_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

REASONS_SHOWN = 3
PATHS_SHOWN = 3
DAMAGED_SHOWN = 3
NAME_WIDTH = 24
WORD_WIDTH = 8


def render(shown: dict[str, Any], width: int, *, colour: bool, now: datetime | None = None) -> list[str]:
    """The lines of the screen; none is wider than `width`, none holds what a host could forge."""
    shown = harmless(shown)
    page = Page(width, colour=colour, now=now or datetime.now(UTC))
    _head(page, shown)
    hosts = shown["hosts"]
    many = len(hosts) > screen_short.FULL_UP_TO
    well = [name for name in hosts if many and screen_short.is_well(hosts[name])]
    for name in hosts:
        if name not in well:
            _host(page, name, hosts[name])
    screen_short.put(page, {name: hosts[name] for name in well})
    if not hosts:
        _no_hosts(page, shown)
    _needs(page, shown)
    return page.lines


def _head(page: Page, shown: dict[str, Any]) -> None:
    board, root = shown["tensorboard"], shown["root"]
    free = "" if root["free_bytes"] is None else f", {human_bytes(root['free_bytes'])} free"
    page.text(0, f"expsyncd {shown['version']}, up {page.ago(shown['since'])[:-4]}", BOLD)
    where = board["url"] or (board["error"] or {}).get("title", "")
    runs = f"  {counted(board['runs'], 'run')}" if board["status"] != "off" else ""
    if arrival := board.get("arrival"):
        runs += f", points shown in {_short(arrival['p50'])}"
    page.add(0, board["status"], f"  TensorBoard {where}{runs}", hang=2)
    for notice in board["notices"]:
        page.text(2, notice, YELLOW)
    _away(page, board)
    _damaged(page, board.get("damaged", ()))
    for name, host in shown["hosts"].items():
        for tunnel in host["tunnels"].values():
            if tunnel["tensorboard"]:
                page.text(2, f"{tunnel['url'] or tunnel['status']}  the TensorBoard that runs at {name}")
    _runs(page, shown.get("runs") or {})
    _samples(page, shown.get("samples") or {})
    page.text(0, f"root     {root['path']}{free}")
    if error := root["error"]:
        page.text(2, error["title"], RED)
    if error := shown["config"]["error"]:
        page.text(0, f"config   {error['title']}", RED)
        page.text(2, f"in force: the file as of {page.ago(shown['config']['loaded_at'])}")
    for notice in shown["notices"]:
        page.text(0, notice, YELLOW)


def _away(page: Page, board: dict[str, Any]) -> None:
    """One line, where there are runs that TensorBoard does not load."""
    hidden, folded = board.get("hidden", 0), board.get("folded", 0)
    words = [f"{hidden} hidden by you"] if hidden else []
    if folded:
        words.append(f"{folded} folded by `tensorboard: show:`")
    if words and board["status"] != "off":
        page.text(2, f"{' and '.join(words)}; `expsyncd unhide RUN` shows one", DIM)


def _runs(page: Page, runs: dict[str, Any]) -> None:
    """One line, once there are any."""
    if runs.get("total"):
        words = [f"{runs[state]} {state}" for state in ("growing", "stalled", "failed") if runs[state]]
        page.text(0, f"runs     {', '.join([str(runs['total']), *words])}")


def _damaged(page: Page, damaged: Sequence[dict[str, Any]]) -> None:
    """A few event files that TensorBoard stopped reading."""
    for one in damaged[:DAMAGED_SHOWN]:
        at = one["offset"]
        where = "cannot be read to its end" if at is None else f"is damaged at byte {at}"
        name = one["file"].rpartition("/")[2]
        page.text(2, f"{one['run']}: {name} {where}; TensorBoard shows what comes before", YELLOW)
    if more := damaged[DAMAGED_SHOWN:]:
        page.text(2, f"and {counted(len(more), 'more such file')}", YELLOW)


def _samples(page: Page, samples: dict[str, Any]) -> None:
    """One line, once there are any."""
    if not samples.get("series"):
        return
    words = [counted(samples["series"], "animation")]
    if samples["waiting"]:
        words.append(f"{samples['waiting']} to render")
    if samples["failed"]:
        words.append(f"{samples['failed']} failed")
    if samples["refused"]:
        words.append(f"{counted(samples['refused'], 'image')} not shown")
    page.text(0, f"samples  {', '.join(words)}")


def _host(page: Page, name: str, host: dict[str, Any]) -> None:
    page.lines.append("")
    parts = [] if host["sentence"] == host["status"] else [host["sentence"]]
    if host["next_at"]:
        parts.append(f"again {page.until(host['next_at'])}")
    pieces = textwrap.wrap(
        f"{name}  {host['status']}  {', '.join(parts)}", page.width, subsequent_indent="    "
    )
    first = pieces[0].replace(host["status"], page.paint(host["status"], COLOURS.get(host["status"], "")), 1)
    page.lines += [
        page.paint(name, BOLD) + first[len(name) :] if first.startswith(name) else first,
        *pieces[1:],
    ]
    for notice in host["notices"]:
        page.text(2, notice, YELLOW)
    if host["adopted"]:
        page.text(2, "over your own ssh login, which stays open when expsyncd stops", DIM)
    _asked(page, host)
    wide = min(NAME_WIDTH, max(map(len, host["sources"]), default=0))
    for source_name, source in host["sources"].items():
        _source(page, source_name, source, wide, seen=host["status"] == "connected")
    for tunnel_name, tunnel in host["tunnels"].items():
        why = tunnel["error"]["title"] if tunnel["error"] else ""
        gap = " " * (WORD_WIDTH - len(tunnel["status"]))
        words = f"{gap}tunnel {tunnel_name} to {tunnel['remote']}  {tunnel['url'] or why}"
        page.add(2, tunnel["status"], words, hang=2 + WORD_WIDTH)


def _asked(page: Page, host: dict[str, Any]) -> None:
    """A line for Slurm and one for the GPUs, where they are asked."""
    for word, lines in (("jobs", jobs_words(host.get("jobs"))), ("gpus", gpus_words(host.get("gpus")))):
        if lines is not None:
            said, error = lines
            if said and host["status"] != "connected" and (as_of := host[word]["as_of"]):
                said += f" (as of {page.ago(as_of)})"
            if said:
                page.text(2, f"{word:<{WORD_WIDTH}}{said}")
            if error:
                page.text(2, f"{word:<{WORD_WIDTH}}{error}", YELLOW)


def _source(page: Page, name: str, source: dict[str, Any], wide: int, *, seen: bool) -> None:
    last, parts = source["last_pull"], []
    if source["status"] == "pulling":
        parts.append(_progress(source.get("progress") or {}))
    elif source["status"] == "fresh":
        parts.append(page.ago(source["as_of"]))
    elif seen or source["status"] != "stale":  # else the host's own line says why
        parts.append(source["sentence"])
    if source["status"] not in ("pulling", "fresh") and source["last_success_at"]:
        parts.append(f"last good {page.ago(source['last_success_at'])}")
    if last and last["files"] and source["status"] == "fresh":
        parts.append(f"{counted(last['files'], 'file')}, {human_bytes(last['bytes'])}")
    if seen and source["next_pull_at"] and source["status"] != "pulling":
        parts.append(f"next {page.until(source['next_pull_at'])}")
    title = name if len(name) <= wide else name[: wide - 1] + "~"
    gap = " " * (WORD_WIDTH - len(source["status"]))
    indent = 2 + WORD_WIDTH + wide + 2
    page.add(2, source["status"], f"{gap}{title:<{wide}}  " + "; ".join(parts), hang=indent)
    if seen and (words := followed(source.get("follow") or {"mode": "off", "reason": ""})):
        page.text(2 + WORD_WIDTH, words, DIM)
    for notice in source["notices"]:
        page.text(2 + WORD_WIDTH, notice, DIM)
    _skipped(page, source)


def followed(follow: dict[str, Any]) -> str:
    """How a source is followed, or why not."""
    if follow["mode"] == "off":
        return f"not followed: {follow['reason']}" if follow["reason"] else ""
    why = follow["reason"]
    words = {
        "following": f"followed ({counted(follow['watches'], 'folder')})",
        "rescanning": f"followed by rescans: {why}",
        "missing": "followed once it is there",
        "starting": f"followed soon{why and f': {why}'}",
    }[follow["mode"]]
    if arrival := follow["arrival"]:
        words += f"; growth is here in {_short(arrival['p50'])}, 95 % in {_short(arrival['p95'])}"
    return words


def _short(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _progress(progress: dict[str, Any]) -> str:
    if not progress.get("total_files"):
        return "listing"
    return (
        f"{progress['files']} of {counted(progress['total_files'], 'file')}, "
        f"{human_bytes(progress['bytes'])} of {human_bytes(progress['total_bytes'] or 0)}"
    )


def _skipped(page: Page, source: dict[str, Any]) -> None:
    if not source["skipped_total"]:
        return
    by_reason: dict[str, list[str]] = {}
    for one in source["skipped"]:
        by_reason.setdefault(one["reason"], []).append(one["path"])
    total = f"{source['skipped_total']} ({human_bytes(source['skipped_bytes'])})"
    page.text(2 + WORD_WIDTH, f"not pulled: {total}", DIM)
    for reason, paths in list(by_reason.items())[:REASONS_SHOWN]:
        names = ", ".join(paths[:PATHS_SHOWN]) + (", ..." if len(paths) > PATHS_SHOWN else "")
        page.text(4 + WORD_WIDTH, f"{reason}: {names}", DIM)
    if len(by_reason) > REASONS_SHOWN:
        page.text(4 + WORD_WIDTH, "and for other reasons: `expsyncd status --json`", DIM)


def _no_hosts(page: Page, shown: dict[str, Any]) -> None:
    page.lines += ["", "No hosts yet. Edit", f"  {shown['config']['path']}", "for example:"]
    page.lines += [
        "  hosts:",
        "    gpu1:     # a name `ssh` knows",
        "      sources: [~/experiments/tb_log]",
    ]
    page.lines += ["It is applied as soon as you save it."]


def _needs(page: Page, shown: dict[str, Any]) -> None:
    needs = needs_person(shown)
    if not needs:
        return
    page.lines.append("")
    page.text(0, "Needs you:", RED)
    for need in needs:
        page.text(2, f"{need['where']}: {need['title']}")
        if need["advice"]:
            page.text(4, f"-> {need['advice']}")


def harmless(value: Any) -> Any:
    """The same value; control and other invisible characters, which a host may send, are `?`."""
    if isinstance(value, dict):
        return {harmless(key): harmless(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [harmless(inner) for inner in value]
    if isinstance(value, str):
        return "".join(c if c.isprintable() else "?" for c in value)
    return value
