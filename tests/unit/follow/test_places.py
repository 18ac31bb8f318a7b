"""Where there can be no agent, and in which words that is said."""

from __future__ import annotations

import pytest

from expsyncd.config.model import HostConfig
from expsyncd.follow.places import why_not
from expsyncd.ssh.finding import ALONE, BY_CONFIG, NO_RSYNC, RRSYNC, SFTP_ONLY
from expsyncd.ssh.probe import Link


def link(**more):
    return Link(**{"round_trip_s": 0.0, "rsync_version": None, "python": "3.9.2", "system": "Linux",
                   "clock_offset_s": 0.0, "digest": None, **more})  # fmt: skip


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (link(), ""),
        (link(transport="sftp", why=BY_CONFIG, python=None), ""),
        (link(transport="sftp", why=NO_RSYNC), ""),
        (link(transport="sftp", why=SFTP_ONLY), "the host runs no commands for this login"),
        (link(transport="rrsync", why=RRSYNC), "the key is limited to rrsync on the host"),
        (link(alone=ALONE), "the host allows one thing at a time (MaxSessions 1 of its sshd)"),
        (link(python=None), "no python3 on the host"),
    ],
)
def test_why_not(link, said):
    assert why_not(HostConfig(name="gpu", ssh="gpu"), link, wished=True) == said


def test_because_nobody_wants_it():
    assert "follow: false" in why_not(HostConfig(name="gpu", ssh="gpu", follow=False), link(), wished=True)
    assert why_not(HostConfig(name="gpu", ssh="gpu"), link(), wished=False) == "this pull only"
