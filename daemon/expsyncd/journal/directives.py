"""`#SBATCH` lines and the options of sbatch and srun, by their long names. Pure."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TASKS_MOST = 200
# https://slurm.schedmd.com/sbatch.html, options with a value.
LONG = {
    "J": "job-name", "p": "partition", "t": "time", "N": "nodes", "n": "ntasks", "c": "cpus-per-task",
    "G": "gpus", "A": "account", "q": "qos", "o": "output", "e": "error", "a": "array", "w": "nodelist",
    "x": "exclude", "d": "dependency", "D": "chdir", "C": "constraint", "L": "licenses", "m": "distribution",
    "i": "input", "M": "clusters",
}  # fmt: skip
_SWITCHES_WORDS = """
    parsable wait hold exclusive requeue no-requeue verbose quiet overcommit contiguous spread-job
    test-only ignore-pbs overlap exact pty unbuffered label no-kill kill-on-bad-exit multi-prog
    preserve-env oversubscribe share reboot nice propagate get-user-env use-min-nodes immediate bcast
"""
_SWITCHES = frozenset(_SWITCHES_WORDS.split())


def directives(text: str) -> dict[str, str]:
    """Options in the script's own `#SBATCH` lines; as Slurm does, up to the first command only."""
    found: dict[str, str] = {}
    head = re.match(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*(?:#[^\n]*)?", text)
    for line in re.findall(r"^#SBATCH[ \t]+(\S[^\n]*)", head[0] if head else "", re.MULTILINE):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            words = line.split()
        found.update(options(words)[0])
    return found


def options(words: Sequence[str]) -> tuple[dict[str, str], int]:
    """Options by long name, and how many words they are; what follows is the script or command."""
    found: dict[str, str] = {}
    at = 0
    while at < len(words):
        word = words[at]
        if not word.startswith("-") or word == "-":
            break
        at += 1
        if word == "--":
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if not equals:
                if name in _SWITCHES or at >= len(words):
                    value = "true"
                else:
                    value = words[at]
                    at += 1
            found[name] = value
        elif word[1] in LONG:
            value = word[2:]
            if not value and at < len(words):
                value = words[at]
                at += 1
            found[LONG[word[1]]] = value
        else:
            found[word[1:]] = "true"
    return found, at


def tasks(array: str) -> list[str]:
    """The task numbers of `--array=0-3,7%2`; none where they are not literal or too many."""
    found: list[str] = []
    for part in array.partition("%")[0].split(","):
        match = re.fullmatch(r"(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?", part.strip())
        if match is None:
            return []
        first = int(match[1])
        last, step = int(match[2] or first), max(1, int(match[3] or 1))
        if (last - first) // step >= TASKS_MOST:
            return []
        found += [str(number) for number in range(first, last + 1, step)]
    return found if len(found) <= TASKS_MOST else []
