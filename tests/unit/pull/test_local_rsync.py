import pytest

from expsyncd.errors import NeedsUserError
from expsyncd.pull.local_rsync import LocalRsync, judge, patched_from, read_version


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ("rsync  version 3.5.0  protocol version 32\nCopyright", (3, 5, 0)),
        ("rsync  version v3.2.7  protocol", (3, 2, 7)),
        ("openrsync: protocol version 29\nrsync version 2.6.9 compatible", None),
        ("", None),
    ],
)
def test_read_version(output, version):
    assert read_version(output) == version


def test_table():
    assert judge(LocalRsync((3, 5, 0)), allow_old=False) == ""
    assert "3.5.0" in judge(LocalRsync((3, 4, 1)), allow_old=False)
    assert judge(LocalRsync((3, 2, 7), patched=True), allow_old=False) == ""
    assert "unsafe" in judge(LocalRsync((3, 2, 7)), allow_old=True)


@pytest.mark.parametrize(
    ("found", "words"),
    [(None, "openrsync"), (LocalRsync((3, 1, 3)), "too old"), (LocalRsync((3, 2, 7)), "hostile")],
)
def test_refusals_name_the_remedy(found, words):
    with pytest.raises(NeedsUserError, match=words) as error:
        judge(found, allow_old=False)
    assert "install" in error.value.advice


def test_backports():
    assert patched_from("3.2.7-1+deb12u4") == "3.2.7-1+deb12u1"
    assert patched_from("3.2.7-1.fc39") is None
