from dataclasses import replace

from expsyncd.samples.look import Look


def test_only_what_changes_pixels_makes_other_frames():
    look = Look()
    for same in (
        replace(look, cap=3),
        replace(look, fps=1),
        replace(look, held_s=9),
        replace(look, budget=5),
    ):
        assert same.of_pixels == look.of_pixels
    for other in (replace(look, width=5), replace(look, labels=False), replace(look, ground=(0, 0, 0))):
        assert other.of_pixels != look.of_pixels
