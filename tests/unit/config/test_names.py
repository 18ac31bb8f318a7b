import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.config.names import (
    LONGEST_NAME,
    components,
    default_names,
    folder_name,
    is_glob,
    match_name,
    may_hold,
    source_name,
)


@pytest.mark.parametrize(
    ("pattern", "match", "name"),
    [
        ("/scratch/me/*/tb_log", "/scratch/me/exp1/tb_log", "exp1-tb_log"),
        ("~/runs/*", "/home/me/runs/exp1", "exp1"),
        ("~/*/logs/run?", "/home/me/gan/logs/run1", "gan-logs-run1"),
        ("runs/*/", "runs/exp1/", "exp1"),
        ("/a/run[12]", "/a/run2", "run2"),
        ("~/.cache/*", "/home/me/.cache/.x", "x"),
        ("~/plain", "/home/me/plain", "plain"),
        ("~/a/*", "/home/me/a/x\ny", "x_y"),
    ],
)
def test_match_name(pattern, match, name):
    assert match_name(pattern, match) == name


def test_a_given_name_is_the_prefix_of_its_matches():
    assert source_name("/s/*/tb", "*-tb", "/s/e1/tb") == "e1-tb"
    assert source_name("/s/*/tb", "old", "/s/e1/tb") == "old-e1-tb"


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["~/gan/samples"], ["samples"]),
        (["~/gan/samples", "~/vae/samples"], ["gan-samples", "vae-samples"]),
        (["~/samples", "~/vae/samples"], ["samples", "vae-samples"]),
        (["/x/gan/s", "/y/gan/s", "/y/vae/s"], ["x-gan-s", "y-gan-s", "vae-s"]),
        (["~/a/*/tb", "~/a/tb"], ["*-tb", "tb"]),
        (["~/gan/.hidden"], ["hidden"]),
    ],
)
def test_default_names(paths, names):
    assert default_names(paths, set()) == names


def test_a_default_name_avoids_a_given_one():
    assert default_names(["~/gan/samples"], {"samples"}) == ["gan-samples"]


PATHS = st.lists(st.text("ab-/", min_size=2, max_size=8).filter(lambda p: p.strip("/")), max_size=6)


@given(PATHS)
def test_default_names_end_and_are_folders(paths):
    for name in default_names(paths, {"a"}):
        assert name
        assert "/" not in name
        assert not name.startswith((".", "-"))


@given(st.text(min_size=1))
def test_any_text_becomes_a_folder_name(text):
    name = folder_name(text)
    assert name
    assert "/" not in name
    assert "\0" not in name
    assert not name.startswith((".", "-"))
    assert len(name.encode("utf-8", "surrogateescape")) <= LONGEST_NAME


def test_long_names_stay_apart():
    assert folder_name("x" * 300 + "1") != folder_name("x" * 300 + "2")


def test_components_are_equal_for_the_same_folder():
    assert components("~/a//b/") == components("a/./b") == ("~", "a", "b")
    assert components("/a") == ("", "a") != components("a")


def test_is_glob():
    assert [is_glob(path) for path in ("a*", "a?", "a[12]", "a[", "a]", "~/a")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("outer", "inner", "holds"),
    [
        ("/a", "/a/b", True),
        ("/a/b", "/a", False),
        ("/a", "/ab", False),
        ("/a/*", "/a/b/c", True),
        ("/a/*/tb", "/a/e/samples", False),
        ("/a/*", "/a/.hidden", False),
        ("/a/*/tb", "/a/e1/tb", True),
        ("/a/e*", "/a/f*", False),
        ("/a/*", "/a/e*", True),
    ],
)
def test_may_hold(outer, inner, holds):
    assert may_hold(components(outer), components(inner)) is holds
