import pytest

from expsyncd.clock import SystemClock
from expsyncd.process import Completed
from expsyncd.ssh import finding
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import ConnectionProblem, Diagnosis, no_sftp, unanswered
from expsyncd.ssh.finding import find_out
from expsyncd.ssh.ride import Measured

FULL = b"expsyncd-probe-1\nsystem=Linux\nrsync_path=/usr/bin/rsync\nrsync=%s\ndigest=sha256sum\ndate=1.5\n"
GOOD = FULL % b"rsync  version 3.2.7  protocol version 31"
RRSYNC = b"/usr/bin/rrsync error: SSH_ORIGINAL_COMMAND does not run rsync\n"


class FakeSftp:
    def __init__(self):
        self.closed = False

    async def run(self, _):
        return 0.02

    async def close(self):
        self.closed = True


class FakeHost:
    """Answers the probe with `stdout`; `sftp` is a conversation or the problem of opening one."""

    alias = "gpu1"

    def __init__(self, stdout=b"", *, stderr=b"", timed_out=False, sftp=None, alone=False):
        self.answer = Completed(1, stdout, stderr, timed_out)
        self.opened = sftp or FakeSftp()
        self.commands = 0
        self.alone = alone

    async def command(self, *_, **__):
        self.commands += 1
        return self.answer

    async def sftp(self, *, wait=True):
        if isinstance(self.opened, ConnectionProblem):
            raise self.opened
        if self.alone and not wait:
            raise ConnectionProblem(Diagnosis(Kind.NO_PLACE, "no place", ""))
        return self.opened


async def measured(limit_s):
    return Measured(0.01, alone=False)


async def found(host, wished="auto"):
    return await find_out(host, measured, wished, SystemClock(), adopted=False, limit_s=5.0)


async def problem(host, wished="auto"):
    with pytest.raises(ConnectionProblem) as raised:
        await found(host, wished)
    return raised.value.diagnosis


NONE = ConnectionProblem(no_sftp("subsystem request failed", "gpu1"))


@pytest.mark.parametrize("wished", ["auto", "rsync"])
async def test_rsync_where_there_is_one(wished):
    link = await found(FakeHost(GOOD), wished)
    assert (link.transport, link.why, link.round_trip_s, link.notices) == ("rsync", "", 0.01, ())


@pytest.mark.parametrize(
    ("stdout", "why", "kind"),
    [
        (b"expsyncd-probe-1\nsystem=Linux\n", finding.NO_RSYNC, Kind.NO_RSYNC),
        (FULL % b"openrsync: protocol version 29", finding.OPENRSYNC, Kind.NO_RSYNC),
        (b"This service allows sftp connections only.\n", finding.SFTP_ONLY, Kind.SFTP_ONLY),
        (b"This account is currently not available.\n", finding.NO_SHELL, Kind.ACCOUNT),
        (b"", finding.NO_SHELL, Kind.NO_SHELL),
    ],
)
async def test_sftp_where_there_is_no_rsync(stdout, why, kind):
    host = FakeHost(stdout)
    link = await found(host)
    assert (link.transport, link.why, link.round_trip_s) == ("sftp", why, 0.02)
    assert host.opened.closed
    assert link.notices == (why,)
    assert (await problem(FakeHost(stdout), "rsync")).kind is kind, "`rsync` never falls back"
    assert (await problem(FakeHost(stdout, sftp=NONE))).kind is kind, "the first trouble is the one to mend"


async def test_a_line_that_breaks_says_nothing_of_the_host():
    host = FakeHost(b"", sftp=ConnectionProblem(unanswered(5)))
    assert (await problem(host)).kind is Kind.UNANSWERED


async def test_sftp_by_config_runs_no_command():
    host = FakeHost(GOOD)
    link = await found(host, "sftp")
    assert (link.transport, link.why, host.commands) == ("sftp", finding.BY_CONFIG, 0)
    assert (await problem(FakeHost(GOOD, sftp=NONE), "sftp")).kind is Kind.NO_SFTP


@pytest.mark.parametrize("wished", ["auto", "rsync"])
async def test_a_key_limited_to_rrsync_is_pulled_by_rsync_alone(wished):
    link = await found(FakeHost(stderr=RRSYNC), wished)
    assert (link.transport, link.digest, link.rsync_version) == ("rrsync", None, None)
    assert "rrsync" in link.notices[0]


async def test_what_is_not_a_transport_is_not_gone_around():
    assert (await problem(FakeHost(b"Welcome!\n" + GOOD))).kind is Kind.NOISY_SHELL
    assert (await problem(FakeHost(timed_out=True))).kind is Kind.UNANSWERED


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("2.6.9", "whole seconds"),
        ("3.0.9", "whole seconds"),
        ("3.1.3", "is old"),
        ("3.2.4", "is old"),
        ("3.2.5", ""),
    ],
)
async def test_an_old_rsync_on_the_host_is_only_warned_about(version, words):
    link = await found(FakeHost(FULL % f"rsync  version {version}  protocol".encode()))
    assert link.transport == "rsync"
    assert [words in notice for notice in link.notices] == ([True] if words else [])


@pytest.mark.parametrize("alone", [True, False])
async def test_a_host_with_room_for_one_conversation_is_found_out(alone):
    link = await found(FakeHost(alone=alone), "sftp")
    assert (finding.ALONE in link.notices) == alone == bool(link.alone)


@pytest.mark.parametrize("alone", [True, False])
async def test_a_host_with_room_for_one_command_is_found_out(alone):
    async def measures(limit_s):
        return Measured(limit_s, alone=alone)

    link = await find_out(FakeHost(GOOD), measures, "auto", SystemClock(), adopted=False, limit_s=5.0)
    assert (finding.ALONE in link.notices) == alone == bool(link.alone)
