import re

import pytest

from expsyncd.tensorboard.secret import prefix


def test_it_is_made_once_and_nobody_else_can_read_it(tmp_path):
    file = tmp_path / "secret"
    first = prefix(file)
    assert re.fullmatch(r"/[A-Za-z0-9_-]{32}", first)
    assert file.stat().st_mode & 0o777 == 0o600
    assert prefix(file) == first
    file.unlink()
    assert prefix(file) != first


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 32, b"a/../bbbbbbbbbbbbbbbbbbbbbbbbbbbb"])
def test_a_damaged_one_is_made_anew(tmp_path, content):
    file = tmp_path / "secret"
    file.write_bytes(content)
    file.with_name("secret.new").write_bytes(b"left by a crash")
    assert re.fullmatch(r"/[A-Za-z0-9_-]{32}", prefix(file))
    assert file.stat().st_mode & 0o777 == 0o600
