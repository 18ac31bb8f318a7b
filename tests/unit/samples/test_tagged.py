"""Records written by TensorBoard's own writer and protobuf classes, read by ours."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from expsyncd.samples.decode import Refusal
from expsyncd.samples.tagged import Tagged, picture, scan
from support.pictures import encoded, photo

PNG = [encoded(photo(seed, (40, 32))) for seed in range(3)]


def record(event):
    data = event.SerializeToString()
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked_crc32c(head)) + data + struct.pack("<I", masked_crc32c(data))


def scalar(step):
    return Event(
        wall_time=step, step=step, summary=Summary(value=[Summary.Value(tag="loss", simple_value=1)])
    )


def image(step, tag="fake", png=PNG[0]):
    value = Summary.Value(
        tag=tag, image=Summary.Image(height=1, width=1, colorspace=3, encoded_image_string=png)
    )
    return Event(wall_time=1000.25 + step, step=step, summary=Summary(value=[value]))


def tensor(step, pngs):
    value = Summary.Value(tag="grid")
    value.metadata.plugin_data.plugin_name = "images"
    value.tensor.dtype = 7
    value.tensor.string_val.extend([b"40", b"32", *pngs])
    return Event(wall_time=2000 + step, step=step, summary=Summary(value=[value]))


def test_both_encodings_among_scalars():
    first = record(Event(wall_time=1, file_version="brain.Event:2")) + b"".join(
        record(scalar(n)) for n in range(50)
    )
    whole = first + record(image(5)) + record(scalar(6)) + record(tensor(7, PNG))
    result = scan(io.BytesIO(whole), 0, 1 << 30)
    assert [(one.tag, one.step, one.wall, one.count) for one in result.found] == [
        ("fake", 5, 1005.25, 1),
        ("grid", 7, 2007.0, 3),
    ]
    assert (result.offset, result.broken) == (len(whole), False)
    one, many = result.found
    assert one.offset == len(first)
    assert picture(io.BytesIO(whole), one.offset, one.length, one.wall, "fake", 0) == PNG[0]
    for index in range(3):
        assert picture(io.BytesIO(whole), many.offset, many.length, many.wall, "grid", index) == PNG[index]


def test_a_record_that_is_not_whole_yet_waits():
    whole = record(scalar(1)) + record(image(2))
    for cut in range(len(record(scalar(1))), len(whole)):
        result = scan(io.BytesIO(whole[:cut]), 0, 1 << 30)
        assert (result.found, result.offset) == ([], len(record(scalar(1))))
    assert len(scan(io.BytesIO(whole), result.offset, 1 << 30).found) == 1


def test_it_stops_after_a_piece_and_goes_on():
    whole = b"".join(record(image(n)) for n in range(5))
    offset, found = 0, list[Tagged]()
    while offset < len(whole):
        result = scan(io.BytesIO(whole), offset, 1)
        offset, found = result.offset, found + result.found
    assert [one.step for one in found] == [0, 1, 2, 3, 4]


def test_what_is_no_record_is_broken_and_no_length_is_believed():
    giant = struct.pack("<Q", 1 << 40)
    for data in (b"\0" * 100, b"text " * 40, giant + b"\0" * 50):
        assert scan(io.BytesIO(data), 0, 1 << 30).broken
    honest = giant + struct.pack("<I", masked_crc32c(giant)) + b"\0" * 100
    assert scan(io.BytesIO(honest), 0, 1 << 30).offset == 0


def test_a_file_that_was_replaced_shows_no_other_picture():
    whole, other = record(image(1)), record(image(2))
    (one,) = scan(io.BytesIO(whole), 0, 1 << 30).found
    for data in (other, b"", whole[:-5], b"\0" * len(whole)):
        with pytest.raises(Refusal, match="replaced"):
            picture(io.BytesIO(data), one.offset, one.length, one.wall, "fake", 0)


@given(st.binary(max_size=400), st.integers(0, 400))
def test_any_bytes_at_all(noise, cut):
    good = record(image(1))
    head = struct.pack("<Q", len(noise))
    framed = head + struct.pack("<I", masked_crc32c(head)) + noise + b"\0\0\0\0"
    for data in (noise, good[:cut] + noise, framed + good):
        result = scan(io.BytesIO(data), 0, 1 << 30)
        assert result.offset <= len(data)


@pytest.mark.parametrize("wall", [float("nan"), float("inf"), -float("inf"), 1e300, 1e11, -5.0])
def test_what_is_no_time_is_the_beginning_and_its_picture_is_shown(wall):
    event = image(3)
    event.wall_time = wall
    file = io.BytesIO(record(event))
    (one,) = scan(file, 0, 1 << 30).found
    assert one.wall == 0.0
    assert picture(file, one.offset, one.length, one.wall, "fake", 0) == PNG[0]
