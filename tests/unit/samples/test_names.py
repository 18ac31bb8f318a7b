"""Names of sample images from popular code and from life; what each means was written by hand."""

from pathlib import Path

import pytest

from expsyncd.samples.names import taken_apart
from expsyncd.samples.series import moment_of, template
from expsyncd.samples.slots import decide

TABLE = Path(__file__).parents[2] / "data" / "sample-names.tsv"
# Why a line of the table is read otherwise than it says.
ELSE = {
    # A class sheet: one name alone cannot tell. With the sheets of several steps beside it the folder's number is
    # the step, see test_slots.
    "samples/run/3/samples0.jpg": (0, None),
}


def read(path):
    name = taken_apart(path)
    parts = decide([name], [0])
    moment = moment_of(name, parts)
    return moment, template(name, parts)


def lines():
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            path, step, index, *_ = line.split("\t")
            yield path, None if step == "none" else int(step), None if index == "-" else int(index)


@pytest.mark.parametrize(("path", "step", "index"), list(lines()))
def test_popular_code(path, step, index):
    if path in ELSE:
        step, index = ELSE[path]
    moment, _ = read(path.encode())
    assert (moment.step, moment.index) == (step, index)


# path, order, step, index, series
LIFE = [
    # labelled numbers, glued, separated, behind
    ("epoch_7.png", (7,), 7, None, "epoch_{epoch}.png"),
    ("epoch7.png", (7,), 7, None, "epoch{epoch}.png"),
    ("Epoch-0007.jpg", (7,), 7, None, "Epoch-{epoch}.jpg"),
    ("ep12_fake.png", (12,), 12, None, "ep{epoch}_fake.png"),
    ("fakeEpoch12.png", (12,), 12, None, "fakeEpoch{epoch}.png"),
    ("12_epoch.png", (12,), 12, None, "{epoch}_epoch.png"),
    ("sample_at_12epochs.png", (12,), 12, None, "sample_at_{epoch}epochs.png"),
    ("iter_0005000.png", (5000,), 5000, None, "iter_{step}.png"),
    ("5000steps.png", (5000,), 5000, None, "{step}steps.png"),
    ("global_step_3400.png", (3400,), 3400, None, "global_step_{step}.png"),
    ("global_step=3400.png", (3400,), 3400, None, "global_step={step}.png"),
    ("img_step-000500.webp", (500,), 500, None, "img_step-{step}.webp"),
    ("train_step500_sample.png", (500,), 500, None, "train_step{step}_sample.png"),
    ("epoch=12-step=3400.png", (12, 3400), 3400, None, "epoch={epoch}-step={step}.png"),
    ("e12s3400.png", (12,), 12, None, None),
    ("reals_kimg000500.png", (500,), 500, None, "reals_kimg{step}.png"),
    ("fakes000500.png", (500,), 500, None, "fakes{n}.png"),
    ("tick_40_fakes.png", (40,), 40, None, "tick_{step}_fakes.png"),
    ("100k.png", (100000,), 100000, None, "{n}k.png"),
    ("recon_epoch_003_iter_00200.png", (3, 200), 200, None, "recon_epoch_{epoch}_iter_{step}.png"),
    ("E3_B40.png", (3, 40), 3, None, "E{epoch}_B{batch}.png"),
    ("batch_400.png", (400,), 400, None, "batch_{batch}.png"),
    ("12_batch_400.png", (12, 400), 12, None, "{n}_batch_{batch}.png"),
    ("checkpoint-500/val.png", (500,), 500, None, "checkpoint-{step}/val.png"),
    # samples of one step
    ("epoch_012/sample_07.png", (12,), 12, 7, "epoch_{epoch}/sample_{i}.png"),
    ("epoch_012/7.png", (12,), 12, 7, "epoch_{epoch}/{i}.png"),
    ("step_5000/fake_3.png", (5000,), 5000, 3, "step_{step}/fake_{i}.png"),
    ("samples_epoch_3/img.png", (3,), 3, None, "samples_epoch_{epoch}/img.png"),
    ("sample_07_epoch_012.png", (12,), 12, 7, "sample_{i}_epoch_{epoch}.png"),
    ("epoch_003_sample_12.png", (3,), 3, 12, "epoch_{epoch}_sample_{i}.png"),
    ("000500_3.png", (500,), 500, 3, "{n}_{i}.png"),
    ("step100_idx4.png", (100,), 100, 4, "step{step}_idx{i}.png"),
    ("validation/step_200/image_0_of_4.png", (200,), 200, 0, "validation/step_{step}/image_{i}_of_4.png"),
    # what is no moment
    ("out_seed42_000500.png", (500,), 500, None, "out_seed{id}_{n}.png"),
    ("seed_1234_epoch_3.png", (3,), 3, None, "seed_{id}_epoch_{epoch}.png"),
    ("256x256_000500.png", (500,), 500, None, "256x256_{n}.png"),
    ("grid_8x8_epoch_4.png", (4,), 4, None, "grid_8x8_epoch_{epoch}.png"),
    ("fake_512px_12.png", (12,), 12, None, "fake_512px_{n}.png"),
    ("bs64_lr0.0002_000100.png", (100,), 100, None, "bs64_lr0.0002_{n}.png"),
    ("lr1e-4_500.png", (500,), 500, None, "lr1e-4_{n}.png"),
    ("gan_lr_0.0002_epoch_9.png", (9,), 9, None, "gan_lr_0.0002_epoch_{epoch}.png"),
    ("stylegan2_000100.png", (100,), 100, None, "stylegan2_{n}.png"),
    ("pix2pix_12.png", (12,), 12, None, "pix2pix_{n}.png"),
    ("pix2pix.png", (), None, None, "pix2pix.png"),
    ("cfg7.5_1000.png", (1000,), 1000, None, "cfg7.5_{n}.png"),
    ("rank0_step_10.png", (10,), 10, None, "rank0_step_{step}.png"),
    ("v2/sample_9.png", (9,), 9, None, "v2/sample_{n}.png"),
    ("loss0.123_epoch5.png", (5,), 5, None, "loss{id}_epoch{epoch}.png"),
    ("fid_12.5_step_2000.png", (2000,), 2000, None, "fid_{id}_step_{step}.png"),
    ("interpolation.png", (), None, None, "interpolation.png"),
    ("batch_size_64.png", (), None, None, "batch_size_64.png"),
    ("num_epochs_100/fake_5.png", (5,), 5, None, "num_epochs_100/fake_{n}.png"),
    ("epochs100_lr3/fake_5.png", (5,), 5, None, "epochs100_lr3/fake_{n}.png"),
    ("exp_epoch100_lr1e-3/samples/5.png", (5,), 5, None, "exp_epoch100_lr1e-3/samples/{n}.png"),
    ("loss_0.1234_iter_1000.png", (1000,), 1000, None, "loss_{id}_iter_{step}.png"),
    ("epoch_3_fid_45.png", (3,), 3, None, "epoch_{epoch}_fid_{id}.png"),
    ("lr0.0002_9.png", (9,), 9, None, "lr0.0002_{n}.png"),
    ("cfg7.5_12.png", (12,), 12, None, "cfg7.5_{n}.png"),
    ("sd_v1.5_3.png", (3,), 3, None, "sd_v1.5_{n}.png"),
    ("gen_a2b_test_00010000.jpg", (10000,), 10000, None, "gen_a2b_test_{n}.jpg"),
    ("unet3d_epoch5.png", (5,), 5, None, "unet3d_epoch{epoch}.png"),
    ("ddpm_ema_cifar10_5.png", (5,), 5, None, "ddpm_ema_cifar10_{n}.png"),
    ("epoch_12_of_100.png", (12,), 12, None, "epoch_{epoch}_of_100.png"),
    ("epoch03of50.png", (3,), 3, None, "epoch{epoch}of50.png"),
    ("train_step-2000_rank0.png", (2000,), 2000, None, "train_step-{step}_rank0.png"),
    ("noise_level_0.5_epoch_3.png", (3,), 3, None, "noise_level_0.5_epoch_{epoch}.png"),
    ("sample_iter5000_class3.png", (5000,), 5000, None, "sample_iter{step}_class3.png"),
    ("50Epoch/fake_samples_epoch_003.png", (3,), 3, None, "50Epoch/fake_samples_epoch_{epoch}.png"),
    # kinds of pictures, which are settings elsewhere, where no other number is
    ("depth_000500.png", (500,), 500, None, "depth_{n}.png"),
    ("label_3.png", (3,), 3, None, "label_{n}.png"),
    ("epoch_3_label_7.png", (3,), 3, None, "epoch_{epoch}_label_7.png"),
    # more of other people's code
    (
        "images/train/samples_gs-000500_e-000003_b-000200.png",
        (3, 500, 200),
        500,
        None,
        "images/train/samples_gs-{step}_e-{epoch}_b-{batch}.png",
    ),
    ("gs-001000_e-000004_b-000000_inputs_2.png", (4, 1000, 0), 1000, 2, None),
    ("count_000000500_fake_samples3.png", (500,), 500, 3, "count_{n}_fake_samples{i}.png"),
    ("3epoch_200iter.png", (3, 200), 200, None, "{epoch}epoch_{step}iter.png"),
    ("12_epoch_34_iter.png", (12, 34), 34, None, "{epoch}_epoch_{step}_iter.png"),
    ("Epoch[3]_Iter[500].png", (3, 500), 500, None, "Epoch[{epoch}]_Iter[{step}].png"),
    ("sampleEpoch3Step500.png", (3, 500), 500, None, "sampleEpoch{epoch}Step{step}.png"),
    ("ep3_it0400.png", (3, 400), 400, None, "ep{epoch}_it{step}.png"),
    ("episode_500.png", (500,), 500, None, "episode_{step}.png"),
    ("snapshot_iter_5000.png", (5000,), 5000, None, "snapshot_iter_{step}.png"),
    ("step_10k.png", (10000,), 10000, None, "step_{step}k.png"),
    ("fakes10k.png", (10000,), 10000, None, "fakes{n}k.png"),
    ("step_1000000000.png", (10**9,), 10**9, None, "step_{step}.png"),
    ("f0000012.png", (12,), 12, None, "f{n}.png"),
    ("e0000500.png", (500,), 500, None, "e{epoch}.png"),
    ("generated_plot_e010.png", (10,), 10, None, "generated_plot_e{epoch}.png"),
    ("ComfyUI_00012_.png", (12,), 12, None, "ComfyUI_{n}_.png"),
    ("200000-images.jpg", (200000,), 200000, None, "{n}-images.jpg"),
    ("00012-3141592653.png", (12,), 12, None, "{n}-{id}.png"),
    ("lightning_logs/version_3/samples/epoch=12.png", (12,), 12, None, None),
    ("val_epoch_005/3.png", (5,), 5, 3, "val_epoch_{epoch}/{i}.png"),
    ("checkpoint-500/images/val_0.png", (500,), 500, 0, "checkpoint-{step}/images/val_{i}.png"),
    ("vis/epoch_10/iter_500_pred.png", (10, 500), 500, None, "vis/epoch_{epoch}/iter_{step}_pred.png"),
    ("epoch_3_1_07.png", (3,), 3, 1, "epoch_{epoch}_{i}_{i}.png"),
    (
        "mylora_20240131120000_e000003_01_42.png",
        (3,),
        3,
        1,
        "mylora_{id}_e{epoch}_{i}_{i}.png",
    ),
    # clocks and ids
    ("2024-01-31/emb-500.png", (500,), 500, None, "{id}/emb-{n}.png"),
    ("20240131123059123456.png", (20240131123059123456,), None, None, "{time}.png"),
    ("1706704259123456789.png", (1706704259123456789,), None, None, "{time}.png"),
    ("31-01-2024_12-30.png", (202401311230,), None, None, "{time}.png"),
    ("01-31-2024 12.30.59.png", (20240131123059,), None, None, "{time}.png"),
    (
        "media/images/samples_100_3f2a9c1b7d004e5f6a7b.png",
        (100,),
        100,
        None,
        "media/images/samples_{n}_{id}.png",
    ),
    ("2024-01-31_12-30-59.png", (20240131123059,), None, None, "{time}.png"),
    ("20240131_epoch_4.png", (4,), 4, None, "{id}_epoch_{epoch}.png"),
    ("img_20240131-123059_0042.png", (42,), 42, None, None),
    ("sample_1706704259.png", (1706704259,), None, None, "sample_{time}.png"),
    ("run_1706704259.123/epoch_2.png", (2,), 2, None, "run_{id}/epoch_{epoch}.png"),
    ("9f1c2d3e-0a1b-4c2d-8e3f-001122334455_7.png", (7,), 7, None, "{id}_{n}.png"),
    ("00000000000000000012345678901234567890.png", (), None, None, None),
    # odd bytes
    ("été_12.png", (12,), 12, None, "été_{n}.png"),
    ("a b (3).png", (3,), 3, None, "a b ({n}).png"),
    ("epoch 12 step 300.png", (12, 300), 300, None, "epoch {epoch} step {step}.png"),
    ("#12.png", (12,), 12, None, "#{n}.png"),
    ("out.0012.png", (12,), 12, None, "out.{n}.png"),
    ("12", (12,), 12, None, "{n}"),
]


@pytest.mark.parametrize(("path", "order", "step", "index", "series"), LIFE, ids=[row[0] for row in LIFE])
def test_life(path, order, step, index, series):
    moment, name = read(path.encode())
    assert (moment.order, moment.step, moment.index) == (order, step, index)
    if series is not None:
        assert name.decode() == series


def test_bytes_that_are_no_text():
    moment, name = read(b"\xff\xfe_epoch_3\n.png")
    assert moment.step == 3
    assert name == b"\xff\xfe_epoch_{epoch}\n.png"


def test_taken_apart_is_put_together_again():
    for path, *_ in LIFE:
        assert b"".join(slot.text for slot in taken_apart(path.encode()).slots) == path.encode()


def test_labels():
    assert read(b"fake_epoch_12_step_3400.png")[0].label == "epoch 12 · step 3400"
    assert read(b"images/400.png")[0].label == "400"
    assert read(b"reals.png")[0].label == ""


@pytest.mark.parametrize("name", [b"step_999999999999999M.png", b"epoch_10000000000000M.png"])
def test_no_step_is_larger_than_a_database_can_hold(name):
    moment, _ = read(name)
    assert moment.step is None
