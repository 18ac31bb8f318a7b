import os
import sqlite3

import pytest

from expsyncd.errors import Error, NeedsUserError
from expsyncd.state import sqlite as ours
from expsyncd.state.sqlite import DamagedError, check_sound, explained, open_reader, open_writer

ROWS = 3000


def filled(file):
    database = open_writer(file)
    database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
    with database.transaction():
        database.executemany("INSERT INTO t VALUES (?, ?)", ((n, f"row {n}" * 5) for n in range(ROWS)))
    return database


def test_it_is_private_even_where_it_was_not(tmp_path):
    file = tmp_path / "a.db"
    file.touch(0o666)
    file.chmod(0o666)
    with_rows = filled(file)
    for name in ("a.db", "a.db-wal", "a.db-shm"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    with_rows.close()


def test_a_transaction_is_all_or_nothing(tmp_path):
    database = filled(tmp_path / "a.db")

    def half():
        with database.transaction():
            database.execute("DELETE FROM t")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert database.execute("SELECT COUNT(*) FROM t").fetchone() == (ROWS,)
    database.close()


def test_a_file_in_use_is_not_called_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(ours, "BUSY_S", 0.05)
    file = tmp_path / "a.db"
    filled(file).close()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    database = open_writer(file)
    with pytest.raises(Error, match="in use") as error:
        database.execute("DELETE FROM t")
    assert not isinstance(error.value, DamagedError)
    assert str(file) in error.value.advice
    database.close()
    other.close()


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_place_that_cannot_be(tmp_path, folder):
    (tmp_path / "file").touch()
    with pytest.raises(Error, match="cannot be opened") as error:
        open_writer(tmp_path / folder / "a.db")
    assert not isinstance(error.value, NeedsUserError)


def test_a_full_disk_has_its_own_words_and_leaves_what_was_there(tmp_path):
    database = filled(tmp_path / "a.db")
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Error, match="no room"), database.transaction():
        database.executemany("INSERT INTO t (b) VALUES (?)", (("x" * 500,) for _ in range(ROWS)))
    assert database.execute("SELECT COUNT(*) FROM t").fetchone() == (ROWS,)
    database.close()


def test_a_disk_that_is_full_when_it_is_opened_is_no_broken_one(tmp_path):
    # As SQLite says it on a full tmpfs: there is no room for the file beside the database that readers share.
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    with pytest.raises(Error, match="no room"), explained(tmp_path / "a.db"):
        raise error


def test_damage_met_among_the_rows(tmp_path):
    file = tmp_path / "a.db"
    filled(file).close()
    size = file.stat().st_size
    with file.open("r+b") as damaged:
        damaged.seek(size // 2)
        damaged.write(os.urandom(size // 4))
    database = open_reader(file)
    with pytest.raises(DamagedError):
        check_sound(database)
    with pytest.raises(DamagedError, match=r"a\.db is damaged"):
        list(database.execute("SELECT * FROM t"))
    with pytest.raises(DamagedError):
        database.execute("SELECT * FROM t").fetchall()
    with pytest.raises(DamagedError):
        database.execute("SELECT SUM(length(b)) FROM t").fetchone()
    database.close()


@pytest.mark.parametrize("content", [b"garbage" * 999, b"SQLite format 3\0" + b"x" * 5000])
def test_what_is_no_database_is_damaged_and_stays(tmp_path, content):
    file = tmp_path / "a.db"
    file.write_bytes(content)
    with pytest.raises(DamagedError):
        open_writer(file)
    assert file.read_bytes() == content


def test_a_table_that_is_missing_is_damage(tmp_path):
    database = open_writer(tmp_path / "a.db")
    with pytest.raises(DamagedError):
        database.execute("SELECT * FROM t")
    with pytest.raises(sqlite3.OperationalError, match="syntax"):
        database.execute("SELEKT")
    database.close()


def test_odd_names_and_readers_that_cannot_write(tmp_path):
    file = tmp_path / "odd ?#%20&ü.db"
    filled(file).close()
    reader = open_reader(file)
    assert reader.execute("SELECT COUNT(*) FROM t").fetchone() == (ROWS,)
    with pytest.raises(Error, match="cannot be written"):
        reader.execute("DELETE FROM t")
    reader.close()
