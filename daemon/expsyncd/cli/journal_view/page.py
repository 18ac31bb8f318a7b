"""Entries as people read them in a terminal. Pure."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.values import harmless
from expsyncd.units import counted, human_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expsyncd.cli.journal_view.known import Known

ID_SHOWN = 6
INDENT = 15  # two blanks, the id, a blank, the age, a blank
ARROW = "->"
SAME_RUNS = 4


def listing(entries: Sequence[Known], of: int, now: float, width: int) -> list[str]:
    """All of them, each script and heading named once; a line at the end says how many there are."""
    lines: list[str] = []
    group: tuple[str, str] | None = None
    for one in entries:
        if group != (group := (one.place, one.row.heading)):
            lines += [*([""] if lines else []), *_head(one, width)]
        lines += list(_entry(one, now, width))
    without = sum(not one.runs for one in entries)
    words = counted(len(entries), "entry").replace("entrys", "entries")
    words += f" of {of}" if len(entries) < of else ""
    if without:
        words += f", {without} without a run (`expsyncd journal show ID` says why)"
    return [*lines, "", *textwrap.wrap(words, width)]


def _head(one: Known, width: int) -> list[str]:
    words = harmless(one.place) + (f" · {harmless(one.row.heading)}" if one.row.heading else "")
    return textwrap.wrap(words, width, subsequent_indent="  ")


def _entry(one: Known, now: float, width: int) -> Iterator[str]:
    row = one.row
    age = human_seconds(max(0.0, now - row.first_seen_at))
    start = f"  {row.entry[:ID_SHOWN]} {age:>5} "
    mark = {"live": "", "commented": "# ", "removed": "# "}[row.state]
    yield from wrapped(start, mark + _flat(row.command), width)
    rest = " " * INDENT
    if row.state != "live":
        since = (
            ""
            if row.changed_at == row.first_seen_at
            else f" since {human_seconds(max(0.0, now - row.changed_at))}"
        )
        yield f"{rest}{'commented out' if row.state == 'commented' else 'removed'}{since}"
    for note in one.notes:
        yield from wrapped(rest, f'"{harmless(note)}"', width)
    for link, run in one.runs[:SAME_RUNS]:
        name = run.name if run else f"{link.host}/{link.source}"
        words = f"{ARROW} {harmless(name)}"
        if run is not None:
            words += f", {run.state}" + ("" if run.step is None else f", step {run.step}")
        yield from wrapped(rest, words + (", linked by you" if link.by_hand else ""), width)
    if len(one.runs) > SAME_RUNS:
        yield f"{rest}{ARROW} and {len(one.runs) - SAME_RUNS} more"


def wrapped(start: str, text: str, width: int) -> list[str]:
    """A text behind `start`, its further lines indented as far."""
    lines = textwrap.wrap(
        text, max(20, width - len(start)), break_on_hyphens=False, subsequent_indent="  "
    )  # a word that is too long is cut between lines
    return [(start if number == 0 else " " * len(start)) + line for number, line in enumerate(lines or [""])]


def _flat(command: str) -> str:
    return harmless(" ".join(command.split()))


def one_page(one: Known, now: float, width: int) -> list[str]:
    """Everything of one entry."""
    row = one.row
    where = f"line {row.line}" + (f"-{row.last_line}" if row.last_line != row.line else "")
    lines = [f"{harmless(one.place)}, {where}", ""]
    lines += [f"  {harmless(line)}" for line in _command(row.command, width - 2)]
    lines.append("")
    facts = [
        ("id", row.entry),
        ("state", row.state + ("" if row.state == "live" else f" since {_day(row.changed_at)}")),
        ("first seen", f"{_day(row.first_seen_at)}, {human_seconds(max(0.0, now - row.first_seen_at))} ago"),
        ("from", row.kind + (", with what only running would tell" if row.symbolic else "")),
        ("heading", harmless(row.heading)),
        *(("note" if number == 0 else "", harmless(note)) for number, note in enumerate(one.notes)),
    ]
    for label, text in facts:
        if text:
            lines += wrapped(f"{label:<12}", text, width)
    if row.settings:
        lines += ["", "settings"]
        names = max(len(name) for name in row.settings)
        for name, value in row.settings.items():
            lines += wrapped(f"  {harmless(name):<{min(names, 30)}}  ", harmless(value), width)
    lines.append("")
    if one.runs:
        lines.append("runs")
        for link, run in one.runs:
            name = harmless(run.name) if run else f"{link.host}/{link.source}"
            state = f", {run.state}" if run else ""
            lines += wrapped("  ", f"{name}{state}: {harmless(link.why)} ({link.score:g})", width)
    else:
        lines += wrapped("no run: ", harmless(one.unlinked or "not looked for yet"), width)
        lines.append(f"  expsyncd journal link {row.entry[:ID_SHOWN]} RUN")
    return lines


def _command(command: str, width: int) -> list[str]:
    """As one would write it: a flag a line where it does not fit on one."""
    lines = []
    for part in command.split("\n"):
        lines += textwrap.wrap(part, width - 2, break_on_hyphens=False, subsequent_indent="    ") or [""]
    return lines


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
