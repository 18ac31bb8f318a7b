"""From a value on a host to the catalogue and status, by the real daemon."""

import json
import os
import time

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from expsyncd.state import measured
from expsyncd.state.sqlite import open_reader
from support.place import Place
from support.wait import until

WITHIN_S = 30


@pytest.fixture
def place(sshd):
    place = Place(sshd.options, sshd.alias)
    place.configure(interval="1s")
    yield place
    place.close()


def scalar(step, value):
    return Event(
        wall_time=1e9 + step,
        step=step,
        summary=Summary(value=[Summary.Value(tag="loss", simple_value=value)]),
    )


def rows(place):
    (catalogue,) = place.base.rglob("catalogue.db")
    db = open_reader(catalogue)
    try:
        return {row.name: row for row in measured.measured_of(db)}
    finally:
        db.close()


def test_a_value_on_the_host_is_in_the_catalogue(place):
    writer = EventFileWriter(str(place.remote / "a"), flush_secs=1)
    writer.add_event(scalar(1, 0.5))
    writer.flush()
    (place.remote / "a" / "hparams.yaml").write_text("lr: 1e-3\n")
    place.start()
    until(lambda: "gpu/a" in rows(place), WITHIN_S)
    assert rows(place)["gpu/a"].state == "growing"
    writer.add_event(scalar(2, 0.25))
    writer.close()
    until(lambda: rows(place)["gpu/a"].step == 2, WITHIN_S)
    until(lambda: place.status()["runs"] == {"total": 1, "growing": 1, "stalled": 0, "failed": 0}, WITHIN_S)
    until(lambda: "runs     1, 1 growing" in place.run("status").stdout, WITHIN_S)
    shown = json.loads(place.run("runs", "--json").stdout)
    assert "gpu/a" in json.dumps(shown)


def test_another_patience_is_applied(place):
    writer = EventFileWriter(str(place.remote / "a"), flush_secs=1)
    writer.add_event(scalar(1, 0.5))
    writer.close()
    (file,) = (place.remote / "a").iterdir()
    # Of an unknown rhythm: five times two minutes are not over, twice two minutes are.
    os.utime(file, (time.time() - 400, time.time() - 400))
    place.start()
    until(lambda: "gpu/a" in rows(place) and rows(place)["gpu/a"].state == "growing", WITHIN_S)
    place.config_file.write_text(f"runs: {{stalled_after: 2}}\n{place.config_file.read_text()}")
    until(lambda: rows(place)["gpu/a"].state == "stalled", WITHIN_S)
    assert "nothing says that it ended" in rows(place)["gpu/a"].why
