"""What stays and what goes: a restart, another config, a run that appears later."""

import json

import pytest
from PIL import Image, ImageSequence

from support.pictures import encoded, photo
from support.place import Place
from support.wait import until

WITHIN_S = 20


@pytest.fixture
def place(sshd):
    place = Place(sshd.options, sshd.alias)
    yield place
    place.close()


def put(place, inside, seed):
    path = place.remote / inside
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(photo(seed)))
    return path


def frames_in(path):
    try:
        with Image.open(path) as shown:
            return len(list(ImageSequence.Iterator(shown)))
    except FileNotFoundError:
        return 0


def listed(place):
    return json.loads(place.run("samples", "--json").stdout)


def source(place, inside, more=""):
    return f"{{path: {place.remote / inside}, name: {inside or 'remote'}{more}}}"


def test_a_restart_knows_what_could_not_be_shown_and_heeds_the_config(place):
    place.configure(interval="1s", more="samples: {cap: 50}\n")
    for number in range(9):
        put(place, f"exp1/fake_e{number}.png", number)
        put(place, f"exp1/real_e{number}.png", number)
    put(place, "exp1/fake_e9.png", 9).write_bytes(b"no image at all")
    fake, real = (place.root / "animations/gpu/remote/exp1" / f"{kind}_e.gif" for kind in ("fake", "real"))
    place.start()
    until(lambda: frames_in(fake) == frames_in(real) == 9 and listed(place)["refused"], WITHIN_S)
    one = next(one for one in listed(place)["series"] if one["series"].startswith("fake"))
    assert (one["frames"], one["shown"], one["status"]) == (9, 9, "fresh")
    place.stop()
    text = place.config_file.read_text()
    place.config_file.write_text(text.replace("cap: 50", "cap: 4"))
    place.start()
    until(lambda: 0 < frames_in(fake) < 9 and 0 < frames_in(real) < 9, WITHIN_S)
    until(lambda: place.status()["samples"]["waiting"] == 0, WITHIN_S)
    assert [bad["path"] for bad in listed(place)["refused"]] == ["exp1/fake_e9.png"]
    assert place.status()["samples"]["refused"] == 1
    # Not wanted any more: neither the animation nor what was wrong with its images.
    place.configure(interval="1s", sources=f"[{source(place, '', ', samples: {ignore: [exp1/fake*]}')}]")
    until(lambda: not fake.exists() and frames_in(real) == 9, WITHIN_S)
    until(lambda: listed(place)["refused"] == [], WITHIN_S)
    assert [one["series"] for one in listed(place)["series"]] == ["real_e{epoch}.png"]
    # Other pixels: the canvas that the first frame decided gives way.
    place.config_file.write_text(place.config_file.read_text() + "samples: {width: 48}\n")

    def width():
        with Image.open(real) as shown:
            return shown.width

    until(lambda: width() == 48, WITHIN_S)


def test_images_follow_the_run_that_appears_after_them(place):
    for number in (1, 2, 3):
        put(place, f"out/exp1/step_{number}.png", number)
    (place.remote / "logs").mkdir()
    place.configure(interval="1s", sources=f"[{source(place, 'out')}, {source(place, 'logs')}]")
    place.start()
    alone = place.root / "animations/gpu/out/exp1/step.gif"
    until(lambda: frames_in(alone) == 3, WITHIN_S)
    event = place.remote / "logs/exp1/events.out.tfevents.1.h"
    event.parent.mkdir()
    event.write_bytes(b"")
    until(lambda: not alone.exists(), WITHIN_S)
    (one,) = listed(place)["series"]
    assert (one["source"], one["run"], one["frames"]) == ("logs", "exp1", 3)
    assert "has its folder's name" in one["why"]
    assert frames_in(place.root / one["path"]) == 3
