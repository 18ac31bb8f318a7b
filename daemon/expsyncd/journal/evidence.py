"""What speaks for and against one command having started one run, in numbers and words. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.journal.naming import NAMING, is_added, name_of, names_in, rest_of, script_of, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expsyncd.journal.link import LinkRun
    from expsyncd.state.entries import EntryRow
    from expsyncd.state.jobs import JobRow

LINKED_FROM = 0.5
MARGIN = 0.1  # the second best must be so much worse
EXACT, CONTAINED, LOOSE = 0.6, 0.5, 0.15  # of a name
BEFORE_S = 600.0  # clocks differ, and people save a script after they ran the line
DAY_S = 86400.0
# Flags that say where or how something runs, not what is trained.
_ASIDE_WORDS = """
    gpu gpus device devices port master_port master_addr local_rank rank nproc_per_node nnodes
    node_rank num_workers workers debug verbose resume restore load ckpt checkpoint wandb project
    entity notes cuda_visible_devices num_gpus
"""
_ASIDE = frozenset(_ASIDE_WORDS.split()) | NAMING
ALIKE = 1e-9


@dataclass(frozen=True)
class Evidence:
    """`score` 0 to 1, the reasons for it and against it; `name`: of the run."""

    name: str
    score: float
    why: tuple[str, ...]
    against: tuple[str, ...]


def weigh(entry: EntryRow, run: LinkRun, jobs: Sequence[JobRow], *, from_start: bool) -> Evidence:
    """All there is. `from_start`: nobody knows when the entry was written, only that it was before."""
    why: list[str] = []
    against: list[str] = []
    score = _of_name(entry, run, why, against)
    score += _of_settings(entry, run, why, against, named=score > 0)
    if run.began_at is not None:
        after_s = run.began_at - entry.first_seen_at
        if after_s < -BEFORE_S and not from_start:
            score -= 0.3
            against.append("it began before the command was written")
        elif 0 <= after_s <= DAY_S and score > 0:
            score += 0.05
            why.append("began within a day after it was written")
    score += _of_jobs(entry, jobs, why)
    return Evidence(run.name, max(0.0, min(1.0, score)), tuple(why), tuple(against))


def _of_name(entry: EntryRow, run: LinkRun, why: list[str], against: list[str]) -> float:
    best = 0.0
    words = ""
    settings = {name_of(key): value for key, value in entry.settings.items()}
    for parts in names_in(entry.settings):
        last = parts[-1]
        exact = [number for number, part in enumerate(run.parts) if part == last]
        if exact:
            # The more of the path is the same, the better: runs/a/x and runs/b/x.
            above = _common(parts[:-1], run.parts[: exact[-1]])
            mine = EXACT + 0.05 * min(above, 2) + (0.03 if exact[-1] == len(run.parts) - 1 else 0.0)
            if parts[:-1] and run.parts[: exact[-1]] and not above:
                mine -= 0.15
            if mine > best:
                best, words = mine, f"named {last}"
            continue
        for part in run.parts:
            rest = rest_of(part, last)
            if rest is None:
                continue
            mine = _of_rest(rest, settings, against)
            if mine > best:
                best, words = mine, f"named {last}, its folder is {part}"
    if words:
        why.append(words)
    return best


def _of_rest(rest: Sequence[str], settings: Mapping[str, str], against: list[str]) -> float:
    """What a folder's name has beside the run's: dates are nothing, settings must agree, words differ."""
    score = CONTAINED
    for token in rest:
        if is_added(token):
            continue
        setting = told(token)
        value = (
            next((settings[name] for name in settings if setting and name.startswith(setting[0])), None)
            if setting
            else None
        )
        if setting and value is not None:
            if same(value, setting[1]):
                score += 0.03
            else:
                against.append(f"its name says {token}")
                score -= 0.5
        elif token.lower() in {text.lower() for text in settings.values()} or re.fullmatch(
            r"[0-9a-f]{6,}", token
        ):
            score += 0.01
        else:
            score = min(score, LOOSE)
    return max(0.0, score)


def _common(mine: Sequence[str], runs: Sequence[str]) -> int:
    count = 0
    for one, other in zip(reversed(mine), reversed(runs), strict=False):
        if one != other:
            break
        count += 1
    return count


def _of_settings(entry: EntryRow, run: LinkRun, why: list[str], against: list[str], *, named: bool) -> float:
    theirs = {name_of(key): value for key, value in run.settings.items()}
    both = [
        (name, value, theirs[name])
        for name, value in ((name_of(key), value) for key, value in entry.settings.items())
        if name in theirs and name not in _ASIDE and "$" not in value
    ]
    agree = [name for name, mine, other in both if same(mine, other)]
    differ = [
        f"{name} {other}, not {mine}"
        for name, mine, other in both
        if not same(mine, other) and not _loose(mine, other)
    ]
    if agree:
        why.append("same " + _listed(agree))
    if differ:
        against.append("its " + _listed(differ))
    if named:
        return 0.2 * len(agree) / max(1, len(both)) - 0.3 * min(2, len(differ))
    if differ or len(agree) < 3:
        return 0.1 * len(agree) - 0.3 * len(differ)
    return min(0.65, 0.35 + 0.05 * len(agree))


def _of_jobs(entry: EntryRow, jobs: Iterable[JobRow], why: list[str]) -> float:
    _, own = ("", None) if entry.symbolic else script_of(entry.command)
    for job in jobs:
        name = entry.settings.get("sbatch.job-name") or entry.settings.get("srun.job-name")
        script, given = script_of(job.command)
        fits = bool(script) and script == entry.program.rsplit("/", 1)[-1]
        if (name and name == job.name) or (fits and (None in (own, given) or own == given)):
            why.append(f"job {job.job} ({job.name})")
            return 0.5 if entry.kind == "sbatch" else 0.2
    return 0.0


def same(one: str, other: str) -> bool:
    """Equal as numbers where both are, else as texts; `1e-3` is `0.001`, `true` is `True`."""
    try:
        first, second = float(one), float(other)
    except ValueError:
        return one.strip().strip("'\"").lower() == other.strip().strip("'\"").lower()
    return math.isclose(first, second, rel_tol=ALIKE)


def _loose(mine: str, other: str) -> bool:
    """Whether values that differ may mean the same: paths made absolute, lists written otherwise."""
    a, b = mine.strip("./"), other.strip("./")
    return (("/" in mine or "/" in other) and (a.endswith(b) or b.endswith(a))) or re.sub(
        r"[\[\](),\s'\"]+", " ", mine
    ).split() == re.sub(r"[\[\](),\s'\"]+", " ", other).split()


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(words[:3])
    return shown + (f" and {len(words) - 3} more" if len(words) > 3 else "")
