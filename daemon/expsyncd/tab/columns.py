"""Which metrics and settings a table of runs shows unless the person says otherwise. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METRICS_SHOWN = 3
SETTINGS_SHOWN = 4
# What says how good a model is, before what says how it is trained; what merely counts comes last.
_TELLING = re.compile(r"(^|[/_.\- ])(val|valid|validation|test|eval|dev)([/_.\- ]|$)", re.IGNORECASE)
_QUALITY = re.compile(
    r"loss|acc|fid|psnr|ssim|lpips|bleu|rouge|f1|auc|iou|map|wer|cer|ppl|perplexity|err|score|reward|return",
    re.IGNORECASE,
)
_NAMING = re.compile(
    r"(^|[._-])(name|dir|path|folder|file|id|run|experiment|exp)$|(dir|path)$", re.IGNORECASE
)
_COUNTING = re.compile(
    r"(^|[/_.\- ])(lr|learning_rate|epoch|step|global_step|iter|time|it_s|fps|sps|grad|grad_norm|mem"
    r"|memory|gpu)([/_.\- ]|$)",
    re.IGNORECASE,
)


def metrics(runs_by_tag: Mapping[str, int]) -> list[str]:
    """Tags, the most telling first; `runs_by_tag` says how many runs have each."""

    def rank(tag: str) -> tuple[object, ...]:
        counting = bool(_COUNTING.search(tag))
        value = 2 * bool(_QUALITY.search(tag)) + bool(_TELLING.search(tag))
        return counting, -value, -runs_by_tag[tag], len(tag), tag

    # What few runs have says little beside what most have.
    most = max(runs_by_tag.values(), default=0)
    return sorted(runs_by_tag, key=lambda tag: (runs_by_tag[tag] * 2 < most, *rank(tag)))


def settings(seen: Sequence[tuple[str, int, int]]) -> list[str]:
    """Names of settings that differ: of (name, runs that have it, values), those that part runs best."""

    def rank(row: tuple[str, int, int]) -> tuple[object, ...]:
        name, count, values = row
        # One value each is a name or a path, not something that was tried; one value is what some lack.
        named = _NAMING.search(name) or (values == count and count > 4)
        kind = 2 if named else 1 if values == 1 else 0
        return kind, -count, values, len(name), name

    return [row[0] for row in sorted(seen, key=rank)]
