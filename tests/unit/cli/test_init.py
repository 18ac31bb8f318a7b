import stat

import pytest

from expsyncd.cli.init import init
from expsyncd.errors import Error
from expsyncd.paths import shipped


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPSYNCD_CONFIG", str(tmp_path / "config" / "hosts.yaml"))
    return tmp_path / "config" / "hosts.yaml"


def test_writes_the_sample_for_its_owner_only(file, capsys):
    init()
    assert file.read_bytes() == shipped("hosts.yaml").read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert str(file) in capsys.readouterr().out


def test_never_overwrites(file, capsys):
    file.parent.mkdir()
    file.write_text("mine\n")
    init()
    assert file.read_text() == "mine\n"
    assert "stays as it is" in capsys.readouterr().out


def test_a_link_to_nothing_is_the_persons_too(file):
    file.parent.mkdir()
    file.symlink_to(file.with_name("elsewhere.yaml"))
    init()
    assert not file.with_name("elsewhere.yaml").exists()


def test_says_why_it_cannot_write(file):
    file.parent.write_text("a file where the folder should be")
    with pytest.raises(Error, match="cannot be written"):
        init()
