import math

import pytest

from expsyncd.cli.runs_view.metrics import best, direction, measure, most_telling, telling, words
from support.catalogues import NOW, run, scalar

LEAST = [
    "loss", "train/loss", "val_loss", "Loss/total", "lossD", "errD", "d_loss", "bceloss", "FID", "fid50k_full", "val/perplexity",
    "test/mse", "cross_entropy", "score_loss", "eval/WER", "negative_log_likelihood", "error_rate", "train_loss_step", "loss_epoch",
    "valLoss", "kl_div/kl",
]  # fmt: skip
GREATEST = [
    "acc", "val/accuracy", "PSNR", "ssim", "inception_score", "mIoU", "val/IoU", "AUC", "F1", "f1_score", "top5", "acc@1", "mAP",
    "rollout/ep_rew_mean", "success_rate", "loss/acc", "log_likelihood", "episode_return", "R2",
]  # fmt: skip
UNKNOWN = [
    "lr", "learning_rate", "epoch", "grad_norm", "loss_scale", "loss_weight", "entropy", "beta", "x", "images", "time/step", "flow",
    "accelerator", "classical", "param/0.weight", "", "///",
]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "expected"),
    [*((t, "least") for t in LEAST), *((t, "greatest") for t in GREATEST), *((t, None) for t in UNKNOWN)],
)
def test_direction(tag, expected):
    assert direction(tag) == expected


def test_words():
    assert words("val/TopK_accLoss") == ("val", "top", "k", "topk", "acc", "loss", "accloss")
    assert words("mIoU") == ("m", "io", "u", "miou")
    assert (measure("val/bceLoss"), measure("lr")) == ("loss", None)


def test_best():
    row = run("gpu/a")
    points = (0, 3.0), (1, 1.0), (2, math.nan), (3, 2.0)
    assert best(scalar(row, "loss", *points)) == (1, NOW - 180, 1.0)
    assert best(scalar(row, "acc", *points)) == (0, NOW - 240, 3.0)
    assert best(scalar(row, "lr", *points)) is None
    assert best(scalar(row, "loss", (0, math.nan))) is None


def test_the_most_telling_first():
    tags = [
        "lr",
        "train/loss",
        "epoch",
        "val/loss",
        "grad_norm",
        "val/acc",
        "test/acc",
        "custom",
        "time/seconds",
    ]
    assert most_telling(dict.fromkeys(tags, 4), 4) == [
        "val/loss", "val/acc", "test/acc", "train/loss", "custom", "lr", "epoch", "grad_norm", "time/seconds",
    ]  # fmt: skip
    # What most runs have comes before what tells more of a few.
    assert most_telling({"val/loss": 1, "train/loss": 4}, 4) == ["train/loss", "val/loss"]
    assert telling("loss") > telling("loss_scale")
