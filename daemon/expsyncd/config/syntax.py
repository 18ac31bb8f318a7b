"""What YAML's parser complains of, in words that say what to do. Pure."""

from __future__ import annotations

import re

from yaml.error import MarkedYAMLError, YAMLError

from expsyncd.config.problems import Mark

# (what the parser says, what we say, whether the place is where the construct began)
_WORDS: tuple[tuple[str, str, bool], ...] = (
    (r"character '\\t' that cannot start", "a tab does not indent in YAML: use spaces", False),
    (
        r"character ('[@`%]') that cannot start",
        r"text that begins with \1 must stand in quotes",
        False,
    ),
    (
        r"^expected alphabetic or numeric character",
        'text that begins with * or & must stand in quotes, like "*.csv"',
        True,
    ),
    (
        r"^mapping values are not allowed here",
        'a ":" does not fit here: is the indentation right, or must the text stand in quotes?',
        False,
    ),
    (r"^could not find expected ':'", 'this line is no "key: value" and no "- entry"', True),
    (
        r"^expected <block end>",
        "this does not fit what is above: is it indented like its neighbours?",
        False,
    ),
    (r"^expected ',' or ']'", 'this list needs a "," or its closing "]"', True),
    (r"^expected ',' or '}'", 'this mapping needs a "," or its closing "}"', True),
    (r"^found unexpected end of stream", "the closing quote is missing", True),
    (r"^found unknown escape", 'a "\\" in double quotes escapes: use single quotes', False),
    (r"^sequence entries are not allowed here", 'a "- " does not fit here: begin it on its own line', False),
)


def mark_of(mark: object) -> Mark:
    """A parser's mark as ours; the file's beginning when it has none."""
    line, column = getattr(mark, "line", None), getattr(mark, "column", None)
    return Mark(line + 1, column + 1) if isinstance(line, int) and isinstance(column, int) else Mark(1, 1)


def explain(error: YAMLError) -> tuple[Mark, str]:
    """Where the person must look, and why."""
    if not isinstance(error, MarkedYAMLError):
        return Mark(1, 1), f"this is not YAML: {error}"
    said = error.problem or error.context or "it cannot be read"
    noticed = mark_of(error.problem_mark or error.context_mark)
    for pattern, words, at_begin in _WORDS:
        if found := re.search(pattern, said):
            place = mark_of(error.context_mark) if at_begin and error.context_mark else noticed
            return place, found.expand(words.replace('"\\"', '"\\\\"'))
    return noticed, f"this is not YAML: {said}"
