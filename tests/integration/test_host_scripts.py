"""The shell text we send to hosts, run by a real sh: it answers, and expands nothing of a name."""

import subprocess

import pytest

from expsyncd.pull.chosen import glob_matches, glob_script
from expsyncd.pull.digest import INODE_FROM, Question, answers, local_digest, script

NAMES = [b"plain", b"a b", b"-x", b"new\nline", b"q'uote\"$(touch X)`touch Y`", b"\xff\\", b"n" * 255]


def sh(text, **kwargs):
    return subprocess.run(["sh"], input=text, capture_output=True, check=True, timeout=20, **kwargs).stdout


@pytest.mark.parametrize("program", ["sha256sum", "shasum", "openssl"])
def test_digests_of_odd_names_are_ours(tmp_path, program):
    for number, name in enumerate(NAMES):
        with open(bytes(tmp_path) + b"/" + name, "wb") as file:
            file.write(bytes([number]) * 3_000_000)
    questions = [Question(name, 2_500_000, whole=number % 2 == 0) for number, name in enumerate(NAMES)]
    missing = Question(b"missing", 3, whole=True)
    told = answers([*questions, missing], sh(script(str(tmp_path), [*questions, missing], program)))
    for question in questions:
        assert told[question.path].digest == local_digest(bytes(tmp_path), question) != ""
        inode = (tmp_path / question.path.decode("utf-8", "surrogateescape")).stat().st_ino
        assert told[question.path].inode == (0 if question.whole else inode)
    assert told[b"missing"].inode == 0
    assert sorted(p.name for p in tmp_path.iterdir() if p.name in ("X", "Y")) == []


def test_the_inode_is_told_before_the_beginning_is_too_long_to_digest(tmp_path):
    with (tmp_path / "long").open("wb") as file:
        file.truncate(INODE_FROM + 1)
    question = Question(b"long", INODE_FROM + 1, whole=True)
    told = answers([question], sh(script(str(tmp_path), [question], "sha256sum")))[b"long"]
    assert (told.digest, told.inode) == (
        local_digest(bytes(tmp_path), question),
        (tmp_path / "long").stat().st_ino,
    )


def test_globs_find_folders_and_run_nothing(tmp_path):
    for name in ["e1/tb", "e 2/tb", "it's/tb", "e3"]:
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "e3/tb").symlink_to(tmp_path / "e1/tb")
    found = glob_matches(sh(glob_script(f"{tmp_path}/*/tb")))
    assert found == [f"{tmp_path}/e 2/tb", f"{tmp_path}/e1/tb", f"{tmp_path}/it's/tb"]
    assert sh(glob_script("$(touch X)*"), cwd=tmp_path) == b""
    assert not (tmp_path / "X").exists()
