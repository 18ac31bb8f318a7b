import pytest

from expsyncd.state.facts import Facts
from expsyncd.state.marks import Mark


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
