import io

import pytest

from expsyncd.cli.tail import Screen, follow


class Over(Exception):  # noqa: N818 - ends what follows for ever
    pass


class Terminal(io.StringIO):
    def isatty(self):
        return True


def followed(file, steps, out=None, count=10):
    """What is shown when `steps` happen one after the other."""
    out = out or io.StringIO()

    def wait():
        if not steps:
            raise Over
        steps.pop(0)()

    with pytest.raises(Over):
        follow(file, count, Screen(out), forever=True, wait=wait)
    return out.getvalue()


def add(file, text):
    def step():
        with file.open("a") as opened:
            opened.write(text)

    return step


def test_the_end_of_a_file(tmp_path):
    file = tmp_path / "log"
    file.write_text("".join(f"{n}\n" for n in range(100)) + "half")
    out = io.StringIO()
    follow(file, 3, Screen(out), forever=False)
    assert out.getvalue() == "98\n99\nhalf\n"


def test_what_is_added(tmp_path):
    file = tmp_path / "log"
    file.write_text("one\n")
    assert followed(file, [add(file, "tw"), add(file, "o\nthree\n")]) == "one\ntwo\nthree\n"


def test_a_file_that_is_not_there_yet(tmp_path):
    file = tmp_path / "log"
    assert followed(file, [lambda: None, add(file, "one\n")]) == "one\n"


def test_a_file_that_was_cut(tmp_path, capsys):
    file = tmp_path / "log"
    file.write_text("one\ntwo\n")
    assert followed(file, [lambda: file.write_text("1\n"), add(file, "2\n")]) == "one\ntwo\n1\n2\n"
    assert "cut on the host" in capsys.readouterr().err


def test_a_file_that_was_replaced_is_shown_from_its_beginning(tmp_path, capsys):
    file, new = tmp_path / "log", tmp_path / "new"
    file.write_text("one\n")
    new.write_text("uno\ndue\n")

    def replace():
        with file.open("a") as opened:
            opened.write("last words\n")
        new.rename(file)

    assert followed(file, [replace]) == "one\nlast words\nuno\ndue\n"
    assert "replaced on the host" in capsys.readouterr().err


def test_one_that_was_brought_whole_goes_on_where_it_was(tmp_path, capsys):
    file = tmp_path / "log"
    file.write_text("one\ntwo\n")

    def brought():
        other = tmp_path / "other"
        other.write_text("one\ntwo\nthree\n")
        other.replace(file)

    assert followed(file, [brought, lambda: None]) == "one\ntwo\nthree\n"
    assert capsys.readouterr().err == ""


def test_a_progress_bar_is_drawn_on_a_terminal(tmp_path):
    file = tmp_path / "log"
    file.write_text("start\n")
    shown = followed(file, [add(file, "\r10%"), add(file, "\r20%"), add(file, "\r100%\nend\n")], Terminal())
    assert shown == "start\n10%\r\x1b[K20%\r\x1b[K100%\nend\n"
