"""`expsyncd doctor` beside real hosts: what it finds, with which fix, and that it leaves everything as it was."""

import hashlib
import json
import os
import pty
import socket
import subprocess
import sys

import pytest

from support.place import Place, free_port
from support.wait import until

WITHIN_S = 20


@pytest.fixture
def place_of():
    made = []

    def make(*sshds):
        place = Place(sshds[0].options, sshds[0].alias)
        made.append(place)
        config = place.base / "ssh_config"
        config.write_text("".join(f"Include {sshd.config_file}\n" for sshd in sshds))
        place.environment["EXPSYNCD_SSH"] = f"-F {config}"
        place.configure(interval="1s")
        text = place.config_file.read_text().partition("hosts:")[0]
        for sshd in sshds:
            text += "" if "hosts:" in text else "hosts:\n"
            text += f"  {sshd.alias}:\n    sources: [{{path: {place.remote}, name: remote}}]\n"
        place.config_file.write_text(text)
        return place

    yield make
    for place in made:
        place.close()


def doctor(place, *words):
    completed = place.run("doctor", *words, "--json", check=False)
    assert completed.stdout, completed.stderr
    return completed.returncode, json.loads(completed.stdout)["findings"]


def found(findings, place, word):
    return [(each["area"], each["title"], each["fix"]) for each in findings
            if (each["place"], each["status"]) == (place, word)]  # fmt: skip


def everything(place):
    """All that is there, byte for byte and time for time."""
    seen: dict[str, object] = {}
    for folder, _, files in os.walk(place.base):
        seen[folder] = os.lstat(folder).st_mtime_ns
        for name in files:
            path = os.path.join(folder, name)
            there = os.lstat(path)
            regular = os.path.isfile(path) and not os.path.islink(path)
            with open(path if regular else os.devnull, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            seen[path] = (there.st_size, there.st_mtime_ns, there.st_mode, digest)
    return seen


def test_each_ailment_of_a_host_has_its_fix(make_sshd, place_of):
    noisy = make_sshd(force_command='echo "Welcome to the cluster"; exec sh -c "$SSH_ORIGINAL_COMMAND"')
    strange = make_sshd()
    strange.known_hosts.write_text("")
    closed = make_sshd(lines=("AllowTcpForwarding no",))
    place = place_of(noisy, strange, closed)
    place.config_file.write_text(
        place.config_file.read_text()
        + f"    forwards: [{{local: {free_port()}, remote: '127.0.0.1:{free_port()}'}}]\n"
        + "  gone: {ssh: " + closed.alias + ", sources: [/nowhere/at/all]}\n"
    )  # fmt: skip
    code, findings = doctor(place)
    assert code == 1
    ((area, title, fix),) = found(findings, noisy.alias, "problem")
    assert area == "shell"
    assert "Welcome to the cluster" in title
    assert "[[ $- == *i* ]]" in fix or "interactive" in fix, fix
    ((area, title, fix),) = found(findings, strange.alias, "problem")
    assert (area, "expsyncd login" in fix) == ("host key", True), (title, fix)
    ((area, title, fix),) = found(findings, closed.alias, "problem")
    assert (area, "forbidden" in title, "AllowTcpForwarding" in fix) == ("tunnel", True, True)
    ((area, title, fix),) = found(findings, "gone", "problem")
    assert (area, title) == ("sources", "/nowhere/at/all is not there")
    assert "hosts.yaml" in fix
    assert strange.attempts() == 1


def test_all_well_ends_with_0(sshd, place_of):
    place = place_of(sshd)
    code, findings = doctor(place)
    assert [each for each in findings if each["status"] == "problem"] == []
    assert code == 0
    areas = {each["area"] for each in findings if each["place"] is None}
    assert areas >= {"config", "rsync", "ssh", "agent", "sockets", "inotify", "root", "space", "daemon", "service",
                     "tensorboard", "notices"}  # fmt: skip
    areas = {each["area"] for each in findings if each["place"] == sshd.alias}
    assert areas >= {"connection", "rsync", "python", "inotify", "sources"}
    said = place.run("doctor", sshd.alias, check=False)
    assert said.returncode == 0
    assert said.stdout.startswith(sshd.alias)
    assert max(map(len, said.stdout.splitlines())) <= 80
    assert "\x1b" not in said.stdout


def test_it_changes_nothing(make_sshd, place_of):
    closed = make_sshd(lines=("AuthenticationMethods publickey,password", "PasswordAuthentication yes"))
    sshd = make_sshd()
    place = place_of(sshd, closed)
    (place.remote / "a.csv").write_text("1\n")
    place.start()
    until((place.root / "mirror" / sshd.alias / "remote" / "a.csv").exists, WITHIN_S)
    until(lambda: place.status()["hosts"][closed.alias]["status"] == "needs-login", WITHIN_S)
    assert place.stop() == 0
    before, attempts = everything(place), closed.attempts()
    code, findings = doctor(place)
    assert everything(place) == before
    assert closed.attempts() == attempts, "what is known to need the person is not knocked at"
    assert code == 1
    ((_, _, fix),) = found(findings, closed.alias, "problem")
    assert f"expsyncd login {closed.alias}" in fix


def test_beside_the_daemon_it_uses_its_connection(sshd, place_of):
    place = place_of(sshd)
    place.start()
    until(lambda: place.status()["hosts"][sshd.alias]["status"] == "connected", WITHIN_S)
    attempts = sshd.attempts()
    code, findings = doctor(place)
    assert code == 0
    assert sshd.attempts() == attempts
    assert ("daemon", True) in {(area, "runs" in title) for area, title, _ in found(findings, None, "ok")}


def test_an_agent_that_the_daemon_does_not_see(sshd, place_of, short_folder):
    place = place_of(sshd)
    place.start()
    path = str(short_folder / "agent")
    with subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL) as agent:
        try:
            until(lambda: os.path.exists(path), WITHIN_S)
            place.environment["SSH_AUTH_SOCK"] = path
            add = ["ssh-add", "-q", str(sshd.folder / "id")]
            subprocess.run(add, env={**os.environ, "SSH_AUTH_SOCK": path}, check=True)
            _, findings = doctor(place)
        finally:
            agent.terminate()
    ((_, title, fix),) = [each for each in found(findings, None, "warning") if each[0] == "agent"]
    assert "the running daemon" in title
    assert "import-environment SSH_AUTH_SOCK" in fix


def test_a_taken_port_names_its_owner(sshd, place_of):
    place = place_of(sshd)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = place.config_file.read_text()
        head, _, rest = text.partition("tensorboard:")
        place.config_file.write_text(f"{head}tensorboard: {{port: {port}}}\n{rest.partition(chr(10))[2]}")
        _, findings = doctor(place)
    ((_, title, fix),) = [each for each in found(findings, None, "warning") if each[0] == "port"]
    assert f"port {port} is taken by" in title
    assert str(os.getpid()) in title
    assert "tensorboard: {port" in fix


@pytest.mark.parametrize(("text", "words"), [
    ("hosts:\n  gpu: {sauces: []}\n", [":2:9:", "did you mean", "looked at once hosts.yaml can be read"]),
    (None, ["expsyncd init, then", "looked at once hosts.yaml can be read"]),
])  # fmt: skip
def test_a_broken_or_absent_config(sshd, place_of, text, words):
    place = place_of(sshd)
    if text is None:
        place.config_file.unlink()
    else:
        place.config_file.write_text(text)
    code, findings = doctor(place)
    assert code == 1
    said = json.dumps([each for each in findings if each["area"] == "config"])
    for word in words:
        assert word in said


def test_damaged_facts_are_told(sshd, place_of):
    place = place_of(sshd)
    state = place.base / "state/expsyncd"
    state.mkdir()
    (state / "facts.db").write_bytes(b"no database at all" * 100)
    code, findings = doctor(place)
    assert code == 1
    ((area, title, fix),) = found(findings, None, "problem")
    assert (area, str(state / "facts.db") in title) == ("state", True), title
    assert fix


def test_an_unknown_host_is_an_error(sshd, place_of):
    said = place_of(sshd).run("doctor", "nobody", check=False)
    assert said.returncode == 1
    assert "no host nobody" in said.stderr
    assert "Traceback" not in said.stderr


def test_in_a_terminal_it_tells_each_place_as_it_is_known(sshd, place_of):
    place = place_of(sshd)
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "expsyncd.cli.main", "doctor"]
    with subprocess.Popen(argv, env=place.environment, stdin=theirs, stdout=theirs, stderr=theirs) as asked:
        os.close(theirs)
        said = b""
        try:
            while chunk := os.read(ours, 4096):
                said += chunk
        except OSError:
            pass  # its end
        finally:
            os.close(ours)
        assert asked.wait() == 0
    assert b"This computer" in said
    assert b"\x1b[32mok\x1b[0m" in said
