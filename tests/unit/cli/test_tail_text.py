import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.cli.tail_text import LONGEST, Lines, harmless, last_lines


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"epoch 1", "epoch 1"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b[38;5;196;1mred\x1b[K", "red"),
        (b"a\x1b]0;a title\x07b", "ab"),
        (b"a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "alink"),
        (b"a\x1b(Bb\x1bc", "ab"),
        (b"10%|#\r20%|##\r", "20%|##"),
        (b"line\r", "line"),
        (b"a\tb", "a       b"),
        (b"bell\x07 \xff \x9b31m", "bell\\x07 \\xff \\x9b31m"),
        ("epoch 1 -> größer".encode(), "epoch 1 -> größer"),
        ("\u202egnp.exe".encode(), "\\u202egnp.exe"),
        (b"", ""),
    ],
)
def test_a_line_does_nothing_to_the_terminal(line, shown):
    assert harmless(line) == shown


@given(st.binary())
def test_nothing_that_is_printed_controls(read):
    assert harmless(read.replace(b"\n", b"")).isprintable()


def test_lines_in_pieces():
    lines = Lines()
    assert lines.feed(b"a\nb") == ["a"]
    assert lines.rest == "b"
    assert lines.feed(b"c\n\n") == ["bc", ""]
    assert lines.rest == ""
    lines.feed(b"x")
    lines.forget()
    assert lines.feed(b"y\n") == ["y"]


def test_a_character_that_comes_in_two_pieces():
    lines = Lines()
    assert lines.feed("ü".encode()[:1]) == []
    assert lines.feed("ü".encode()[1:] + b"\n") == ["ü"]


def test_a_line_without_end_is_bounded():
    lines = Lines()
    assert sum(map(len, lines.feed(b"x" * 300_000))) == 4 * LONGEST
    assert len(lines.rest) == 300_000 - 4 * LONGEST
    bar = Lines()
    assert bar.feed(b"10%|####\r" * 100_000) == []
    assert bar.rest == "10%|####"


@pytest.mark.parametrize(
    ("read", "count", "end"),
    [
        (b"a\nb\nc\n", 2, b"b\nc\n"),
        (b"a\nb\nc", 2, b"b\nc"),
        (b"a\nb\nc\n", 9, b"a\nb\nc\n"),
        (b"a\n", 0, b""),
        (b"", 5, b""),
        (b"\n\n\n", 1, b"\n"),
    ],
)
def test_the_last_lines(read, count, end):
    assert last_lines(read, count) == end
