"""Screens as a person sees them. The expected ones were read and corrected by hand: screens/*.txt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.cli.screen import render
from expsyncd.state.asked import Gpu, GpuProcess, GpusState, JobsState, NextJob
from expsyncd.state.follow import Arrival, FollowState
from expsyncd.state.runs import RunsState
from expsyncd.state.shown import snapshot_json
from expsyncd.state.status import (
    ConfigState,
    Connected,
    Fresh,
    HostFailed,
    HostState,
    LastPull,
    Paused,
    Pulling,
    RootState,
    Skipped,
    Snapshot,
    SourceFailed,
    SourceState,
    Stale,
    Suspect,
    Trouble,
    Waiting,
)
from expsyncd.state.tensorboard import DamagedFile, TensorBoardState

SCREENS = Path(__file__).resolve().parent / "screens"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def ago(**span):
    return NOW - timedelta(**span)


def snapshot(hosts, **more):
    board = TensorBoardState("serving", "http://127.0.0.1:6006", 7, 12)
    values = {"tensorboard": board, "root": RootState("/home/me/experiments", 123_000_000_000), **more}
    return snapshot_json(
        Snapshot(
            "0.1.0",
            1,
            ago(hours=3),
            values.pop("config", ConfigState("/home/me/.config/expsyncd/hosts.yaml", ago(hours=1))),
            hosts=hosts,
            **values,
        )
    )


LAST = LastPull(ago(seconds=40), "complete", 3, 1_400_000, 0.4)


def source(status, **more):
    return SourceState("~/x", status, LAST, ago(minutes=9), next_pull_at=NOW + timedelta(seconds=20), **more)


CASES = {
    "well": snapshot(
        {
            "gpu1": HostState(Connected(), ago(hours=1), "gpu1", {
                "tb_log": source(
                    Fresh(ago(seconds=40)), gone=2, notices=("2 files gone on the host, kept here",),
                    follow=FollowState("following", 12, healthy=True, arrival=Arrival(0.0043, 0.0119, 100)),
                ),
                "samples": source(
                    Pulling(ago(seconds=5), 12, 30_000_000, 40, 120_000_000),
                    follow=FollowState("rescanning", 0, "NFS does not tell what other machines write"),
                ),
                "checkpoints": source(
                    Fresh(ago(seconds=40)),
                    skipped=(Skipped("model_1.pt", 60_000_000, "a checkpoint over 50.0 MB (name it in `include:` to pull it)"),) * 4,
                    skipped_total=4, skipped_bytes=240_000_000, follow=FollowState("off", 0, "no python3 on the host"),
                ),
            }),
            "hpc": HostState(Waiting(Trouble("hpc does not answer", "is the VPN up?"), NOW + timedelta(seconds=8)), ago(minutes=2), "hpc", {
                "exp": source(Stale(ago(minutes=9), Trouble("hpc does not answer"))),
            }),
            "old": HostState(Paused(), ago(days=2), "old"),
        }
    ),
    "needs-you": snapshot(
        {
            "gpu1": HostState(HostFailed(Trouble("the host key of gpu1 has changed", "ask its admin; then ssh-keygen -R gpu1")), ago(hours=1), "gpu1"),
            "gpu2": HostState(Connected(), ago(hours=1), "gpu2", {
                "a": source(Suspect(None, Trouble("/scratch/a is not there on gpu2", "is the path right?"))),
                "b": source(SourceFailed(Trouble("gpu2 has no rsync", "ask for it there"))),
            }),
        },
        config=ConfigState("/home/me/.config/expsyncd/hosts.yaml", ago(hours=1), Trouble('hosts.yaml:3:1: unknown key "intervall"; did you mean "interval"?', "mend")),
        root=RootState("/home/me/experiments", None, Trouble("the root /home/me/experiments is not there (an unmounted disk?)", "mount it")),
    ),
    "no-hosts": snapshot({}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_screen(name):
    lines = render(CASES[name], 80, colour=False, now=NOW)
    assert "\n".join(lines) + "\n" == (SCREENS / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_nothing_is_wider_than_the_terminal(name, width):
    assert [line for line in render(CASES[name], width, colour=False, now=NOW) if len(line) > width] == []


def many():
    hosts = {
        f"gpu{number:02}": HostState(Connected(), ago(hours=1), "gpu", {
            "tb_log": source(Fresh(ago(seconds=40 + number))),
            "samples": source(Pulling(ago(seconds=5), 1, 1, 2, 2) if number == 3 else Fresh(ago(seconds=9))),
        })
        for number in range(1, 21)
    }  # fmt: skip
    hosts["gpu02"] = HostState(Paused(), ago(days=2), "old")
    hosts["gpu07"] = HostState(Waiting(Trouble("gpu07 does not answer", "is the VPN up?"), NOW + timedelta(seconds=8)), ago(minutes=2), "gpu07", {
        "tb_log": source(Stale(ago(minutes=9), Trouble("gpu07 does not answer"))),
    })  # fmt: skip
    hosts["gpu11"] = HostState(Connected(), ago(hours=1), "gpu11", {
        "a": source(Suspect(None, Trouble("/scratch/a is not there on gpu11", "is the path right?"))),
    })  # fmt: skip
    return snapshot(hosts)


def test_many_hosts_are_a_line_each_and_troubles_in_full():
    lines = render(many(), 80, colour=False, now=NOW)
    assert "\n".join(lines) + "\n" == (SCREENS / "many.txt").read_text()
    assert max(map(len, render(many(), 40, colour=False, now=NOW))) <= 40


def test_colour_changes_no_text():
    import re

    plain = render(CASES["well"], 80, colour=False, now=NOW)
    coloured = render(CASES["well"], 80, colour=True, now=NOW)
    assert [re.sub(r"\x1b\[[0-9]+m", "", line) for line in coloured] == plain
    assert any("\x1b[32m" in line for line in coloured)


def test_runs_are_one_line_once_there_are_any():
    lines = render(snapshot({}, runs=RunsState(12, 3, 0, 1)), 80, colour=False, now=NOW)
    assert "runs     12, 3 growing, 1 failed" in lines
    assert not any(line.startswith("runs") for line in render(CASES["well"], 80, colour=False, now=NOW))


def test_what_tensorboard_does_not_show_is_said():
    damaged = [DamagedFile(f"gpu/{name}", f"/m/gpu/tb/{name}/tfevents.\x1b[31m", 7) for name in "abcd"]
    damaged[0] = DamagedFile("gpu/a", "/m/gpu/tb/a/tfevents.1", None)
    board = TensorBoardState("serving", "http://x", 7, 12, hidden=3, folded=40, damaged=tuple(damaged))
    said = " ".join(" ".join(render(snapshot({}, tensorboard=board), 80, colour=False, now=NOW)).split())
    assert "3 hidden by you and 40 folded by `tensorboard: show:`; `expsyncd unhide RUN` shows one" in said
    assert "gpu/a: tfevents.1 cannot be read to its end; TensorBoard shows what comes before" in said
    assert "gpu/b: tfevents." in said
    assert "31m is damaged at byte 7; TensorBoard shows what comes before" in said
    assert "\x1b" not in said
    assert said.count("damaged") == 2
    assert "and 1 more such file" in said
    off = TensorBoardState("off", folded=40)
    assert "folded" not in " ".join(render(snapshot({}, tensorboard=off), 80, colour=False, now=NOW))


@given(st.text(max_size=60))
def test_no_host_can_forge_the_screen(text):
    state = source(
        Stale(None, Trouble(text, text)), skipped=(Skipped(text, 5, text),), skipped_total=1, notices=(text,)
    )
    shown = snapshot({"gpu": HostState(Waiting(Trouble(text, text), NOW), NOW, text, {"a": state})})
    for line in render(shown, 80, colour=False, now=NOW):
        assert line.isprintable() or line == ""


def test_jobs_and_gpus_are_a_line_each_where_they_are_asked():
    following = NextJob("4250_[3-9]", "sweep", "waits for free resources")
    cards = tuple(
        Gpu(
            index,
            "A100",
            90 if index else 0,
            10_000_000_000,
            40_000_000_000,
            processes=(GpuProcess(7, "anna", "python", None),) * index,
        )
        for index in (0, 1)
    )
    host = HostState(
        Connected(), ago(hours=1), "hpc",
        jobs=JobsState(2, 7, 1, following, ago(minutes=1)), gpus=GpusState(cards, ago(seconds=9)),
    )  # fmt: skip
    shown = render(snapshot({"hpc": host}), 80, colour=False, now=NOW)
    assert shown[shown.index("hpc  connected") + 1 :][:3] == [
        "  jobs    2 running, 7 pending, 1 failed today; next 4250_[3-9] sweep: waits for",
        "    free resources",
        "  gpus    1 of 2 GPUs in use, 20.0 GB of 80.0 GB; anna 1",
    ]
    gone = replace(
        host,
        status=Waiting(Trouble("no route"), NOW),
        gpus=GpusState(error=Trouble("no nvidia-smi there", "do")),
    )
    shown = render(snapshot({"hpc": gone}), 80, colour=False, now=NOW)
    assert "    free resources (as of 1m ago)" in shown
    assert "  gpus    no nvidia-smi there -> do" in shown


def test_many_hosts_with_jobs_and_gpus_are_a_line_each():
    cards = (Gpu(0, "A100", 90), Gpu(1, "A100", 0))
    host = HostState(
        Connected(), ago(hours=1), "x", jobs=JobsState(2, 7, 0), gpus=GpusState(cards, ago(seconds=9))
    )
    shown = render(snapshot({f"gpu{number}": host for number in range(6)}), 80, colour=False, now=NOW)
    assert sum("2 jobs running; 7 jobs pending; 1 of 2 GPUs in use" in line for line in shown) == 6
