import pytest

from expsyncd.samples.tokens import clock_value, is_odd, pieces_of


def odd(text):
    return [(piece.kind, piece.text.decode()) for piece in pieces_of(text.encode()) if piece.kind not in ("mark", "letters")]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("epoch_012", [("number", "012")]),
        ("2024-01-31_12-30-59", [("time", "2024-01-31_12-30-59")]),
        ("20240131120000_42", [("time", "20240131120000"), ("number", "42")]),
        ("img_20240131-123059_0042", [("time", "20240131-123059"), ("number", "0042")]),
        ("1706704259", [("time", "1706704259")]),
        ("3141592653", [("time", "3141592653")]),
        ("000500000000", [("number", "000500000000")]),
        ("64x64_3", [("size", "64x64"), ("number", "3")]),
        ("lr0.0002_9", [("share", "0.0002"), ("number", "9")]),
        ("lr1e-4_9", [("share", "1e-4"), ("number", "9")]),
        ("a.0012", [("number", "0012")]),
        ("f0000012", [("number", "0000012")]),
        ("3f2a9c1b", [("hash", "3f2a9c1b")]),
        ("deadbeef", []),
        ("deadbe01", [("hash", "deadbe01")]),
    ],
)
def test_numbers_and_what_looks_like_them(text, expected):
    assert odd(text) == expected


def test_all_bytes_are_in_the_pieces():
    text = b"\xff\n a_12--2024-01-31.x\xc3\x97"
    assert b"".join(piece.text for piece in pieces_of(text)) == text


def test_a_clock_rises_with_time():
    assert clock_value(b"31-01-2024_12-30") == 202401311230
    assert clock_value(b"01-31-2024 09.00.00") == 20240131090000
    assert clock_value(b"2024-02-01T00:00:00") == 20240201000000


def test_a_folder_that_is_a_clock_is_no_number():
    assert is_odd(b"20240131")
    assert not is_odd(b"0100")
