import itertools
import shlex
from pathlib import Path

import pytest

from expsyncd.errors import Error
from expsyncd.ssh import command

SOCKET = Path("/run/user/1000/expsyncd/cm/0123456789ab")
OPTIONS = ["-F", "/tmp/my config"]


def settings(argv: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for flag, value in itertools.pairwise(argv):
        if flag == "-o":
            name, _, setting = value.partition("=")
            found.setdefault(name, setting)
    return found


def test_master_stays_in_the_foreground_and_never_asks():
    argv = command.master(OPTIONS, SOCKET, ["--", "gpu1"], connect_timeout_s=14.2)
    assert argv[:3] == ["ssh", *OPTIONS]
    assert argv[3:7] == ["-M", "-N", "-S", str(SOCKET)]
    assert argv[-2:] == ["--", "gpu1"]
    found = settings(argv)
    for name, value in {
        "ControlPersist": "no",
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "ServerAliveInterval": "5",
        "ServerAliveCountMax": "2",
        "ConnectTimeout": "15",
        "ClearAllForwardings": "yes",
        "ForwardAgent": "no",
        "ForwardX11": "no",
        "PermitLocalCommand": "no",
        "RemoteCommand": "none",
        "RequestTTY": "no",
        "LogLevel": "VERBOSE",
    }.items():
        assert found[name] == value, name
    assert "ProxyCommand" not in found


def test_master_takes_the_way_over_hops():
    argv = command.master([], SOCKET, ["--", "gpu1"], connect_timeout_s=5, way="ssh -W [%h]:%p -- gate")
    assert settings(argv)["ProxyCommand"] == "ssh -W [%h]:%p -- gate"


def test_what_rides_on_a_master_cannot_log_in_by_itself():
    argv = command.remote_command(OPTIONS, SOCKET, "gpu1", "echo hello; id")
    assert argv[-3:] == ["--", "gpu1", "echo hello; id"]
    found = settings(argv)
    assert found["ProxyCommand"] == "false"
    assert found["ControlMaster"] == "no"
    assert found["BatchMode"] == "yes"
    # ssh ignores a ProxyCommand that comes after a ProxyJump, so there must be none before it.
    assert "ProxyJump" not in found


def test_check_asks_the_socket_only():
    assert command.check([], SOCKET, "gpu1") == ["ssh", "-S", str(SOCKET), "-O", "check", "--", "gpu1"]


def rsync_split(text: str) -> list[str]:
    """The rule of rsync's manual: split at spaces; quotes keep them; a doubled quote inside is one."""
    words: list[str] = []
    word, quote, i, begun = "", "", 0, False
    while i < len(text):
        c = text[i]
        if quote and c == quote and text[i + 1 : i + 2] == quote:
            word += c
            i += 1
        elif quote and c == quote:
            quote = ""
        elif not quote and c in "'\"":
            quote, begun = c, True
        elif not quote and c == " ":
            if begun:
                words.append(word)
            word, begun = "", False
        else:
            word, begun = word + c, True
        i += 1
    return [*words, word] if begun else words


@pytest.mark.parametrize("name", ["plain", "a b", "it's", 'say "x"', "it's a 'b' \"c\"", "$HOME`x`", "ü\\n"])
def test_rsync_splits_the_rsh_as_we_mean_it(name):
    options = ["-F", f"/tmp/{name}/config"]
    socket = Path(f"/tmp/{name}/sock")
    assert rsync_split(command.rsh(options, socket)) == command.rider(options, socket)


def test_socket_path_is_short_and_one_per_alias():
    folder = Path("/run/user/1000/expsyncd/cm")
    paths = {command.socket_path(folder, alias) for alias in ("gpu1", "gpu2", "me@gpu1", "x" * 300)}
    assert len(paths) == 4
    assert all(path.parent == folder and len(bytes(path)) <= 90 for path in paths)


def test_socket_path_that_openssh_cannot_bind_is_refused_with_advice():
    folder = Path("/") / ("d" * 76)
    assert len(bytes(command.socket_path(folder, "gpu1"))) == 90
    with pytest.raises(Error) as caught:
        command.socket_path(Path(f"{folder}d"), "gpu1")
    assert "91 bytes" in caught.value.title
    assert "XDG_RUNTIME_DIR" in caught.value.advice


@pytest.mark.parametrize(
    "alias", ["", "-oProxyCommand=id", "a b", "a\nb", "a\tb", "$(id)", "a`b", "a'b", "\x1b[2J"]
)
def test_alias_that_is_not_a_name_is_refused(alias):
    with pytest.raises(Error):
        command.checked_alias(alias)


@pytest.mark.parametrize(
    "alias", ["gpu1", "me@10.0.0.5", "login.hpc.example", "fe80::1%eth0", "ssh://me@gpu1:2222"]
)
def test_alias_that_is_a_name_stays(alias):
    assert command.checked_alias(alias) == alias


@pytest.mark.parametrize(
    ("hop", "argv"),
    [
        ("gate", ["--", "gate"]),
        ("me@gate", ["-l", "me", "--", "gate"]),
        ("me@gate:2222", ["-l", "me", "-p", "2222", "--", "gate"]),
        ("ssh://gate:22", ["-p", "22", "--", "gate"]),
        ("ssh://me@gate/", ["-l", "me", "--", "gate"]),
        ("[fe80::1]:22", ["-p", "22", "--", "fe80::1"]),
        ("fe80::1", ["--", "fe80::1"]),
        ("me@realm@gate", ["-l", "me@realm", "--", "gate"]),
    ],
)
def test_hops_in_every_form(hop, argv):
    assert command.hop_destination(hop) == argv


def test_hop_that_is_an_option_is_refused():
    with pytest.raises(Error):
        command.hop_destination("me@-oProxyCommand=id")


def test_hop_never_asks_and_leaves_the_percents_of_its_options_alone():
    line = command.hop(["-F", "/tmp/100%/c"], ["--", "gate"], connect_timeout_s=7)
    words = shlex.split(line)
    assert words[:3] == ["ssh", "-F", "/tmp/100%%/c"]
    assert words[-4:] == ["-W", "[%h]:%p", "--", "gate"]
    found = settings(words)
    assert found["BatchMode"] == "yes"
    assert found["StrictHostKeyChecking"] == "yes"
    assert found["ConnectTimeout"] == "7"
    # A config with ControlPersist must not leave a master of the hop behind.
    assert found["ControlMaster"] == "no"


def test_hop_behind_a_hop_survives_two_expansions():
    first = command.hop([], ["--", "gate1"], connect_timeout_s=7)
    second = command.hop([], ["--", "gate2"], connect_timeout_s=7, way=first)
    # What the outer ssh makes of it, and what then the ssh to gate2 makes of its own ProxyCommand.
    by_outer = expand(second, "inner")
    words = shlex.split(by_outer)
    assert words[-4:] == ["-W", "[inner]:22", "--", "gate2"]
    innermost = shlex.split(expand(settings(words)["ProxyCommand"], "gate2"))
    assert innermost[-4:] == ["-W", "[gate2]:22", "--", "gate1"]


def expand(line: str, host: str) -> str:
    return line.replace("%%", "\0").replace("%h", host).replace("%p", "22").replace("\0", "%")


def test_hop_goes_over_our_own_master_of_it():
    words = shlex.split(command.hop([], ["--", "gate"], connect_timeout_s=7, socket=SOCKET))
    assert words[1:3] == ["-S", str(SOCKET)]
