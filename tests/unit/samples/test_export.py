from pathlib import Path

import pytest

from expsyncd.errors import Error
from expsyncd.samples.export import (
    chosen,
    compared,
    file_names,
    full_name,
    means,
    run_name,
    to_compare,
    within,
)
from expsyncd.samples.frame import Frame, Picture, SeriesKey
from expsyncd.samples.wanted import Wanted


def picture(name):
    return Picture(name.encode(), 1, 1)


def series(run, name="fake_{n}.png", steps=(1, 2, 3), host="gpu"):
    frames = tuple(Frame((n,), f"{n}", (picture(f"{run}{n}"),), n) for n in steps)
    return Wanted(SeriesKey(host, "tb", run.encode(), name.encode()), "tb", frames, 1, Path("x.gif"), "")


def test_names():
    assert run_name(series("a/b").key) == "gpu/tb/a/b"
    assert full_name(series("a").key) == "gpu/tb/a/fake_{n}.png"
    assert run_name(series("").key) == "gpu/tb"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], True),
        (["lr1"], True),
        (["gpu/tb/lr1"], True),
        (["*/lr1/*"], True),
        (["lr2"], False),
        (["[x]"], False),
    ],
)
def test_a_word_is_a_part_or_a_glob(words, found):
    assert means(series("lr1").key, words) is found


def test_nothing_found_says_what_there_is():
    with pytest.raises(Error) as told:
        chosen([series("lr1")], ["nope"])
    assert "gpu/tb/lr1" in told.value.advice
    with pytest.raises(Error, match="no sample images in the mirror"):
        chosen([], [])


def test_frames_between_steps_and_each_nth_the_last_always():
    frames = series("a", steps=range(10)).frames
    assert [f.step for f in within(frames, 2, 8, 4)] == [2, 6, 8]
    with pytest.raises(Error) as told:
        within(frames, 50, None, 1)
    assert "0 to 9" in told.value.advice


def test_compare_takes_the_series_that_all_have():
    runs = [series("a"), series("a", "real_{n}.png"), series("b"), series("b", "other.png")]
    assert [one.key.name for one in to_compare(runs, ["/a/", "/b/"], None)] == [b"fake_{n}.png"] * 2
    two = [*runs, series("b", "real_{n}.png")]
    with pytest.raises(Error) as told:
        to_compare(two, ["/a/", "/b/"], None)
    assert "--series" in told.value.advice
    assert len(to_compare(two, ["/a/", "/b/"], "real")) == 2
    with pytest.raises(Error, match="several runs"):
        to_compare([series("a1"), series("a2"), series("b")], ["tb/a", "tb/b"], None)
    with pytest.raises(Error, match="no sample images of zz"):
        to_compare(runs, ["/a/", "zz"], None)


def test_side_by_side_each_run_shows_its_last_step_up_to_it():
    picked = [series("a", steps=(1, 5)), series("b", steps=(2, 5, 9))]
    frames = compared(picked, None)
    assert [frame.step for frame in frames] == [2, 5, 9]
    assert frames[0].panels == (("a (step 1)", 1), ("b", 1))
    assert [p.path for p in frames[0].pictures] == [b"a1", b"b2"]
    assert compared(picked, 6)[0].panels == (("a (step 5)", 1), ("b (step 5)", 1))
    with pytest.raises(Error, match="begins after step 1"):
        compared(picked, 1)


def test_no_export_takes_the_file_of_another():
    two_hosts = [series("exp1"), series("exp1", host="hpc"), series("exp2"), series("")]
    assert file_names(two_hosts, "gif") == [
        "gpu.tb.exp1.x.gif", "hpc.tb.exp1.x.gif", "exp2.x.gif", "tb.x.gif",
    ]  # fmt: skip
    folders = file_names([series("a/b"), series("a.b"), series("c")], "webp")
    assert len(set(folders)) == 3
    assert folders[2] == "c.x.webp"
    assert all(name.startswith("gpu.tb.a.b.x-") for name in folders[:2])
