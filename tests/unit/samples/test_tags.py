"""Image tags of event files, found by a child that may die; the real one is in integration/test_darkroom."""

import io
from dataclasses import astuple
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from expsyncd.eventfiles.framing import framed
from expsyncd.samples.tagged import scan
from expsyncd.samples.tags import Tags

FILE = ("gpu", "tb", b"a/events.out.tfevents.1")
FOUND = {"scanned": 100, "broken": False, "found": [["fake", 1, 5.0, 0, 90, 1]]}


class Child:
    """Gives these answers, None for a death."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def scan(self, path, offset, *, over=False):
        del path, offset, over
        return self.answers.pop(0)


class Reading:
    """Looks into these bytes, a few at once."""

    def __init__(self, data=b""):
        self.data = data
        self.begins = []

    async def scan(self, path, offset, *, over=False):
        del path
        self.begins.append(offset)
        found = scan(io.BytesIO(self.data), offset, 300, over=over)
        return {
            "scanned": found.offset,
            "broken": found.broken,
            "found": [astuple(one) for one in found.found],
        }


class Thread:
    async def run(self, work, *words):
        return work(*words)


class Catalogue:
    def write(self, work):
        """Keeps nothing."""


def looking(child: Any) -> Tags:
    return Tags(Path("/m"), child)


async def looks(tags):
    count = 0
    while tags.waiting:
        await tags.look(Thread(), Catalogue)
        count += 1
        assert count < 20
    return count


async def test_a_file_whose_child_died_is_looked_at_once_more():
    tags = looking(Child(None, FOUND))
    tags.noticed([(*FILE, 100)])
    assert await looks(tags) == 2
    (series,) = tags.series(("gpu", "tb", b"a"), Path("/animations"))
    assert [frame.step for frame in series.frames] == [1]


async def test_a_second_death_is_the_files_until_it_changes():
    tags = looking(Child(None, None, None, FOUND))
    tags.noticed([(*FILE, 90)])
    assert await looks(tags) == 2
    assert tags.runs == []
    tags.noticed([(*FILE, 100)])
    assert await looks(tags) == 2
    assert tags.runs == [("gpu", "tb", b"a")]


def record(step):
    value = Summary.Value(tag="fake", image=Summary.Image(encoded_image_string=b"\x89PNG" + b"x" * 150))
    event = Event(wall_time=1e9 + step, step=step, summary=Summary(value=[value]))
    return framed(event.SerializeToString())


async def told(tags, child, data):
    """The steps that are known after the file has become `data`."""
    child.data = data
    tags.noticed([(*FILE, len(data))])
    await looks(tags)
    return [frame.step for one in tags.series(("gpu", "tb", b"a"), Path("/a")) for frame in one.frames]


async def test_images_behind_damage_are_found_and_those_before_it_stay():
    child = Reading()
    tags = looking(child)
    data = record(1) + record(2) + b"\xff" * 500
    assert await told(tags, child, data) == [1, 2]
    data += record(3) + record(4)
    assert await told(tags, child, data) == [1, 2, 3, 4]
    child.begins.clear()
    data += record(5) + b"damage" * 9 + record(6)
    assert await told(tags, child, data) == [1, 2, 3, 4, 5, 6]
    assert 0 not in child.begins, "what was looked through is not looked through again"
    assert await told(tags, child, b"nothing at all" * 9) == []


async def test_a_file_that_was_replaced_is_looked_through_from_its_beginning():
    child = Reading()
    tags = looking(child)
    assert await told(tags, child, record(1) + record(2)) == [1, 2]
    assert await told(tags, child, b"x" * 7 + record(7) + record(8) + record(9)) == [7, 8, 9]
