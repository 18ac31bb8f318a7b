from __future__ import annotations

import csv
import io

from expsyncd.cli.journal_view.known import Known
from expsyncd.cli.journal_view.records import as_json, notebook, print_csv
from expsyncd.state.entries import EntryRow, LinkRow
from expsyncd.state.measured import MeasuredRow

ROW = EntryRow(
    "3f2a9c0011", "gpu1", b"~/run.sh", 3, 4, "python t.py --lr 1e-3", "t.py", "loop", "sweep", "best\nso *far*", {"lr": "1e-3"},
    "live", False, 1_700_000_000.0, 1_700_000_000.0,
)  # fmt: skip
RUN = MeasuredRow("gpu1", "tb", b"base", "gpu1/base", "tensorboard", "finished", "", None, None, 9, 1, 1)
ONE = Known(ROW, [(LinkRow("3f2a9c0011", "gpu1", "tb", b"base", 0.8, "named base"), RUN)])


def test_json():
    found = as_json(ONE)
    assert found["first_seen_at"] == "2023-11-14T22:13:20.000Z"
    assert found["notes"] == ["best", "so *far*"]
    assert found["runs"] == [
        {"run": "gpu1/base", "host": "gpu1", "source": "tb", "folder": "base", "state": "finished", "score": 0.8,
         "why": "named base", "by_hand": False}
    ]  # fmt: skip


def test_csv():
    out = io.StringIO()
    print_csv(out, [ONE])
    (row,) = csv.DictReader(io.StringIO(out.getvalue()))
    assert (row["entry"], row["settings"], row["runs"], row["line"]) == (
        "3f2a9c0011",
        "lr=1e-3",
        "gpu1/base",
        "3",
    )


def test_a_notebook():
    lines = list(notebook([ONE]))
    assert lines[0] == "# Lab notebook"
    assert "### gpu1:~/run.sh · sweep" in lines
    assert "> so \\*far\\*" in lines
    assert lines[lines.index("```sh") + 1] == "python t.py --lr 1e-3"
    assert "- run **gpu1/base**: finished, step 9 (named base)" in lines


def test_a_command_cannot_leave_its_fence():
    ticks = Known(EntryRow(**{**ROW.__dict__, "command": "python t.py ```"}))
    assert list(notebook([ticks])).count("````") == 1
