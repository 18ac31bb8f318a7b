import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.control.protocol import decode, encode, failure, request
from expsyncd.errors import Error, LockedError


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_one_line_there_and_back(message):
    line = encode(message)
    assert line.count(b"\n") == 1
    assert decode(line) == message


@pytest.mark.parametrize("line", [b"", b"nonsense", b"[1]", b"5", b"\xff\xfe", b"[" * 100_000])
def test_anything_else_is_an_error(line):
    with pytest.raises(Error):
        decode(line)


def test_bytes_that_are_not_text_travel():
    assert decode(encode({"path": "a\udcff"})) == {"path": "a\udcff"}


def test_words():
    assert request("pull", host="gpu") == {"v": 1, "do": "pull", "host": "gpu"}
    assert json.loads(encode(failure(LockedError("t", "a")))) == {
        "ok": False, "error": {"title": "t", "advice": "a", "exit_status": 75},
    }  # fmt: skip
