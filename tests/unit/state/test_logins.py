import pytest

from expsyncd.state.facts import Facts
from expsyncd.state.logins import NeededLogin


@pytest.fixture
def facts(tmp_path):
    found = Facts.open(tmp_path / "facts.db")
    yield found
    found.close()


def needed(name, digest="d"):
    return NeededLogin(name, digest, "second-factor", "the host wants a second factor", "expsyncd login")


def test_they_survive_a_restart(facts, tmp_path):
    facts.logins.remember(needed("gpu1"))
    facts.logins.remember(needed("gate"))
    facts.logins.remember(needed("gpu1", "newer"))
    facts.close()
    again = Facts.open(tmp_path / "facts.db")
    assert again.logins.known() == [needed("gate"), needed("gpu1", "newer")]
    again.logins.forget("gate")
    again.logins.forget("never known")
    assert again.logins.known() == [needed("gpu1", "newer")]
    again.close()
