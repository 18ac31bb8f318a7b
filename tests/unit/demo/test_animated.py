from PIL import Image

from expsyncd.demo.animated import animated
from expsyncd.demo.check import Verdict


def write(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = [Image.new("RGB", (4, 4), (value, 0, 0)) for value in values]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def test_all_images_and_the_newest_last(tmp_path):
    for number in range(3):
        write(tmp_path / f"host/run/e{number}.png", [number])
    made = tmp_path / "animations/tb_log/run/s.gif"
    (none,) = animated(tmp_path / "host", tmp_path / "animations", ["run"])
    assert (none.frames, none.passed) == (0, False)
    write(made, [0, 1])
    write(made.with_suffix(".latest.png"), [1])
    (old,) = animated(tmp_path / "host", tmp_path / "animations", ["run"])
    assert (old.images, old.frames, old.newest, old.passed) == (3, 2, False, False)
    assert Verdict((), {}, (old,)).failures == ["animation of run: 2 of 3 images, not the newest"]
    write(made, [0, 1, 2])
    write(made.with_suffix(".latest.png"), [2])
    (good,) = animated(tmp_path / "host", tmp_path / "animations", ["run"])
    assert good.passed
