"""The mover: nothing is lost wherever a crash or a failing disk interrupts it."""

import os
from datetime import UTC, datetime

import pytest

from expsyncd.errors import Error
from expsyncd.mirror import folders, versions
from expsyncd.mirror.aside import repair, set_aside
from expsyncd.mirror.layout import source_folder
from expsyncd.mirror.root import Root
from expsyncd.state.facts import Facts
from expsyncd.state.sqlite import open_writer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILES = {b"x/y/a": b"1", b"x/b": b"2", b"x/\xff\n": b"3"}


class Crash(BaseException):
    """kill -9 as the code sees it: nothing after it runs."""


class Dying(Facts):
    """Dies before or after its n-th change; as if the process were killed there."""

    def __init__(self, connection) -> None:
        super().__init__(connection)
        self.left = 10**9
        self.after = False

    def _dying(self, change, *args):
        self.left -= 1
        if self.left > 0:
            return change(*args)
        if self.after:
            change(*args)
        raise Crash

    def begin_move(self, *args):
        return self._dying(super().begin_move, *args)

    def add_version(self, *args):
        return self._dying(super().add_version, *args)

    def end_move(self, *args):
        return self._dying(super().end_move, *args)


class Ground:
    def __init__(self, tmp_path) -> None:
        self.file = tmp_path / "facts.db"
        Facts.open(self.file).close()
        self.facts = Dying(open_writer(self.file))
        self.root = Root.prepare(tmp_path / "root", self.facts).paths
        self.mirror = source_folder(self.root, "gpu", "logs")
        self.mirror.mkdir(parents=True)

    def fill(self):
        for path, content in FILES.items():
            place = os.fsencode(self.mirror) + b"/" + path
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as file:
                file.write(content)

    def set_aside(self, inside=b"x", pull_id="p1"):
        set_aside(self.root, self.facts, pull_id, "gpu", "logs", inside, NOW)

    def in_mirror(self):
        return {path: self.read(os.fsencode(self.mirror) + b"/" + path) for path in held(self.mirror)}

    def recorded(self):
        return {
            v.path: self.read(os.fsencode(self.root.versions) + b"/" + v.place) for v in self.facts.versions()
        }

    @staticmethod
    def read(path) -> bytes:
        with open(path, "rb") as file:
            return file.read()


def held(folder):
    return folders.held(os.fsencode(folder))


@pytest.fixture
def ground(tmp_path):
    found = Ground(tmp_path)
    yield found
    found.facts.close()


# begin_move, three add_version, end_move: five changes, each cut before and after.
@pytest.mark.parametrize("change", range(1, 6))
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("new_file", [False, True])
def test_a_crash_at_any_point(ground, change, after, new_file):
    ground.fill()
    ground.facts.left, ground.facts.after = change, after
    with pytest.raises(Crash):
        ground.set_aside()
    ground.facts.close()

    ground.facts = Dying(open_writer(ground.file))
    moved = not (ground.mirror / "x").exists()
    assert moved == (change > 1)
    if moved and new_file:
        (ground.mirror / "x").write_bytes(b"the host's file came")
    for _ in range(2):  # a second start changes nothing
        repair(ground.facts)
        versions.settle_all(ground.root, ground.facts, NOW)
        assert ground.facts.pending_moves() == []
        assert ground.recorded() == (FILES if moved else {})
        assert {p: b for p, b in ground.in_mirror().items() if p != b"x"} == ({} if moved else FILES)
    if not moved:
        ground.set_aside()
        assert ground.recorded() == FILES


def test_the_reason_says_what_became_of_it(ground):
    ground.fill()
    (ground.mirror / "file").write_bytes(b"f")
    (ground.mirror / "file").chmod(0o644)
    ground.set_aside()
    ground.set_aside(b"file")
    reasons = {v.path: v.reason for v in ground.facts.versions()}
    assert reasons == {**dict.fromkeys(FILES, "became-file"), b"file": "became-folder"}
    assert ground.recorded() == {**FILES, b"file": b"f"}
    for version in ground.facts.versions():
        path = os.fsencode(ground.root.versions) + b"/" + version.place
        assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_link_is_moved_not_followed(ground, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").touch()
    (ground.mirror / "x").symlink_to(outside)
    ground.set_aside()
    (version,) = ground.facts.versions()
    assert os.readlink(ground.root.versions / os.fsdecode(version.place)) == str(outside)
    assert (outside / "mine").exists()


def test_the_same_conflict_again_finds_another_place(ground):
    ground.fill()
    ground.set_aside()
    ground.fill()
    ground.set_aside()
    # rsync's own backup of the same pull is a file where a folder is needed.
    (ground.root.versions / "p1/gpu/logs/deep").write_bytes(b"")
    (ground.mirror / "deep/er").mkdir(parents=True)
    (ground.mirror / "deep/er/c").write_bytes(b"4")
    ground.set_aside(b"deep/er")
    assert len(ground.facts.versions()) == 2 * len(FILES) + 1
    assert ground.recorded() == {**FILES, b"deep/er/c": b"4"}
    versions.settle_all(ground.root, ground.facts, NOW)
    assert ground.recorded()[b"deep/er/c"] == b"4"


def test_a_disk_that_is_away_is_not_written(ground, tmp_path):
    ground.fill()
    (tmp_path / "root").rename(tmp_path / "away")
    (tmp_path / "root").mkdir()
    ground.set_aside()
    assert list((tmp_path / "root").iterdir()) == []
    assert ground.facts.pending_moves() == []


def test_what_cannot_be_moved_stays_and_says_so(ground):
    ground.fill()
    ground.root.versions.rmdir()
    with pytest.raises(Error, match="x cannot be set aside"):
        ground.set_aside()
    assert ground.in_mirror() == FILES
    assert ground.facts.pending_moves() == []
    assert not ground.root.versions.exists()


def test_an_empty_folder_leaves_no_trace(ground):
    (ground.mirror / "x/y").mkdir(parents=True)
    ground.set_aside()
    assert not (ground.mirror / "x").exists()
    assert ground.facts.versions() == []
