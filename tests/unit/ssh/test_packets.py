import errno
import struct

import pytest

from expsyncd.ssh.packets import (
    Attributes,
    GarbledError,
    attributes,
    entries,
    extensions,
    longest_read,
    refusal,
    text,
)


def string(content):
    return struct.pack(">I", len(content)) + content


ALL = struct.pack(">IQIIIII", 1 | 2 | 4 | 8, 7, 1000, 1000, 0o100644, 11, 12)


def test_attributes_of_every_kind():
    assert attributes(ALL) == (Attributes(7, 0o100644, 12), len(ALL))
    assert attributes(struct.pack(">I", 0)) == (Attributes(), 4)
    more = struct.pack(">II", 0x80000000, 1) + string(b"acl@x") + string(b"\0\1")
    assert attributes(more + b"rest") == (Attributes(), len(more))


@pytest.mark.parametrize(
    ("mode", "is_file", "is_folder"),
    [(0o100600, True, False), (0o40700, False, True), (0o120777, False, False)],
)
def test_kinds(mode, is_file, is_folder):
    found = Attributes(mode=mode)
    assert (found.is_file, found.is_folder) == (is_file, is_folder)
    assert not Attributes().is_file


def test_names_are_bytes_as_they_came():
    data = (
        struct.pack(">I", 2)
        + string(b"\xff\n")
        + string(b"for people")
        + ALL
        + string(b"b")
        + string(b"")
        + ALL
    )
    assert [name for name, _ in entries(data)] == [b"\xff\n", b"b"]


@pytest.mark.parametrize("cut", range(1, 60))
def test_what_is_cut_is_garbled_and_never_more(cut):
    whole = struct.pack(">I", 1) + string(b"name") + string(b"line") + ALL
    with pytest.raises(GarbledError):
        entries(whole[:-cut])


@pytest.mark.parametrize("count", [1, 0xFFFFFFFF])
def test_counts_are_not_believed(count):
    with pytest.raises(GarbledError):
        entries(struct.pack(">I", count))
    with pytest.raises(GarbledError):
        attributes(struct.pack(">II", 0x80000000, count))
    with pytest.raises(GarbledError):
        text(struct.pack(">I", count), 0)


@pytest.mark.parametrize(
    ("code", "number"), [(1, 0), (2, errno.ENOENT), (3, errno.EACCES), (4, errno.EIO), (99, errno.EIO)]
)
def test_refusals_are_errors_with_the_hosts_words(code, number):
    found = refusal(struct.pack(">I", code) + string(b"no \xff") + string(b"en"))
    assert (found.errno, found.strerror) == (number, "no \\xff")
    assert refusal(struct.pack(">I", code)).errno == number


def test_success_is_no_refusal():
    assert refusal(struct.pack(">I", 0) + string(b"") + string(b"")) is None


def test_limits_and_extensions():
    assert longest_read(struct.pack(">QQQQ", 1, 261120, 3, 4)) == 261120
    assert longest_read(b"") == 0
    assert extensions(string(b"limits@openssh.com") + string(b"1")) == {b"limits@openssh.com": b"1"}
