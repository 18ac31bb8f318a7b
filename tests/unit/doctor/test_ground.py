from pathlib import Path

import pytest

from expsyncd.config.model import Config
from expsyncd.doctor.ground import folders, judge_marker, judge_room, root

ROOT = Path("/experiments")


@pytest.mark.parametrize(
    ("found", "known", "word", "fix"),
    [
        ("a", "a", "ok", ""),
        ("a", None, "ok", ""),
        (None, None, "problem", "adopt"),
        (None, "a", "problem", "mount"),
        ("b", "a", "problem", "mount the right one"),
    ],
)
def test_marker(found, known, word, fix):
    judged = judge_marker(ROOT, found, known)
    assert judged.word == word
    assert fix in judged.fix


def test_room():
    assert [f.word for f in judge_room(10, None, 5, read_only=False)] == ["ok"]
    assert [f.word for f in judge_room(4, None, 5, read_only=False)] == ["problem"]
    assert [f.word for f in judge_room(10, 100, 5, read_only=False)] == ["ok", "warning"]
    assert [f.word for f in judge_room(10, None, 5, read_only=True)] == ["problem"]


def test_a_root_that_is_not_there(tmp_path):
    config = Config(root=tmp_path / "a/b", min_free=1)
    assert [f.word for f in root(config, None)] == ["note", "ok"]
    assert [f.word for f in root(config, "known")] == ["problem"]
    assert not (tmp_path / "a").exists(), "it changes nothing"


def test_a_root_that_is_no_folder_or_not_ours(tmp_path):
    (tmp_path / "file").write_text("")
    assert root(Config(root=tmp_path / "file"), None)[0].word == "problem"
    assert "adopt" in root(Config(root=tmp_path), None)[0].fix


def test_folders_of_the_mirror_are_counted(tmp_path):
    (tmp_path / "mirror/gpu/logs/run").mkdir(parents=True)
    (tmp_path / "mirror/link").symlink_to(tmp_path)
    assert folders(Config(root=tmp_path)) == 3
    assert folders(Config(root=tmp_path / "none")) == 0
