"""Names of runs: what of a command names its run, and how near a run's folder is to such a name. Pure."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from expsyncd.journal.directives import options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAMING_WORDS = """
    name exp_name expname experiment experiment_name exp expid exp_id run_name runname run run_id
    runid tag title job_name version comment logdir log_dir log_path logs tb_dir tb_log output_dir
    outdir out_dir out output save_dir savedir save_path workdir work_dir results_dir result_dir
    results model_dir ckpt_dir checkpoint_dir exp_dir expdir run_dir default_root_dir root_dir
    basedir train_dir summary_dir dir experiment_dir save save_name model_name_suffix
"""
NAMING = frozenset(_NAMING_WORDS.split())
# Folders that frameworks put around or below a run: they name none.
_GENERIC = re.compile(
    r"(?:tb|tb_?logs?|logs?|tensorboard|events?|train|val|valid|eval|test|summar(?:y|ies)|lightning_logs|runs?|results?"
    r"|outputs?|out|exps?|experiments?|checkpoints?|ckpts?|version_\d+|multirun|data|home|scratch|\.|\.\.|~)",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[-_.@+,\s=]+")
TOKENS_MOST = 24
# What a framework adds to a name: dates, times, numbers of tries, process ids.
_ADDED = re.compile(
    r"(?:\d{1,14}|v?\d{1,4}|[A-Z][a-z]{2}\d{1,2}|\d{1,2}[A-Z][a-z]{2}|\d{8}t\d{4,6}|run|version|try|rank|\d+h\d+m\d*s?)",
    re.IGNORECASE,
)


def name_of(key: str) -> str:
    """A setting's own name: the last part, with underscores: `--trainer.log-dir` → log_dir."""
    return key.rsplit(".", 1)[-1].replace("-", "_").lower()


def names_in(settings: Mapping[str, str]) -> list[list[str]]:
    """Paths, as lists of folder names, by which a command names its run; generic folders left out."""
    found = []
    for key, value in settings.items():
        last = name_of(key)
        naming = last in NAMING or key in {"hydra.run.dir", "hydra.sweep.dir", "sbatch.job-name"}
        if naming and value not in ("true", "false") and "$" not in value and "`" not in value:
            parts = telling(value.split("/"))
            if parts and parts not in found:
                found.append(parts)
    return found


def telling(parts: Iterable[str]) -> list[str]:
    """The parts of a path that may name a run."""
    return [part for part in parts if part and not _GENERIC.fullmatch(part)]


def tokens(name: str) -> list[str]:
    """The parts of a name between its separators."""
    return [token for token in _SEPARATOR.split(name) if token][:TOKENS_MOST]


def joins(name: str) -> set[str]:
    """Every stretch of a name's tokens, joined: what it may contain as a whole name."""
    parts = tokens(name)
    return {
        "_".join(parts[start:end]).lower()
        for start in range(len(parts))
        for end in range(start + 1, len(parts) + 1)
    }


def rest_of(name: str, wanted: str) -> list[str] | None:
    """The tokens of a folder's `name` that are not of `wanted`; None where it does not hold it as a whole.

    `exp1` is in `2024-03-01_exp1_seed3`, and not in `exp10`.
    """
    have, want = [token.lower() for token in tokens(name)], [token.lower() for token in tokens(wanted)]
    for start in range(len(have) - len(want) + 1):
        if want and have[start : start + len(want)] == want:
            return tokens(name)[:start] + tokens(name)[start + len(want) :]
    return None


def is_added(token: str) -> bool:
    """Whether a token is one that a framework adds by itself, and so tells nothing."""
    return bool(_ADDED.fullmatch(token))


def told(token: str) -> tuple[str, str] | None:
    """A setting in a name: `seed3` → seed, 3; `lr1e` is cut at its separator, so only whole ones count."""
    match = re.fullmatch(r"([A-Za-z]+)(\d+(?:\.\d+)?(?:e-?\d+)?)", token)
    return (match[1].lower(), match[2]) if match else None


def script_of(command: str) -> tuple[str, tuple[str, ...] | None]:
    """The script of a job, by its path or the line that submitted it; of a line its arguments, too."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    if not words:
        return "", None
    if posixpath.basename(words[0]) not in {"sbatch", "srun"}:
        return posixpath.basename(words[0]), None
    rest = words[1 + options(words[1:])[1] :]
    return (posixpath.basename(rest[0]), tuple(rest[1:])) if rest else ("", ())
