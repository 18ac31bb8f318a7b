"""What a scalar's tag tells: whether less or more of it is better, how much people want it. Pure."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal

from expsyncd.cli.runs_view.values import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expsyncd.state.measured import Point, ScalarRow

Direction = Literal["least", "greatest"]

LEAST = frozenset(
    listed("""
    loss losses err error errors fid kid perplexity ppl mse mae rmse nrmse mape nll bpd bpc wer cer
    lpips ce bce xent crossentropy kl kld divergence distance cost regret epe fvd brier ece eer
    niqe hinge penalty der ter
""")
)
GREATEST = frozenset(
    listed("""
    acc accuracy psnr ssim score iou miou auc auroc auprc f1 f2 map ap bleu rouge meteor cider precision
    recall sensitivity specificity dice rew reward rewards return returns top1 top5 r2 winrate win success
    ndcg mrr hits kappa mcc elo correct similarity pck pesq stoi likelihood elbo vmaf
""")
)
HELD_OUT = {"val", "valid", "validation", "eval", "evaluation", "dev", "heldout"}
TEST = {"test", "testing"}
# What a training logs about itself: true, and rarely what a person compares runs by.
HOUSEKEEPING = frozenset(
    listed("""
    lr learning rate epoch epochs time seconds sec secs ms duration memory mem fps speed throughput norm
    norms grad grads gradient gradients step steps iter iters iteration momentum eta gpu cpu util
    utilization temperature hours ema samples params weight weights bias decay scale beta count num size
    elapsed timestamp it
""")
)
# These may stand behind a measure: `success_rate`, Lightning's `loss_step` and `loss_epoch`.
OF_A_MEASURE = {"rate", "step", "epoch", "iter", "iteration", "it"}
# The order in which people ask for them.
FAVOURITES = tuple(
    listed("""
    loss acc accuracy fid psnr ssim score reward return miou iou map auc f1 bleu perplexity ppl error
""")
)

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+")


@cache
def words(tag: str) -> tuple[str, ...]:
    """`val/TopK_accLoss` → val, top, k, topk, acc, loss, accloss: parts of words, then the word."""
    found: list[str] = []
    for segment in re.findall(r"[^\W_]+", tag):
        parts = [part.lower() for part in _PARTS.findall(segment)]
        found += [*parts, segment.lower()] if len(parts) > 1 else [segment.lower()]
    return tuple(found)


def _measure(word: str, before: str) -> str | None:
    """The measure that a word names, maybe with a number: `fid50`, `bceloss`."""
    for name in (word, word.rstrip("0123456789")):
        if name in LEAST or name in GREATEST:
            return name
    if word == "entropy" and before == "cross":  # alone it is a policy's, of which neither end is good
        return "crossentropy"
    return next((name for name in ("loss", "error") if word.endswith(name)), None)


@cache
def measure(tag: str) -> str | None:
    """What it measures; the last word rules: `score_loss` is a loss, `loss/acc` an accuracy.

    None for what names no measure, and for what only belongs to one: `loss_scale`, `grad_norm/loss_weight`.
    """
    spoken = words(tag)
    found = [_measure(word, before) for word, before in zip(spoken, ("", *spoken), strict=False)]
    if not any(found) or (spoken[-1] in HOUSEKEEPING - OF_A_MEASURE):
        return None
    return next(name for name in reversed(found) if name)


def direction(tag: str) -> Direction | None:
    """Whether the least or the greatest value is the best; None when its name does not say."""
    name = measure(tag)
    if name is None:
        return None
    if name == "likelihood" and {"negative", "neg"} & set(words(tag)):
        return "least"
    return "greatest" if name in GREATEST else "least"


def best(row: ScalarRow) -> Point | None:
    """The best point; None when the direction is unknown or no value was a number."""
    way = direction(row.tag)
    return None if way is None else getattr(row, way)


def telling(tag: str) -> float:
    """How much it tells of a run: held-out measures first, what a training logs of itself last."""
    spoken, name = set(words(tag)), measure(tag)
    worth = 0.0
    if name:
        worth += 4
        if name in FAVOURITES:
            worth += 2 - FAVOURITES.index(name) * 0.1
    elif spoken & HOUSEKEEPING:
        worth -= 6
    if spoken & HELD_OUT:
        worth += 3
    elif spoken & TEST:
        worth += 2
    return worth - 0.02 * len(tag)  # of equals the plainer name


def most_telling(counts: Mapping[str, int], runs: int) -> list[str]:
    """Tags, the most telling first; those of less than half of the runs after all others."""

    def rank(tag: str) -> tuple[bool, float, str]:
        covered = counts[tag] / max(1, runs)
        return (covered < 0.5, -(telling(tag) + 2 * covered), tag)

    return sorted(counts, key=rank)
