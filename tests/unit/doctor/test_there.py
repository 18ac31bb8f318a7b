import subprocess

import pytest

from expsyncd.doctor.there import judge_folders, judge_reached, judge_watches, of_link, script
from expsyncd.ssh.forwarding import Reached
from expsyncd.ssh.probe import Link


def words(link):
    return {f.area: f.word for f in of_link(link)}


def test_a_host_that_has_everything():
    link = Link(0.02, "3.2.7", "3.11.2", "Linux", 0.1, "sha256sum")
    assert words(link) == {"connection": "ok", "rsync": "ok", "python": "ok"}


def test_a_host_that_lacks_things():
    link = Link(0.5, "3.1.1", "3.5.2", "Linux", -7.0, None, warning="rsync 3.1.1 is old")
    found = words(link)
    assert found == {
        "connection": "note", "rsync": "warning", "python": "note", "digests": "warning", "clock": "warning",
    }  # fmt: skip
    (clock,) = (f for f in of_link(link) if f.area == "clock")
    assert "7s behind" in clock.title
    assert "set-ntp" in clock.fix


def test_a_host_with_sftp_only():
    link = Link(0.02, None, None, "", 0.0, None, transport="sftp", why="pulled by sftp")
    assert words(link) == {"connection": "ok", "transport": "note"}


def test_the_script_looks_and_expands_nothing(tmp_path):
    (tmp_path / "it's $(touch x)").mkdir()
    (tmp_path / "file").write_text("")
    paths = ["~/it's $(touch x)", "~/file", "~/none", "~", str(tmp_path)]
    answer = subprocess.run(["sh"], input=script(paths), cwd=tmp_path, capture_output=True, check=True).stdout
    found = judge_folders(paths, answer.decode())[1:]
    assert [f.word for f in found] == ["ok", "problem", "problem", "ok", "ok"]
    assert "no folder" in found[1].title
    assert "not there" in found[2].title
    assert not (tmp_path / "x").exists()


def test_answers_that_make_no_sense():
    found = judge_folders(["~/a", "~/b"], "folder0=denied\nfolder1=\x1b[2J\nwatches=many\n")
    assert [f.word for f in found] == ["note", "problem", "unknown"]
    assert "\x1b" not in "".join(f.title + f.fix for f in found)


@pytest.mark.parametrize(("said", "word"), [("", "note"), ("100", "warning"), ("65536", "ok")])
def test_watches(said, word):
    assert judge_watches(said).word == word


@pytest.mark.parametrize(
    ("reached", "word"),
    [
        (Reached("accepted"), "ok"),
        (Reached("forbidden"), "problem"),
        (Reached("silent"), "warning"),
        (Reached("refused", "Connection refused"), "warning"),
    ],
)
def test_far_ends(reached, word):
    assert judge_reached("a:1", reached).word == word
