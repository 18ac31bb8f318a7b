import pytest

from expsyncd.pull.patterns import filter_of

# (pattern, path, is it a folder, does it match); rsync(1), "INCLUDE/EXCLUDE PATTERN RULES".
TABLE = [
    ("*.csv", b"a.csv", False, True),
    ("*.csv", b"deep/in/a.csv", False, True),
    ("*.csv", b"a.csvx", False, False),
    ("*.csv", b"\xff.csv", False, True),
    ("a", b"b/a", False, True),
    ("a", b"b/aa", False, False),
    ("/a", b"a", False, True),
    ("/a", b"b/a", False, False),
    ("a/b", b"x/a/b", False, True),
    ("a/b", b"xa/b", False, False),
    ("/a/*", b"a/b", False, True),
    ("/a/*", b"a/b/c", False, False),
    ("/a/**", b"a/b/c", False, True),
    ("**/c", b"c", False, True),
    ("**/c", b"a/b/c", False, True),
    ("a**c", b"x/ab/c", False, True),
    ("a/***", b"a", True, True),
    ("a/***", b"a", False, False),
    ("a/***", b"a/b/c", False, True),
    ("tmp/", b"tmp", True, True),
    ("tmp/", b"tmp", False, False),
    ("?", b"a", False, True),
    ("a?b", b"a/b", False, False),
    ("[ab]", b"b", False, True),
    ("[!ab]", b"b", False, False),
    ("[^ab]", b"c", False, True),
    ("[a-c]x", b"bx", False, True),
    ("[]]", b"]", False, True),
    ("[[:digit:]]*", b"7up", False, True),
    ("[[:nonsense:]]", b"7", False, False),
    ("[ab", b"[ab", False, False),
    (r"\*", b"*", False, True),
    (r"\*", b"a", False, False),
    ("a\\b", b"a\\b", False, True),  # no wildcard, so the backslash is one
    (r"[\]]", b"]", False, True),
]


@pytest.mark.parametrize(("pattern", "path", "folder", "matches"), TABLE)
def test_a_pattern_means_what_it_means_to_rsync(pattern, path, folder, matches):
    assert filter_of([f"--exclude={pattern}"]).takes(path, folder=folder) is not matches


def test_the_first_rule_decides_and_what_none_names_is_taken():
    taken = filter_of(["--exclude=old.csv", "--include=*/", "--include=*.csv", "--exclude=*"])
    assert taken.takes(b"a.csv", folder=False)
    assert not taken.takes(b"x/old.csv", folder=False)
    assert taken.takes(b"x", folder=True)
    assert not taken.takes(b"x", folder=False)
    assert filter_of([]).takes(b"anything", folder=False)
