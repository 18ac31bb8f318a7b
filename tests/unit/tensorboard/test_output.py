import os

from expsyncd.tensorboard.output import LONGEST, NEWS_MOST, Output


def say(output, text):
    with output.opened() as descriptor:
        os.write(descriptor, text)


def test_only_what_the_last_start_said(tmp_path):
    output = Output(tmp_path / "log")
    say(output, b"old\n")
    say(output, b"first\nlast \x1b[31m\n\n")
    assert output.text() == "first\nlast \x1b[31m\n\n"
    assert output.last_line() == "last ?[31m"
    assert (tmp_path / "log").read_bytes().startswith(b"old\n")


def test_nothing_was_said(tmp_path):
    output = Output(tmp_path / "log")
    assert (output.text(), output.last_line()) == ("", "")
    say(output, b"")
    assert output.last_line() == ""


def test_too_long_a_file_is_emptied_at_a_start_and_under_way(tmp_path):
    file = tmp_path / "log"
    file.write_bytes(b"x" * (LONGEST + 1))
    output = Output(file)
    say(output, b"fresh\n")
    assert file.read_bytes() == b"fresh\n"
    with file.open("ab") as writer:
        writer.write(b"x" * LONGEST)
        writer.flush()
        output.bound()
        writer.write(b"after\n")
    assert file.read_bytes() == b"after\n"
    assert output.text() == "after\n"


def test_a_file_of_the_longest_length_stays(tmp_path):
    file = tmp_path / "log"
    file.write_bytes(b"x" * LONGEST)
    Output(file).bound()
    assert file.stat().st_size == LONGEST


def test_news_are_whole_lines_once_each(tmp_path):
    file = tmp_path / "log"
    output = Output(file)
    assert output.news() == ""
    say(output, b"old\n")
    with output.opened() as descriptor:
        assert output.news() == ""
        os.write(descriptor, b"first\nsec")
        assert output.news() == "first"
        assert output.news() == ""
        os.write(descriptor, b"ond\nthird\n")
        assert output.news() == "second\nthird"
        os.truncate(file, 0)
        os.write(descriptor, b"x\n")
        assert output.news() == "x"
        os.write(descriptor, b"y" * (NEWS_MOST + 5) + b"\nz\n")
        assert output.news() == "y" * NEWS_MOST
        assert output.news() == "y" * 5 + "\nz"
