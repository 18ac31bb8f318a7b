"""Which points of a run count: ours and those that TensorBoard's fast loader shows are the same."""

import json
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from expsyncd.eventfiles.framing import framed
from support.measuring import Measuring
from support.tensorboards import Home, ask, runs
from support.wait import eventually

# Of each run its event files, of each file its steps; the value says in which order they were written.
WRITTEN = {
    "plain": [[1, 2, 3]],
    "twice": [[1, 2, 2, 3]],
    "no-steps": [[0, 0, 0]],
    "swapped": [[1, 3, 2, 4]],
    "resumed": [list(range(10)), list(range(6, 12))],
    "again": [[5, 6, 7, 8], [5, 6]],
    "before": [[5, 6, 7], [3, 4]],
}


def points(port, run):
    status, body = ask(port, f"/data/plugin/scalars/scalars?run=gpu%2F{run}&tag=loss")
    return [(step, wall, value) for wall, step, value in json.loads(body)] if status == 200 else []


async def test_the_same_points_count(tmp_path):
    home = Home(tmp_path)
    place = Measuring(Path(home.root.path))
    for run, files in WRITTEN.items():
        number = 0
        (place.source / run).mkdir()
        for name, steps in enumerate(files):
            data = framed(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
            for step in steps:
                number += 1
                value = Summary.Value(tag="loss", simple_value=number)
                data += framed(
                    Event(
                        wall_time=1000.0 + number, step=step, summary=Summary(value=[value])
                    ).SerializeToString()
                )
            (place.source / run / f"events.out.tfevents.{name}").write_bytes(data)
    home.lay()
    async with home.keeping(), place.running():
        await eventually(lambda: len(place.rows()) == len(WRITTEN), 60)
        await eventually(home.serving, 60)
        await eventually(lambda: len(runs(home.served_port())) == len(WRITTEN), 60)
        for run, files in WRITTEN.items():
            last = files[-1][-1]
            await eventually(lambda run=run, last=last: points(home.served_port(), run)[-1][0] == last, 30)
            assert place.curve(f"gpu/{run}", "loss") == points(home.served_port(), run), run
