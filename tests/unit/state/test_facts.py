import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from expsyncd.errors import Error, NeedsUserError
from expsyncd.state.facts import PULLS_KEPT, Facts, Move, PullRecord

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def facts(tmp_path):
    found = Facts.open(tmp_path / "facts.db")
    yield found
    found.close()


def pull(number, outcome="complete", at=NOW):
    return PullRecord(f"p{number}", "gpu", "logs", at, outcome, 1, 2, 0.5, "why")


def test_the_file_is_private(tmp_path):
    Facts.open(tmp_path / "facts.db").close()
    assert (tmp_path / "facts.db").stat().st_mode & 0o777 == 0o600


def test_pulls(facts):
    facts.add_pull(pull(1))
    facts.add_pull(pull(2, "retry", NOW + timedelta(minutes=1)))
    assert facts.last_pull("gpu", "logs") == pull(2, "retry", NOW + timedelta(minutes=1))
    assert facts.last_success("gpu", "logs") == NOW
    assert facts.last_pull("gpu", "other") is None
    assert facts.last_success("gpu", "other") is None


def test_old_pulls_go(facts):
    for number in range(PULLS_KEPT + 5):
        facts.add_pull(pull(number, at=NOW + timedelta(seconds=number)))
    kept = facts._db.execute("SELECT COUNT(*) FROM pulls").fetchone()[0]
    assert kept == PULLS_KEPT


def test_versions_are_recorded_once_a_place(facts):
    first = facts.add_version("gpu", "logs", b"a\xff\n", NOW, 5, b"p1/gpu/logs/a", "replaced")
    again = facts.add_version("gpu", "logs", b"a\xff\n", NOW, 5, b"p1/gpu/logs/a", "replaced")
    assert first == again
    (version,) = facts.versions(path=b"a\xff\n")
    assert (version.kept_at, version.size, version.reason) == (NOW, 5, "replaced")
    assert facts.version_places() == {b"p1/gpu/logs/a"}
    facts.drop_version(first)
    assert facts.versions() == []


def test_moves(facts):
    move = Move(0, "p1", "gpu", "logs", b"a", b"/m/a", b"/v/a")
    number = facts.begin_move(move)
    assert facts.pending_moves() == [Move(number, "p1", "gpu", "logs", b"a", b"/m/a", b"/v/a")]
    facts.end_move(number)
    assert facts.pending_moves() == []


def test_gone_files_keep_their_first_date(facts):
    facts.set_gone("gpu", "logs", [b"a", b"b"], NOW)
    facts.set_gone("gpu", "logs", [b"a", b"c"], NOW + timedelta(days=1))
    assert facts.gone("gpu", "logs") == {b"a": NOW, b"c": NOW + timedelta(days=1)}


def test_pauses_roots_inodes(facts):
    facts.pause("gpu")
    facts.pause("gpu")
    assert facts.paused() == {"gpu"}
    facts.resume("gpu")
    assert facts.paused() == set()
    facts.remember_root("/r", "id1")
    assert (facts.known_root("/r"), facts.known_root("/other")) == ("id1", None)
    facts.set_inode("gpu", "logs", b"a", 7)
    facts.set_inode("gpu", "logs", b"a", 8)
    assert (facts.inode("gpu", "logs", b"a"), facts.inode("gpu", "logs", b"b")) == (8, None)


def test_clean_and_unclean_stops(facts):
    assert facts.mark_running()
    facts.checkpoint(NOW)
    assert not facts.mark_running()
    assert facts.last_checkpoint() == NOW
    facts.mark_stopped()
    assert facts.mark_running()


def test_a_reader_beside_the_writer(facts, tmp_path):
    facts.add_version("gpu", "logs", b"a", NOW, 5, b"p", "replaced")
    reader = Facts.read_only(tmp_path / "facts.db")
    assert reader is not None
    assert len(reader.versions()) == 1
    with pytest.raises(Error, match="cannot be written"):
        reader.pause("gpu")
    reader.close()
    assert Facts.read_only(tmp_path / "none.db") is None


def test_damage_is_said_and_never_deleted(tmp_path):
    file = tmp_path / "facts.db"
    file.write_bytes(b"garbage" * 1000)
    with pytest.raises(Error, match="damaged"):
        Facts.open(file)
    assert file.read_bytes() == b"garbage" * 1000


def test_a_newer_schema_is_refused(facts, tmp_path):
    facts._db.execute("PRAGMA user_version=99")
    with pytest.raises(Error, match="newer"):
        Facts.open(tmp_path / "facts.db")


def test_the_first_schema_loads_for_ever(tmp_path):
    file = tmp_path / "old.db"
    old = sqlite3.connect(file)
    old.executescript((DATA / "facts_v1.sql").read_text())
    old.close()
    facts = Facts.open(file)
    assert facts.last_success("gpu1", "tb_log") == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert [(v.path, v.reason) for v in facts.versions()] == [(b"run/a\xff.csv", "replaced")]
    assert facts.paused() == {"gpu2"}
    assert facts.known_root("/home/me/experiments") == "0123abcd"
    facts.close()


def test_damage_is_found_when_opened_and_by_readers(tmp_path):
    file = tmp_path / "facts.db"
    facts = Facts.open(file)
    for number in range(2000):
        facts.add_version("gpu", "logs", b"%d" % number, NOW, 1, b"p/%d" % number, "replaced")
    facts.close()
    whole = file.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-4096], whole[:8192] + b"x" * 4096 + whole[12288:]):
        file.write_bytes(damaged)
        with pytest.raises(NeedsUserError, match="damaged") as error:
            Facts.open(file)
        assert "move it away" in error.value.advice
        assert file.read_bytes() == damaged
    file.write_bytes(b"garbage" * 999)
    with pytest.raises(NeedsUserError, match="damaged"):
        Facts.read_only(file)


def test_readers_refuse_other_schemas_and_see_nothing_in_an_empty_one(facts, tmp_path):
    facts._db.execute("PRAGMA user_version=99")
    with pytest.raises(NeedsUserError, match="newer"):
        Facts.read_only(tmp_path / "facts.db")
    (tmp_path / "new.db").touch()
    assert Facts.read_only(tmp_path / "new.db") is None


def test_columns_of_a_later_schema_are_no_trouble(facts):
    for table in ("pulls", "versions", "moves", "roots", "paused", "gone", "inodes", "life"):
        facts._db.execute(f"ALTER TABLE {table} ADD COLUMN later TEXT NOT NULL DEFAULT 'x'")
    facts.add_pull(pull(1))
    assert facts.last_pull("gpu", "logs") == pull(1)
    number = facts.begin_move(Move(0, "p1", "gpu", "logs", b"a", b"/m/a", b"/v/a"))
    assert facts.pending_moves() == [Move(number, "p1", "gpu", "logs", b"a", b"/m/a", b"/v/a")]
    facts.pause("gpu")
    facts.remember_root("/r", "id")
    facts.set_gone("gpu", "logs", [b"a"], NOW)
    facts.set_inode("gpu", "logs", b"a", 1)
    assert facts.mark_running()
    assert not facts.mark_running()


def test_what_was_recorded_is_there_after_opening_again(facts, tmp_path):
    facts.pause("gpu")
    facts.set_gone("gpu", "logs", [b"a\xff"], NOW)
    facts.close()
    again = Facts.open(tmp_path / "facts.db")
    assert (again.paused(), again.gone("gpu", "logs")) == ({"gpu"}, {b"a\xff": NOW})
    again.close()
