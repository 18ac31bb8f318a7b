"""Frames as TensorBoard's own checksum makes them."""

import struct
import time

from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from expsyncd.eventfiles.framing import HEAD, KNOWN_MOST, Heads, framed, masked_crc


def head(length):
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", masked_crc32c(packed))


def test_the_checksum_is_theirs():
    for data in (b"", b"12345678", bytes(range(256))):
        assert masked_crc(data) == masked_crc32c(data)


def test_a_frame():
    assert framed(b"abc") == head(3) + b"abc" + struct.pack("<I", masked_crc32c(b"abc"))


def test_lengths_come_out_of_heads_and_only_of_heads():
    heads = Heads()
    assert [heads.length(head(n)) for n in (0, 5, 5, 1 << 20)] == [0, 5, 5, 1 << 20]
    assert heads.length(head(5)[:-1] + b"\0") is None
    assert heads.length(bytes(HEAD)) is None
    assert heads.length(head(5)[:7]) is None


def test_a_length_no_message_can_have_is_no_head():
    assert Heads().length(head(1 << 40)) is None
    assert Heads().length(head(1 << 31)) is None
    assert Heads().length(head((1 << 31) - 1)) == (1 << 31) - 1


def test_what_is_remembered_is_bounded():
    heads = Heads()
    for length in range(KNOWN_MOST + 10):
        assert heads.length(framed(b"")[:0] + _quick(length)) == length
    assert len(heads._known) <= KNOWN_MOST


def _quick(length):
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", masked_crc(packed))


def test_the_next_good_head_after_damage():
    good = framed(b"good")
    for before in (b"x", b"noise " * 30, b"\0" * 3, b"\0" * 5000, b"\0" * 7 + b"q" + b"\0" * 9, good[1:]):
        data = before + good + good
        assert Heads().next_in(data) == len(before)
        assert Heads().next_in(data, len(before) + 1) == len(before) + len(good)
    assert Heads().next_in(b"\0" * 100) is None
    assert Heads().next_in(good[:-6], 1) is None
    assert Heads().next_in(b"") is None


def test_a_hole_costs_next_to_nothing():
    begun = time.process_time()
    assert Heads().next_in(b"\0" * (8 << 20) + framed(b"")) == 8 << 20
    assert time.process_time() - begun < 2


@settings(deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=30))
def test_any_bytes_at_all(noise, data):
    found = Heads().next_in(noise + framed(data))
    assert found is not None
    assert found <= len(noise)
