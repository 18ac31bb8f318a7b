"""How long a launch script of 5,000 lines takes: secrets out, parsed, every entry found. Aim: under a second."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from expsyncd.journal.link import LinkRun, link
from expsyncd.journal.parse import parse
from expsyncd.redact import redact
from expsyncd.state.entries import EntryRow

LINES = 5000
ROUNDS = 5
SCRIPTS = Path(__file__).parents[1] / "data" / "journal"


def script() -> str:
    """Real styles one after the other; names differ, so that no entry is the same as another."""
    lines: list[str] = []
    whole = "\n".join(
        (SCRIPTS / f"{name}.sh").read_text() for name in ("run_exps", "sweep_assoc", "functions", "terminals")
    )
    while len(lines) < LINES:
        lines += whole.replace("train.py", f"train{len(lines)}.py").splitlines()
    return "\n".join(lines[:LINES])


def best(function) -> tuple[float, Any]:
    """The quickest of some rounds, in seconds of processor time, and what it gave."""
    found, result = float("inf"), None
    for _ in range(ROUNDS):
        started = time.process_time()
        result = function()
        found = min(found, time.process_time() - started)
    return found, result


def main() -> None:
    """Print the row."""
    text = script()
    redacting_s, clean = best(lambda: redact(text))
    parsing_s, reading = best(lambda: parse(str(clean)))
    entries = [
        EntryRow(
            str(number),
            "h",
            b"s",
            one.line,
            one.last_line,
            one.command,
            one.program,
            one.kind,
            "",
            "",
            one.settings,
        )
        for number, one in enumerate(reading.entries)
    ]
    runs = [
        LinkRun(("h", "s", f"exp_{number}".encode()), f"h/exp_{number}", 1.0, {"lr": "1e-3"})
        for number in range(1000)
    ]
    linking_s, _ = best(lambda: link(entries, runs))
    print(
        f"launch script of {LINES} lines: {len(entries)} entries; secrets {redacting_s:.2f} s, parsing {parsing_s:.2f} s,"
    )
    print(
        f"  together {redacting_s + parsing_s:.2f} s (aim 1 s); linked against 1,000 runs in {linking_s:.2f} s"
    )


if __name__ == "__main__":
    main()
