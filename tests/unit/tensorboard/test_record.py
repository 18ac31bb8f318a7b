import json
import os
from pathlib import Path

import pytest

from expsyncd.tensorboard.record import Record, read, write


def test_what_was_written_is_read(tmp_path):
    file = tmp_path / "tensorboard.json"
    record = Record(7, 6007, 6006, 123, "boot")
    write(file, record)
    assert read(file) == record
    assert list(tmp_path.iterdir()) == [file]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"{}", b"\xff",
        json.dumps({"pid": -1, "port": 1, "configured_port": 1, "start_time": 1, "boot": "b"}).encode(),
        json.dumps({"pid": "1", "port": 1, "configured_port": 1, "start_time": 1, "boot": "b"}).encode(),
        json.dumps({"pid": 1, "port": 1, "configured_port": 1, "start_time": 1, "boot": "b", "more": 1}).encode(),
    ],
)  # fmt: skip
def test_nonsense_is_no_record(tmp_path, content):
    file = tmp_path / "tensorboard.json"
    assert read(file) is None
    file.write_bytes(content)
    assert read(file) is None


def test_a_living_process_that_is_no_tensorboard_of_ours():
    # This very process: pid and start time are right, the command line is not.
    assert not Record.of(os.getpid(), 6006, 6006).is_alive(Path("/anywhere"))
