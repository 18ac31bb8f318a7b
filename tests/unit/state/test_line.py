from datetime import UTC, datetime

from expsyncd.state.line import line
from expsyncd.state.status import (
    ConfigState,
    Connected,
    HostFailed,
    HostState,
    NeedsLogin,
    RootState,
    Snapshot,
    Trouble,
)
from expsyncd.state.tensorboard import TensorBoardState

NOW = datetime(2026, 1, 2, tzinfo=UTC)
WHY = Trouble("no", "do")


def shown(**statuses):
    hosts = {name: HostState(status, NOW) for name, status in statuses.items()}
    board = TensorBoardState("serving", "http://localhost:6006/secret/")
    return line(Snapshot("1", 1, NOW, ConfigState("/c", NOW), RootState("/r"), board, hosts))


def test_all_is_well():
    assert shown(a=Connected(), b=Connected()) == "2 of 2 hosts connected, TensorBoard http://localhost:6006"


def test_who_needs_the_person_is_named():
    said = shown(a=Connected(), b=NeedsLogin(WHY), c=HostFailed(WHY))
    assert said.startswith("1 of 3 hosts connected")
    assert "needs `expsyncd login`: b" in said
    assert said.endswith("failed, see `expsyncd status`: c")


def test_many_are_counted():
    said = shown(**{f"h{number}": NeedsLogin(WHY) for number in range(5)})
    assert said.endswith("h0, h1, h2 and 2 more")
