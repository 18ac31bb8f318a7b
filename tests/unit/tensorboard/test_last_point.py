"""The last scalar of an event file, whatever stands before it or is torn behind it."""

from __future__ import annotations

import os

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from expsyncd.eventfiles.framing import framed
from expsyncd.tensorboard.last_point import END, last_point


def record(tag, step):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=0.5)])
    return framed(Event(wall_time=1.0, step=step, summary=summary).SerializeToString())


HEAD = framed(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", None),
        (HEAD, None),
        (HEAD + record("loss", 0), ("loss", 0)),
        (HEAD + record("loss", 1) + record("train/acc", 7), ("train/acc", 7)),
        (HEAD + record("loss", 1) + record("loss", 2)[:-3], ("loss", 1)),
        (os.urandom(END) + record("loss", 1) + record("loss", 2), ("loss", 2)),
        (HEAD + record("loss", 3) + framed(b"\xff\xff no event"), ("loss", 3)),
        (b"\0" * 1000, None),
    ],
    ids=["empty", "head", "first", "two", "torn", "long", "foreign", "zeros"],
)
def test_last_point(tmp_path, content, found):
    file = tmp_path / "events.out.tfevents.1"
    file.write_bytes(content)
    assert last_point(file) == found
