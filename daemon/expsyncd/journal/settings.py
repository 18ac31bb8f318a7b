"""Settings of a command: its flags, `key=value` words and assignments before it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.journal.heads import is_python

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 300
LONGEST = 500
_KEY = re.compile(r"(?P<sign>\+{0,2}|~)(?P<name>[A-Za-z_][\w./@-]*)=(?P<value>.*)", re.DOTALL)
_FLAG = re.compile(r"--?(?P<name>[A-Za-z_][\w./-]*)(?:=(?P<value>.*))?", re.DOTALL)
_NUMBER = re.compile(r"-(?:\d|\.\d)\S*|-inf")
SCRIPT = re.compile(r"[^\s=-][^\s=]*\.(?:py|sh|sbatch|slurm|job|jl|R|bash)")
_KEYWORD = re.compile(r"\b([A-Za-z_]\w*)\s*=\s*(\"[^\"\n]*\"|'[^'\n]*'|[-+\w.$]+)")


def settings_of(words: Sequence[str], before: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """Names without their dashes, values as text; a flag alone is `true`, `--no-x` makes x `false`.

    `before`: assignments that stand before the command, such as CUDA_VISIBLE_DEVICES=0. Several values after
    one flag are one text with spaces between.
    """
    found: dict[str, str] = dict(before)
    at = _arguments(words)
    python = bool(words) and is_python(words[0])
    while at < len(words) and len(found) < MOST:
        word = words[at]
        at += 1
        if word == "--":
            continue
        key = _KEY.fullmatch(word)
        if key and not word.startswith("-"):
            found[key["name"]] = _short(key["value"])
            continue
        flag = _FLAG.fullmatch(word)
        if flag is None:
            continue
        name, value = flag["name"], flag["value"]
        if value is not None:
            found[name] = _short(value)
            continue
        values = []
        while at < len(words) and not _is_next(words[at]) and (python or not SCRIPT.fullmatch(words[at])):
            values.append(words[at])
            at += 1
        if values:
            found[name] = _short(" ".join(values))
        elif name.startswith(("no-", "no_")) and len(name) > 3:
            found[name[3:]] = "false"
        else:
            found[name] = "true"
    return found


def keywords_of(text: str) -> dict[str, str]:
    """`name="x", lr=1e-3` in Python that stands in a script."""
    return {name: _short(value.strip("'\"")) for name, value in _KEYWORD.findall(text)[:MOST]}


def program_of(words: Sequence[str]) -> str:
    """The script or module that runs: `train.py`, `pkg.train`; the first word where there is neither."""
    if not words:
        return ""
    at = _arguments(words) - 1
    if 0 <= at < len(words) and is_python(words[0]) and at > 0 and words[at] not in {"-", "-c"}:
        return words[at]
    if "-m" in words[1:-1]:
        return words[words.index("-m", 1) + 1]
    for word in words[1:]:
        if SCRIPT.fullmatch(word):
            return word
    return words[0]


def _arguments(words: Sequence[str]) -> int:
    """Where the arguments of a command begin: behind `python -u -m module`."""
    if not words or not is_python(words[0]):
        return 1
    at = 1
    while at < len(words):
        if words[at] in {"-m", "-c"}:
            return min(at + 2, len(words))
        if words[at] in {"-W", "-X"}:
            at += 2
        elif words[at].startswith("-") and words[at] != "-":
            at += 1
        else:
            return at + 1
    return at


def _is_next(word: str) -> bool:
    """Whether a word is no value of the flag before it."""
    if _NUMBER.fullmatch(word):
        return False
    if word.startswith("-") and len(word) > 1:
        return True
    if re.fullmatch(r"\$[@*]|\$\{(?:[@*]|\w+\[[@*]\])\}", word):  # more arguments, nobody knows which
        return True
    return bool(_KEY.fullmatch(word)) and "://" not in word and not word.startswith(("/", "."))


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
