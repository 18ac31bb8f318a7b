"""Where a value stands is proved, never guessed."""

import math

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.util.tensor_util import make_tensor_proto

from expsyncd.runs.events import Points
from expsyncd.runs.patterns import PATTERNS_MOST, Patterns, place_of_value, scalar_of


def simple(value, **more):
    return Event(
        wall_time=1.0, step=3, summary=Summary(value=[Summary.Value(tag="a", simple_value=value, **more)])
    )


def test_the_place_of_a_value():
    record = simple(0.75).SerializeToString()
    place = place_of_value(record, 11, 0.75)
    assert (place.after, place.format.size) == (0, 4)
    one = Summary.Value(tag="a", tensor=make_tensor_proto(0.75, dtype="float64"))
    one.metadata.plugin_data.plugin_name = "scalars"
    record = Event(wall_time=1.0, step=3, summary=Summary(value=[one])).SerializeToString()
    place = place_of_value(record, 11, 0.75)
    assert (place.after > 8, place.format.size) == (True, 8)


def test_a_value_that_only_looks_like_it_is_not_taken():
    # The bytes of 0.75 stand in the tag as well; only those that the classes read are the value.
    record = Event(
        wall_time=1.0, summary=Summary(value=[Summary.Value(tag="\x00\x00@?", simple_value=0.75)])
    ).SerializeToString()
    place = place_of_value(record, 9, 0.75)
    assert place.after == 0
    assert place_of_value(record, 9, 0.5) is None
    assert place_of_value(record, 9, math.nan) is None


def test_scalars_of_other_kinds():
    def of(value, plugin="scalars"):
        one = Summary.Value(tag="a", tensor=make_tensor_proto(value))
        one.metadata.plugin_data.plugin_name = plugin
        return scalar_of(one, known=False)

    assert of(3) == 3.0
    assert of([[2.5]]) == 2.5
    assert of([1.0, 2.0]) is None
    assert of("text") is None
    assert of(1.0, plugin="histograms") is None
    assert scalar_of(Summary.Value(tag="a"), known=True) is None


def test_patterns_are_bounded():
    patterns = Patterns()
    place = place_of_value(simple(0.75).SerializeToString(), 11, 0.75)
    assert place is not None
    for number in range(PATTERNS_MOST + 10):
        patterns.learn(b"%08d1234" % number, place, Points())
    assert len(patterns._points) <= PATTERNS_MOST


@pytest.mark.parametrize("kind", [0, 7, 20, 21, 120, 121, 999])
def test_a_tensor_of_a_kind_that_holds_no_numbers_is_no_scalar(kind):
    value = Summary.Value(tag="odd")
    value.metadata.plugin_data.plugin_name = "scalars"
    value.tensor.dtype = kind
    value.tensor.tensor_shape.SetInParent()
    value.tensor.tensor_content = b"12345678"
    assert scalar_of(value, known=True) is None
