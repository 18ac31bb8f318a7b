import os
from dataclasses import replace
from pathlib import Path

import pytest

from expsyncd.samples import records
from expsyncd.samples.darkroom import Refused, Rendered
from expsyncd.samples.frame import Frame, Picture, SeriesKey
from expsyncd.samples.inventory import Inventory
from expsyncd.samples.look import Look
from expsyncd.samples.wanted import Regrouped, Wanted, made_of, regrouped
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.series import RefusedRow

HOW = "as people like it"


@pytest.fixture
def wanted(tmp_path):
    frames = tuple(Frame((n,), "", (Picture(b"/m/gpu/s/x", 1, n),), n) for n in (4, 7))
    return Wanted(
        SeriesKey("gpu", "s", b"r", b"f_{n}.png"), "s", frames, 7 * 10**9, tmp_path / "a/f.gif", "why"
    )


def rendered(wanted, **changes):
    return replace(Rendered(wanted.out, 2, 2, 99, (8, 9), True, ()), **changes)


def test_a_row_says_what_was_rendered(wanted, tmp_path):
    row = records.row_of(wanted, rendered(wanted), "", None, HOW, 5.0, tmp_path)
    assert (row.frames, row.shown, row.first_step, row.last_step, row.bytes) == (2, 2, 4, 7, 99)
    assert (row.path, row.width, row.height, row.why) == (b"a/f.gif", 8, 9, "why")
    failed = records.row_of(wanted, None, "no room", row, HOW, 6.0, tmp_path)
    assert (failed.shown, failed.reason, failed.width) == (0, "no room", 8)


def test_done_is_what_did_not_change_and_is_there(wanted, tmp_path):
    row = records.row_of(wanted, rendered(wanted), "", None, HOW, 5.0, tmp_path)
    assert not records.is_done(row, wanted, HOW), "the file is not there"
    wanted.out.parent.mkdir()
    wanted.out.touch()
    assert records.is_done(row, wanted, HOW)
    assert not records.is_done(None, wanted, HOW)
    assert not records.is_done(replace(row, reason="x"), wanted, HOW)
    assert not records.is_done(replace(row, rendered_at=None), wanted, HOW)
    assert not records.is_done(row, replace(wanted, made_of="other contents"), HOW)
    assert not records.is_done(row, wanted, "otherwise")


def test_a_content_that_changed_makes_it_undone_whenever_it_was_written():
    before, healed, other = (
        made_of(
            [
                Frame((1, 0), "", (Picture(b"/m/x", size, mtime),)),
                Frame((2, 0), "", (Picture(b"/m/y", 1, 9),)),
            ]
        )
        for size, mtime in ((1, 5), (1, 6), (2, 5))
    )
    assert len({before, healed, other}) == 3


def test_series_that_are_called_otherwise_now_are_gone(wanted):
    old = SeriesKey("gpu", "s", b"r", b"old.png")
    foreign = SeriesKey("gpu", "s", b"r", b"other//x.png")
    elsewhere = SeriesKey("gpu", "s", b"q", b"old.png")
    rows = [old, foreign, elsewhere, wanted.key]
    own = Regrouped([wanted], {("gpu", "s", b"r", "s")})
    assert records.gone(rows, own) == [old]
    others = Regrouped([], {("gpu", "s", b"r", "other")})
    assert records.gone(rows, others) == [foreign]
    whole = Regrouped([wanted], whole={("gpu", "s")})
    assert records.gone(rows, whole) == [old, elsewhere]
    tag = SeriesKey("gpu", "s", b"r", b"tag://x")
    emptied = Regrouped([], known=frozenset({("gpu", "other")}))
    assert records.gone([*rows, tag], emptied) == [old, elsewhere, wanted.key]


def test_lost_animations(wanted, tmp_path):
    row = records.row_of(wanted, rendered(wanted), "", None, HOW, 5.0, tmp_path)
    assert records.lost(tmp_path, [row, replace(row, shown=0)]) == [row]
    wanted.out.parent.mkdir()
    wanted.out.touch()
    assert records.lost(tmp_path, [row]) == []


def test_the_catalogue_remembers(wanted, tmp_path):
    catalogue = Catalogue.open(tmp_path / "c.db")
    row = records.row_of(wanted, rendered(wanted), "", None, HOW, 5.0, tmp_path)
    bad = RefusedRow("gpu", "s", b"x.png", 3, 4, "cut off")
    records.keep(lambda: catalogue, row, [bad])
    records.note(lambda: catalogue, [("gpu", "s", b"y.png", 1, 2)], [], [])
    found = records.remembered(catalogue)
    assert found.rows == {wanted.key: row}
    assert found.refused == {("gpu", "s", b"x.png"): bad}
    assert found.overwritten == [("gpu", "s", b"y.png", 1, 2)]
    records.note(lambda: catalogue, [], [("gpu", "s", b"x.png")], [wanted.key])
    found = records.remembered(catalogue)
    assert (found.rows, found.refused) == ({}, {})
    records.keep(lambda: catalogue, row, [], found.overwritten)
    assert records.remembered(catalogue).overwritten == []
    catalogue.close()


def test_places_are_relative_to_the_source(wanted):
    assert records.place_of(wanted, Refused(b"/m/gpu/s/r/x.png", 1, 1, ""), Path("/m")) == b"r/x.png"


def test_frames_are_kept_without_those_that_cannot_be_shown(wanted, tmp_path):
    several = Frame((9,), "step 9", (Picture(b"/m/gpu/s/a", 1, 1), Picture(b"/m/gpu/s/b", 1, 1)), 9)
    wanted = replace(wanted, frames=(*wanted.frames, several))
    done = rendered(wanted, refused=(Refused(b"/m/gpu/s/x", 1, 4, "is no image"),))
    seven, nine = records.frames_of(wanted, done, Look(), Path("/m"))
    assert (seven.step, seven.path, seven.size, seven.mtime_ns) == (7, "gpu/s/x", 1, 7)
    assert (nine.step, nine.label, nine.path) == (9, "step 9", ""), "a grid is no single file"
    assert len({seven.block, seven.thumb, nine.block, nine.thumb}) == 4


def test_no_two_series_share_a_file(tmp_path):
    mirror = tmp_path / "mirror"
    for inside in (
        "tb/exp1/events.out.tfevents.1",
        "tb/exp1/samples/epoch_1.png",
        "samples/exp1/epoch_1.png",
    ):
        (mirror / "gpu" / inside).parent.mkdir(parents=True, exist_ok=True)
        (mirror / "gpu" / inside).write_bytes(b"x")
    inventory = Inventory(mirror, lambda *_: True)
    found = regrouped(inventory, inventory.rescan(), tmp_path, lambda *_: None).series
    foreign, own = sorted(records.apart({}, found, tmp_path), key=lambda one: one.key.name)
    assert (foreign.source, own.source) == ("samples", "tb")
    assert foreign.out.parent == own.out.parent
    assert foreign.out != own.out
    # Who has a name keeps it, whoever is looked at first.
    rows = {
        one.key: records.row_of(one, rendered(one), "", None, HOW, 5.0, tmp_path) for one in (foreign, own)
    }
    for again in (found, found[::-1], found[:1], found[1:]):
        for one in records.apart(rows, again, tmp_path):
            assert os.fsencode(one.out.relative_to(tmp_path)) == rows[one.key].path
    # A series of the same source that is named otherwise now gives its file to another.
    moved = replace(own, out=own.out.with_name("new.gif"))
    heir = replace(own, key=replace(own.key, name=b"heir"))
    assert records.apart(rows, [moved, heir], tmp_path) == [moved, heir]
