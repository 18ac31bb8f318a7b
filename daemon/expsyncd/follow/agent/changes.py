"""Which files changed and are to be told, at once or once they rest. On the host: Python 3.6."""

from collections import OrderedDict
from typing import Dict, Optional, Set, Tuple

from expsyncd.follow.agent.growth import Key
from expsyncd.follow.agent.tree import Tree

# A file that is still written, other than by appending, is told when it rests so long, or after the other.
UNCLOSED_S = 1.0
UNCLOSED_AT_MOST_S = 30.0


class Changes:
    """Names only, each once, however often it changes; `due` is when the next one ripens."""

    def __init__(self) -> None:
        self.due = float("inf")
        self._ready: "OrderedDict[Key, bool]" = OrderedDict()
        self._later: Dict[Key, Tuple[float, float]] = {}  # first seen, due

    def __len__(self) -> int:
        return len(self._ready) + len(self._later)

    def ready(self) -> bool:
        """Whether there is one to be told now."""
        return bool(self._ready)

    def add(self, key: Key, live: bool = False) -> None:
        """To be told now; `live`: it was just written."""
        self._later.pop(key, None)
        self._ready[key] = self._ready.get(key, False) or live

    def rest(self, key: Key, now: float) -> None:
        """To be told once it rests."""
        first = self._later.get(key, (now, now))[0]
        self.wait(key, first, min(now + UNCLOSED_S, first + UNCLOSED_AT_MOST_S))

    def wait(self, key: Key, first: float, due: float) -> None:
        """To be told at a moment."""
        self._later[key] = (first, due)
        self.due = min(self.due, due)

    def next(self) -> Optional[Tuple[Key, bool]]:
        """The one that waits longest, taken out: (key, live)."""
        return self._ready.popitem(last=False) if self._ready else None

    def ripen(self, now: float) -> None:
        """What is due is ready."""
        if now < self.due:
            return
        for key, (_, due) in list(self._later.items()):
            if due <= now:
                del self._later[key]
                self._ready.setdefault(key, False)
        self.due = min((due for _, due in self._later.values()), default=float("inf"))

    def drop_all(self) -> Set[Tree]:
        """Forget them; the sources that they are of."""
        trees = {tree for tree, _ in self._ready} | {tree for tree, _ in self._later}
        self._ready.clear()
        self._later.clear()
        self.due = float("inf")
        return trees
