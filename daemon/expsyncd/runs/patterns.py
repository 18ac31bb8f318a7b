"""Scalars out of summaries: by TensorBoard's classes, and quicker where a record looks like one before.

A pattern is a record without its time, step and value. That a value stands where we think it does is proved
once for each pattern: another value is put there, and TensorBoard's classes must then read that one.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.util import tensor_util

if TYPE_CHECKING:
    from expsyncd.runs.events import Points

PATTERNS_MOST = 20_000  # a hostile file may have another tag in each record
SCALARS = "scalars"
TENSOR_LARGEST = 16  # bytes of the one number in it
_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")


class Place(NamedTuple):
    """Where the value stands: how many bytes follow it, and its format."""

    after: int
    format: struct.Struct


class Patterns:
    """Of one file; `find` is called for each record, so it does the least there can be done."""

    def __init__(self) -> None:
        self._points: dict[tuple[bytes, bytes], Points] = {}
        self._places: dict[int, list[Place]] = {}

    def find(self, data: bytes, begin: int, end: int) -> tuple[Points, float] | None:
        """The points that a record belongs to and its value; `begin`: after the step."""
        for after, form in self._places.get(end - begin, ()):
            stop = end - after
            start = stop - form.size
            points = self._points.get((data[begin:start], data[stop:end]))
            if points is not None:
                return points, form.unpack_from(data, start)[0]
        return None

    def learn(self, rest: bytes, place: Place, points: Points) -> None:
        """Records like this one, `rest` of it after the step, belong to `points`."""
        if len(self._points) >= PATTERNS_MOST:
            self._points.clear()
            self._places.clear()
        places = self._places.setdefault(len(rest), [])
        if place not in places:
            places.append(place)
        stop = len(rest) - place.after
        self._points[rest[: stop - place.format.size], rest[stop:]] = points


def scalar_of(value: Any, *, known: bool) -> float | None:
    """The number of a Summary.Value that is a scalar; `known`: its tag is one of scalars.

    TensorFlow 2 writes scalars as tensors and says so in the metadata, in the first record at least.
    """
    if value.HasField("simple_value"):
        return float(value.simple_value)
    if not value.HasField("tensor"):
        return None
    plugin = value.metadata.plugin_data.plugin_name
    if plugin != SCALARS and (plugin or not known):
        return None
    tensor = value.tensor
    if any(dimension.size != 1 for dimension in tensor.tensor_shape.dim) or tensor.ByteSize() > 1000:
        return None
    try:
        array = tensor_util.make_ndarray(tensor)
        return float(array.item()) if np.issubdtype(array.dtype, np.number) and array.size == 1 else None
    except (TypeError, ValueError, OverflowError, KeyError):  # KeyError: resources, variants
        return None


def place_of_value(record: bytes, begin: int, value: float | None) -> Place | None:
    """Where the value of a record with one scalar stands, from `begin` on. None: not found for sure."""
    if value is None or math.isnan(value):
        return None
    for form, other in ((_FLOAT, 0.1), (_DOUBLE, 0.2)):
        try:
            sought, instead = form.pack(value), form.pack(other if value != other else 0.3)
        except OverflowError:
            continue
        at = record.rfind(sought, begin)
        if at >= 0 and _reads(record[:at] + instead + record[at + form.size :], form.unpack(instead)[0]):
            return Place(len(record) - at - form.size, form)
    return None


def _reads(record: bytes, value: float) -> bool:
    try:
        (found,) = Event.FromString(record).summary.value
    except (DecodeError, ValueError):
        return False
    return scalar_of(found, known=True) == value
