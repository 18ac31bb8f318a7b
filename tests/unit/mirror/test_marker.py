import json
import os

import pytest

from expsyncd.mirror.marker import read_marker, write_marker

NAME = ".marker"


@pytest.fixture
def folder(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_what_is_written_is_read(folder, tmp_path):
    assert read_marker(folder, NAME) is None
    write_marker(folder, NAME, "one", "2026-01-01")
    write_marker(folder, NAME, "two", "2026-01-01")
    assert read_marker(folder, NAME) == "two"
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / NAME).read_text()) == {
        "expsyncd": 1, "id": "two", "made_at": "2026-01-01",
    }  # fmt: skip


def test_a_leftover_of_a_crash_is_no_hindrance(folder, tmp_path):
    (tmp_path / f"{NAME}.partial").write_text("half")
    write_marker(folder, NAME, "one", "now")
    assert read_marker(folder, NAME) == "one"


def test_a_link_under_the_name_is_replaced_not_followed(folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text('{"id": "forged"}')
    (tmp_path / NAME).symlink_to(victim)
    assert read_marker(folder, NAME) is None
    write_marker(folder, NAME, "one", "now")
    assert (read_marker(folder, NAME), victim.read_text()) == ("one", '{"id": "forged"}')


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"id": 5}', b"\xff" * 50, b"[" * 4096, b'"x"'])
def test_nonsense_is_no_marker(folder, tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    assert read_marker(folder, NAME) is None


def test_a_pipe_does_not_make_it_wait(folder, tmp_path):
    os.mkfifo(tmp_path / NAME)
    assert read_marker(folder, NAME) is None
