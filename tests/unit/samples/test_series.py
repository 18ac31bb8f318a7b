import re

import pytest

from expsyncd.samples.series import GRID_MOST, Content, series_of

SECOND = 10**9


def content(path, second=1, size=100):
    return Content(path.encode(), b"/m/" + path.encode(), size, second * SECOND)


def shape(found):
    return {one.name.decode(): [(frame.step, len(frame.pictures)) for frame in one.frames] for one in found}


def test_several_series_in_one_folder_in_step_order():
    files = [content(f"{kind}_epoch_{n}.png", n) for kind in ("fake", "real") for n in (10, 2, 1)]
    assert shape(series_of(files)) == {
        "fake_epoch_{epoch}.png": [(1, 1), (2, 1), (10, 1)],
        "real_epoch_{epoch}.png": [(1, 1), (2, 1), (10, 1)],
    }


def test_many_images_of_one_step_are_a_grid_in_index_order():
    (found,) = series_of([content(f"epoch_{e}/sample_{i}.png") for e in (2, 1) for i in (10, 2, 1)])
    assert [frame.step for frame in found.frames] == [1, 2]
    assert [picture.index for picture in found.frames[0].pictures] == [1, 2, 10]
    assert found.frames[0].label == "epoch 1"


def test_batches_of_an_epoch_are_frames_and_no_grid():
    (found,) = series_of([content(f"epoch_{e}_batch_{b}.png") for e in (1, 2) for b in (400, 0)])
    assert [frame.order[:2] for frame in found.frames] == [(1, 0), (1, 400), (2, 0), (2, 400)]
    assert found.frames[1].label == "epoch 1 · batch 400"


def test_each_content_of_an_overwritten_name_is_a_frame():
    files = [content("fake_epoch_003.png", second) for second in (5, 1, 3)] + [
        content("fake_epoch_004.png", 7)
    ]
    (found,) = series_of(files)
    assert [frame.pictures[0].mtime_ns // SECOND for frame in found.frames] == [1, 3, 5, 7]
    assert found.frames[0].label == "epoch 3 · 1970-01-01 00:00:01"
    assert found.frames[3].label == "epoch 4"


def test_one_name_without_a_number_lives_by_its_contents():
    (found,) = series_of([content("latest.png", second) for second in (9, 4)])
    assert [frame.pictures[0].mtime_ns // SECOND for frame in found.frames] == [4, 9]
    assert [frame.step for frame in found.frames] == [None, None]
    assert found.frames[0].label == "1970-01-01 00:00:04"


def test_overwritten_samples_without_steps_are_grids():
    files = [content(f"sample_{i}.png", 10 * round_ + i) for round_ in range(3) for i in range(4)]
    (found,) = series_of(files)
    assert found.name == b"sample_{i}.png"
    assert [len(frame.pictures) for frame in found.frames] == [4, 4, 4]
    assert [p.mtime_ns // SECOND for p in found.frames[1].pictures] == [10, 11, 12, 13]
    assert "overwritten" in found.why


def test_clocks_order_what_has_no_step():
    (found,) = series_of([content("2024-02-01_00-00-00.png"), content("2024-01-31_12-30-59.png")])
    assert [frame.label for frame in found.frames] == ["2024-01-31_12-30-59", "2024-02-01_00-00-00"]


def test_ids_do_not_part_a_series():
    names = ["s_100_3f2a9c1b7d004e5f.png", "s_100_aaaa9c1b7d004e50.png", "s_200_0f2a9c1b7d004e5f.png"]
    assert shape(series_of([content(name) for name in names])) == {"s_{n}_{id}.png": [(100, 2), (200, 1)]}


# What single names cannot tell; each group was written as real code writes it: path to second.
MEASURED = {"iter_1000_loss_0.123.png": 1, "iter_2000_loss_0.1.png": 2, "iter_3000_loss_0.11.png": 3}
SETTINGS = {f"cfg{cfg}_{step}.png": step for cfg in ("3.0", "7.5") for step in (100, 200)}
GROWING = {"64x64_iter_500.png": 1, "128x128_iter_1000.png": 2}
DATED = {f"results/{run}/epoch_{n}.png": n for run in ("20240131_123059", "20240201_091500") for n in (1, 2)}
RESUMED = {"run_1706704259/epoch_1.png": 1, "run_1706704259/epoch_2.png": 2, "run_1706709999/epoch_3.png": 3}
SEEDS = {f"seed_{seed}/epoch_{n}.png": n for seed in (1, 2) for n in (1, 2)}
SHEETS = {f"testset_{s:06}/{i:03}.png": s + i for s in (50000, 100000, 150000) for i in range(3)}
TRAINED = {f"fid_samples_epoch_{e}/{i}.png": 100 * e + i for e in (5, 10, 15) for i in range(3)}
SETUPS = {f"exp_epoch{e}/{n}.png": 90 * e + n for e in (100, 200) for n in (10, 4000, 8500)}
ONE_EACH = {"100/sample_0.png": 1, "200/sample_0.png": 2}
BATCHES = {f"epoch_{e}_{b:06}.png": 1000 * e + b for e in (1, 2, 3) for b in (0, 400, 800)}
UNLABELLED = {f"{e}-{b}-images.jpg": 1000 * e + b for e in (1, 2, 3) for b in (200, 400, 800)}
SLOW_SAMPLES = {f"epoch_{e}_{i}.png": 10 * e + 3 * i for e in (1, 2, 3) for i in (0, 1, 2)}
TWO_MODELS = {f"model{m}_{n}.png": n + m for m in (1, 2) for n in (5, 10)}
GLUED = {f"net{n:06}_{i}.png": n + i for n in (500, 1000) for i in (2, 3)}
GROUPS = [
    (MEASURED, {"iter_{step}_loss_{id}.png": [(1000, 1), (2000, 1), (3000, 1)]}),
    (SETTINGS, {"cfg3.0_{n}.png": [(100, 1), (200, 1)], "cfg7.5_{n}.png": [(100, 1), (200, 1)]}),
    (GROWING, {"{id}_iter_{step}.png": [(500, 1), (1000, 1)]}),
    (DATED, {f"results/{run}/epoch_{{epoch}}.png": [(1, 1), (2, 1)] for run in ("20240131_123059", "20240201_091500")}),
    (RESUMED, {"run_{id}/epoch_{epoch}.png": [(1, 1), (2, 1), (3, 1)]}),
    (SEEDS, {f"seed_{seed}/epoch_{{epoch}}.png": [(1, 1), (2, 1)] for seed in (1, 2)}),
    (SHEETS, {"testset_{n}/{i}.png": [(50000, 3), (100000, 3), (150000, 3)]}),
    (TRAINED, {"fid_samples_epoch_{n}/{i}.png": [(5, 3), (10, 3), (15, 3)]}),
    (SETUPS, {f"exp_epoch{e}/{{n}}.png": [(10, 1), (4000, 1), (8500, 1)] for e in (100, 200)}),
    (ONE_EACH, {"{n}/sample_{i}.png": [(100, 1), (200, 1)]}),
    (BATCHES, {"epoch_{epoch}_{batch}.png": [(e, 1) for e in (1, 1, 1, 2, 2, 2, 3, 3, 3)]}),
    (UNLABELLED, {"{n}-{batch}-images.jpg": [(e, 1) for e in (1, 1, 1, 2, 2, 2, 3, 3, 3)]}),
    (SLOW_SAMPLES, {"epoch_{epoch}_{i}.png": [(1, 3), (2, 3), (3, 3)]}),
    (TWO_MODELS, {f"model{m}_{{n}}.png": [(5, 1), (10, 1)] for m in (1, 2)}),
    (GLUED, {"net{n}_{i}.png": [(500, 2), (1000, 2)]}),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), GROUPS, ids=[next(iter(files)) for files, _ in GROUPS])
def test_real_code_writes(files, expected):
    assert shape(series_of([content(path, second) for path, second in files.items()])) == expected


def test_steps_that_begin_anew_with_each_epoch_are_told_by_the_epoch():
    files = [content(f"epoch_{e}_iter_{n}.png", 10 * e + n) for e in (1, 2) for n in (100, 200)]
    (found,) = series_of(files)
    assert [(frame.order[:2], frame.step) for frame in found.frames] == [
        ((1, 100), 1), ((1, 200), 1), ((2, 100), 2), ((2, 200), 2)
    ]  # fmt: skip


def test_samples_by_two_numbers_are_in_the_order_of_both():
    files = [content(f"epoch_1_{row}_{column}.png") for row in (1, 0) for column in (10, 9)]
    (found,) = series_of(files)
    names = [picture.path.rpartition(b"/")[2] for picture in found.frames[0].pictures]
    assert names == [b"epoch_1_0_9.png", b"epoch_1_0_10.png", b"epoch_1_1_9.png", b"epoch_1_1_10.png"]


def test_a_grid_has_a_bound():
    (found,) = series_of([content(f"epoch_1/sample_{i}.png") for i in range(GRID_MOST + 50)])
    assert len(found.frames[0].pictures) == GRID_MOST


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(?P<index>\d+)_(?P<step>\d+)", {"{i}_{step}.png": [(5, 2), (6, 2)]}),
        (r"(?P<series>[ab])\.(?P<epoch>\d+)", {"a": [(1, 1)], "b": [(2, 1)]}),
    ],
)
def test_the_persons_own_pattern(pattern, expected):
    names = {
        "{i}_{step}.png": ["1_5.png", "2_5.png", "1_6.png", "2_6.png"],
        "a": ["a.1.png", "b.2.png"],
    }[next(iter(expected))]
    assert shape(series_of([content(name) for name in names], re.compile(pattern))) == expected


def test_where_the_pattern_does_not_fit_the_names_decide():
    found = series_of([content("x_epoch_3.png"), content("it7.png")], re.compile(r"it(?P<step>\d+)"))
    assert shape(found) == {"it{step}.png": [(7, 1)], "x_epoch_{epoch}.png": [(3, 1)]}
