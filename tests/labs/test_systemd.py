"""The service under a real user manager: install, start, kill, reload, break, stop, enable."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from support.place import free_port

LABS = Path(__file__).resolve().parent
CHECKOUT = LABS.parent.parent
PYTHON = "/usr/bin/python3"
CAN_INSTALL = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
EXPECTED = [
    "service install", "started", "status exits 0", "TensorBoard shows HOST/RUN", "status text",
    "kill -9: restarted", "reloaded", "a broken file does not loop", "stop leaves no process", "expsyncd stop stays stopped",
    "enabled: started at the next login", "uninstall leaves the config",
]  # fmt: skip

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(600)]


def missing() -> str:
    """Why this lab cannot run here."""
    if os.getuid() != 0:
        return "needs root for namespaces and a test user"
    if not Path("/lib/systemd/systemd").exists() or shutil.which("dbus-daemon") is None:
        return "needs systemd and dbus-user-session"
    for program in ("unshare", "setpriv", "useradd", "userdel", "pgrep", "curl", "make", "ssh", "rsync"):
        if shutil.which(program) is None:
            return f"needs {program}"
    # A person's home is no place for root's interpreters: the lab installs with the system's.
    if subprocess.run([PYTHON, "-c", CAN_INSTALL], check=False, capture_output=True).returncode:
        return f"needs {PYTHON} >= 3.11 with venv (python3-venv)"
    return ""


@pytest.fixture
def needs():
    if reason := missing():
        pytest.skip(reason)  # a failure where labs are required, see support.required


@pytest.fixture
def person(needs):
    """A throw-away ordinary user with a home."""
    name = f"ex{uuid.uuid4().hex[:8]}"
    subprocess.run(["useradd", "-m", "-s", "/bin/bash", "-p", "*", name], check=True)
    yield pwd.getpwnam(name)
    subprocess.run(["userdel", "-r", name], check=False, capture_output=True)


def as_person(person, *argv, cwd=None, timeout=400):
    """Run a command as the user with nothing of our environment but what pip needs here."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    environment = {
        **kept, "HOME": person.pw_dir, "USER": person.pw_name, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
    }  # fmt: skip
    return subprocess.run(
        ["setpriv", f"--reuid={person.pw_uid}", f"--regid={person.pw_gid}", "--init-groups", *argv],
        env=environment, cwd=cwd or person.pw_dir, text=True, capture_output=True, timeout=timeout, check=False,
    )  # fmt: skip


def write_sshd(person, home: Path) -> str:
    """Keys, sshd_config and ssh_config of an sshd that the user runs; the command that starts it."""
    folder = home / "sshd"
    folder.mkdir()
    (home / ".ssh").mkdir(mode=0o700)
    for key in (folder / "host_key", home / ".ssh/id_ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    port = free_port()
    (folder / "authorized_keys").write_bytes((home / ".ssh/id_ed25519.pub").read_bytes())
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\n"
    )
    kind, public = (folder / "host_key.pub").read_text().split()[:2]
    (home / ".ssh/known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {public}\n")
    (home / ".ssh/config").write_text(
        f"Host gpu\n  HostName 127.0.0.1\n  Port {port}\n  User {person.pw_name}\n"
    )
    return f"/usr/sbin/sshd -f {folder}/sshd_config"


def own(person, folder: Path) -> None:
    subprocess.run(["chown", "-R", f"{person.pw_uid}:{person.pw_gid}", str(folder)], check=True)


def test_the_service_as_a_person_uses_it(person):
    from support.tensorboards import Training

    home = Path(person.pw_dir)
    shutil.copytree(
        CHECKOUT, home / "expsyncd", ignore=shutil.ignore_patterns(".venv", ".git", "*_cache", "__pycache__")
    )
    start_sshd = write_sshd(person, home)
    training = Training(home / "gan/tb_log/lr1")
    training.write(range(5))
    training.close()
    own(person, home)
    installed = as_person(person, "make", "install", cwd=home / "expsyncd")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    config = home / ".config/expsyncd/hosts.yaml"
    assert config.exists(), installed.stdout
    port = free_port()
    config.write_text(
        f"interval: 1s\ntensorboard: {{port: {port}}}\nhosts:\n  gpu:\n    sources: [~/gan/tb_log]\n"
    )
    tour = subprocess.run(
        [str(LABS / "systemd-user.sh"), person.pw_name, "bash", "-c", f"{start_sshd} && {LABS}/service-tour.sh {port}"],
        text=True, capture_output=True, timeout=400, check=False,
    )  # fmt: skip
    print(tour.stdout)
    assert tour.returncode == 0, tour.stdout + tour.stderr
    held = [line.removeprefix("ok ") for line in tour.stdout.splitlines() if line.startswith("ok ")]
    assert [one for one in EXPECTED if not any(line.startswith(one) for line in held)] == []
    gone = as_person(person, "make", "uninstall", cwd=home / "expsyncd")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert config.exists()
    assert (home / "experiments/mirror/gpu/tb_log/lr1").is_dir()
    assert not (home / ".local/bin/expsyncd").exists()
