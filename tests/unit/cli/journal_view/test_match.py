from __future__ import annotations

import pytest

from expsyncd.cli.journal_view.known import Known
from expsyncd.cli.journal_view.match import fitting, moment
from expsyncd.errors import Error
from expsyncd.state.entries import EntryRow


def known(entry, command, host="gpu1", state="live", first=100.0, notes="", **settings):
    return Known(
        EntryRow(
            entry,
            host,
            b"~/run.sh",
            1,
            1,
            command,
            "t.py",
            "plain",
            "sweep of March",
            notes,
            settings,
            state,
            False,
            first,
            first,
        )
    )


ENTRIES = [
    known("aa", "python t.py --lr 1e-3", lr="1e-3", name="base"),
    known(
        "bb", "python t.py optim.lr=0.001", notes="Diverged!", **{"optim.lr": "0.001", "model": "unet_big"}
    ),
    known(
        "cc",
        "python t.py --lr 1e-4",
        host="gpu2",
        state="commented",
        first=900.0,
        **{"lr": "1e-4", "batch-size": "64"},
    ),
]


def ids(*words, hosts=(), states=(), since=None):
    return [one.row.entry for one in fitting(ENTRIES, words, hosts, states, since)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["aa", "bb", "cc"]),
        (["lr=1e-3"], ["aa", "bb"]),
        (["lr<5e-4"], ["cc"]),
        (["lr!=1e-3"], ["cc"]),
        (["batch_size=64"], ["cc"]),
        (["model~unet"], ["bb"]),
        (["model=unet*"], ["bb"]),
        (["diverged"], ["bb"]),
        (["march"], ["aa", "bb", "cc"]),
        (["run.sh", "base"], ["aa"]),
        (["opt*lr"], ["bb"]),
        (["nothing"], []),
        (["r=1e-3"], []),
    ],
)
def test_words(words, found):
    assert ids(*words) == found


def test_host_state_and_age():
    assert ids(hosts=["gpu2"]) == ["cc"]
    assert ids(states=["live"]) == ["aa", "bb"]
    assert ids(since=500.0) == ["cc"]


def test_times():
    assert moment("1h", 10_000.0, "--since") == 6400.0
    assert moment("2026-03-01T00:00:00+00:00", 0.0, "--since") == 1772323200.0
    with pytest.raises(Error) as told:
        moment("yesterday", 0.0, "--since")
    assert told.value.exit_status == 2
