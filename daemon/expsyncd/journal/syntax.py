"""The tree of a script's text: decoding, parsing with tree-sitter, mending what does not parse. Pure."""

from __future__ import annotations

import re
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

LONGEST = 512 << 10  # bytes of a script; what people write by hand is a hundredth of it
LINES_MOST = 20_000
TRIES_MOST = 4000  # small parses while a broken script is mended
STATEMENT_MOST = 300  # lines
_CLOSES = re.compile(r"[\"'`})]|\b(?:done|fi|esac)\b")
_OPENER = re.compile(
    r"^\s*(?:for|while|until|if|case|select)\b|^\s*(?:function\b|[\w-]+\s*\(\s*\))|[{(]\s*$|\b(?:do|then)\s*$|^\s*[{(]\s"
)
_LOOP = re.compile(
    r"^(?P<head>\s*(?:for\s+\w+\s+in\s+(?:[^;#]|\$#|\{#)*?|while\s+(?:[^;#]|\$#|\{#)*?|until\s+(?:[^;#]|\$#|\{#)*?))(?:\s+(?P<note>#.*))?\s*$"
)
_IF = re.compile(r"^(?P<head>\s*(?:el)?if\s+(?:[^;#]|\$#|\{#)*?)(?:\s+(?P<note>#.*))?\s*$")
_WORD_HERE = {"loop": re.compile(r"^\s*do\b"), "if": re.compile(r"^\s*then\b")}


def decoded(raw: bytes) -> str:
    """The script as text: UTF-8, else Latin-1; line ends of any system; no NUL."""
    raw = raw[:LONGEST].removeprefix(b"\xef\xbb\xbf")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        cut = len(raw) == LONGEST and error.start > LONGEST - 4  # inside a character
        text = raw[: error.start].decode() if cut else raw.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")
    return "\n".join(text.split("\n")[:LINES_MOST])


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


def tree(text: str) -> Node:
    """The root of the text's tree."""
    return _parser().parse(text.encode("utf-8", "replace")).root_node


def text_of(node: Node) -> str:
    """What stands there."""
    return (node.text or b"").decode("utf-8", "replace")


def mended(text: str) -> tuple[str, list[int]]:
    """The text with as many lines, but so that it parses; and which lines were changed or left out.

    Statements are taken one after the other, each as short as parses. A missing `do`, `then` or quote is put
    in; what still does not parse is left out line by line, so that all others are saved.
    """
    if not tree(text).has_error:
        return text, []
    text = "\n".join(map(_in_front, text.split("\n")))
    if not tree(text).has_error:
        return text, []
    lines = text.split("\n")
    mender = _Mender(lines)
    mender.run()
    return "\n".join(mender.lines), sorted(mender.changed)


def _in_front(line: str) -> str:
    """A line without the `&` behind a heredoc's mark, which tree-sitter does not know there."""
    end = line.rstrip()
    return end[:-1] if "<<" in end and end.endswith("&") and not end.endswith("&&") else line


class _Mender:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.changed: set[int] = set()
        self._left = TRIES_MOST

    def run(self) -> None:
        at = 0
        while at < len(self.lines):
            at = self._statement(at)

    def _parses(self, first: int, last: int) -> bool:
        self._left -= 1
        return self._left > 0 and not tree("\n".join(self.lines[first : last + 1]) + "\n").has_error

    def _statement(self, at: int) -> int:
        """Accept one statement that begins at this line; the line after it."""
        if not self.lines[at].strip() or self.lines[at].lstrip().startswith("#"):
            return at + 1
        end = self._joined(at)
        if self._parses(at, end):
            return end + 1
        original = self.lines[at]
        for attempt in (original, *self._with_word(at)):
            self.lines[at] = attempt
            extended = self._extended(at, end)
            if extended is not None:
                if attempt != original:
                    self.changed.add(at + 1)
                return extended + 1
        self.lines[at] = original
        return self._alone(at, end)

    def _joined(self, at: int) -> int:
        while self.lines[at].rstrip().endswith("\\") and at + 1 < len(self.lines):
            at += 1
        return at

    def _extended(self, at: int, end: int) -> int | None:
        if not (_OPENER.search(self.lines[at]) or "<<" in self.lines[at] or self._quoted(at, end)):
            return end if self._parses(at, end) else None
        heredoc = re.search(r"<<-?\s*[\"'\\]?(\w+)", self.lines[at])
        for last in range(end, min(at + STATEMENT_MOST, len(self.lines))):
            line = self.lines[last]
            closes = line.strip() == heredoc[1] if heredoc else _CLOSES.search(line)
            if closes and self._parses(at, last):
                return last
            if self._left <= 0:
                break
        return None

    def _quoted(self, at: int, end: int) -> bool:
        """Whether an open quote may go on; not when the next line is a command of its own."""
        text = "\n".join(self.lines[at : end + 1])
        following = self.lines[end + 1] if end + 1 < len(self.lines) else ""
        odd = any(re.sub(r"\\.", "", text).count(quote) % 2 for quote in "\"'`")
        return odd and not re.match(
            r"\s*(?:\w+=\S*\s+)*(?:nohup\s+)?(?:python|torchrun|accelerate|deepspeed|bash|sbatch|srun)\b",
            following,
        )

    def _with_word(self, at: int) -> list[str]:
        """The line with the `do` or `then` that is missing."""
        following = self.lines[at + 1] if at + 1 < len(self.lines) else ""
        for kind, pattern, word in (("loop", _LOOP, "do"), ("if", _IF, "then")):
            match = pattern.match(self.lines[at])
            if match and not _WORD_HERE[kind].match(following):
                return [f"{match['head']}; {word} {match['note'] or ''}".rstrip()]
        return []

    def _alone(self, at: int, end: int) -> int:
        original = self.lines[at : end + 1]
        self.changed.update(range(at + 1, end + 2))
        last = original[-1]
        for mend in (
            last + '"', last + "'", last + "`",
            re.sub(r"\s*(?:;;|[)}\]]|\bfi\b|\bdone\b|\besac\b)\s*$", "", last),
            re.sub(r"\s*(?:[|&]+|;)\s*$", "", last),
            re.sub(r"\s+\([^()]*\)\s*$", "", last),
        ):  # fmt: skip
            if mend == last or not mend.strip():
                continue
            self.lines[end] = mend
            if self._parses(at, end):
                return end + 1
        self.lines[end] = last
        first = original[0]
        for word in ("do", "then", "else", "{", "("):  # what an unclosed opener leaves behind
            bare = re.sub(rf"^\s*{re.escape(word)}\s+", "", first)
            if bare != first:
                self.lines[at] = bare
                if self._parses(at, end):
                    return end + 1
                self.lines[at] = first
        for place in range(at, end + 1):
            self.lines[place] = ""
        return end + 1
