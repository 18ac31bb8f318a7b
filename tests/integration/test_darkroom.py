"""Pictures that nobody vouches for become animations: by the real child process."""

import io
import os
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from expsyncd.errors import Error
from expsyncd.samples.blocks import THUMB, Blocks, key_of
from expsyncd.samples.compose import STRIP
from expsyncd.samples.darkroom import Darkroom
from expsyncd.samples.frame import Frame, Picture
from expsyncd.samples.look import Look
from expsyncd.samples.series import Content, series_of
from support.pictures import encoded, frame, hostile, photo
from support.wait import eventually

PLAIN = Look(labels=False)
APPENDS = int(os.environ.get("EXPSYNCD_APPENDS", "60"))


@pytest.fixture
async def darkroom(tmp_path):
    room = Darkroom(tmp_path / "cache", 10**9)
    yield room
    await room.rest()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "mirror"
    made.mkdir()
    return made


def write(folder, count, size=(96, 64)):
    for number in range(count):
        (folder / f"e{number}.png").write_bytes(encoded(photo(number, size)))
    return [frame(folder / f"e{number}.png", number) for number in range(count)]


def frames_of(path):
    with Image.open(path) as shown:
        for one in ImageSequence.Iterator(shown):
            yield one.convert("RGB")


def distance(one, other):
    pixels = [np.asarray(image.convert("RGB"), dtype=int) for image in (one, other)]
    return int(np.abs(pixels[0] - pixels[1]).max())


def nearest(shown, count):
    """Which photo it is, by the mean difference, which is small."""
    pixels = np.asarray(shown.convert("RGB"), dtype=int)
    found = [np.abs(pixels - np.asarray(photo(n, shown.size), dtype=int)).mean() for n in range(count)]
    best = min(range(count), key=found.__getitem__)
    assert found[best] < 12
    return best


async def test_frames_are_the_sources_in_order(darkroom, folder, tmp_path):
    out = tmp_path / "s.gif"
    frames = write(folder, 12)
    done = await darkroom.render(
        frames, PLAIN, out, latest=tmp_path / "latest.png", sheet=tmp_path / "sheet.png"
    )
    assert (done.shown, done.good, done.canvas, done.wrote, done.refused) == (12, 12, (96, 64), True, ())
    for number, shown in enumerate(frames_of(out)):
        assert nearest(shown, 12) == number
    with Image.open(tmp_path / "latest.png") as latest:
        assert distance(latest, photo(11)) == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 6 * 96
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == [], (
        "no temp is left"
    )


async def test_one_more_frame_reads_one_more_file(darkroom, folder, tmp_path):
    out = tmp_path / "s.gif"
    frames = write(folder, 6)
    await darkroom.render(frames[:5], PLAIN, out)
    for number in range(5):
        (folder / f"e{number}.png").write_bytes(b"gone bad since")  # same frames, so nobody reads them again
    done = await darkroom.render(frames, PLAIN, out, canvas=(96, 64))
    assert (done.shown, done.refused) == (6, ())
    again = await darkroom.render(frames, PLAIN, out, canvas=(96, 64))
    assert not again.wrote


async def test_without_the_cache_it_is_made_anew(darkroom, folder, tmp_path):
    out = tmp_path / "s.gif"
    frames = write(folder, 3)
    await darkroom.render(frames, PLAIN, out)
    before = out.read_bytes()
    for path in sorted((tmp_path / "cache").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    out.unlink()
    await darkroom.render(frames, PLAIN, out)
    assert out.read_bytes() == before


async def test_hostile_files_are_left_out_with_a_reason_and_good_ones_are_all_there(
    darkroom, folder, tmp_path
):
    bad = hostile()
    frames = write(folder, 50)
    for number, (name, (data, _)) in enumerate(bad.items()):
        (folder / os.fsdecode(name)).write_bytes(data)
        frames.insert(3 * number, frame(folder / os.fsdecode(name), 1000 + number))
    pipe = folder / "pipe.png"
    os.mkfifo(pipe)
    link = folder / "link.png"
    link.symlink_to(folder / "e0.png")
    odd = folder / os.fsdecode(b"new\nline\xff_7.png")
    odd.write_bytes(encoded(photo(77)))
    frames += [frame(pipe, 2000), frame(link, 2001), frame(odd, 2002)]
    done = await darkroom.render(frames, PLAIN, tmp_path / "s.gif")
    assert done.shown == 51
    reasons = {os.path.basename(one.path): one.reason for one in done.refused}
    assert reasons.keys() == {*bad, b"pipe.png", b"link.png"}
    for name, (_, word) in bad.items():
        assert word in reasons[name], (name, reasons[name])
    assert reasons[b"pipe.png"] == "no regular file"
    assert "cannot be opened" in reasons[b"link.png"]
    shown = list(frames_of(tmp_path / "s.gif"))
    assert [nearest(one, 80) for one in shown] == [*range(50), 77]


async def test_a_file_that_heals_joins(darkroom, folder, tmp_path):
    frames = write(folder, 2)
    late = folder / "e2.png"
    whole = encoded(photo(2))
    late.write_bytes(whole[:700])
    done = await darkroom.render([*frames, frame(late, 2)], PLAIN, tmp_path / "s.gif")
    assert (done.shown, [one.path for one in done.refused]) == (2, [os.fsencode(late)])
    late.write_bytes(whole)
    done = await darkroom.render([*frames, frame(late, 2)], PLAIN, tmp_path / "s.gif")
    assert (done.shown, done.refused) == (3, ())


def kinds():
    grey = photo(5).convert("L")
    deep = Image.fromarray(np.asarray(grey, dtype=np.uint16) * 257)
    clear = photo(5).convert("RGBA")
    clear.putalpha(Image.new("L", clear.size, 0))
    return {
        "a.jpg": (encoded(photo(5), "JPEG", quality=98), photo(5)),
        "a.webp": (encoded(photo(5), "WEBP", lossless=True), photo(5)),
        "a.bmp": (encoded(photo(5), "BMP"), photo(5)),
        "a.tiff": (encoded(photo(5), "TIFF"), photo(5)),
        "a.gif": (encoded(photo(5).quantize(64), "GIF"), photo(5).quantize(64)),
        "moving.gif": (encoded(photo(5).quantize(64), "GIF", save_all=True, append_images=[photo(6)]), photo(5).quantize(64)),
        "grey.png": (encoded(grey), grey),
        "grey16.png": (encoded(deep), grey),
        "palette.png": (encoded(photo(5).quantize(100)), photo(5).quantize(100)),
        "one.png": (encoded(grey.point(lambda v: 255 * (v > 99)).convert("1")), grey.point(lambda v: 255 * (v > 99))),
        "clear.png": (encoded(clear), Image.new("RGB", clear.size, "white")),
        "cmyk.jpg": (encoded(photo(5).convert("CMYK"), "JPEG", quality=98), photo(5)),
        "wrong.png": (encoded(photo(5), "JPEG", quality=98), photo(5)),
        "ints.npy": (npy(np.asarray(photo(5))), photo(5)),
        "unit.npy": (npy(np.asarray(photo(5), dtype=np.float32) / 255), photo(5)),
        "signed.npy": (npy(np.asarray(photo(5), dtype=np.float64).transpose(2, 0, 1) / 127.5 - 1), photo(5)),
        "grey.npy": (npy(np.asarray(grey)), grey),
        "a.npz": (npz(images=np.asarray(photo(5))), photo(5)),
    }  # fmt: skip


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("name", kinds())
async def test_every_kind_of_image(darkroom, folder, tmp_path, name):
    data, expected = kinds()[name]
    (folder / name).write_bytes(data)
    done = await darkroom.render(
        [frame(folder / name, 1)], PLAIN, tmp_path / "s.gif", latest=tmp_path / "l.png"
    )
    assert done.refused == ()
    with Image.open(tmp_path / "l.png") as latest:
        assert latest.size == expected.size
        assert distance(latest, expected) <= 24


async def test_a_batch_of_an_array_is_a_grid(darkroom, folder, tmp_path):
    batch = np.stack([np.asarray(photo(n, (32, 32))) for n in range(5)])
    (folder / "a.npy").write_bytes(npy(batch))
    done = await darkroom.render([frame(folder / "a.npy", 1)], PLAIN, tmp_path / "s.gif")
    assert done.canvas == (3 * 34 + 2, 2 * 34 + 2)


async def test_a_bomb_of_an_archive(darkroom, folder, tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy(np.zeros((300, 1000, 1000), dtype=np.uint8)))
    (folder / "a.npz").write_bytes(file.getvalue())
    done = await darkroom.render([frame(folder / "a.npz", 1)], PLAIN, tmp_path / "s.gif")
    assert done.shown == 0
    assert "larger than" in done.refused[0].reason


async def test_a_grid_goes_on_without_the_picture_that_is_bad(darkroom, folder, tmp_path):
    frames = write(folder, 4, (32, 32))
    (folder / "bad.png").write_bytes(b"bad")
    pictures = (*(one.pictures[0] for one in frames), frame(folder / "bad.png", 9).pictures[0])
    done = await darkroom.render([Frame((1,), "", pictures, 1)], PLAIN, tmp_path / "s.gif")
    assert done.shown == 1
    assert done.canvas == (2 * 34 + 2, 2 * 34 + 2)
    assert [os.path.basename(one.path) for one in done.refused] == [b"bad.png"]


async def test_sizes_that_change_are_letterboxed_to_the_first(darkroom, folder, tmp_path):
    frames = write(folder, 1, (96, 64))
    (folder / "e1.png").write_bytes(encoded(photo(1, (64, 64))))
    done = await darkroom.render([*frames, frame(folder / "e1.png", 1)], Look(), tmp_path / "s.gif")
    assert done.canvas == (96, 64)
    _, second = frames_of(tmp_path / "s.gif")
    assert second.size == (96, 64 + STRIP)
    assert second.getpixel((3, STRIP + 30)) == (255, 255, 255)


async def test_the_same_content_written_again_is_no_frame(darkroom, folder, tmp_path):
    (folder / "now.png").write_bytes(encoded(photo(1)))
    (folder / "then.png").write_bytes(encoded(photo(1)))
    twins = [
        Frame((3, n), "", frame(folder / name, 3).pictures, 3)
        for n, name in enumerate(("then.png", "now.png"))
    ]
    done = await darkroom.render(twins, PLAIN, tmp_path / "s.gif")
    assert done.shown == 1


async def test_the_budget_in_bytes_thins_further(darkroom, folder, tmp_path):
    frames = write(folder, 40)
    whole = await darkroom.render(frames, PLAIN, tmp_path / "s.gif")
    half = Look(labels=False, budget=whole.bytes // 2)
    done = await darkroom.render(frames, half, tmp_path / "s.gif")
    assert done.bytes <= whole.bytes // 2
    assert 2 < done.shown < 40


async def test_what_kills_or_stops_the_child_is_named_and_left_out(folder, tmp_path):
    room = Darkroom(tmp_path / "cache", 10**9, silent_s=0.000001)
    with pytest.raises(Error, match="again and again"):  # everything is too slow for it
        await room.render(write(folder, 9), PLAIN, tmp_path / "s.gif")
    await room.rest()
    slow = Darkroom(tmp_path / "cache", 10**9)
    frames = write(folder, 3)
    try:
        done = await slow.render(frames, PLAIN, tmp_path / "s.gif")
        assert done.shown == 3
        child = slow._cell._child.pid
        os.kill(child, 9)
        done = await slow.render(frames, Look(), tmp_path / "s.gif")
        assert done.shown == 3, "a child that died between two jobs costs nothing"
        assert slow._cell._child.pid != child
    finally:
        await slow.rest()


async def test_memory_and_priority_of_the_child_are_bounded(darkroom, folder, tmp_path):
    await darkroom.render(write(folder, 3), PLAIN, tmp_path / "s.gif")
    pid = darkroom._cell._child.pid
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (line,) = [line for line in limits if line.startswith("Max address space")]
    assert line.split()[3] == str(1 << 30)
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 10


async def test_readers_never_meet_half_an_animation(darkroom, folder, tmp_path):
    out = tmp_path / "s.gif"
    frames = write(folder, 20)
    await darkroom.render(frames[:1], PLAIN, out)
    stop = threading.Event()
    seen: list[int] = []
    failed: list[Exception] = []

    def read():
        while not stop.is_set():
            try:
                seen.append(len(list(frames_of(out))))
            except (OSError, ValueError, SyntaxError, EOFError) as error:
                failed.append(error)
                return

    reader = threading.Thread(target=read, name="reader")
    reader.start()
    try:
        for number in range(2, APPENDS + 2):
            await darkroom.render(frames[: 1 + number % 20], PLAIN, out, canvas=(96, 64))
        await eventually(lambda: len(seen) >= 5 or failed, 20)
    finally:
        stop.set()
        reader.join()
    assert failed == []
    assert len(set(seen)) > 1


@pytest.mark.parametrize("kind", ["webp", "mp4"])
async def test_other_formats_show_the_same_frames(darkroom, folder, tmp_path, kind):
    frames = write(folder, 5, (97, 65))
    out = tmp_path / f"s.{kind}"
    done = await darkroom.render(frames, Look(), out)
    assert done.shown == 5
    if kind == "webp":
        shown = list(frames_of(out))
    else:
        import av

        with av.open(str(out)) as container:
            stream = container.streams.video[0]
            shown = [one.to_image() for one in container.decode(stream)]
            container.seek(390_000)  # microseconds: within the fourth frame
            assert round(next(container.decode(stream)).time, 2) == 0.38
        assert out.read_bytes().index(b"moov") < out.read_bytes().index(b"mdat"), "a browser begins at once"
    assert len(shown) == 5
    for number, one in enumerate(shown):
        assert one.size[1] >= 65 + STRIP
        below = one.crop((0, STRIP, 97, 65 + STRIP)).resize((24, 16))
        others = [np.abs(np.asarray(below, int) - np.asarray(photo(n, (97, 65)).resize((24, 16)), int)).mean()
                  for n in range(5)]  # fmt: skip
        assert min(range(5), key=others.__getitem__) == number


async def test_thousands_of_small_images_of_an_event_file_are_told_at_once(darkroom, folder):
    writer = EventFileWriter(str(folder))
    image = Summary.Image(height=8, width=8, colorspace=3, encoded_image_string=encoded(photo(1, (16, 16))))
    value = Summary.Value(tag="a tag that is not short either", image=image)
    for step in range(3000):
        writer.add_event(Event(wall_time=1e9 + step, step=step, summary=Summary(value=[value])))
    writer.close()
    (path,) = folder.iterdir()
    found = await darkroom.scan(os.fsencode(path), 0)
    assert found is not None
    assert len(found["found"]) == 3000


async def test_panels_stand_side_by_side(darkroom, folder, tmp_path):
    frames = write(folder, 2, (64, 64))
    pictures = tuple(one.pictures[0] for one in frames)
    both = Frame((1,), "step 1", pictures, 1, (("a", 1), ("b", 1)))
    done = await darkroom.render([both], PLAIN, tmp_path / "s.gif")
    assert done.canvas == (64 + 8 + 64, 64 + STRIP)


async def test_an_overwritten_content_whose_frame_is_gone_is_left_out(darkroom, folder, tmp_path):
    frames = write(folder, 2)
    old = Frame((0, 0), "", (Picture(frames[0].pictures[0].path, 5, 5),), 0)
    done = await darkroom.render([old, *frames], PLAIN, tmp_path / "s.gif")
    assert done.shown == 2
    assert [(one.size, one.reason) for one in done.refused] == [(5, "changed while it was looked at")]


async def test_a_name_with_a_step_that_is_written_again_keeps_the_frame_of_before(darkroom, folder, tmp_path):
    # Its label gets the time of writing only then, and the old bytes are gone by that time.
    path = folder / "epoch_3.png"
    contents = []
    for seed in (1, 2, 3):
        path.write_bytes(encoded(photo(seed, (200, 64))))
        os.utime(path, (seed, seed))
        size = path.stat().st_size
        contents.append(Content(b"epoch_3.png", os.fsencode(path), size, seed * 10**9))
        (series,) = series_of(contents)
        done = await darkroom.render(series.frames, Look(), tmp_path / "s.gif", canvas=(200, 64))
        assert (done.shown, done.refused) == (seed, ())
    shown = [one.crop((0, STRIP, 200, STRIP + 64)) for one in frames_of(tmp_path / "s.gif")]
    assert [nearest(one, 4) for one in shown] == [1, 2, 3]
    for one in series.frames:
        for kind in ("gif", THUMB):
            assert Blocks(tmp_path / "cache", 10**9).find(key_of(one, Look(), (200, 64), kind)) is not None


async def test_damage_of_any_kind_is_the_files_and_not_the_childs(darkroom, folder, tmp_path):
    frames = write(folder, 2)
    packed, half, still = io.BytesIO(), io.BytesIO(), photo(0, (16, 16)).quantize()
    np.savez_compressed(packed, x=np.asarray(photo(0, (64, 64))))
    squeezed = packed.getvalue()[:100] + b"\xff" * 100 + packed.getvalue()[200:]
    still.save(half, "GIF", save_all=True, append_images=[still.rotate(90)], duration=50)
    moving = half.getvalue()
    at = moving.rindex(b"\x21\xf9\x04")  # what stands before its second picture
    short = moving[:at] + b"\x21\xf9\x01\x00" + moving[at + 7 :]
    header = b"{'descr': '<f4', 'shape': ((" + b" " * 89 + b"\n"
    torn = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\0" * 64
    for number in range(3):
        for name, data in ((f"z{number}.npz", squeezed), (f"g{number}.gif", short), (f"n{number}.npy", torn)):
            (folder / name).write_bytes(data)
            frames.append(frame(folder / name, len(frames)))
    done = await darkroom.render(frames, PLAIN, tmp_path / "s.gif")
    assert done.shown == 2
    assert len(done.refused) == 9
    assert not any("program" in one.reason for one in done.refused)


@pytest.mark.parametrize(("kind", "turned"), [("JPEG", 6), ("PNG", 8), ("WEBP", 3), ("TIFF", 6), ("JPEG", 1)])
async def test_a_picture_stands_as_its_exif_says(darkroom, folder, tmp_path, kind, turned):
    upright = photo(3, (96, 64))
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270, 3: Image.Transpose.ROTATE_180}
    stored = upright.transpose(back[turned]) if turned in back else upright
    exif = Image.Exif()
    exif[0x0112] = turned
    stored.save(folder / "e.png", kind, exif=exif)
    done = await darkroom.render([frame(folder / "e.png", 1)], PLAIN, tmp_path / "s.gif")
    assert done.canvas == (96, 64)
    (shown,) = frames_of(tmp_path / "s.gif")
    assert nearest(shown, 5) == 3


async def test_damaged_exif_turns_nothing(darkroom, folder, tmp_path):
    photo(2).save(folder / "e.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01\x03")
    done = await darkroom.render([frame(folder / "e.jpg", 1)], PLAIN, tmp_path / "s.gif")
    assert (done.shown, done.refused) == (1, ())


async def test_large_frames_get_a_small_form_for_pages(darkroom, folder, tmp_path):
    frames = write(folder, 2, (640, 480))
    done = await darkroom.render(frames, PLAIN, tmp_path / "s.gif")
    found = Blocks(tmp_path / "cache", 10**9).find(key_of(frames[1], PLAIN, done.canvas, THUMB))
    small = Image.open(io.BytesIO(found.path.read_bytes()[found.offset :]))
    assert (small.format, small.size) == ("JPEG", (256, 192))
    expected = np.asarray(photo(1, (640, 480)).resize((256, 192)), dtype=int)
    assert np.abs(np.asarray(small, dtype=int) - expected).mean() < 12


async def test_small_frames_need_no_smaller_form(darkroom, folder, tmp_path):
    frames = write(folder, 1)
    done = await darkroom.render(frames, PLAIN, tmp_path / "s.gif")
    blocks = Blocks(tmp_path / "cache", 10**9)
    assert blocks.find(key_of(frames[0], PLAIN, done.canvas, "gif")) is not None
    assert blocks.find(key_of(frames[0], PLAIN, done.canvas, THUMB)) is None
