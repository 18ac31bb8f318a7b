from dataclasses import replace

import pytest

from expsyncd.state.needs import needs_person
from expsyncd.state.status import (
    Connected,
    Connecting,
    Fresh,
    HostFailed,
    NeedsLogin,
    Never,
    Partial,
    Paused,
    Pulling,
    SourceFailed,
    Stale,
    Suspect,
    Waiting,
)
from expsyncd.state.tensorboard import TensorBoardState
from expsyncd.state.tunnels import TunnelFailed, TunnelOpen, TunnelOpening, TunnelState, TunnelWaiting
from unit.state.test_shown import NOW, OH, host, shown


@pytest.mark.parametrize("status", [Connected(), Connecting(), Waiting(OH, NOW), Paused()])
def test_a_host_that_is_retried_is_well(status):
    assert needs_person(shown(host(status))) == []


@pytest.mark.parametrize("status", [HostFailed(OH), NeedsLogin(OH)])
def test_a_host_that_waits_for_the_person(status):
    assert needs_person(shown(host(status))) == [{"where": "gpu", "title": "oh", "advice": "do"}]


@pytest.mark.parametrize("status", [Never(), Pulling(NOW), Fresh(NOW), Stale(None, OH), Partial(NOW, OH)])
def test_a_source_that_mends_itself_is_well(status):
    assert needs_person(shown(host(source=status))) == []


@pytest.mark.parametrize("status", [Suspect(None, OH), SourceFailed(OH)])
def test_a_source_that_waits_for_the_person(status):
    assert needs_person(shown(host(source=status))) == [{"where": "gpu/logs", "title": "oh", "advice": "do"}]


def test_config_root_and_tensorboard():
    found = needs_person(shown(config=OH, root=OH, board=TensorBoardState("failed", error=OH)))
    assert [one["where"] for one in found] == ["config", "root", "tensorboard"]


@pytest.mark.parametrize("status", [TunnelOpening(), TunnelOpen("http://x", NOW), TunnelWaiting(OH)])
def test_a_tunnel_that_is_tried_again_is_well(status):
    assert (
        needs_person(shown(replace(host(), tunnels={"6016": TunnelState("a:1", "b:2", status=status)}))) == []
    )


def test_a_tunnel_that_failed_waits_for_the_person():
    failed = replace(host(), tunnels={"6016": TunnelState("a:1", "b:2", status=TunnelFailed(OH))})
    assert needs_person(shown(failed)) == [{"where": "gpu tunnel 6016", "title": "oh", "advice": "do"}]
