from __future__ import annotations

import pytest

from expsyncd.demo.launched import Launched, launched
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.entries import EntryRow, LinkRow, put_entries, put_links
from expsyncd.state.measured import MeasuredRow, SettingRow, put_measured, put_settings

KEY = ("h", "tb_log", b"a")


def test_without_a_catalogue_no_command_is_there(tmp_path):
    assert launched(tmp_path / "catalogue.db", ["a"]) == [Launched("a")]
    assert not Launched("a").passed


@pytest.mark.parametrize(("lr", "passes"), [("0.001", True), ("0.01", False), ("", False)])
def test_a_command_with_its_notes_and_the_same_rate(tmp_path, lr, passes):
    catalogue = Catalogue.open(tmp_path / "catalogue.db")

    def write(db):
        put_measured(db, [MeasuredRow(*KEY, "h/a", "tensorboard", "growing", "", None, None, 1, 1, 1)])
        put_settings(db, KEY, [SettingRow(*KEY, "lr", lr, "hparams.yaml")])
        put_entries(
            db,
            [
                EntryRow(
                    "e", "h", b"~/run.sh", 1, 1, "python t.py", "t.py", "plain", "", "best", {"lr": "1e-3"}
                )
            ],
        )
        put_links(db, [LinkRow("e", *KEY, 1.0, "named a")], {})

    catalogue.write(write)
    catalogue.close()
    (one, other) = launched(tmp_path / "catalogue.db", ["a", "b"])
    assert (one.command, one.notes, one.passed) == ("python t.py", "best", passes)
    assert other == Launched("b")
