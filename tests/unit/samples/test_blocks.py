import os
from dataclasses import replace

import pytest

from expsyncd.samples.blocks import Blocks, key_of
from expsyncd.samples.frame import Frame, Picture
from expsyncd.samples.look import Look

FRAME = Frame((1,), "epoch 1", (Picture(b"/a", 1, 2),), 1)


def test_a_block_comes_back_as_it_was_put(tmp_path):
    blocks = Blocks(tmp_path, 10**6)
    assert blocks.find("ab12") is None
    put = blocks.put("ab12", b"data", (3, 4), "d")
    found = Blocks(tmp_path, 10**6).find("ab12")
    assert found == put
    assert found.path.read_bytes()[found.offset :] == b"data"
    assert (found.length, found.size, found.digest) == (4, (3, 4), "d")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["ab12"]


@pytest.mark.parametrize(
    "damage", [b"", b"{}\n", b"not json\nx", b'{"size":[1,1],"digest":"","length":9}\nshort']
)
def test_a_damaged_block_is_none(tmp_path, damage):
    blocks = Blocks(tmp_path, 10**6)
    blocks.put("ab12", b"data", (3, 4), "d").path.write_bytes(damage)
    assert blocks.find("ab12") is None


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    blocks = Blocks(tmp_path, 5000)
    for number in range(10):
        path = blocks.put(f"{number:04}", b"x" * 1000, (1, 1), "").path
        os.utime(path, (number, number))
    blocks.find("0000")  # its use is noted
    blocks.shrink()
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert "0000" in left
    assert "0009" in left
    assert "0001" not in left
    assert len(left) <= 4
    blocks.shrink()
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == left


def test_whatever_is_seen_in_a_frame_is_in_its_key():
    key = key_of(FRAME, Look(), (8, 8), "gif")
    assert key == key_of(replace(FRAME, order=(9,), step=9), Look(cap=3), (8, 8), "gif")
    others = [
        key_of(replace(FRAME, label="epoch 2"), Look(), (8, 8), "gif"),
        key_of(replace(FRAME, pictures=(Picture(b"/a", 1, 3),)), Look(), (8, 8), "gif"),
        key_of(replace(FRAME, panels=(("a", 1),)), Look(), (8, 8), "gif"),
        key_of(FRAME, Look(labels=False), (8, 8), "gif"),
        key_of(FRAME, Look(), (9, 8), "gif"),
        key_of(FRAME, Look(), (8, 8), "webp"),
    ]
    assert len({key, *others}) == len(others) + 1
