"""Comments of a script: notes, headings, and commands that were commented out. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.journal import heads
from expsyncd.journal.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from expsyncd.journal.scope import Budget

SEGMENT_MOST = 120  # lines of one statement that was commented out
_RULE = re.compile(r"[-=*#~_+.:/<>\s]{3,}")
_DECORATED = re.compile(r"(?:[-=*#~_+]{2,}|[-=*~]\s)\s*(?P<text>.*?\w.*?)\s*(?:[-=*#~_+:]{2,})?")
_ARGUMENTS_LEFT_OUT = re.compile(r"--?[A-Za-z](?!.*--$)")  # `# --wd 0.1 \` inside a command is no heading
_DIRECTIVE = re.compile(r"#(?:!|SBATCH\b|PBS\b|BSUB\b|\$ -|\s*(?:shellcheck|vim:|-\*-|shfmt))")
_KEYWORD = re.compile(
    r"(?:for\s+\w+\s+in\s+\S|for\s*\(\(|while\s+(?:\[|read\b|true\b|:)|until\s+\[|if\s+(?:\[|!|test\b|false|true)|case\s+\S+\s+in\b"
    r"|do$|done\b|fi$|esac$|then$|else$|function\s+\w+\s*(?:\(\)|\{)|\w+\s*\(\)\s*\{?|[{}]$)"
)
_ASSIGN = re.compile(r"(?:export\s+|declare\s+(?:-\w+\s+)*|local\s+)?[A-Za-z_]\w*\+?=(?:\S|$)")
_VERBS_WORDS = """
    use try see add note when also best default ran got was with then now old new from train
"""
_VERBS = frozenset(_VERBS_WORDS.split())
_TELLING_WORDS = """
    is was are were takes took works worked does did has had hangs hung needs needed crashed
    crashes failed fails gave gives and not to the a an for on in too very again first later
    instead only broken here then diverged at of
"""
_TELLING = frozenset(_TELLING_WORDS.split())
_LISTED = re.compile(r"^\s*(?:[-*$>]|\d{1,2}[.)])\s+")
_ENV = re.compile(r"(?:[A-Za-z_]\w*=\S*\s+)+")
_ARGUMENT = re.compile(r"-|\S*[./=$\"'\\]|<<|\|")


@dataclass(frozen=True)
class Piece:
    """Part of a block of comment lines: `note`, `heading`, `rule` or `code`; `row` counts in the block."""

    what: str
    row: int
    text: str


def stripped(line: str) -> str:
    """A comment line without its signs; what it is indented by stays."""
    return re.sub(r"^\s*#+ ?", "", line)


def pieces(lines: Sequence[str], functions: Collection[str], budget: Budget) -> list[Piece]:
    """The parts of a block of comment lines in order. `functions`: names that the script defines."""
    texts = [stripped(line) for line in lines]
    found: list[Piece] = []
    at = 0
    while at < len(lines):
        text = texts[at]
        if _DIRECTIVE.match(lines[at].lstrip()) or not text.strip():
            if not text.strip() and lines[at].strip("# \t") == "" and lines[at].count("#") > 3:
                found.append(Piece("rule", at, ""))
            at += 1
        elif _RULE.fullmatch(text.strip()):
            found.append(Piece("rule", at, ""))
            at += 1
        elif (bare := _LISTED.sub("", text)) != text and is_code(
            bare, functions
        ):  # `- python …`, `$ python …`
            found.append(Piece("code", at, bare))
            at += 1
        elif is_code(text, functions):
            end = _end(texts, at, budget)
            found.append(Piece("code", at, "\n".join(texts[at : end + 1])))
            at = end + 1
        else:
            decorated = _DECORATED.fullmatch(text.strip())
            hashes = re.match(r"\s*(#+)", lines[at])
            loud = decorated is not None and (
                not text.strip().startswith(("- ", "* ")) or text.rstrip().endswith("--")
            )
            loud = loud and not _ARGUMENTS_LEFT_OUT.match(text.strip())
            is_heading = loud or (hashes is not None and len(hashes[1]) >= 2)
            words = decorated["text"] if decorated is not None and loud else text.strip()
            found.append(Piece("heading" if is_heading else "note", at, words.strip().rstrip("#").strip()))
            at += 1
    return found


def _end(texts: Sequence[str], at: int, budget: Budget) -> int:
    """The last line of the statement that begins here: the shortest that parses."""
    end = at
    while texts[end].rstrip().endswith("\\") and end + 1 < len(texts):
        end += 1
    alone = end
    more = (
        _KEYWORD.match(texts[at].strip())
        or "<<" in texts[at]
        or texts[at].count("'") % 2
        or texts[at].count('"') % 2
    )
    for last in range(end, min(at + SEGMENT_MOST, len(texts)) if more else end + 1):
        budget.spend(1 + (last - at))
        if not tree("\n".join(texts[at : last + 1]) + "\n").has_error:
            return last
    return alone


def is_code(text: str, functions: Collection[str]) -> bool:
    """Whether a comment's line was a command: its first word decides, prose parses as well."""
    line = text.strip()
    if _KEYWORD.match(line):
        return True
    behind = _ENV.sub("", line, count=1).split()[:1] if _ENV.match(line) else []
    if _ASSIGN.match(line) and not any(word in functions for word in behind):
        return " " not in line or ("=" not in line.split("=", 1)[1][:1] and _assigns(line))
    line = _ENV.sub("", line, count=1) if _ENV.match(line) else line
    words = line.split()
    if not words:
        return False
    words = words[heads.unwrapped(words) :] or words
    head, second = words[0], words[1] if len(words) > 1 else ""
    if _is_told(words) or (head.lower() in _VERBS and head not in functions):
        return False
    if head in functions:
        return (
            len(words) == 1
            or any(_ARGUMENT.match(word) for word in words[1:])
            or all(re.match(r"\d|&$", word) for word in words[1:])
        )
    if heads.is_python(head):
        return bool(re.match(r"-[muc]\b|-$|-[A-Z]|\S+\.py\b|[$\"'./~]", second))
    name = head.rsplit("/", 1)[-1]
    if (
        name in heads.LAUNCHERS
        or head in heads.SHELLS
        or name in {"tmux", "screen", "ssh", "docker", "singularity", "parallel", "eval", "wandb"}
    ):
        return (
            bool(_ARGUMENT.match(second))
            or (len(words) > 2 and any(word.startswith("-") for word in words[1:]))
            or (
                name in {"accelerate", "wandb", "tmux"}
                and second in {"launch", "agent", "new", "new-session", "send-keys", "send"}
                and (second != "agent" or "/" in "".join(words[2:3]))
            )
        )
    if name in {"cd", "source", "export", "sleep", "mkdir", "conda", "module"}:
        return len(words) <= 3 and (bool(_ARGUMENT.match(second)) or second in {"activate", "load"})
    if head.startswith(("./", "../", "/", "~/")) or re.fullmatch(r"\S+\.(?:py|sh)", head):
        return heads.is_launch(words) or (head.startswith(("./", "../")) and not line.endswith("."))
    return heads.is_launch(words) and not line.endswith(("?", ".", "!"))


def _is_told(words: Sequence[str]) -> bool:
    """A sentence about a command: `python train.py was too slow`, `use --lr 1e-3`."""
    after = [word.lower().rstrip(",.:;!?") for word in words[1:4]]
    if any(word in _TELLING for word in after[:2]):
        return True
    plain = [bool(re.fullmatch(r"[A-Za-z]+[,.]?", word)) for word in words[2:5]]
    return len(plain) == 3 and all(plain)


def _assigns(line: str) -> bool:
    """`LR=1e-3` and `A=1 python x`, not `lr=0.1 diverged`."""
    rest = _ENV.sub("", line + " ", count=1).split()
    if not rest:
        return True
    rest = rest[heads.unwrapped(rest) :] or rest
    return (
        heads.is_python(rest[0])
        or heads.is_launch(rest)
        or rest[0].startswith("#")
        or "(" in line.split("=", 1)[1][:1]
    )
