"""Runs as the commands show them, from real event files through the real daemon."""

from __future__ import annotations

import csv
import io
import json

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from expsyncd.eventfiles.framing import framed
from support.place import Place
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def place(make_sshd):
    sshd = make_sshd()
    place = Place(sshd.options, sshd.alias)
    place.configure(interval="1s")
    yield place
    place.close()


def event(step, wall, **values):
    summary = [Summary.Value(tag=tag.replace("__", "/"), simple_value=value) for tag, value in values.items()]
    return framed(Event(wall_time=wall, step=step, summary=Summary(value=summary)).SerializeToString())


def trained(folder, settings, *parts):
    """A run as a training leaves it: a settings file, and an event file for each part."""
    folder.mkdir(parents=True)
    (folder / "hparams.yaml").write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))
    for number, events in enumerate(parts, start=1):
        (folder / f"events.out.tfevents.{number}.gpu").write_bytes(b"".join(events))


def runs(place):
    return json.loads(place.run("runs", "--json", "--sort", "name", check=False).stdout or "[]")


def test_what_was_trained_and_what_came_of_it(place):
    trained(
        place.remote / "gan" / "a",
        {"lr": "1.0e-3", "model": "unet"},
        [event(step, 1000.0 + step, val__loss=2.0 - step / 100, lr=0.1) for step in range(101)],
        [event(step, 5000.0 + step, val__loss=0.5) for step in range(60, 121)],
    )
    trained(place.remote / "gan" / "b", {"lr": "1.0e-4", "model": "unet"}, [event(5, 1000.0, val__loss=0.75)])
    place.start()
    until(
        lambda: (
            [(one["name"], one["step"], len(one["settings"])) for one in runs(place)]
            == [("gpu/gan/a", 120, 2), ("gpu/gan/b", 5, 2)]
        ),
        30,
    )

    a, b = runs(place)
    assert a["metrics"]["val/loss"]["last"] == {"step": 120, "at": "1970-01-01T01:25:20.000Z", "value": 0.5}
    assert b["settings"]["model"] == "unet"
    (found,) = json.loads(place.run("runs", "--where", "lr=1e-3", "--json").stdout)
    assert found["name"] == "gpu/gan/a"
    rows = [line.split() for line in place.run("runs", "--sort", "-val/loss").stdout.splitlines()]
    assert (rows[0][1], rows[0][4:]) == ("RUN", ["val/loss", "lr"])
    assert [row[1] for row in rows[1:3]] == ["gpu/gan/b", "gpu/gan/a"]
    assert [row[4] for row in rows[1:3]] == ["0.75", "0.5"]
    assert rows[3:] == [[], ["2", "runs"]]

    assert place.run("note", "gan/a", "the", "first").stdout == "gpu/gan/a: noted\n"
    page = place.run("show", "gan/a").stdout
    assert "note: the first\n" in page
    told = "events.out.tfevents.2.gpu begins at step 60, after an earlier file had come to 100"
    assert told in " ".join(page.split())
    assert ["val/loss", "0.5", "0.5", "least,", "at"] in [line.split()[:5] for line in page.splitlines()]
    assert max(map(len, page.splitlines())) <= 80
    compared = [line.split() for line in place.run("diff", "gan/a", "gan/b").stdout.splitlines()]
    assert ["model", "unet", "unet"] not in compared
    assert [row[2:] for row in compared if row[:2] == ["val/loss", "last"]] == [["0.5*", "0.75"]]
    table = list(csv.DictReader(io.StringIO(place.run("export").stdout)))
    assert {(row["name"], row["last:val/loss"], row["note"]) for row in table} == {
        ("gpu/gan/a", "0.5", "the first"),
        ("gpu/gan/b", "0.75", ""),
    }

    place.stop()
    assert place.run("runs", "gan/b").stdout.endswith(
        "expsyncd is not running: states are as it saw them last\n"
    )
    assert place.run("tag", "gan/*", "paper").stdout == "2 runs: done\n"
    assert [one["tags"] for one in runs(place)] == [["paper"], ["paper"]]
