from dataclasses import replace
from datetime import UTC, datetime

import pytest

from expsyncd.state.asked import Gpu, GpuProcess, GpusState, JobsState, NextJob
from expsyncd.state.runs import RunsState
from expsyncd.state.shown import snapshot_json
from expsyncd.state.status import (
    ConfigState,
    Connected,
    Fresh,
    HostState,
    LastPull,
    Never,
    Partial,
    Pulling,
    RootState,
    Skipped,
    Snapshot,
    SourceState,
    Stale,
    Trouble,
)
from expsyncd.state.tensorboard import TensorBoardState
from expsyncd.state.tunnels import TunnelOpen, TunnelState

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
OH = Trouble("oh", "do")


def shown(host=None, *, config=None, root=None, board=None):
    hosts = {"gpu": host} if host else {}
    return snapshot_json(
        Snapshot(
            "0",
            1,
            NOW,
            ConfigState("/c", NOW, config),
            RootState("/r", 9, root),
            board or TensorBoardState(),
            hosts,
        )
    )


def host(status=None, source=None):
    return HostState(status or Connected(), NOW, "gpu1", {"logs": SourceState("~/l", source or Fresh(NOW))})


def test_runs_by_how_they_are_going():
    snapshot = Snapshot("0", 1, NOW, ConfigState("/c", NOW), RootState("/r"), runs=RunsState(9, 3, 2, 1))
    assert snapshot_json(snapshot)["runs"] == {"total": 9, "growing": 3, "stalled": 2, "failed": 1}


def test_schema_one():
    last = LastPull(NOW, "complete", 3, 4, 0.123456)
    state = SourceState(
        "~/l", Fresh(NOW), last, NOW, 0.0, NOW, NOW, skipped=(Skipped("a", 1, "r"),), skipped_total=1
    )
    full = HostState(
        Connected(),
        NOW,
        "gpu1",
        {"logs": state},
        {"6016": TunnelState("127.0.0.1:6016", "there:6006", status=TunnelOpen("http://x", NOW))},
    )
    value = shown(full)
    assert value["schema"] == 1
    assert {"version", "pid", "since", "config", "root", "tensorboard", "hosts"} <= set(value)
    one = value["hosts"]["gpu"]
    assert (one["status"], one["since"], one["following"]) == ("connected", "2026-01-01T12:00:00.000Z", "off")
    source = one["sources"]["logs"]
    assert source["last_pull"] == {
        "at": "2026-01-01T12:00:00.000Z", "outcome": "complete", "files": 3, "bytes": 4, "seconds": 0.123,
    }  # fmt: skip
    assert source["skipped"] == [{"path": "a", "bytes": 1, "reason": "r"}]
    assert one["tunnels"]["6016"]["status"] == "open"


def test_jobs_and_gpus_where_they_are_asked():
    nothing = shown(host())["hosts"]["gpu"]
    assert (nothing["jobs"], nothing["gpus"]) == (None, None)
    jobs = JobsState(1, 2, 3, NextJob("7", "gan", "waits", NOW), NOW, OH)
    card = Gpu(0, "A100", 9, 5, 8, 40, 60.5, (GpuProcess(7, "anna", "python", 5),), "hot")
    one = shown(replace(host(), jobs=jobs, gpus=GpusState((card,), NOW)))["hosts"]["gpu"]
    assert one["jobs"] == {
        "running": 1, "pending": 2, "failed_recently": 3, "as_of": "2026-01-01T12:00:00.000Z",
        "next": {"job": "7", "name": "gan", "reason": "waits", "expected_at": "2026-01-01T12:00:00.000Z"},
        "error": {"title": "oh", "advice": "do"},
    }  # fmt: skip
    assert one["gpus"] == {
        "gpus": [
            {
                "index": 0, "name": "A100", "use_percent": 9, "memory_bytes": 5, "total_bytes": 8, "celsius": 40, "watts": 60.5,
                "processes": [{"pid": 7, "user": "anna", "name": "python", "memory_bytes": 5}], "trouble": "hot",
            }
        ],
        "as_of": "2026-01-01T12:00:00.000Z", "error": None,
    }  # fmt: skip


@pytest.mark.parametrize("status", [Never(), Pulling(NOW), Fresh(NOW), Stale(None, OH), Partial(NOW, OH)])
def test_every_status_has_its_sentence(status):
    assert shown(host(source=status))["hosts"]["gpu"]["sources"]["logs"]["sentence"]


def test_progress_stands_beside_pulling():
    value = shown(host(source=Pulling(NOW, 1, 50, 2, 100)))["hosts"]["gpu"]["sources"]["logs"]
    assert value["progress"] == {"files": 1, "bytes": 50, "total_files": 2, "total_bytes": 100}
    assert value["sentence"] == "pulling, 50 % of 100 B"
