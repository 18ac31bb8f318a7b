from __future__ import annotations

from expsyncd.cli.journal_view.known import Known
from expsyncd.cli.journal_view.page import listing, one_page
from expsyncd.state.entries import EntryRow, LinkRow
from expsyncd.state.measured import MeasuredRow

DAY = 86400.0
NOW = 100 * DAY


def row(entry, command, heading="", notes="", state="live", **more):
    return EntryRow(
        entry,
        "gpu1",
        b"~/run.sh",
        3,
        3,
        command,
        "t.py",
        "plain",
        heading,
        notes,
        more,
        state,
        False,
        NOW - 2 * DAY,
        NOW - DAY,
    )


RUN = MeasuredRow("gpu1", "tb", b"base", "gpu1/base", "tensorboard", "growing", "", None, None, 1200, 1, 1)
LINK = LinkRow("3f2a9c0011", "gpu1", "tb", b"base", 0.83, "named base; same lr")
ENTRIES = [
    Known(
        row("3f2a9c0011", "python t.py --lr 1e-3 --name base", "sweep", "best so far", lr="1e-3"),
        [(LINK, RUN)],
    ),
    Known(
        row("91bc020011", "python t.py --old", "sweep", state="commented"),
        (),
        "no run has its name or its settings",
    ),
]


def test_a_list():
    assert listing(ENTRIES, 5, NOW, 80) == [
        "gpu1:~/run.sh · sweep",
        "  3f2a9c    2d python t.py --lr 1e-3 --name base",
        '               "best so far"',
        "               -> gpu1/base, growing, step 1200",
        "  91bc02    2d # python t.py --old",
        "               commented out since 1d",
        "",
        "2 entries of 5, 1 without a run (`expsyncd journal show ID` says why)",
    ]


def test_one_entry():
    page = one_page(ENTRIES[0], NOW, 80)
    assert page[:3] == ["gpu1:~/run.sh, line 3", "", "  python t.py --lr 1e-3 --name base"]
    assert "  gpu1/base, growing: named base; same lr (0.83)" in page
    assert "heading     sweep" in page
    assert "note        best so far" in page
    assert one_page(ENTRIES[1], NOW, 80)[-2:] == [
        "no run: no run has its name or its settings",
        "  expsyncd journal link 91bc02 RUN",
    ]


def test_nothing_is_wider_than_the_terminal_or_harms_it():
    long = row(
        "aa",
        "python t.py " + "--flag-with-a-long-name value/" * 20 + "x" * 300 + " \x1b[31m",
        "h" * 200,
        "n" * 200 + "\x07",
    )
    for width in (40, 80):
        for line in [*listing([Known(long)], 1, NOW, width), *one_page(Known(long), NOW, width)]:
            assert len(line) <= max(width, 60)
            assert line.isprintable()
