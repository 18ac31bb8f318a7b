"""Which files of a source the follower may touch, by the rules that its pulls obey. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.pull.command import filters
from expsyncd.pull.kinds import EVENT_MARK, GROWING_SUFFIXES, is_append_only
from expsyncd.pull.listing import Item, too_deep
from expsyncd.pull.patterns import filter_of
from expsyncd.pull.plan import rules_of, unwanted

if TYPE_CHECKING:
    from expsyncd.pull.source import Source


class Accepted:
    """Of one source. The agent is told the same (`told`), but what it sends is judged here."""

    def __init__(self, source: Source) -> None:
        self._filter = filter_of(filters(source.include, source.exclude))
        self._rules = rules_of(source, None)

    def told(self) -> dict[str, Any]:
        """The rules as the agent reads them, see agent.rules."""
        rules = [
            [
                rule.include,
                rule.expression.pattern.decode("latin-1"),
                rule.folders_only,
                rule.elements,
                rule.slash_before,
                rule.slash_after,
            ]
            for rule in self._filter.rules
            if rule.expression is not None
        ]
        suffixes = [suffix.decode("ascii") for suffix in GROWING_SUFFIXES]
        return {"rules": rules, "mark": EVENT_MARK.decode("ascii"), "suffixes": suffixes}

    def takes(self, path: bytes) -> bool:
        """Whether a file is pulled at all, as far as its name says."""
        if too_deep(path):
            return False
        parts = path.split(b"/")
        above = (b"/".join(parts[:length]) for length in range(1, len(parts)))
        return all(self._filter.takes(folder, folder=True) for folder in above) and self._filter.takes(
            path, folder=False
        )

    def grows(self, path: bytes, size: int) -> bool:
        """Whether bytes of a file of this size may be appended here."""
        item = Item(path, size, new=False, same_size=False)
        return is_append_only(path) and self.takes(path) and not unwanted(item, self._rules)
