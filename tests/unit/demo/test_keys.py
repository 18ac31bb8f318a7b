"""Fresh keys and the ssh_config that uses them."""

from __future__ import annotations

from pathlib import Path

from expsyncd.demo.keys import make_key
from expsyncd.demo.ssh_config import known_hosts_line, ssh_config


def test_a_key_is_private_and_new_each_time(tmp_path):
    first, again = make_key(tmp_path / "id"), make_key(tmp_path / "id")
    assert first.get_name() == "ssh-ed25519"
    assert first.asbytes() != again.asbytes()
    assert (tmp_path / "id").stat().st_mode & 0o777 == 0o600


def test_a_stale_public_half_goes(tmp_path):
    (tmp_path / "id.pub").write_text("old")
    make_key(tmp_path / "id")
    assert not (tmp_path / "id.pub").exists()


def test_the_config_reads_nothing_of_the_persons_own():
    text = ssh_config("gpu", 2222, Path("/place with space/id"), Path("/k"))
    for line in (
        "Host gpu",
        "Port 2222",
        'IdentityFile "/place with space/id"',
        "IdentitiesOnly yes",
        "IdentityAgent none",
        'UserKnownHostsFile "/k"',
        "GlobalKnownHostsFile /dev/null",
        "StrictHostKeyChecking yes",
    ):
        assert line in [found.strip() for found in text.splitlines()]


def test_a_known_host_is_named_with_its_port(tmp_path):
    key = make_key(tmp_path / "host_key")
    assert known_hosts_line(2222, key) == f"[127.0.0.1]:2222 ssh-ed25519 {key.get_base64()}\n"
