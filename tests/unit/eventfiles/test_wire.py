"""Fields as TensorBoard's protobuf classes write them."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event

from expsyncd.eventfiles.wire import fields, varint


def test_the_fields_of_an_event():
    event = Event(wall_time=1.5, step=300, file_version="brain.Event:2")
    assert list(fields(event.SerializeToString())) == [
        (1, struct.pack("<d", 1.5)),
        (2, 300),
        (3, b"brain.Event:2"),
    ]


def test_a_negative_number_is_a_large_one():
    assert list(fields(Event(step=-1).SerializeToString())) == [(2, (1 << 64) - 1)]


def test_what_is_no_message():
    for bad in (b"\x0a\x7fab", b"\x09ab", b"\x0b", b"\x08" + b"\xff" * 11):
        with pytest.raises((ValueError, IndexError)):
            list(fields(bad))
    with pytest.raises(IndexError):
        varint(b"\x80", 0)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_at_all(noise):
    with suppress(ValueError, IndexError):
        assert sum(1 for _ in fields(noise)) <= len(noise)
