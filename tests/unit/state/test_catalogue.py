import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from expsyncd.errors import Error
from expsyncd.state import sqlite
from expsyncd.state.catalogue import Catalogue, read_runs, reading


@dataclass(frozen=True)
class Run:
    host: str
    source: str
    inside: bytes
    files: tuple[bytes, ...] = (b"tfevents.1",)
    bytes: int = 10
    newest_mtime_ns: int = 1_700_000_000_000_000_000


def test_exactly_these_runs(tmp_path):
    file = tmp_path / "c.db"
    catalogue = Catalogue.open(file)
    catalogue.put_runs([Run("gpu", "logs", b"a\xff"), Run("gpu", "logs", b"b")])
    catalogue.put_runs([Run("gpu", "logs", b"a\xff")])
    (row,) = catalogue.runs()
    assert (row.inside, row.files, row.newest_at) == (b"a\xff", 1, datetime.fromtimestamp(1_700_000_000, UTC))
    assert read_runs(file) == [row]
    catalogue.close()


def test_damage_empties_it(tmp_path):
    file = tmp_path / "c.db"
    for damage in (b"garbage" * 999, b"", b"SQLite format 3\0" + b"x" * 5000):
        file.write_bytes(damage)
        catalogue = Catalogue.open(file)
        assert catalogue.runs() == []
        catalogue.put_runs([Run("gpu", "logs", b"a")])
        catalogue.close()
        assert len(read_runs(file)) == 1


def test_another_schema_empties_it(tmp_path):
    file = tmp_path / "c.db"
    catalogue = Catalogue.open(file)
    catalogue.put_runs([Run("gpu", "logs", b"a")])
    catalogue._db.execute("PRAGMA user_version=99")
    catalogue.close()
    catalogue = Catalogue.open(file)
    assert catalogue.runs() == []
    catalogue.close()


def test_damage_found_on_the_way_costs_one_rebuild(tmp_path):
    file = tmp_path / "c.db"
    catalogue = Catalogue.open(file)
    catalogue.put_runs([Run("gpu", "logs", b"a")])
    catalogue._db.execute("DROP TABLE runs")
    catalogue.put_runs([Run("gpu", "logs", b"b")])
    assert [row.inside for row in catalogue.runs()] == [b"b"]
    catalogue.close()


def test_reading_what_is_not_there(tmp_path):
    assert read_runs(tmp_path / "none.db") == []
    (tmp_path / "bad.db").write_bytes(b"garbage" * 999)
    assert read_runs(tmp_path / "bad.db") == []


def test_damage_while_reading_is_told_by_a_flag(tmp_path):
    catalogue = Catalogue.open(tmp_path / "c.db")
    assert catalogue.rebuilt
    catalogue.put_runs([Run("gpu", "logs", b"a")])
    assert not catalogue.rebuilt
    catalogue._db.execute("DROP TABLE runs")
    assert catalogue.runs() == []
    assert catalogue.rebuilt
    catalogue.put_runs([Run("gpu", "logs", b"b")])
    assert not catalogue.rebuilt
    catalogue.close()


def test_a_truncated_file_is_rebuilt_and_a_sound_one_kept(tmp_path):
    file = tmp_path / "c.db"
    catalogue = Catalogue.open(file)
    catalogue.put_runs([Run("gpu", "logs", b"%d" % number) for number in range(2000)])
    catalogue.close()
    catalogue = Catalogue.open(file)
    assert (len(catalogue.runs()), catalogue.rebuilt) == (2000, False)
    catalogue.close()
    file.write_bytes(file.read_bytes()[:-4096])
    catalogue = Catalogue.open(file)
    assert (catalogue.runs(), catalogue.rebuilt) == ([], True)
    catalogue.close()


def test_a_file_in_use_is_not_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    file = tmp_path / "c.db"
    catalogue = Catalogue.open(file)
    catalogue.put_runs([Run("gpu", "logs", b"a")])
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    inode = file.stat().st_ino
    with pytest.raises(Error, match="in use"):
        catalogue.put_runs([])
    other.execute("ROLLBACK")
    other.close()
    assert (file.stat().st_ino, len(catalogue.runs())) == (inode, 1)
    catalogue.close()


def test_a_look_says_why_there_is_nothing(tmp_path):
    file = tmp_path / "c.db"
    with pytest.raises(Error) as error, reading(file):
        pass
    assert (error.value.title, error.value.advice) == (
        "there is no catalogue yet", "start expsyncd: it makes one from the mirror",
    )  # fmt: skip
    Catalogue.open(file).close()
    with reading(file) as db:
        assert db.execute("SELECT COUNT(*) FROM measured").fetchone() == (0,)
    with sqlite3.connect(file) as old:
        old.execute("PRAGMA user_version=1")
    old.close()
    with pytest.raises(Error, match="another version") as error, reading(file):
        pass
    assert error.value.advice.startswith("start the daemon of this version")


def test_it_goes_on_after_it_could_not_be_made_anew(tmp_path):
    folder, away = tmp_path / "state", tmp_path / "away"
    folder.mkdir()
    catalogue = Catalogue.open(folder / "c.db")
    catalogue.put_runs([Run("gpu", "logs", b"a")])
    catalogue._db.execute("DROP TABLE runs")
    folder.rename(away)  # as a disk without room: nothing can be made there now
    for attempt in (lambda: catalogue.put_runs([]), catalogue.runs, lambda: catalogue.read(id, 0)):
        with pytest.raises(Error, match="cannot be opened"):
            attempt()
    away.rename(folder)
    assert catalogue.runs() == []
    assert catalogue.rebuilt
    catalogue.put_runs([Run("gpu", "logs", b"b")])
    assert [row.inside for row in catalogue.runs()] == [b"b"]
    catalogue.close()
