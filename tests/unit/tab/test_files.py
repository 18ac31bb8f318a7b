import os

import pytest

from expsyncd.tab.files import GoneError, kind_of, opened


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"RIFF....AVI ", None),
        (b"BM....", "image/bmp"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"<svg xmlns=", None),
        (b"<!doctype html>", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_the_first_bytes_say_the_type(head, kind):
    assert kind_of(head) == kind


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root/a").mkdir(parents=True)
    (tmp_path / "root/a/b").write_bytes(b"inside")
    (tmp_path / "secret").write_bytes(b"outside")
    return tmp_path / "root"


def test_what_lies_inside_is_opened(root):
    (root / "a/x\udcff").write_bytes(b"bytes")
    with opened(root, b"a/b") as file:
        assert file.read() == b"inside"
    with opened(root, b"a/x\xff") as file:
        assert file.read() == b"bytes"


@pytest.mark.parametrize(
    "inside",
    [b"", b"/", b"../secret", b"a/../../secret", b"/etc/passwd", b"a//b", b"./a/b", b"a/./b", b"a/b\0", b"a", b"a/b/c", b"a/no", b"."],
)  # fmt: skip
def test_nothing_else_is(root, inside):
    with pytest.raises(GoneError):
        opened(root, inside)


def test_links_lead_nowhere(root):
    os.symlink(root.parent / "secret", root / "a/link")
    os.symlink(root.parent, root / "up")
    os.symlink(root / "a/b", root / "a/own")
    for inside in (b"a/link", b"up/secret", b"a/own"):
        with pytest.raises(GoneError):
            opened(root, inside)


def test_a_pipe_is_no_file_and_makes_nobody_wait(root):
    os.mkfifo(root / "a/pipe")
    with pytest.raises(GoneError):
        opened(root, b"a/pipe")
