import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.mirror.layout import Place, shown, source_folder, where
from expsyncd.paths import RootPaths

ROOT = RootPaths(Path("/r"))


def test_where_is_the_way_back_from_source_folder():
    path = os.fsencode(source_folder(ROOT, "gpu", "logs")) + b"/a/\xff\n"
    assert where(ROOT, path) == Place("gpu", "logs", b"a/\xff\n")


@pytest.mark.parametrize(
    "path", [b"/r/mirror", b"/r/mirror/gpu", b"/r/mirror/gpu/logs", b"/r/mirrors/gpu/logs/a", b"/x"]
)
def test_elsewhere(path):
    assert where(ROOT, path) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"plain \xc3\xbc", "plain ü"),
        (b"a\nb", "a\\x0ab"),
        (b"\x1b[31m", "\\x1b[31m"),
        (b"\xff", "\\xff"),
        ("\u202e".encode(), "\\u202e"),
    ],
)
def test_shown(name, text):
    assert shown(name) == text


@given(st.binary())
def test_shown_is_harmless_whatever_the_name(name):
    assert all(character.isprintable() for character in shown(name))
