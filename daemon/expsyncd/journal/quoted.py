"""Commands inside commands: what tmux, screen, ssh, a shell's -c, eval or parallel are given to run. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from expsyncd.journal import heads
from expsyncd.journal.directives import options
from expsyncd.journal.scope import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

_BSUB_VALUES = {
    f"-{name}" for name in ("q", "J", "n", "W", "R", "o", "e", "M", "gpu", "P", "m", "cwd", "eo", "oo")
}
_KEYS = re.compile(r"Enter|C-m|C-[a-z]|Space|Escape|Tab|\\n|KPEnter", re.IGNORECASE)
_TMUX_VALUES = {"-s", "-n", "-t", "-c", "-x", "-y", "-F", "-e", "-l", "-p", "-N", "-f", "-L", "-S"}
_SCREEN_VALUES = {"-S", "-c", "-t", "-h", "-s", "-p", "-e", "-Logfile", "-T"}
_SSH_VALUES = {f"-{letter}" for letter in "BbcDEeFIiJLlmOopQRSWw"}
_PARALLEL_VALUES = {
    "-j",
    "--jobs",
    "-P",
    "--joblog",
    "--results",
    "--delay",
    "-S",
    "--tmpdir",
    "--retries",
    "-n",
    "-N",
    "-L",
    "--colsep",
    "-a",
    "-C",
}


class Quoted(NamedTuple):
    """Script text that another program runs. `ours`: its variables are ours, too."""

    kind: str
    text: str
    ours: bool
    known: bool


def quoted(words: Sequence[Word]) -> Quoted | None:
    """The text that these words hand on, or None when they hand on none."""
    head = words[0].text.rsplit("/", 1)[-1]
    if head in heads.SHELLS:
        return _shell(words)
    if head == "eval":
        return _made("eval", words[1:], ours=True)
    if head == "tmux":
        return _tmux(words)
    if head == "screen":
        return _screen(words)
    if head in {"ssh", "gcloud_ssh", "autossh", "mosh"}:
        return _ssh(words)
    if head == "bsub":
        return _made("plain", _rest(words[1:], _BSUB_VALUES), ours=False)
    if head in {"srun", "mpirun"}:
        size = options([word.text for word in words[1:]])[1]
        inner = words[1 + size :]
        found = quoted(inner) if inner and inner[0].text in heads.SHELLS else None
        return found._replace(kind="srun") if found else None
    if head == "su":
        at = next((number for number, word in enumerate(words) if word.text == "-c"), None)
        return _made("plain", words[at + 1 : at + 2], ours=False) if at else None
    return None


def _made(kind: str, words: Sequence[Word], *, ours: bool) -> Quoted | None:
    text = " ".join(word.text for word in words)
    return Quoted(kind, text, ours, all(word.known for word in words)) if text.strip() else None


def _shell(words: Sequence[Word]) -> Quoted | None:
    for at, word in enumerate(words[1:], start=1):
        if re.fullmatch(r"-[a-z]*c", word.text):
            return _made("bash", words[at + 1 : at + 2], ours=True)
        if not word.text.startswith("-"):
            return None
    return None


def _rest(words: Sequence[Word], takes: set[str]) -> Sequence[Word]:
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        if words[at].text == "--":
            at += 1
            break
        at += 2 if words[at].text in takes else 1
    return words[at:]


def _tmux(words: Sequence[Word]) -> Quoted | None:
    rest = _rest(words[1:], {"-L", "-S", "-f"})
    if not rest:
        return None
    verb, rest = rest[0].text, rest[1:]
    if verb in {"send-keys", "send"}:
        rest = _rest(rest, {"-t", "-N"})
        return _made("tmux", [word for word in rest if not _KEYS.fullmatch(word.text)], ours=False)
    if verb in {
        "new-session",
        "new",
        "new-window",
        "neww",
        "split-window",
        "splitw",
        "respawn-pane",
        "respawn-window",
    }:
        return _made("tmux", _rest(rest, _TMUX_VALUES), ours=False)
    return None


def _screen(words: Sequence[Word]) -> Quoted | None:
    rest = list(words[1:])
    for at, word in enumerate(rest):
        if word.text == "-X" and at + 2 < len(rest) and rest[at + 1].text in {"stuff", "exec"}:
            return _made(
                "screen",
                [word._replace(text=word.text.rstrip("\n\\n^M")) for word in rest[at + 2 :]],
                ours=False,
            )
    command: list[Word] = []
    at = 0
    while at < len(rest):
        text = rest[at].text
        if not text.startswith("-"):
            command = rest[at:]
            break
        # -dmS NAME: the last letter takes the value
        at += 2 if text in _SCREEN_VALUES or re.fullmatch(r"-[dDmLUAaq]*S", text) else 1
    if len(command) == 1 and " " in command[0].text:
        return _made("screen", command, ours=False)
    return Quoted("screen", "", ours=False, known=True) if command else None


def screen_words(words: Sequence[Word]) -> list[Word]:
    """The command of `screen -dmS NAME command arguments…`."""
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        at += 2 if words[at].text in _SCREEN_VALUES or re.fullmatch(r"-[dDmLUAaq]*S", words[at].text) else 1
    return list(words[at:])


def _ssh(words: Sequence[Word]) -> Quoted | None:
    rest = _rest(words[1:], _SSH_VALUES)
    after = _rest(rest[1:], _SSH_VALUES)
    return _made("ssh", after, ours=False)


def parallel(words: Sequence[Word]) -> list[list[Word]] | None:
    """The commands of `parallel COMMAND {} ::: A B`; one with its braces where the values are not there."""
    rest = list(_rest(words[1:], _PARALLEL_VALUES))
    files = next((at for at, word in enumerate(rest) if word.text in {"::::", "::::+"}), None)
    if files is not None:  # values in files: nobody knows them
        rest = rest[:files]
    marks = [at for at, word in enumerate(rest) if word.text in {":::", ":::+"}]
    command = rest[: marks[0]] if marks else rest
    if not command:
        return None
    lists = [rest[start + 1 : end] for start, end in zip(marks, [*marks[1:], len(rest)], strict=False)]
    rows: list[tuple[Word, ...]] = [()]
    for values in lists:
        rows = [(*row, value) for row in rows for value in values]
        if len(rows) > 200:
            rows = []
            break
    if not lists or not rows:
        return [[word._replace(known=word.known and "{" not in word.text) for word in command]]
    return [_filled(command, row) for row in rows]


def _filled(command: Sequence[Word], row: Sequence[Word]) -> list[Word]:
    made = []
    replaced = False
    for word in command:
        text = word.text
        for number, value in enumerate(row, start=1):
            text = text.replace(f"{{{number}}}", value.text)
        if "{}" in text:
            text = text.replace("{}", " ".join(value.text for value in row))
        replaced = replaced or text != word.text
        made += [Word(part, word.known) for part in (text.split() if len(command) == 1 else [text])]
    return made if replaced else [*made, *row]
