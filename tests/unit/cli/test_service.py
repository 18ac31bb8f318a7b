from pathlib import Path

import pytest

from expsyncd.cli import service
from expsyncd.errors import Error


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c o"))
    monkeypatch.delenv("EXPSYNCD_CONFIG", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # no systemctl: nothing of this machine is asked
    return tmp_path


def test_the_unit_names_the_program_and_survives_odd_paths():
    text = service.unit_text(Path("/home/me too/50%/bin/expsyncd"))
    assert 'ExecStart="/home/me too/50%%/bin/expsyncd" run\n' in text
    assert not service.edited(text)
    assert service.edited(text.replace("Nice=5", "Nice=9"))


def test_install_again_and_uninstall(home, capsys):
    file = home / "c o/systemd/user/expsyncd.service"
    service.install()
    first = file.read_text()
    service.install()
    assert file.read_text() == first
    assert "systemctl --user" in capsys.readouterr().out
    service.uninstall()
    assert not file.exists()
    assert "left as they are" in capsys.readouterr().out
    service.uninstall()


def test_a_unit_edited_by_hand_is_kept(home):
    file = home / "c o/systemd/user/expsyncd.service"
    service.install()
    file.write_text(file.read_text() + "Nice=9\n")
    with pytest.raises(Error, match="edited by hand"):
        service.install()
    service.install(force=True)
    assert not service.edited(file.read_text())


def test_what_a_restart_cannot_mend_does_not_loop():
    text = service.unit_text(Path("/x"))
    assert "RestartPreventExitStatus=75 77 78" in text
    assert "Type=notify" in text
    assert "KillMode=mixed" in text
    assert "PrivateUsers=" not in text


def test_the_unit_starts_with_the_hosts_yaml_it_was_installed_with(home, monkeypatch):
    monkeypatch.setenv("EXPSYNCD_CONFIG", "/home/me/a $b 5%/hosts.yaml")
    service.install()
    text = (home / "c o/systemd/user/expsyncd.service").read_text()
    assert ' --config "/home/me/a $$b 5%%/hosts.yaml" run\n' in text


def test_a_stop_by_command_stays_one():
    # `always` would start it again a second after `expsyncd stop`.
    assert "Restart=on-failure\n" in service.unit_text(Path("/x"))
