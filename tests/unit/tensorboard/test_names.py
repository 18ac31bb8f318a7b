import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from expsyncd.mirror.scan import RunFolder
from expsyncd.tensorboard.names import NAME_MAX, harmless, names_beside, view_names

FILE_NAMES = st.binary(min_size=1, max_size=255).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in {b".", b".."}
)


def run(host: str, source: str, inside: bytes) -> RunFolder:
    return RunFolder(host, source, inside, (b"tfevents",), 0, 0)


def names(*runs: RunFolder) -> list[str]:
    found = view_names(runs)
    return [found[run.key] for run in runs]


def test_ordinary_names_stay():
    assert harmless("lr=0.1, größe 50% ☃".encode()) == "lr=0.1, größe 50% ☃"


def test_harmful_bytes_are_escaped():
    assert harmless(b"a\xff\x1b[31m\n") == "a%FF%1B[31m%0A"
    assert harmless("a\u202eb\u2028c".encode()) == "a%E2%80%AEb%E2%80%A8c"


def test_what_looks_escaped_differs_from_what_is():
    assert harmless(b"%FF") == "%25FF"
    assert harmless(b"100%") == "100%"


@given(FILE_NAMES)
@example(b"%25FF")
@example(b"\xed\xa0\x80")
def test_any_name_becomes_valid_printable_and_short(name):
    shown = harmless(name)
    assert len(shown.encode()) <= NAME_MAX
    assert all(unicodedata.category(char)[0] != "C" for char in shown)
    assert "/" not in shown
    assert shown not in {"", ".", ".."}
    assert (b"tfevents" in name) <= ("tfevents" in shown)


@given(FILE_NAMES, FILE_NAMES)
@example(b"\xff", b"%FF")
@example(b"%", b"%25")
@example(b"\xff" * 255, b"\xff" * 254)
def test_different_names_stay_different(one, other):
    assert (one == other) == (harmless(one) == harmless(other))


def test_a_run_is_named_by_its_folder():
    assert names(run("gpu1", "tb", b"exp/a"), run("gpu2", "tb", b"exp/a")) == ["gpu1/exp/a", "gpu2/exp/a"]


def test_event_files_in_the_source_itself_take_its_name():
    assert names(run("gpu1", "exp7", b"")) == ["gpu1/exp7"]


def test_the_source_comes_between_for_both_where_names_meet():
    assert names(run("gpu1", "s", b"a"), run("gpu1", "t", b"a"), run("gpu1", "t", b"b")) == [
        "gpu1/s/a",
        "gpu1/t/a",
        "gpu1/b",
    ]


def test_a_long_name_that_meets_a_short_one():
    # s/a and t/a become long; u's run `s/a` has the short name that s/a now has.
    assert names(run("gpu1", "s", b"a"), run("gpu1", "t", b"a"), run("gpu1", "u", b"s/a")) == [
        "gpu1/s/a",
        "gpu1/t/a",
        "gpu1/u/s/a",
    ]


def test_a_source_and_its_folder_of_the_same_name():
    assert names(run("gpu1", "x", b""), run("gpu1", "x", b"x")) == ["gpu1/x/x", "gpu1/x/x~2"]


PARTS = st.sampled_from([b"", b"a", b"b", b"a/b", b"a/a", b"b/a", b"a~2"])
RUNS = st.builds(run, st.sampled_from(["h", "g"]), st.sampled_from(["a", "b", "a~2"]), PARTS)


@given(st.lists(RUNS, unique_by=lambda run: run.key))
def test_no_two_runs_have_the_same_name_and_order_does_not_matter(runs):
    found = view_names(runs)
    assert len(set(found.values())) == len(runs)
    assert view_names(reversed(runs)) == found


def test_runs_that_tensorboard_does_not_show_keep_out_of_its_names():
    shown = view_names([run("gpu", "logs", b"a"), run("gpu", "logs", b"b")])
    tables = [run("gpu", "results", b"a"), run("gpu", "results", b"c"), run("gpu", "logs", b"a")]
    assert names_beside(shown, tables) == {
        ("gpu", "results", b"a"): "gpu/results/a",
        ("gpu", "results", b"c"): "gpu/c",
    }
    taken = {("gpu", "x", b""): "gpu/a", ("gpu", "y", b""): "gpu/logs/a"}
    assert names_beside(taken, [run("gpu", "logs", b"a")]) == {("gpu", "logs", b"a"): "gpu/logs/a~2"}


def test_without_others_there_is_nothing_beside():
    runs = [run("gpu", "a", b"x")]
    assert names_beside(view_names(runs), runs) == {}
