import errno
import os

import pytest

from expsyncd.errors import LockedError
from expsyncd.state.lock import only_one


def test_the_second_is_told_who_holds_it(tmp_path):
    with only_one(tmp_path / "lock", "expsyncd run"):
        with (
            pytest.raises(LockedError, match=f"pid {os.getpid()}, expsyncd run") as error,
            only_one(tmp_path / "lock", "x"),
        ):
            pass
        assert error.value.exit_status == 75
    with only_one(tmp_path / "lock", "again"):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_without_room_for_its_holders_name_it_is_held_all_the_same(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with (
        only_one(tmp_path / "lock", "expsyncd run"),
        pytest.raises(LockedError, match="another process"),
        only_one(tmp_path / "lock", "x"),
    ):
        pass
