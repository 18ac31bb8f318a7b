import pytest

from expsyncd.pull.glob_steps import filters_of, taken_apart
from expsyncd.pull.patterns import filter_of


@pytest.mark.parametrize(
    ("pattern", "base", "rest"),
    [
        ("/scratch/*/tb_log", b"/scratch", [b"*", b"tb_log"]),
        ("~/gan/run?", b"gan", [b"run?"]),
        ("~/*", b"", [b"*"]),
        ("/*", b"/", [b"*"]),
        ("/a//b/[xy]", b"/a/b", [b"[xy]"]),
        ("/plain", b"/plain", []),
    ],
)
def test_a_glob_is_taken_apart(pattern, base, rest):
    steps = taken_apart(pattern)
    assert (steps.base, [step.name for step in steps.rest]) == (base, rest)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/s/*/tb", b"me/tb", True),
        ("/s/*/tb", b"me/tc", False),
        ("/s/*/tb", b"me/x/tb", False),
        ("/s/*", b".hidden", False),
        ("/s/.*", b".hidden", True),
        ("/s/run[0-9]", b"run7", True),
        ("/s/run[0-9]", b"runx", False),
        ("/s/a{b}*", b"a{b}c", True),
        ("/s/\xe4*", "\xe4x".encode(), True),
    ],
)
def test_it_means_what_it_means_to_a_shell(pattern, path, matches):
    steps = taken_apart(pattern)
    assert steps.matches(path) is matches
    # rsync's filters let through at least that much, and every folder on the way.
    taken = filter_of(filters_of(steps.rest))
    parts = path.split(b"/")
    on_the_way = all(taken.takes(b"/".join(parts[:n]), folder=True) for n in range(1, len(parts) + 1))
    assert on_the_way or not matches


def test_names_beside_a_wildcard_are_escaped():
    assert filters_of(taken_apart("/s/a\\b/*").rest) == ["--include=/*/", "--exclude=*"]
    assert filters_of(taken_apart("/s/*/a\\b").rest) == [
        "--include=/*/",
        "--include=/*/a\\\\b/",
        "--exclude=*",
    ]
