"""`expsyncd gpus`: the GPUs of all hosts, how busy they are and with whose programs; asks the daemon."""

from __future__ import annotations

import csv
import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

from expsyncd.cli.asked_words import error_words, in_use
from expsyncd.cli.asking import Parser
from expsyncd.cli.runs_view.elide import cut
from expsyncd.cli.runs_view.grid import GAP, Column, lines
from expsyncd.cli.screen import harmless
from expsyncd.cli.screen_page import DIM, GREEN, RED
from expsyncd.cli.status import only
from expsyncd.cli.terminal import coloured, columns, dots
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error
from expsyncd.paths import Paths
from expsyncd.units import human_bytes, human_seconds

PLAIN = True  # parses its words itself: see `group`
ABOUT = "The GPUs of all hosts with `gpus: true`: use, memory, whose programs."
NOTHING = Error("no host's GPUs are asked about", "`gpus: true` on a host in hosts.yaml does")
NAME_WIDE, LEAST_PROGRAMS = 22, 12


def gpus(words: list[str]) -> int:
    """The command. Raises Error when no daemon answers, or no host's GPUs are asked about."""
    parser = Parser("gpus", ABOUT)
    parser.add_argument("host", nargs="?", metavar="HOST", help="one host; all without it")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--csv", action="store_true", help="as CSV, a line for each GPU")
    given = parser.read(words)
    answer = client.ask(Paths.of(os.environ).control_socket, request("status"))
    hosts = only(answer["status"], given.host)["hosts"]
    asked = {name: host["gpus"] for name, host in hosts.items() if host["gpus"] is not None}
    if not asked:
        raise NOTHING
    if given.json:
        json.dump(asked, sys.stdout, indent=2)
        print()
    elif given.csv:
        _print_csv(harmless(asked))
    else:
        print("\n".join(screen(harmless(asked), datetime.now(UTC), columns(), dots(), colour=coloured())))
    return 0


def _print_csv(asked: dict[str, Any]) -> None:
    own = ("index", "name", "use_percent", "memory_bytes", "total_bytes", "celsius", "watts", "trouble")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("host", *own, "programs", "as_of"))
    for name, state in asked.items():
        for one in state["gpus"] or ():
            writer.writerow((name, *(one[key] for key in own), programs(one), state["as_of"]))


def screen(asked: dict[str, Any], now: datetime, width: int, mark: str, *, colour: bool) -> list[str]:
    """Lines for a terminal, host by host; `mark` stands for what was cut out."""
    said: list[str] = []
    for name, state in asked.items():
        age = "" if state["as_of"] is None else _ago(state["as_of"], now)
        said += [*([""] if said else []), f"{name}{age}"]
        if state["error"]:
            said.append(f"  {error_words(state['error'])}"[:width])
        elif state["gpus"] is None:
            said.append("  not asked yet")
        if state["gpus"]:
            table = _table(state["gpus"], width - 2, mark)
            said += [f"  {line}" for line in lines(table, colour=colour)]
    return said


def _ago(stamp: str, now: datetime) -> str:
    return f", {human_seconds((now - datetime.fromisoformat(stamp)).total_seconds())} ago"


def _table(found: list[dict[str, Any]], width: int, mark: str) -> list[Column]:
    paint = [RED if one["trouble"] else GREEN if in_use(one) else DIM for one in found]
    shown = [
        Column("GPU", [str(one["index"]) for one in found], right=True),
        Column("NAME", [cut(one["name"], NAME_WIDE, 0.8, mark) for one in found]),
        Column("USE", [_figure(one["use_percent"], " %") for one in found], right=True, paint=paint),
        Column("MEMORY", [_memory(one) for one in found], right=True),
        Column("HEAT", [_figure(one["celsius"], " C") for one in found], right=True),
    ]
    room = max(LEAST_PROGRAMS, width - sum(column.width + GAP for column in shown))
    return [
        *shown,
        Column("PROGRAMS", [cut(one["trouble"] or programs(one), room, 0.0, mark) for one in found]),
    ]


def _figure(value: float | None, unit: str) -> str:
    return "?" if value is None else f"{value}{unit}"


def _memory(one: dict[str, Any]) -> str:
    used, total = (one[key] for key in ("memory_bytes", "total_bytes"))
    return f"{'?' if used is None else human_bytes(used)} of {'?' if total is None else human_bytes(total)}"


def programs(one: dict[str, Any]) -> str:
    """`anna python 20.1 GB, ben python 3.0 GB`: the largest first."""
    found = sorted(one["processes"], key=lambda process: -(process["memory_bytes"] or 0))
    said = []
    for process in found:
        size = "" if process["memory_bytes"] is None else human_bytes(process["memory_bytes"])
        parts = (process["user"] or "?", process["name"] or str(process["pid"]), size)
        said.append(" ".join(part for part in parts if part))
    return ", ".join(said)
