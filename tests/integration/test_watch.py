import asyncio
import errno
import logging
import sys
import threading
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from expsyncd.mirror.batch import Batch
from expsyncd.mirror.tree import Tree, TreeObserver
from expsyncd.mirror.watch import MISSING, MirrorWatch
from expsyncd.process import run
from support.wait import eventually

EVERYTHING = Batch(everything=True)
WITHIN_S = 8


class Watched:
    """A watch that runs, and what it delivered."""

    def __init__(self, mirror: Path, **options: Any) -> None:
        self.batches: list[Batch] = []
        self.troubles: list[str | None] = []
        self.watch = MirrorWatch(
            mirror,
            self.take,
            **{
                "on_trouble": lambda trouble: self.troubles.append(trouble.advice if trouble else None),
                "look_s": 0.1,
                **options,
            },
        )

    async def take(self, batch: Batch) -> None:
        self.batches.append(batch)

    def paths(self) -> set[bytes]:
        return {path for batch in self.batches for path in batch.paths}

    def rescans(self) -> int:
        return self.batches.count(EVERYTHING)


@asynccontextmanager
async def watching(mirror, **options):
    watched = Watched(mirror, **options)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watched.watch.run(), name="watch")
        try:
            await eventually(watched.rescans, within=WITHIN_S, what="the first rescan")
            yield watched
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    (folder / "gpu1/tb").mkdir(parents=True)
    return folder


async def test_changes_of_every_kind_are_delivered(mirror):
    old = mirror / "gpu1/tb/old"
    old.write_text("1")
    moved = mirror / "gpu1/tb/moved"
    moved.write_text("1")
    outside = mirror.parent / "outside"
    outside.write_text("1")
    async with watching(mirror) as watched:
        new, came = mirror / "gpu1/tb/new", mirror / "gpu1/tb/came"
        new.write_text("1")
        with old.open("a") as file:
            file.write("2")
        moved.rename(mirror / "gpu1/tb/went")
        outside.rename(came)
        expected = {bytes(path) for path in (new, old, moved, mirror / "gpu1/tb/went", came)}
        await eventually(lambda: watched.paths() >= expected, within=WITHIN_S)
        watched.batches.clear()
        old.unlink()
        await eventually(lambda: bytes(old) in watched.paths(), within=WITHIN_S)


async def test_reading_and_temporary_files_are_no_changes(mirror):
    file = mirror / "gpu1/tb/events.tfevents.1"
    file.write_text("1")
    async with watching(mirror) as watched:
        file.read_text()
        (mirror / "gpu1/tb/.events.tfevents.1.aB3xYz").write_text("1")
        (mirror / "gpu1/tb/.rsync-partial").mkdir()
        last = mirror / "gpu1/tb/last"
        last.write_text("1")
        await eventually(watched.paths, within=WITHIN_S)
        assert watched.paths() == {bytes(last)}


async def test_what_lies_in_new_folders_is_delivered(mirror):
    async with watching(mirror) as watched:
        deep = mirror / "gpu1/new/a/b"
        deep.mkdir(parents=True)
        # A folder stands for all below it.
        above = {bytes(folder) for folder in (deep, *deep.parents)} - {bytes(mirror), bytes(mirror / "gpu1")}
        await eventually(lambda: above & watched.paths(), within=WITHIN_S)
        file = deep / "events.tfevents.1"
        file.write_text("1")
        await eventually(lambda: bytes(file) in watched.paths(), within=WITHIN_S)


async def test_a_name_that_is_not_utf8(mirror):
    async with watching(mirror) as watched:
        file = mirror / "gpu1/tb/a\udcff"
        file.write_text("1")
        await eventually(lambda: bytes(file) in watched.paths(), within=WITHIN_S)


async def test_an_overflow_leads_to_a_rescan(mirror):
    async with watching(mirror) as watched:
        watched.batches.clear()
        logging.getLogger("watchdog.observers.inotify_c").warning(
            "Inotify queue overflowed; events were lost"
        )
        await eventually(watched.rescans, within=WITHIN_S)


async def test_a_folder_whose_coming_was_lost_is_watched_after_the_overflow(mirror):
    lost: list[Any] = []

    class Losing(Tree):
        """Does not hear of the first folder that comes."""

        def on_event(self, event):
            if lost:
                super().on_event(event)
            else:
                lost.append(event)

    def losing():
        observer = TreeObserver()
        observer.make = Losing
        return observer

    async with watching(mirror, observer=losing) as watched:
        (mirror / "gpu1/new").mkdir()
        await eventually(lambda: lost, within=WITHIN_S)
        watched.batches.clear()
        logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed")
        await eventually(watched.rescans, within=WITHIN_S)
        file = mirror / "gpu1/new/x"
        file.write_text("1")
        await eventually(lambda: bytes(file) in watched.paths(), within=WITHIN_S)


async def test_watchdog_still_says_overflow_in_its_log(caplog):
    from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD, WatchDescriptor

    fd = InotifyFD()
    fd.start()
    try:
        fd.handle_event(InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b""))
    finally:
        fd.stop()
        fd.join()
    (record,) = caplog.records
    assert record.name.startswith("watchdog.observers")
    assert "overflow" in record.getMessage()


async def test_rescans_come_by_themselves_and_on_request(mirror):
    async with watching(mirror, rescan_s=0.3) as watched:
        await eventually(lambda: watched.rescans() >= 3, within=WITHIN_S)
    async with watching(mirror) as watched:
        watched.watch.request_rescan()
        await eventually(lambda: watched.rescans() == 2, within=WITHIN_S)


@pytest.mark.parametrize(
    ("number", "setting"),
    [
        (errno.ENOSPC, "fs.inotify.max_user_watches=1048576"),
        (errno.EMFILE, "fs.inotify.max_user_instances=1024"),
    ],
)
async def test_at_an_inotify_limit_the_mirror_is_polled(mirror, number, setting):
    def no_observer():
        raise OSError(number, "limit reached")

    async with watching(mirror, observer=no_observer, poll_s=0.2) as watched:
        await eventually(lambda: watched.rescans() >= 3, within=WITHIN_S)
        assert f"sudo sysctl {setting} " in watched.troubles[0]
        assert watched.watch.trouble is not None
        assert watched.watch.trouble.advice == watched.troubles[0]


async def test_a_limit_reached_below_the_top_is_noticed(mirror):
    observers = []

    def second_fails():
        observers.append(1)
        if len(observers) % 2 == 0:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        return TreeObserver()

    async with watching(mirror, observer=second_fails, poll_s=0.2) as watched:
        assert "max_user_watches" in watched.troubles[0]


async def test_a_limit_reached_by_a_folder_that_comes_later_is_noticed(mirror):
    def few():
        observer = TreeObserver()
        reader: Any = observer._reader
        watch = reader.watch

        def limited(path):
            if path.endswith(b"/one too many"):
                raise OSError(errno.ENOSPC, "inotify watch limit reached")
            return watch(path)

        reader.watch = limited
        return observer

    async with watching(mirror, observer=few, poll_s=0.2) as watched:
        assert watched.watch.trouble is None
        (mirror / "gpu1/tb/one too many").mkdir()
        await eventually(lambda: watched.troubles, within=WITHIN_S)
        assert "max_user_watches" in watched.troubles[0]
        file = mirror / "gpu1/tb/one too many/new"
        file.write_text("1")
        watched.batches.clear()
        await eventually(lambda: watched.rescans() >= 2, within=WITHIN_S)


async def test_events_come_again_once_the_limit_is_raised(mirror):
    failures = [OSError(errno.ENOSPC, "inotify watch limit reached")]

    def first_fails():
        if failures:
            raise failures.pop()
        return TreeObserver()

    async with watching(mirror, observer=first_fails, poll_s=0.1, rescan_s=0.5) as watched:
        await eventually(lambda: watched.watch.trouble is None, within=WITHIN_S)
        file = mirror / "gpu1/tb/new"
        file.write_text("1")
        await eventually(lambda: bytes(file) in watched.paths(), within=WITHIN_S)


async def test_the_mirror_vanishes_and_returns(mirror):
    async with watching(mirror) as watched:
        away = mirror.with_name("away")
        mirror.rename(away)
        await eventually(lambda: watched.watch.trouble == MISSING, within=WITHIN_S)
        watched.batches.clear()
        away.rename(mirror)
        await eventually(watched.rescans, within=WITHIN_S)
        file = mirror / "gpu1/tb/new"
        file.write_text("1")
        await eventually(lambda: bytes(file) in watched.paths(), within=WITHIN_S)
        assert watched.watch.trouble is None


async def test_another_folder_in_the_mirrors_place_is_watched(mirror):
    async with watching(mirror) as watched:
        other = mirror.with_name("other")
        (other / "gpu2/tb").mkdir(parents=True)
        mirror.rename(mirror.with_name("away"))
        other.rename(mirror)
        await eventually(lambda: watched.rescans() == 2, within=WITHIN_S)
        file = mirror / "gpu2/tb/new"
        file.write_text("1")
        await eventually(lambda: bytes(file) in watched.paths(), within=WITHIN_S)


async def test_stopping_in_the_middle_of_starting_leaves_no_thread(mirror):
    begun = threading.Event()

    def slow():
        begun.set()
        return TreeObserver()

    watched = Watched(mirror, observer=slow)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watched.watch.run(), name="watch")
        await eventually(begun.is_set, within=WITHIN_S)
        task.cancel()


IN_A_SMALL_NAMESPACE = """
import asyncio, sys
from pathlib import Path
from expsyncd.mirror.watch import MirrorWatch

async def main():
    done = asyncio.Event()
    async def take(batch):
        if batch.everything:
            done.set()
    watch = MirrorWatch(Path(sys.argv[1]), take)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch.run(), name="watch")
        await asyncio.wait_for(done.wait(), 20)
        print(watch.trouble.advice if watch.trouble else "no trouble", flush=True)
        task.cancel()

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("max_inotify_watches=1000", "no trouble"),
        ("max_inotify_watches=10", "fs.inotify.max_user_watches"),
        ("max_inotify_instances=0", "fs.inotify.max_user_instances"),
    ],
)
async def test_the_kernels_own_limits_are_noticed(mirror, limit, said):
    # A user namespace has limits of its own, so nobody else on this machine notices.
    name, _, number = limit.partition("=")
    setting = f"echo {number} > /proc/sys/user/{name}"
    probe = await run(["unshare", "-Ur", "sh", "-c", setting], timeout_s=10) if which("unshare") else None
    if probe is None or probe.code != 0:
        pytest.skip("no user namespaces here")
    for folder in range(30):
        (mirror / f"gpu1/tb/{folder}").mkdir()
    inside = [
        "sh",
        "-c",
        f'{setting} && exec "$@"',
        "sh",
        sys.executable,
        "-c",
        IN_A_SMALL_NAMESPACE,
        str(mirror),
    ]
    ended = await run(["unshare", "-Ur", *inside], timeout_s=30)
    assert said in ended.text, ended.complaint
    assert ended.code == 0, ended.complaint
