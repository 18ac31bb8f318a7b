"""The demo's config and environment: short enough, and nothing of the person's own."""

from __future__ import annotations

from pathlib import Path

from expsyncd.config.load import parse
from expsyncd.demo.places import HOST, SOURCES, Places, hosts_yaml

PLACES = Places(Path("/tmp/exdemo-abcdefgh"))
GIVEN = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "XDG_RUNTIME_DIR": "/run/user/1000",
    "XDG_STATE_HOME": "/home/me/state",
    "SSH_AUTH_SOCK": "/agent",
    "NOTIFY_SOCKET": "/notify",
    "EXPSYNCD_CONFIG": "/home/me/hosts.yaml",
    "RSYNC_RSH": "rsh",
}


def test_its_config_is_valid_and_names_every_source():
    config = parse(hosts_yaml(Path("/tmp/x"), 6010).encode(), "hosts.yaml")
    assert (str(config.root), config.tensorboard.port) == ("/tmp/x", 6010)
    host = config.hosts[HOST]
    assert [source.path for source in host.sources] == [f"~/gan/{name}" for name in SOURCES]
    assert [source.name for source in host.sources] == list(SOURCES)
    assert host.journal == ("~/gan/run.sh",)


def test_the_daemon_sees_the_demos_places_only():
    environment = PLACES.environment(
        GIVEN, user_base="/home/me/.local", ssh_options=["-F", "/tmp/a b/config"]
    )
    assert environment["PATH"] == "/bin"
    assert environment["PYTHONUSERBASE"] == "/home/me/.local"
    assert environment["EXPSYNCD_SSH"] == "-F '/tmp/a b/config'"
    assert not {"SSH_AUTH_SOCK", "NOTIFY_SOCKET", "RSYNC_RSH"} & environment.keys()
    own = {
        name: value for name, value in environment.items() if name in {*GIVEN, "XDG_CONFIG_HOME"} - {"PATH"}
    }
    assert len(own) == 5
    assert all(value.startswith("/tmp/exdemo-abcdefgh/") for value in own.values())


def test_the_paths_are_those_the_daemon_finds_and_short_enough_for_sockets():
    assert PLACES.paths.config_file == PLACES.config_file
    # The name of a master's socket has 12 characters, of which OpenSSH allows 90 with the path.
    assert len(str(PLACES.paths.masters_dir)) + 13 <= 90
    assert len(str(PLACES.paths.control_socket)) <= 90
