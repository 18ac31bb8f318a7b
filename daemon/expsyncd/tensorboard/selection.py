"""Which runs TensorBoard shows: what the person said of each, else the rule of the config. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from expsyncd.config.model import ShowConfig
    from expsyncd.mirror.scan import RunFolder
    from expsyncd.state.marks import Mark
    from expsyncd.tensorboard.names import RunKey

# Of two runs that grow at once now this one is the newest, now that one. A run that is shown gives way to one
# that was written this much later only: else TensorBoard would load and drop both for ever.
STICKY_S = 600.0


@dataclass(frozen=True)
class Selection:
    """`hidden` by the person, `folded` by the rule; `until` when it changes by age (seconds since 1970)."""

    hidden: frozenset[RunKey] = frozenset()
    folded: frozenset[RunKey] = frozenset()
    until: float | None = None

    @property
    def away(self) -> frozenset[RunKey]:
        """All that TensorBoard does not show."""
        return self.hidden | self.folded if self.hidden else self.folded


def select(
    runs: Sequence[RunFolder],
    names: Mapping[RunKey, str],
    marks: Mapping[RunKey, Mark],
    rule: ShowConfig,
    *,
    now: float,
    before: AbstractSet[RunKey] = frozenset(),
) -> Selection:
    """Choose among all `runs` at `now` (seconds since 1970); `before`: those that are shown already."""
    # A set of twenty thousand takes 2 MB, a table a quarter.
    hidden, left = set(), []
    folded: dict[RunKey, None] = {}
    for run in runs:
        mark = marks.get(run.key)
        if mark is not None and mark.hidden:
            hidden.add(run.key)
        elif mark is not None and (mark.pinned or mark.hidden is False):
            continue
        elif not _fits(rule, run.host, names[run.key]):
            folded[run.key] = None
        else:
            left.append((run.key, min(run.newest_mtime_ns / 1e9, now)))  # a host's clock may be ahead of ours
    until = None
    if rule.younger_than is not None:
        age_s = rule.younger_than.total_seconds()
        folded.update((key, None) for key, at in left if at <= now - age_s)
        left = [(key, at) for key, at in left if at > now - age_s]
        until = min((at + age_s for _, at in left), default=None)
    if len(left) > rule.newest:
        left.sort(key=lambda one: (one[1] + (STICKY_S if one[0] in before else 0.0), one[0]), reverse=True)
        folded.update((key, None) for key, _ in left[rule.newest :])
    return Selection(frozenset(hidden), frozenset(folded), until)


def fits(name: str, patterns: Iterable[str]) -> bool:
    """Whether HOST/RUN, or RUN alone, is as one of the globs says."""
    run = name.partition("/")[2]
    return any(fnmatchcase(name, pattern) or fnmatchcase(run, pattern) for pattern in patterns)


def _fits(rule: ShowConfig, host: str, name: str) -> bool:
    if rule.hosts and not any(fnmatchcase(host, pattern) for pattern in rule.hosts):
        return False
    return (not rule.runs or fits(name, rule.runs)) and not fits(name, rule.without)
