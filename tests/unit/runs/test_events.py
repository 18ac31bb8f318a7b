"""Event files by TensorBoard's classes, read by ours; and that the quick way reads what their classes read."""

import io
import math
import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.util.tensor_util import make_tensor_proto

from expsyncd.eventfiles.framing import framed
from expsyncd.runs.events import LARGEST, TAG_LONGEST, TAGS_MOST, gaps, news, read


def scalar(tag, step, value, wall=None):
    return Event(
        wall_time=1000.0 + step if wall is None else wall,
        step=step,
        summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]),
    )


def tensor(tag, step, value, *, plugin="scalars", double=False):
    one = Summary.Value(tag=tag, tensor=make_tensor_proto(value, dtype="float64" if double else "float32"))
    one.metadata.plugin_data.plugin_name = plugin
    return Event(wall_time=1000.0 + step, step=step, summary=Summary(value=[one]))


def record(event):
    return framed(event.SerializeToString())


def points(data, **given_words):
    found = read(io.BytesIO(data), 0, {}, **given_words)
    return {
        tag: list(zip(those.steps, those.walls, those.values, strict=True))
        for tag, those in found.points.items()
    }


def by_their_classes(events):
    found = dict[str, list[tuple[int, float, float]]]()
    for event in events:
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, event.wall_time, value.simple_value))
    return found


def test_both_encodings():
    data = record(Event(wall_time=1, file_version="brain.Event:2")) + b"".join(
        record(event)
        for step in range(300)
        for event in (
            scalar("a", step, step / 4),
            tensor("b", step, 0.5),
            tensor("c", step, 0.1, double=True),
        )
    )
    found = points(data)
    assert found["a"] == [(step, 1000.0 + step, step / 4) for step in range(300)]
    assert found["b"] == [(step, 1000.0 + step, 0.5) for step in range(300)]
    assert found["c"] == [(step, 1000.0 + step, 0.1) for step in range(300)]


def test_steps_of_every_length_and_none():
    steps = [0, 1, 127, 128, 16_383, 16_384, (1 << 63) - 1, -1, -(1 << 63)]
    found = points(b"".join(record(scalar("a", step, 1.0, wall=5.0)) for step in steps))
    assert found["a"] == [(step, 5.0, 1.0) for step in steps]


def test_values_that_are_no_numbers():
    values = [1.0, math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0]
    found = points(b"".join(record(scalar("a", n, value)) for n, value in enumerate(values)))["a"]
    assert [repr(value) for _, _, value in found] == [repr(value) for value in values]


def test_a_metric_that_says_its_metadata_once():
    later = Summary.Value(tag="a", tensor=make_tensor_proto(2.0, dtype="float32"))
    stranger = Summary.Value(tag="b", tensor=make_tensor_proto(2.0, dtype="float32"))
    data = record(tensor("a", 1, 1.0)) + record(
        Event(wall_time=7, step=2, summary=Summary(value=[later, stranger]))
    )
    assert points(data) == {"a": [(1, 1001.0, 1.0), (2, 7.0, 2.0)]}


def test_what_is_no_scalar():
    picture = Summary.Value(tag="i", image=Summary.Image(encoded_image_string=b"\x89PNG" * 100))
    events = [
        Event(wall_time=1, step=1, summary=Summary(value=[picture])),
        tensor("h", 1, [1.0, 2.0], plugin="histograms"),
        tensor("p", 1, 1.0, plugin="pr_curves"),
        Event(wall_time=1, step=1, session_log=SessionLog(status=SessionLog.START)),
        Event(wall_time=1),
    ]
    found = read(io.BytesIO(b"".join(map(record, events))), 0, {})
    assert (found.points, found.unread, found.damaged) == ({}, 0, None)


def test_pieces_join_whatever_their_size():
    events = [scalar(tag, step, step) for step in range(200) for tag in ("a", "b/c")]
    data = b"".join(map(record, events))
    offset, steps = 0, []
    while offset < len(data):
        found = read(io.BytesIO(data), offset, {}, piece=100)
        assert found.offset > offset
        offset = found.offset
        steps += found.points["a"].steps if "a" in found.points else []
    assert steps == list(range(200))


def test_a_record_larger_than_the_piece_and_one_larger_than_is_read():
    large = Event(wall_time=1, step=5, summary=Summary(value=[
        Summary.Value(tag="i", image=Summary.Image(encoded_image_string=bytes(5000))),
        Summary.Value(tag="a", simple_value=3.0),
    ]))  # fmt: skip
    data = record(large)
    found = read(io.BytesIO(data), 0, {}, piece=64)
    assert (found.offset, found.points["a"].values) == (len(data), [3.0])
    head = framed(b"")[:0] + struct.pack("<Q", LARGEST + 1)
    from expsyncd.eventfiles.framing import masked_crc

    giant = head + struct.pack("<I", masked_crc(head)) + bytes(LARGEST + 1 + 4)
    whole = giant + record(scalar("a", 1, 1.0))
    found = read(io.BytesIO(whole), 0, {}, piece=64)
    assert (found.offset, found.more) == (len(giant), True)
    assert read(io.BytesIO(whole), found.offset, {}).points["a"].steps == [1]


def test_a_torn_tail_waits_at_every_byte():
    first, second = record(scalar("a", 1, 1.0)), record(scalar("a", 2, 2.0))
    for cut in range(len(second)):
        found = read(io.BytesIO(first + second[:cut]), 0, {})
        assert (found.offset, found.damaged, found.points["a"].steps) == (len(first), None, [1])


def test_it_reads_on_behind_damage():
    good = [record(scalar("a", step, 1.0)) for step in range(4)]
    for noise in (b"\xff", b"text " * 50, b"\0" * 40, good[1][:20], b"\x01" * 11):
        data = good[0] + noise + good[2] + good[3]
        found = read(io.BytesIO(data), 0, {})
        assert found.points["a"].steps == [0, 2, 3], noise
        assert found.damaged == (len(good[0]), len(noise))
        assert found.offset == len(data)


def test_damage_at_the_end_is_passed_once_and_zeros_there_wait():
    good = record(scalar("a", 1, 1.0))
    found = read(io.BytesIO(good + b"\xff" * 100), 0, {})
    assert found.damaged == (len(good), 89)
    assert (found.offset, found.more) == (len(good) + 89, False)
    again = read(io.BytesIO(good + b"\xff" * 100 + record(scalar("a", 2, 1.0))), found.offset, {})
    assert (again.points["a"].steps, again.damaged) == ([2], (len(good) + 89, 11))
    hole = read(io.BytesIO(good + bytes(5000)), 0, {})
    assert (hole.offset, hole.damaged, hole.more) == (len(good), None, False)


def test_a_little_noise_before_zeros_waits():
    good = record(scalar("a", 1, 1.0))
    for noise in range(1, 14):
        found = read(io.BytesIO(good + b"\x07" * noise + bytes(20)), 0, {})
        assert len(good) <= found.offset <= len(good) + noise
        assert not found.more


def test_damage_inside_a_record_costs_that_record():
    bad = bytearray(record(scalar("a", 2, 1.0)))
    bad[12:20] = b"\xff" * 8
    data = record(scalar("a", 1, 1.0)) + bytes(bad) + record(scalar("a", 3, 1.0))
    found = read(io.BytesIO(data), 0, {})
    assert (found.points["a"].steps, found.unread) == ([1, 3], 1)


def test_a_length_that_lies_costs_nothing():
    from expsyncd.eventfiles.framing import masked_crc

    head = struct.pack("<Q", (1 << 31) - 1)
    found = read(io.BytesIO(head + struct.pack("<I", masked_crc(head)) + b"x" * 50), 0, {})
    assert (found.offset, found.more) == (0, False)


def test_tags_are_bounded():
    data = b"".join(record(scalar(f"t{n}", 1, 1.0)) for n in range(TAGS_MOST + 5))
    found = read(io.BytesIO(data), 0, {})
    assert (len(found.points), found.tags_left_out) == (TAGS_MOST, 5)
    found = read(io.BytesIO(record(scalar("x" * (TAG_LONGEST + 1), 1, 1.0))), 0, {})
    assert (found.points, found.tags_left_out) == ({}, 1)
    known = {f"k{n}": 0 for n in range(TAGS_MOST)}
    data = record(scalar("k1", 1, 1.0)) + record(scalar("new", 1, 1.0))
    assert set(read(io.BytesIO(data), 0, known).points) == {"k1"}


def test_times_that_are_none_are_not_known():
    found = read(io.BytesIO(record(scalar("a", 1, 1.0, wall=math.nan))), 0, {})
    assert news(found, {})["a"].tally.first == (1, 0.0, 1.0)


def test_gaps():
    assert gaps([10.0, 12.0, 12.0, 11.0, 14.0], 9.0) == {0: (1, 1.0), 1: (2, 5.0)}
    assert gaps([5.0], None) == {}
    assert gaps([1.0, math.inf, math.nan, 1e300], None) == {}


events = st.lists(
    st.builds(
        Event,
        wall_time=st.floats(allow_nan=False),
        step=st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(0, 300),
        summary=st.builds(
            Summary,
            value=st.lists(
                st.builds(
                    Summary.Value,
                    tag=st.sampled_from(["a", "b", "loss/train", "ü"]),
                    simple_value=st.floats(width=32, allow_nan=False),
                ),
                max_size=2,
            ),
        ),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(events)
def test_the_quick_way_reads_what_their_classes_read(given_events):
    assert points(b"".join(map(record, given_events))) == by_their_classes(given_events)


@settings(deadline=None)
@given(st.binary(max_size=300), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8))
def test_any_bytes_at_all(noise, flips):
    data = bytearray(
        record(scalar("a", 1, 1.0))
        + record(tensor("b", 2, 1.0))
        + framed(noise)
        + noise
        + record(scalar("a", 3, 1.0))
    )
    for at, byte in flips:
        data[at % len(data)] = byte
    offset = 0
    for _ in range(20):
        found = read(io.BytesIO(bytes(data)), offset, {}, piece=64)
        assert offset <= found.offset <= len(data)
        offset = found.offset
        if not found.more:
            break
    else:
        raise AssertionError("it does not come to an end")
    news(found, {})
