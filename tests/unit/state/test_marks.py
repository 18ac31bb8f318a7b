import pytest

from expsyncd.errors import Error
from expsyncd.state.facts import Facts
from expsyncd.state.marks import Mark, asked, change_of, changed, keys_of


@pytest.fixture
def facts(tmp_path):
    found = Facts.open(tmp_path / "facts.db")
    yield found
    found.close()


def test_marks_survive_and_an_empty_one_goes(facts, tmp_path):
    mark = Mark("gpu", "logs", b"a\xff", hidden=False, pinned=True, note="best so far", tags=("x", "y"))
    facts.marks.put(mark)
    facts.close()
    again = Facts.open(tmp_path / "facts.db")
    assert again.marks.known() == {mark.key: mark}
    again.marks.put(Mark(*mark.key))
    assert again.marks.known() == {}
    again.close()


def test_a_wish_changes_what_it_names(facts):
    run, other = ("gpu", "logs", b"a\xff"), ("gpu", "logs", b"b")
    assert keys_of(asked([run, other])) == [run, other]
    facts.marks.put(Mark(*run, note="kept", tags=("x", "y")))
    made = facts.marks.change([run, other], {"hidden": True, "add_tags": ["y", "z", "z"], "drop_tags": ["x"]})
    assert list(made.values()) == [
        Mark(*run, hidden=True, note="kept", tags=("y", "z")),
        Mark(*other, hidden=True, tags=("y", "z")),
    ]
    assert facts.marks.known() == made
    facts.marks.change([other], {"hidden": None, "drop_tags": ["y", "z"]})
    assert other not in facts.marks.known()


NONE = Mark("gpu", "logs", b"a")
SAID = Mark("gpu", "logs", b"a", hidden=None, pinned=True, note="best", tags=("x", "y"))


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (NONE, {"hidden": True}, {"hidden": True}),
        (SAID, {"hidden": True}, {"hidden": True, "pinned": False, "note": "best", "tags": ("x", "y")}),
        (SAID, {"hidden": False}, {"hidden": False, "pinned": True, "note": "best", "tags": ("x", "y")}),
        (SAID, {"pinned": False, "note": ""}, {"tags": ("x", "y")}),
        (SAID, {"tags": ["z"]}, {"pinned": True, "note": "best", "tags": ("z",)}),
        (SAID, {"add_tags": ["z", "x"]}, {"pinned": True, "note": "best", "tags": ("x", "y", "z")}),
        (SAID, {"drop_tags": ["x", "q"]}, {"pinned": True, "note": "best", "tags": ("y",)}),
        (Mark(*NONE.key, hidden=True), {"pinned": True}, {"pinned": True}),
        (Mark(*NONE.key, hidden=True), {"hidden": None}, {}),
    ],
)
def test_a_change_leaves_what_it_does_not_name(before, change, after):
    assert changed(before, change_of(change)) == Mark(*NONE.key, **after)


@pytest.mark.parametrize(
    "request_",
    [
        {}, {"run": "a"}, {"hidden": "yes"}, {"hidden": 1}, {"pinned": None}, {"note": 5}, {"note": "x" * 20_001},
        {"tags": "x"}, {"tags": [1]}, {"tags": ["x" * 101]}, {"tags": ["a,b"]}, {"tags": ["a\nb"]}, {"tags": ["x"] * 101},
        {"hidden": True, "pinned": True},
    ],
)  # fmt: skip
def test_what_cannot_be_said(request_):
    with pytest.raises(Error):
        change_of(request_)


def test_halves_of_characters_and_nothing_are_kept_harmlessly(facts):
    said = change_of({"note": " a\ud800\0b <script> ", "tags": [" x ", "x", "", "y"]})
    assert said == {"note": "a?b <script>", "tags": ["x", "y"]}
    assert facts.marks.change([NONE.key], said)[NONE.key].note == "a?b <script>"


def test_several_runs_change_together_or_not_at_all(facts):
    keys = [("gpu", "logs", name) for name in (b"a", b"b")]
    facts.marks.put(Mark(*keys[0], hidden=True))
    assert set(facts.marks.change(keys, {"hidden": True}, dry_run=True)) == {keys[1]}
    assert set(facts.marks.known()) == {keys[0]}
    assert set(facts.marks.change(keys, {"hidden": True})) == {keys[1]}
    assert set(facts.marks.known()) == set(keys)
    assert facts.marks.change(keys, {"hidden": True}) == {}
