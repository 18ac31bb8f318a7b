import pytest

from expsyncd.state.facts import Facts
from expsyncd.state.scripts import EntrySeen, ScriptSnapshot

RUN = ("gpu", "logs", b"a")


@pytest.fixture
def facts(tmp_path):
    found = Facts.open(tmp_path / "facts.db")
    yield found
    found.close()


def snapshot(at, digest, text="python t.py\n"):
    return ScriptSnapshot("gpu", b"run.sh", at, digest, text)


def test_a_text_is_kept_when_it_differs_from_the_last(facts):
    for at, digest in ((1.0, "a"), (2.0, "a"), (3.0, "b"), (4.0, "a")):
        facts.scripts.add_snapshot(snapshot(at, digest))
    assert [(s.at, s.digest) for s in facts.scripts.snapshots("gpu", b"run.sh")] == [
        (1.0, "a"),
        (3.0, "b"),
        (4.0, "a"),
    ]
    assert facts.scripts.snapshots("other") == []


def test_entries_seen_and_links_by_hand(facts):
    seen = EntrySeen("e1", "gpu", b"run.sh", 1.0, 2.0, "live", 1.0)
    facts.scripts.put_seen([seen])
    assert facts.scripts.seen() == {"e1": seen}
    facts.scripts.put_hand_link("e1", RUN, linked=False)
    assert facts.scripts.hand_links() == {("e1", RUN): False}
    facts.scripts.put_hand_link("e1", RUN, linked=None)
    assert facts.scripts.hand_links() == {}


def test_what_was_seen_of_one_script_alone(facts):
    rows = [EntrySeen(f"e{script!r}", "gpu", script, 1.0, 1.0, "live", 1.0) for script in (b"a", b"b")]
    facts.scripts.put_seen(rows)
    assert list(facts.scripts.seen("gpu", b"a").values()) == rows[:1]
    assert len(facts.scripts.seen()) == 2
