import pytest

from expsyncd import __version__
from expsyncd.doctor.service import daemon, judge_enabled, judge_linger


def shown(**changes):
    parts = {key: {"error": None} for key in ("config", "root", "tensorboard")}
    return {"version": __version__, "pid": 7, **parts, **changes}


def test_daemon():
    assert [f.word for f in daemon(None)] == ["warning"]
    assert [f.word for f in daemon(shown())] == ["ok"]
    assert "restart" in daemon(shown(version="0.0.1"))[0].fix
    (found,) = daemon(shown(config={"error": {"title": "line 3", "advice": "mend"}}))
    assert (found.word, found.title, found.fix) == ("problem", "line 3", "mend")


@pytest.mark.parametrize(
    ("said", "word"), [("enabled", "ok"), ("disabled", "warning"), ("masked", "warning")]
)
def test_enabled(said, word):
    assert judge_enabled(said).word == word


@pytest.mark.parametrize(("said", "word"), [("Linger=yes", "ok"), ("Linger=no", "warning"), ("", "unknown")])
def test_linger(said, word):
    found = judge_linger(said)
    assert found.word == word
    assert found.fix == ("" if word == "ok" else "loginctl enable-linger")
