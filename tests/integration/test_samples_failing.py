"""The renderer is started again after a failure, such as a disk that is full: no frame is lost, none is twice."""

import asyncio
import os
from datetime import UTC, datetime

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from expsyncd.clock import SystemClock
from expsyncd.config.model import Config
from expsyncd.eventfiles.framing import framed
from expsyncd.mirror.batch import Batch
from expsyncd.paths import RootPaths
from expsyncd.samples.darkroom import Darkroom
from expsyncd.samples.renderer import Renderer
from expsyncd.samples.rules import Rules
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.series import read_series
from expsyncd.state.sqlite import DamagedError
from expsyncd.state.status import ConfigState, RootState, Snapshot
from expsyncd.state.thread import DatabaseThread
from expsyncd.state.tracker import Tracker
from expsyncd.supervise import keep
from support.pictures import encoded, photo
from support.wait import eventually

WITHIN_S = 20


class Rendering:
    """The service over a folder; `fails`: how often the catalogue cannot be used from now on."""

    def __init__(self, folder, thread, catalogue) -> None:
        self.root = RootPaths(folder)
        self.run = folder / "mirror" / "gpu" / "exp" / "a"
        self.run.mkdir(parents=True)
        self.fails = 0
        self.thread = thread
        self.catalogue = catalogue
        self._file = folder / "catalogue.db"
        now = datetime.now(UTC)
        self.tracker = Tracker(Snapshot("0", 1, now, ConfigState("hosts.yaml", now), RootState(str(folder))))
        self.renderer = Renderer(
            self.root, Rules(Config()), Darkroom(folder / "cache", 10**9), self.tracker, thread,
            self._opened, SystemClock(), lambda: True,
        )  # fmt: skip

    def _opened(self):
        if self.fails:
            self.fails -= 1
            raise OSError(28, "No space left on device")
        return self.catalogue

    def put(self, name, data):
        """Write a file, and tell."""
        path = self.run / name
        path.write_bytes(data)
        self.renderer.batch(Batch(frozenset({os.fsencode(path)})))

    async def frames(self, series, count):
        """Wait until a series has so many frames, and no more."""

        def there():
            rows, _ = read_series(self._file)
            return {row.name: row.frames for row in rows}.get(series)

        await eventually(lambda: there() == count, WITHIN_S, f"{count} frames, now {there()}")


@pytest.fixture
async def place(tmp_path):
    thread = DatabaseThread()
    catalogue = await thread.run(Catalogue.open, tmp_path / "catalogue.db")
    place = Rendering(tmp_path, thread, catalogue)
    serving = keep("samples", place.renderer.run, first_s=0.01)
    task = asyncio.get_running_loop().create_task(serving, name="samples")
    yield place
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await thread.run(catalogue.close)
    await thread.close()


async def test_contents_of_a_name_are_counted_once_and_none_is_lost(place):
    for seed in range(5):
        place.fails = int(seed >= 2)
        place.put("now.png", encoded(photo(seed)))
        await place.frames(b"now.png", seed + 1)
    assert place.fails == 0


async def test_a_catalogue_that_was_made_anew_has_all_series_again(place):
    for name in ("one.png", "other.png"):
        for seed in (1, 2):
            place.put(name, encoded(photo(seed)))
            await place.frames(name.encode(), seed)
    for name in ("one", "other"):  # drawn when nothing else is to do, and told again then
        sheet = place.root.animations / "gpu" / "exp" / "a" / f"{name}.sheet.png"
        await eventually(sheet.exists, WITHIN_S)
    damage = DamagedError("the catalogue is damaged", "")
    await place.thread.run(place.catalogue._rebuild, damage)
    place.put("one.png", encoded(photo(3)))
    await place.frames(b"one.png", 3)
    await place.frames(b"other.png", 2)
    place.put("other.png", encoded(photo(4)))
    await place.frames(b"other.png", 3)


async def test_images_of_event_files_are_counted_once_and_none_is_lost(place):
    data = b""
    for step in range(4):
        image = Summary.Image(height=8, width=8, colorspace=3, encoded_image_string=encoded(photo(step)))
        value = Summary.Value(tag="fake", image=image)
        event = Event(wall_time=1e9 + step, step=step, summary=Summary(value=[value]))
        data += framed(event.SerializeToString())
        place.fails = int(step >= 1)
        place.put("events.out.tfevents.1.h", data)
        await place.frames(b"tag://fake", step + 1)
    assert place.fails == 0
