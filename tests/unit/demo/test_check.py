"""The demo's verdict: what passes and what must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from expsyncd.config.load import parse
from expsyncd.demo.check import KINDS, Verdict, compare, new_points
from expsyncd.demo.places import HOST, hosts_yaml
from expsyncd.demo.served import Point, count, newest

NAMES = {
    "event files": "tb_log/a/events.out.tfevents.1.x",
    "tables": "results/metrics.csv",
    "text logs": "logs/train.log",
    "sample images": "samples/a/fake_001.png",
    "settings": "checkpoints/recipes.json",
    "checkpoints": "checkpoints/model_000.pt",
}
SKIPPED = {
    "sources": {"checkpoints": {"skipped": [{"path": "model_000.pt", "bytes": 9, "reason": "too big"}]}}
}


@pytest.fixture
def host():
    return parse(hosts_yaml(Path("/tmp/x"), 6006).encode(), "hosts.yaml").hosts[HOST]


@pytest.fixture
def home(tmp_path):
    home, mirror = tmp_path / "home", tmp_path / "mirror"
    for inside in NAMES.values():
        for top in (home / "gan", mirror):
            (top / inside).parent.mkdir(parents=True, exist_ok=True)
            (top / inside).write_text("content of " + inside)
    (mirror / "checkpoints/model_000.pt").unlink()
    (home / "gan/run.sh").write_text("python train.py")
    (mirror / "journal").mkdir()
    (mirror / "journal/run.sh").write_text("python train.py")
    return home


def _failed(home, host, shown=SKIPPED):
    kinds = compare(home, home.parent / "mirror", host, shown)
    assert [kind.name for kind in kinds] == list(KINDS)
    return {kind.name: kind.wrong for kind in kinds if not kind.passed}


def test_all_equal_and_a_skipped_checkpoint_pass(home, host):
    assert _failed(home, host) == {}


@pytest.mark.parametrize("kind", NAMES)
def test_a_missing_file_of_any_kind_fails(home, host, kind):
    (home.parent / "mirror" / NAMES[kind]).unlink(missing_ok=True)
    shown = {} if kind == "checkpoints" else SKIPPED
    name = NAMES[kind].rpartition("/")[2]
    assert _failed(home, host, shown) == {kind: (f"{name} is not here",)}


def test_a_missing_launch_script_fails(home, host):
    (home.parent / "mirror/journal/run.sh").unlink()
    assert _failed(home, host) == {"launch scripts": ("run.sh is not here",)}


@pytest.mark.parametrize("content", ["content of results/metrics.csX", "content"])
def test_other_bytes_fail(home, host, content):
    (home.parent / "mirror/results/metrics.csv").write_text(content)
    assert list(_failed(home, host)) == ["tables"]


def test_a_kind_that_was_not_written_fails(home, host):
    (home / "gan/logs/train.log").unlink()
    assert _failed(home, host) == {"text logs": ()}


SERVED = {
    "demo-gpu/a": {"loss": [Point(10.0, 1, 0.5), Point(20.0, 2, 0.4)], "lr": [Point(20.5, 2, 0.1)]},
    "demo-gpu/b": {"loss": [Point(10.0, 1, 0.5)]},
}


def test_points_count_from_the_moment_on_and_by_the_last_part_of_the_run():
    assert new_points(SERVED, ["a", "b", "c"], 15.0) == {"a": 2, "b": 0, "c": 0}
    assert (count(SERVED), newest(SERVED), newest({})) == (4, 20.5, None)


def test_the_verdict_says_what_failed(home, host):
    good = tuple(compare(home, home.parent / "mirror", host, SKIPPED))
    assert Verdict(good, {"a": 1}).passed
    (home.parent / "mirror/results/metrics.csv").unlink()
    bad = Verdict(tuple(compare(home, home.parent / "mirror", host, SKIPPED)), {"a": 1, "b": 0})
    assert not bad.arrived
    assert bad.failures == ["tables: metrics.csv is not here", "TensorBoard: no new point of b"]
