import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.cli.runs_view.event_ends import PIECE, part_of
from expsyncd.cli.runs_view.resumed import Part
from expsyncd.eventfiles.framing import framed


def event(step, wall, size=10):
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    value = Summary.Value(tag="x" * size, simple_value=0.5)
    return framed(Event(step=step, wall_time=wall, summary=Summary(value=[value])).SerializeToString())


def version():
    from tensorboard.compat.proto.event_pb2 import Event

    return framed(Event(file_version="brain.Event:2", wall_time=1.0).SerializeToString())


@pytest.fixture
def file(tmp_path):
    return tmp_path / "events.out.tfevents.1"


def ends(file, data):
    file.write_bytes(data)
    return part_of(os.fsencode(file))


def test_both_ends(file):
    name = os.fsencode(file.name)
    few = version() + event(60, 5.0) + event(61, 6.0)
    assert ends(file, few) == Part(name, (60, 5.0), (61, 6.0))
    assert ends(file, few + event(62, 7.0)[:-9]) == Part(name, (60, 5.0), (61, 6.0))  # still being written
    assert ends(file, version() + event(-1, 5.0)) == Part(name, (-1, 5.0), (-1, 5.0))
    assert ends(file, few + b"\0" * 999 + event(63, 8.0)) == Part(name, (60, 5.0), (63, 8.0))


def test_of_a_long_file_the_ends_are_enough(file):
    many = b"".join(event(step, float(step), 1000) for step in range(2000))
    assert len(many) > 4 * PIECE
    assert ends(file, version() + many) == Part(os.fsencode(file.name), (0, 0.0), (1999, 1999.0))


def test_what_has_no_points(file, tmp_path):
    assert ends(file, b"") is None
    assert ends(file, version()) is None
    assert part_of(os.fsencode(tmp_path / "absent")) is None
    (tmp_path / "link").symlink_to(file)
    assert part_of(os.fsencode(tmp_path / "link")) is None
    os.mkfifo(tmp_path / "pipe")
    assert part_of(os.fsencode(tmp_path / "pipe")) is None


@given(st.lists(st.binary(max_size=60)), st.binary(max_size=60))
def test_any_bytes(tmp_path_factory, records, rest):
    file = tmp_path_factory.mktemp("f") / "f"
    ends(file, b"".join(map(framed, records)) + rest)
    ends(file, struct.pack("<Q", 1 << 40) + rest)
