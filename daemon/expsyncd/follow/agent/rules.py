"""Which paths of a source are pulled, and which of them only ever grow. Runs on the host: Python 3.6. Pure.

The rules come from our end (`pull.patterns`) as values; that they mean the same here is for a test to show.
"""

import re
from typing import Any, List, Pattern, Tuple

Rule = Tuple[bool, Pattern[bytes], bool, int, bool, bool]


class Rules:
    """What our end says of one source."""

    def __init__(self, rules: List[List[Any]], mark: str, suffixes: List[str]) -> None:
        """`rules`: include, expression, folders only, elements, slash before and after; see pull.patterns."""
        self._rules: List[Rule] = [
            (include, re.compile(words.encode("latin-1"), re.DOTALL), folders, elements, before, after)
            for include, words, folders, elements, before, after in rules
        ]
        self._mark = mark.encode("ascii")
        self._suffixes = tuple(suffix.encode("ascii") for suffix in suffixes)

    def takes(self, path: bytes, folder: bool) -> bool:
        """Whether a path is pulled; what lies below a folder that is not is not asked about."""
        for include, expression, folders_only, elements, before, after in self._rules:
            if folders_only and not folder:
                continue
            words = path
            if elements:
                parts = path.split(b"/")
                if len(parts) < elements:
                    continue
                words = b"/".join(parts[-elements:])
            if before:
                words = b"/" + words
            if after and folder:
                words += b"/"
            if expression.fullmatch(words):
                return include
        return True

    def events(self, path: bytes) -> bool:
        """Whether TensorBoard would read it."""
        return self._mark in path.rpartition(b"/")[2]

    def grows(self, path: bytes) -> bool:
        """Whether writers of such a file append to it."""
        name = path.rpartition(b"/")[2]
        return self._mark in name or name.lower().endswith(self._suffixes)
