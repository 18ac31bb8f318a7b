"""facts.db under kill -9: never corrupt, and nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys

import pytest

from expsyncd.state.facts import Facts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

ROUNDS = 25

# Acknowledges on stdout, a line each, only what has returned.
WRITER = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from expsyncd.state.facts import Facts, Move, PullRecord
facts = Facts.open(Path(sys.argv[1]))
now, mark = datetime.now(UTC), sys.argv[2]
for number in range(10**9):
    name = f"{mark}-{number}"
    facts.add_version("gpu", "logs", name.encode(), now, 1, name.encode(), "replaced")
    move = facts.begin_move(Move(0, name, "gpu", "logs", b"a", b"/m/a", b"/v/a"))
    facts.end_move(move)
    facts.add_pull(PullRecord(name, "gpu", mark, now, "complete", number, 0, 0.0))
    facts.set_gone("gpu", mark, [b"%d" % n for n in range(number, number + 5)], now)
    os.write(1, f"{number}\\n".encode())
"""


def killed_writer(file, mark, lines, more_bytes):
    """Run the writer, kill it somewhere after `lines` acknowledged rounds; the last acknowledged number."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file), mark], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    said = b""
    try:
        while said.count(b"\n") < lines:
            piece = os.read(writer.stdout.fileno(), more_bytes)
            assert piece, writer.stderr.read().decode()
            said += piece
    finally:
        writer.kill()
        said += writer.stdout.read()
        writer.stdout.close()
        writer.stderr.close()
        writer.wait()
    return int(said.rpartition(b"\n")[0].split(b"\n")[-1])


def test_kill_9_of_the_writer(tmp_path):
    file = tmp_path / "facts.db"
    chance = random.Random(1)
    acknowledged = {}
    for number in range(ROUNDS):
        mark = f"w{number}"
        acknowledged[mark] = killed_writer(file, mark, chance.randint(1, 120), chance.randint(1, 64))
        # The killed one's -wal is still there: a reader must see all of it, before any writer tidies up.
        reader = Facts.read_only(file)
        seen = {version.path for version in reader.versions()}
        reader.close()
        missing = [
            name
            for mark, last in acknowledged.items()
            for n in range(last + 1)
            if (name := f"{mark}-{n}".encode()) not in seen
        ]
        assert missing == []

    facts = Facts.open(file)
    for mark, last in acknowledged.items():
        assert facts.last_pull("gpu", mark).files in (last, last + 1)
        # A set is replaced as a whole or not at all.
        gone = sorted(map(int, facts.gone("gpu", mark)))
        assert len(gone) == 5
        assert gone[0] in (last, last + 1)
    assert len(facts.pending_moves()) <= ROUNDS  # at most the one that each kill cut short
    facts.close()
    checked = sqlite3.connect(file)
    assert checked.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    checked.close()
