import math

import pytest

from expsyncd.state import measured
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.measured import MeasuredRow, ScalarRow, SettingRow

RUN = ("gpu", "logs", b"a\xff")
ROW = MeasuredRow(*RUN, "gpu/a", "tensorboard", "growing", "a point 3 s ago", 1.0, 2.0, 7, 1, 99)


@pytest.fixture
def catalogue(tmp_path):
    found = Catalogue.open(tmp_path / "catalogue.db")
    yield found
    found.close()


def scalar(tag="loss", value=0.5):
    return ScalarRow(*RUN, tag, 3, (0, 1.0, 2.0), (7, 3.0, value), (7, 3.0, 0.5), None)


def test_what_is_put_is_read_again(catalogue):
    settings = [SettingRow(*RUN, "lr", "1e-3", "hparams.yaml")]

    def put(db):
        measured.put_measured(db, [ROW])
        measured.put_settings(db, RUN, settings)
        measured.put_scalars(db, [scalar(), scalar("acc")])
        measured.put_curves(db, [(*RUN, "loss", measured.pack([(0, 1.0, 2.0), (7, 3.0, 0.5)]))])

    catalogue.write(put)
    assert catalogue.read(measured.measured_of, []) == [ROW]
    assert catalogue.read(measured.settings_of, []) == settings
    assert catalogue.read(lambda db: measured.scalars_of(db, RUN, ["loss"]), []) == [scalar()]
    assert len(catalogue.read(measured.scalars_of, [])) == 2
    assert catalogue.read(lambda db: measured.curve_of(db, RUN, "loss"), []) == [(0, 1.0, 2.0), (7, 3.0, 0.5)]
    assert catalogue.read(lambda db: measured.curve_of(db, RUN, "other"), []) == []
    catalogue.write(lambda db: measured.drop_run(db, RUN))
    assert catalogue.read(measured.scalars_of, []) == []


def test_nan_comes_back(catalogue):
    catalogue.write(lambda db: measured.put_scalars(db, [scalar(value=math.nan)]))
    (row,) = catalogue.read(measured.scalars_of, [])
    assert math.isnan(row.last[2])
    assert row.greatest is None
