"""Real experiments with Sacred's FileStorageObserver."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from support.measuring import Measuring
from support.wait import until

EXPERIMENT = """
    import sys, time
    from sacred import Experiment, SETTINGS
    from sacred.observers import FileStorageObserver
    SETTINGS.CAPTURE_MODE = "sys"
    ex = Experiment("gan", save_git_info=False)
    ex.observers.append(FileStorageObserver(sys.argv.pop(1)))

    @ex.config
    def config():
        lr = 1e-3
        model = {"depth": 4, "norm": "batch"}
        how = "completes"

    @ex.automain
    def main(how, _run):
        for step in range(5):
            _run.log_scalar("train.loss", 1 / (step + 1), step * 10)
        print("trained")
        if how == "fails":
            raise ValueError("loss is nan")
        if how == "waits":
            _run._emit_heartbeat()
            print("waiting", flush=True)
            time.sleep(60)
        return 0.2
"""


@pytest.fixture
def place(tmp_path):
    place = Measuring(tmp_path)
    (tmp_path / "train.py").write_text(textwrap.dedent(EXPERIMENT))
    return place


def experiment(place, how):
    argv = [
        sys.executable,
        "-W",
        "ignore",
        str(place.root / "train.py"),
        str(place.source / how),
        "with",
        f"how={how}",
    ]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def test_settings_states_and_metrics(place):
    ended = [experiment(place, how) for how in ("completes", "fails")]
    waiting = experiment(place, "waits")
    try:
        metrics = place.source / "waits" / "1" / "metrics.json"
        until(lambda: metrics.exists() and metrics.read_text().count("40"), 60)
        for process in ended:
            process.wait(60)
        async with place.running():
            row = await place.run("gpu/waits/1", lambda row: row.step == 40)
            assert (row.kind, row.state, row.log) == ("sacred", "growing", b"waits/1/cout.txt")
            waiting.send_signal(signal.SIGINT)
            waiting.wait(60)
            place.changed()
            row = await place.run("gpu/waits/1", lambda row: row.state == "failed")
            assert row.why == "it was interrupted (Ctrl-C or a signal), says Sacred"
            row = await place.run("gpu/completes/1", lambda row: row.state == "finished")
            assert (row.why, row.step, row.trouble) == ("Sacred says that it completed", 40, "")
            assert row.began_at is not None
            settings = place.settings("gpu/completes/1")
            assert settings["lr"] == "0.001"
            assert (settings["model.depth"], settings["how"]) == ("4", "completes")
            loss = place.scalars("gpu/completes/1")["train.loss"]
            assert (loss.points, loss.first[2], loss.last[0], loss.last[2]) == (5, 1.0, 40, 0.2)
            assert loss.last[1] > 1e9
            row = await place.run("gpu/fails/1", lambda row: row.state == "failed")
            assert row.why == "it failed with ValueError: loss is nan"
    finally:
        if waiting.poll() is None:
            os.kill(waiting.pid, signal.SIGKILL)
            waiting.wait()


async def test_a_killed_experiment_is_stalled(place):
    waiting = experiment(place, "waits")
    try:
        cout = place.source / "waits" / "1" / "metrics.json"
        until(lambda: cout.exists() and cout.read_text().count("40"), 60)
    finally:
        waiting.kill()
        waiting.wait()
    long_ago = 1_700_000_000
    run = place.source / "waits" / "1"
    text = (run / "run.json").read_text()
    import re

    (run / "run.json").write_text(re.sub(r'"20\d\d-[^"]*"', '"2023-11-14T22:13:20"', text))
    for path in run.iterdir():
        os.utime(path, (long_ago, long_ago))
    place.pulled()
    async with place.running():
        row = await place.run("gpu/waits/1", lambda row: row.state == "stalled")
        assert "nothing since 2023-11-14 22:13 UTC" in row.why
