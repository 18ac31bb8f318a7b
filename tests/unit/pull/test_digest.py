import hashlib

from expsyncd.pull.digest import (
    PATIENCE_S,
    PIECE,
    SLOWEST,
    Answer,
    Question,
    answers,
    local_digest,
    patience_s,
    quoted,
    script,
)

NAMES = [b"plain", b"a b", b"-x", b"new\nline", b"q'uote\"$(touch X)`y`", b"\xff\\"]


def test_quoted_means_the_bytes():
    assert quoted(b"it's") == b"'it'\\''s'"


def test_script_names_every_file_once_and_expands_nothing():
    text = script("~/gan", [Question(name, 5, whole=True) for name in NAMES], "sha256sum")
    assert b"cd -- 'gan'" in text
    for name in NAMES:
        assert text.count(quoted(b"./" + name)) == 1


def test_answers_read_what_is_whole_and_leave_the_rest_out():
    questions = [Question(b"a", 1, whole=True), Question(b"b", 1, whole=True), Question(b"c", 1, whole=True)]
    found = answers(questions, b"0 abc 17\nnoise\n2 def \n9 abc 1\n")
    assert found == {b"a": Answer("abc", 17), b"c": Answer("def", 0)}


def test_what_is_long_may_take_long():
    log = Question(b"train.log", 30 << 30, whole=True)
    assert patience_s([log, log]) == PATIENCE_S + 2 * log.length / SLOWEST
    assert patience_s([Question(b"known.log", 30 << 30, whole=False)] * 10) < PATIENCE_S + 2


def test_local_digest_whole_and_ends(tmp_path):
    data = bytes(range(256)) * 12000
    (tmp_path / "f").write_bytes(data)
    folder = bytes(tmp_path)
    assert local_digest(folder, Question(b"f", 1000, whole=True)) == hashlib.sha256(data[:1000]).hexdigest()
    ends = data[:PIECE] + data[3_000_000 - PIECE : 3_000_000]
    assert local_digest(folder, Question(b"f", 3_000_000, whole=False)) == hashlib.sha256(ends).hexdigest()
    assert local_digest(folder, Question(b"f", len(data) + 1, whole=True)) == ""
    assert local_digest(folder, Question(b"missing", 1, whole=True)) == ""
