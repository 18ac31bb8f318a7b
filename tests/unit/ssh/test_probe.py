import pytest

from expsyncd.ssh import probe

LINUX = b"""expsyncd-probe-1
system=Linux
rsync_path=/usr/bin/rsync
rsync=rsync  version 3.2.7  protocol version 31
python=Python 3.11.2
digest=sha256sum
date=1760000000.250000000
"""


def test_linux():
    answer = probe.parse(LINUX)
    assert answer == probe.Answer(
        b"", "Linux", "/usr/bin/rsync", "3.2.7", "3.11.2", "sha256sum", 1760000000.25
    )


def test_macos_has_openrsync_and_no_nanoseconds():
    text = (
        b"expsyncd-probe-1\nsystem=Darwin\nrsync_path=/usr/bin/rsync\nrsync=openrsync: protocol version 29\n"
        b"python=Python 3.9.6\ndigest=shasum\ndate=1760000000.N\n"
    )
    answer = probe.parse(text)
    assert answer is not None
    assert answer.rsync_path == "/usr/bin/rsync"
    assert answer.rsync_version is None
    assert answer.digest == "shasum"
    assert answer.date_s == 1760000000.5


def test_bare_host_has_nothing():
    assert probe.parse(b"expsyncd-probe-1\nsystem=\ndate=\n") == probe.Answer(
        b"", "", None, None, None, None, None
    )


def test_login_noise_is_what_stands_before():
    answer = probe.parse(b"Welcome to cluster\r\n\x1b[1mquota 90%\n" + LINUX)
    assert answer is not None
    assert answer.stray == b"Welcome to cluster\r\n\x1b[1mquota 90%\n"
    assert answer.system == "Linux"


def test_noise_without_a_newline_before_the_answer():
    answer = probe.parse(b"tput: no terminal" + LINUX)
    assert answer is not None
    assert answer.stray == b"tput: no terminal"


def test_a_command_that_echoes_the_script_is_no_answer():
    assert probe.parse(probe.SCRIPT) is None


@pytest.mark.parametrize(
    "output", [b"", b"\0" * 1000, b"This service allows sftp connections only.\n", b"expsyncd-probe-1"]
)
def test_no_answer(output):
    assert probe.parse(output) is None


def test_huge_answer_and_huge_numbers_do_no_harm():
    text = (
        b"expsyncd-probe-1\n"
        + b"x=y\n" * 20000
        + b"date="
        + b"9" * 60000
        + b"\nrsync=rsync version "
        + b"1." * 30000
    )
    answer = probe.parse(text)
    assert answer is not None
    assert answer.date_s is None
    assert answer.rsync_version == "1.1.1.1"


def test_garbage_in_the_fields():
    text = b"expsyncd-probe-1\nsystem=\xff\xfe\nrsync_path=/r\nrsync=command failed\npython=pyenv: no version\ndigest=rm -rf\ndate=-5\n"
    answer = probe.parse(text)
    assert answer is not None
    assert (answer.rsync_version, answer.python, answer.digest, answer.date_s) == (None, None, None, None)


def test_a_field_said_twice_keeps_its_first_value():
    answer = probe.parse(LINUX + b"system=Evil\n")
    assert answer is not None
    assert answer.system == "Linux"


def test_clock_offset_counts_half_a_round_trip():
    answer = probe.parse(LINUX)
    assert answer is not None
    link = answer.link(0.5, 1760000000.0, adopted=True)
    assert link.clock_offset_s == 0.5
    assert link.round_trip_s == 0.5
    assert link.adopted


def test_without_a_date_the_offset_is_unknown():
    answer = probe.parse(b"expsyncd-probe-1\n")
    assert answer is not None
    assert answer.link(0.5, 1760000000.0, adopted=False).clock_offset_s is None
