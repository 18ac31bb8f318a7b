"""Event files as training writes them, and questions to a TensorBoard."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import time
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from expsyncd.config.model import TensorBoardConfig
from expsyncd.mirror.scan import find_runs
from expsyncd.paths import RootPaths
from expsyncd.state.status import ConfigState, RootState, Snapshot
from expsyncd.state.tracker import Tracker
from expsyncd.tensorboard import record
from expsyncd.tensorboard.keeper import Keeper
from expsyncd.tensorboard.patience import Timing
from expsyncd.tensorboard.restarts import Restarts
from expsyncd.tensorboard.view import View

if TYPE_CHECKING:
    from expsyncd.state.tensorboard import TensorBoardState


class Training:
    """A run on a host that writes a scalar `loss` through TensorBoard's own writer into `folder`."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._writer = EventFileWriter(str(folder))
        (self.file,) = folder.iterdir()

    def write(self, steps: range, value: float = 0.5) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2

        for step in steps:
            point = summary_pb2.Summary.Value(tag="loss", simple_value=value)
            summary = summary_pb2.Summary(value=[point])
            self._writer.add_event(event_pb2.Event(wall_time=time.time(), step=step, summary=summary))
        self._writer.flush()

    def grow(self, mirrored: Path) -> None:
        """Append to `mirrored` what it lacks, in place, as a pull does."""
        mirrored.parent.mkdir(parents=True, exist_ok=True)
        with mirrored.open("ab") as here:
            here.write(self.file.read_bytes()[here.tell() :])

    def close(self) -> None:
        self._writer.close()


def ask(port: int, path: str, *, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    """Status and body of one request; (0, b"") when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(
            method, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def runs(port: int) -> list[str]:
    """The names of the runs it shows."""
    status, body = ask(port, "/data/runs")
    return list(json.loads(body)) if status == 200 else []


def steps(port: int, run: str, tag: str = "loss") -> list[int]:
    """The steps of the points it shows."""
    status, body = ask(port, f"/data/plugin/scalars/scalars?run={quote(run)}&tag={quote(tag)}")
    points: list[list[Any]] = json.loads(body) if status == 200 else []
    return [point[1] for point in points]


QUICK = Timing(look_s=0.2, again_s=0.2, answer_s=1.5, stop_grace_s=2)


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Home:
    """A root with its view, and the files of a keeper."""

    def __init__(self, folder: Path) -> None:
        self.root = RootPaths(folder / "root")
        self.root.mirror.mkdir(parents=True)
        self.root.tb_log.mkdir()
        self.view = View(self.root)
        self.record = folder / "tensorboard.json"
        self.log = folder / "tensorboard.log"
        self.secret = folder / "tensorboard.secret"
        now = datetime.now(UTC)
        self.tracker = Tracker(Snapshot("0", os.getpid(), now, ConfigState("", now), RootState("")))
        self.port = a_free_port()
        self.wanted: set[int] = set()

    @property
    def state(self) -> TensorBoardState:
        return self.tracker.snapshot.tensorboard

    def serving(self) -> bool:
        return self.state.status == "serving"

    def lay(self):
        return self.view.lay(find_runs(self.root.mirror), now=time.monotonic())

    def served_port(self) -> int:
        assert self.state.url is not None
        return int(self.state.url.rpartition(":")[2])

    @asynccontextmanager
    async def keeping(self, keeper_options: dict[str, Any] | None = None, **config: Any):
        keeper = Keeper(
            TensorBoardConfig(**{"port": self.port, **config}),
            self.root.tb_log,
            self.record,
            self.log,
            self.secret,
            self.tracker,
            lambda: self.wanted,
            **{
                "timing": QUICK,
                "restarts": Restarts(first_s=0.1, hopeless_retry_s=0.5),
                **(keeper_options or {}),
            },
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(keeper.run(), name="keeper")
            try:
                yield keeper
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def lives(pid: int) -> bool:
    return record.start_time(pid) is not None
