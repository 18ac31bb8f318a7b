import pytest

from expsyncd.state.facts import Facts
from expsyncd.state.marks import Mark, asked, keys_of


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
    assert made == [
        Mark(*run, hidden=True, note="kept", tags=("y", "z")),
        Mark(*other, hidden=True, tags=("y", "z")),
    ]
    assert list(facts.marks.known().values()) == made
    facts.marks.change([other], {"hidden": None, "drop_tags": ["y", "z"]})
    assert other not in facts.marks.known()
    facts.marks.change([run], {"note": "", "pinned": True})
    assert facts.marks.known()[run] == Mark(*run, hidden=True, pinned=True, tags=("y", "z"))
