"""Event files as training writes them, and questions to a TensorBoard."""

from __future__ import annotations

import http.client
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path


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
