from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.config.model import VersionsConfig
from expsyncd.mirror.prune import prune, to_evict
from expsyncd.paths import RootPaths
from expsyncd.state.facts import Facts, Version

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def version(number, path=b"a", days_ago=0.0, size=10):
    return Version(
        number, "gpu", "logs", path, NOW - timedelta(days=days_ago), size, b"p%d" % number, "replaced"
    )


def ids(found, limits):
    return [v.id for v in to_evict(found, limits, NOW)]


def test_count_takes_the_oldest_of_a_path():
    found = [version(n, days_ago=10 - n) for n in range(5)]
    assert ids(found, VersionsConfig(count=2)) == [0, 1, 2]


def test_age_spares_the_last_of_a_path():
    found = [version(1, days_ago=90), version(2, days_ago=80), version(3, b"b", days_ago=70)]
    assert ids(found, VersionsConfig()) == [1]


def test_size_takes_the_oldest_first_and_the_last_of_a_path_at_the_end():
    found = [version(1, b"only", days_ago=9), version(2, days_ago=5), version(3, days_ago=1)]
    assert ids(found, VersionsConfig(size=25)) == [2]
    assert ids(found, VersionsConfig(size=10)) == [1, 2]
    assert ids(found, VersionsConfig(size=0)) == [1, 2, 3]


cases = st.lists(
    st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.floats(0, 100), st.integers(0, 50)), max_size=30
)


@given(cases, st.integers(1, 5), st.integers(0, 300))
def test_the_last_version_of_a_path_goes_only_for_size(rows, count, size):
    rows = sorted(rows, key=lambda row: -row[1])
    found = [version(n, path, days, bytes_) for n, (path, days, bytes_) in enumerate(rows)]
    limits = VersionsConfig(count=count, size=size, age=timedelta(days=30))
    gone = to_evict(found, limits, NOW)
    left = [v for v in found if v not in gone]
    assert sum(v.size for v in left) <= size or left == []
    unlimited = to_evict(found, VersionsConfig(count=count, size=10**9, age=timedelta(days=30)), NOW)
    last = {v.path: v.id for v in found}
    assert not {v.id for v in unlimited} & set(last.values())


class Ground:
    def __init__(self, tmp_path) -> None:
        self.facts = Facts.open(tmp_path / "facts.db")
        self.root = RootPaths(tmp_path / "root")
        for number in range(3):
            place = f"p{number}/gpu/logs/deep/a".encode()
            file = self.root.versions / place.decode()
            file.parent.mkdir(parents=True)
            file.write_bytes(b"x" * 10)
            kept_at = NOW - timedelta(days=10 - number)
            self.facts.add_version("gpu", "logs", b"deep/a", kept_at, 10, place, "replaced")

    def prune(self, **limits):
        return [v.place for v in prune(self.root, self.facts, VersionsConfig(**limits), NOW)]

    def left(self):
        files = sorted(str(p.relative_to(self.root.versions)) for p in self.root.versions.rglob("a"))
        assert files == [v.place.decode() for v in self.facts.versions()]
        return files


@pytest.fixture
def ground(tmp_path):
    found = Ground(tmp_path)
    yield found
    found.facts.close()


def test_files_and_their_empty_folders_go_with_the_record(ground):
    assert ground.prune(count=2) == [b"p0/gpu/logs/deep/a"]
    assert ground.left() == ["p1/gpu/logs/deep/a", "p2/gpu/logs/deep/a"]
    assert sorted(path.name for path in ground.root.versions.iterdir()) == ["p1", "p2"]
    assert ground.prune(count=2) == []


def test_a_crash_between_file_and_record_is_made_good(ground):
    (ground.root.versions / "p0/gpu/logs/deep/a").unlink()
    assert len(ground.prune(count=2)) == 1
    assert len(ground.left()) == 2


def test_nothing_is_forgotten_while_the_disk_is_away(ground, tmp_path):
    (tmp_path / "root").rename(tmp_path / "away")
    (tmp_path / "root").mkdir()
    assert ground.prune(size=0) == []
    assert len(ground.facts.versions()) == 3
    assert list((tmp_path / "root").iterdir()) == []


def test_what_cannot_be_removed_keeps_its_record(ground):
    stubborn = ground.root.versions / "p0/gpu/logs/deep/a"
    stubborn.unlink()
    stubborn.mkdir()  # unlink refuses a folder, also for root
    assert ground.prune(size=0) == [b"p1/gpu/logs/deep/a", b"p2/gpu/logs/deep/a"]
    assert ground.left() == ["p0/gpu/logs/deep/a"]
