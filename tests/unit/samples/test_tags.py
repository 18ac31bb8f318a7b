"""Image tags of event files, found by a child that may die; the real one is in integration/test_darkroom."""

from pathlib import Path

from expsyncd.samples.tags import Tags

FILE = ("gpu", "tb", b"a/events.out.tfevents.1")
FOUND = {"scanned": 100, "broken": False, "found": [["fake", 1, 5.0, 0, 90, 1]]}


class Child:
    """Gives these answers, None for a death."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def scan(self, path, offset):
        del path, offset
        return self.answers.pop(0)


class Thread:
    async def run(self, work, *words):
        return work(*words)


class Catalogue:
    def write(self, work):
        """Keeps nothing."""


async def looks(tags):
    count = 0
    while tags.waiting:
        await tags.look(Thread(), Catalogue)
        count += 1
    return count


async def test_a_file_whose_child_died_is_looked_at_once_more():
    tags = Tags(Path("/m"), Child(None, FOUND))
    tags.noticed([(*FILE, 100)])
    assert await looks(tags) == 2
    (series,) = tags.series(("gpu", "tb", b"a"), Path("/animations"))
    assert [frame.step for frame in series.frames] == [1]


async def test_a_second_death_is_the_files_until_it_changes():
    tags = Tags(Path("/m"), Child(None, None, None, FOUND))
    tags.noticed([(*FILE, 90)])
    assert await looks(tags) == 2
    assert tags.runs == []
    tags.noticed([(*FILE, 100)])
    assert await looks(tags) == 2
    assert tags.runs == [("gpu", "tb", b"a")]
