import pytest

from expsyncd.cli.marking import AT_ONCE, mark
from expsyncd.paths import Paths
from expsyncd.state.facts import Facts
from expsyncd.state.marks import Mark


@pytest.fixture
def paths(tmp_path):
    return Paths.of(
        {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    )


def test_without_a_daemon_it_is_written_here(paths):
    keys = [("gpu", "logs", str(number).encode()) for number in range(AT_ONCE + 1)]
    mark(paths, keys, hidden=True)
    mark(paths, keys[1:], hidden=None)
    facts = Facts.read_only(paths.facts_db)
    assert list(facts.marks.known().values()) == [Mark(*keys[0], hidden=True)]
    facts.close()
    assert paths.facts_db.stat().st_mode & 0o777 == 0o600
