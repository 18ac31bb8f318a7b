"""From an image on a host to its animation, by the real daemon; and what a person asks for at the command line."""

import asyncio
import csv
import io
import json
import os
import shutil
import signal
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageSequence
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from expsyncd.clock import SystemClock
from expsyncd.config.model import Config
from expsyncd.mirror.batch import Batch
from expsyncd.paths import RootPaths
from expsyncd.samples.darkroom import Darkroom
from expsyncd.samples.renderer import Renderer
from expsyncd.samples.rules import Rules
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.series import series_of
from expsyncd.state.sqlite import DamagedError
from expsyncd.state.status import ConfigState, RootState, Snapshot
from expsyncd.state.tagged import all_tagged
from expsyncd.state.thread import DatabaseThread
from expsyncd.state.tracker import Tracker
from support.pictures import encoded, hostile, photo
from support.place import Place, content
from support.wait import eventually, until

WITHIN_S = 20


@pytest.fixture
def place(sshd):
    place = Place(sshd.options, sshd.alias)
    place.configure(interval="1s")
    (place.remote / "exp1").mkdir()
    (place.remote / "exp1" / "events.out.tfevents.1.h").write_bytes(b"")
    yield place
    place.close()


def epoch(place, number, seed=None):
    path = place.remote / "exp1" / "out" / f"fake_epoch_{number}.png"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encoded(photo(number if seed is None else seed)))
    return path


def animation(place, series="out.fake_epoch"):
    return place.root / "animations" / "gpu" / "remote" / "exp1" / f"{series}.gif"


def frames_in(path):
    try:
        with Image.open(path) as shown:
            return len(list(ImageSequence.Iterator(shown)))
    except FileNotFoundError:
        return 0


def listed(place, *words):
    return json.loads(place.run("samples", *words, "--json").stdout)


def frames_of(place, series):
    return next((one["frames"] for one in listed(place)["series"] if one["series"] == series), 0)


def test_the_animation_grows_with_the_run(place):
    for number in (2, 10, 1):
        epoch(place, number)
    place.start()
    until(lambda: frames_in(animation(place)) == 3, WITHIN_S)
    epoch(place, 11)
    until(lambda: frames_in(animation(place)) == 4, WITHIN_S)
    (series,) = listed(place)["series"]
    assert (series["run"], series["series"]) == ("exp1", "out/fake_epoch_{epoch}.png")
    assert (series["frames"], series["first_step"], series["last_step"]) == (4, 1, 11)
    assert series["status"] == "fresh"
    assert place.status()["samples"] == {"series": 1, "waiting": 0, "failed": 0, "refused": 0}
    assert "samples  1 animation" in place.run("status").stdout
    with Image.open(animation(place).with_name("latest.png")) as latest:
        assert latest.size == (96, 64)
    until(animation(place).with_suffix(".sheet.png").exists, WITHIN_S)
    assert content(place.mirror) == content(place.remote), (
        "the mirror holds what the host has and nothing else"
    )


def test_dropped_by_hand_overwritten_bad_and_healed(place):
    place.start()
    place.until_fresh()
    by_hand = place.mirror / "exp1" / "mine"
    by_hand.mkdir()
    for number in (1, 2):
        (by_hand / f"step_{number}.png").write_bytes(encoded(photo(number)))
    mine = animation(place, "mine.step")
    until(lambda: frames_in(mine) == 2, WITHIN_S)
    # Each content of a name is a frame.
    now = by_hand / "now.png"
    for seed in range(3):
        now.write_bytes(encoded(photo(seed)))
        until(lambda seed=seed: frames_of(place, "mine/now.png") == seed + 1, WITHIN_S)
    assert frames_in(animation(place, "mine.now")) == 3
    # Another config looks at everything anew and forgets nothing.
    text = place.config_file.read_text()
    place.config_file.write_text(text + "samples: {cap: 20}\n")
    until(lambda: "hosts.yaml applied" in place.log(), WITHIN_S)
    now.write_bytes(encoded(photo(7)))
    until(lambda: frames_of(place, "mine/now.png") == 4, WITHIN_S)
    # Half a file is told, and joins when it is whole.
    late = by_hand / "step_3.png"
    late.write_bytes(encoded(photo(3))[:900])
    until(lambda: listed(place)["refused"], WITHIN_S)
    (bad,) = listed(place)["refused"]
    assert (bad["path"], bad["reason"]) == ("exp1/mine/step_3.png", "cut off: its end is missing")
    assert place.status()["samples"]["refused"] == 1
    assert "1 image not shown" in place.run("status").stdout
    assert "cut off" in place.run("samples").stdout
    late.write_bytes(encoded(photo(3)))
    until(lambda: frames_in(mine) == 3 and not listed(place)["refused"], WITHIN_S)
    # A restart loses no frame of an overwritten name, and reads nothing again.
    place.stop()
    before = mine.stat().st_mtime_ns
    place.start()
    now.write_bytes(encoded(photo(9)))
    until(lambda: frames_in(animation(place, "mine.now")) == 5, WITHIN_S)
    assert mine.stat().st_mtime_ns == before


def test_image_tags_of_event_files_are_series(place):
    (place.remote / "exp1" / "events.out.tfevents.1.h").unlink()
    writer = EventFileWriter(str(place.remote / "exp1"))

    def add(step, tag="Generated/fake"):
        image = Summary.Image(height=64, width=96, colorspace=3, encoded_image_string=encoded(photo(step)))
        value = Summary.Value(tag=tag, image=image)
        writer.add_event(Event(wall_time=1e9 + step, step=step, summary=Summary(value=[value])))
        writer.flush()

    try:
        for step in (1, 2, 3):
            add(step)
        place.start()
        shown = animation(place, "tag.Generated.fake")
        until(lambda: frames_in(shown) == 3, WITHIN_S)
        add(4)
        until(lambda: frames_in(shown) == 4, WITHIN_S)
        assert frames_of(place, "tag://Generated/fake") == 4
        place.stop()
        add(5)
        place.start()
        until(lambda: frames_in(shown) == 5, WITHIN_S)
    finally:
        writer.close()
    out = place.base / "out"
    out.mkdir()
    assert "5 frames" in place.run("samples", "render", "Generated", "--out", str(out)).stdout
    assert place.run("samples", "nobody").stdout.startswith("none of the ")


def test_a_kill_loses_no_work_and_everything_but_the_mirror_may_be_deleted(place):
    for number in range(30):
        epoch(place, number)
    place.start()
    until(lambda: list((place.base / "home/.cache/expsyncd/frames").rglob("*")), WITHIN_S)
    os.kill(place.daemon.pid, signal.SIGKILL)
    place.daemon.wait()
    place.daemon = None
    place.start()
    until(lambda: frames_in(animation(place)) == 30, WITHIN_S)
    place.stop()
    whole = animation(place).read_bytes()
    shutil.rmtree(place.root / "animations")
    shutil.rmtree(place.base / "home/.cache/expsyncd")
    for file in (place.base / "state/expsyncd").glob("catalogue.db*"):
        file.unlink()
    place.start()
    until(lambda: animation(place).exists() and animation(place).read_bytes() == whole, WITHIN_S)


def test_hostile_images_cost_the_daemon_nothing(place):
    folder = place.remote / "exp1" / "bad"
    folder.mkdir()
    for name, (data, _) in hostile().items():
        (folder / os.fsdecode(name)).write_bytes(data)
    for number in range(5):
        epoch(place, number)
    place.start()
    until(lambda: frames_in(animation(place)) == 5, WITHIN_S)
    until(lambda: place.status()["samples"]["waiting"] == 0, WITHIN_S)
    with open(f"/proc/{place.daemon.pid}/status") as told:
        peak = next(int(line.split()[1]) for line in told if line.startswith("VmHWM"))
    assert peak < 150_000, f"{peak} kB"
    place.until_fresh()


def test_the_config_says_which_are_taken_and_how_they_look(place):
    place.configure(
        interval="1s",
        sources=f"[{{path: {place.remote}, name: remote, samples: {{ignore: ['*real*'], cap: 3, "
        r"pattern: '(?P<series>fake)_e(?P<epoch>\d+)'}}]",
        more="samples: {labels: false, webp: true}\n",
    )
    for number in range(9):
        for kind in ("fake", "real"):
            path = place.remote / "exp1" / f"{kind}_e{number}.png"
            path.write_bytes(encoded(photo(number)))
    place.start()
    shown = animation(place, "fake")
    until(lambda: frames_in(shown) == 3, WITHIN_S)
    with Image.open(shown) as image:
        assert image.size == (96, 64)
    until(lambda: frames_in(shown.with_suffix(".webp")) == 3, WITHIN_S)
    assert [one["series"] for one in listed(place)["series"]] == ["fake"]
    # Saved while it runs: applied to what is there.
    text = place.config_file.read_text()
    place.config_file.write_text(text.replace("cap: 3", "cap: 5"))
    until(lambda: frames_in(shown) == 5, WITHIN_S)


def test_exports_and_comparisons(place):
    for run in ("exp1", "exp2"):
        folder = place.remote / run / "out"
        folder.mkdir(parents=True)
        (place.remote / run / "events.out.tfevents.1.h").write_bytes(b"")
        for number in range(0, 60, 10):
            (folder / f"fake_epoch_{number}.png").write_bytes(encoded(photo(number)))
    place.start()
    until(lambda: len(listed(place)["series"]) == 2, WITHIN_S)
    out = place.base / "out"
    out.mkdir()
    render = ("samples", "render", "exp1", "--out", str(out))
    said = place.run(*render, "--from", "10", "--to", "40", "--every", "2", "--width", "48")
    assert "3 frames" in said.stdout
    with Image.open(out / "exp1.out.fake_epoch.gif") as shown:
        assert shown.width == 48
    assert frames_in(out / "exp1.out.fake_epoch.gif") == 3
    for kind in ("webp", "mp4"):
        place.run(*render, "--format", kind)
        assert (out / f"exp1.out.fake_epoch.{kind}").stat().st_size > 1000
    said = place.run("samples", "compare", "exp1", "exp2", "--step", "25", "--out", str(out))
    with Image.open(out / "compare.out.fake_epoch.step25.png") as still:
        assert still.width == 2 * 96 + 8
    assert frames_in(out / "compare.out.fake_epoch.gif") == 6
    assert not (out / "compare.out.fake_epoch.step25.gif").exists()
    rows = list(csv.DictReader(io.StringIO(place.run("samples", "--csv").stdout)))
    assert [row["run"] for row in rows] == ["exp1", "exp2"]
    place.stop()
    assert "exp2" in place.run("samples", "exp2").stdout, "it needs no daemon"
    for words, title in [
        (("render", "nothing"), "no sample images of nothing"),
        (("render", "exp1", "--from", "900"), "no frame lies between"),
        (("render", "exp1", "--out", "/nowhere"), "is no folder"),
        (("compare", "exp1", "zz"), "no sample images of zz"),
        (("open", "zz"), "no animation of that"),
    ]:
        said = place.run("samples", *words, check=False)
        assert said.returncode == 1
        assert title in said.stderr
        assert len(said.stderr.splitlines()) == 2
    assert max(map(len, place.run("samples").stdout.splitlines())) <= 80


async def test_damage_of_the_catalogue_met_at_work_is_made_good(tmp_path):
    root = RootPaths(tmp_path)
    out = root.mirror / "gpu" / "tb" / "exp1" / "out"
    out.mkdir(parents=True)
    writer = EventFileWriter(str(out.parent))
    (events,) = out.parent.glob("*tfevents*")

    def add(step):
        (out / f"fake_{step}.png").write_bytes(encoded(photo(step)))
        image = Summary.Image(height=64, width=96, colorspace=3, encoded_image_string=encoded(photo(step)))
        value = Summary.Value(tag="real", image=image)
        writer.add_event(Event(wall_time=1e9 + step, step=step, summary=Summary(value=[value])))
        writer.flush()

    now = datetime.now(UTC)
    thread, catalogue = DatabaseThread(), Catalogue.open(tmp_path / "c.db")
    renderer = Renderer(
        root, Rules(Config()), Darkroom(tmp_path / "frames", 1 << 30),
        Tracker(Snapshot("0", 1, now, ConfigState("", now), RootState(""))),
        thread, lambda: catalogue, SystemClock(), lambda: True,
    )  # fmt: skip

    async def known():
        rows = await thread.run(catalogue.read, series_of, [])
        tagged = await thread.run(catalogue.read, all_tagged, [])
        return {row.name: row.frames for row in rows}, [row.step for row in tagged]

    for step in (1, 2):
        add(step)
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(renderer.run(), name="renderer")
            await eventually(lambda: _is(known, 2), WITHIN_S, "all is known")
            await thread.run(catalogue._rebuild, DamagedError("the catalogue is damaged", ""))
            add(3)
            renderer.batch(Batch(frozenset({bytes(events)})))
            await eventually(lambda: _is(known, 3), WITHIN_S, "all is known again")
            running.cancel()
    finally:
        writer.close()
        await thread.run(catalogue.close)
        await thread.close()


async def _is(known, count):
    series, steps = await known()
    return (sorted(series.values()), steps) == ([count, count], list(range(1, count + 1)))
