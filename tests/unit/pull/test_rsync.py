from expsyncd.pull.rsync import environment, pieces, progress_bytes


async def given(*chunks):
    for chunk in chunks:
        yield chunk


async def test_pieces_split_at_newlines_and_carriage_returns():
    found = [piece async for piece in pieces(given(b"a\nb", b"c\r  1,0", b"00  5% \r\n", b"end"))]
    assert found == [b"a", b"bc", b"  1,000  5% ", b"end"]


def test_progress_bytes():
    assert progress_bytes(b"  1,234,567  45%    1.2MB/s    0:00:01 ") == 1234567
    assert progress_bytes(b">f+++++++++|5|12  45% x") is None


def test_environment_is_the_c_locale_without_strangers():
    found = environment({"PATH": "/bin", "RSYNC_PASSWORD": "s", "LANG": "de_DE", "SSH_AUTH_SOCK": "/s"})
    assert found["LC_ALL"] == "C"
    assert found["SSH_AUTH_SOCK"] == "/s"
    assert "RSYNC_PASSWORD" not in found
