"""What Sacred's FileStorageObserver and wandb keep in JSON files, written anew each time. For the child."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO

from expsyncd.redact import redact
from expsyncd.runs.events import Points, Read

SIZE_MOST = 64 << 20
TAGS_MOST = 1000
TAG_LONGEST = 200
# Sacred's own words; QUEUED and RUNNING have not ended.
ENDED = {
    "COMPLETED": "finished", "FAILED": "failed", "INTERRUPTED": "failed", "TIMEOUT": "failed",
    "DIED": "failed",
}  # fmt: skip


class NotReadError(Exception):
    """Why a file gives nothing, for people."""


def read_run(file: BinaryIO) -> dict[str, Any]:
    """run.json: ended (finished or failed, with why), began_at, beat_at (the newest heartbeat)."""
    said = _object(file)
    status = str(said.get("status", ""))
    stopped = _moment(said.get("stop_time"))
    found: dict[str, Any] = {
        "began_at": _moment(said.get("start_time")),
        "beat_at": _moment(said.get("heartbeat")),
    }
    if status in ENDED:
        found["ended"] = ENDED[status]
        found["ended_at"] = stopped
        found["why"] = _why(status, said)
    elif status == "QUEUED":
        found["queued"] = True
    return found


def _why(status: str, said: dict[str, Any]) -> str:
    match status:
        case "COMPLETED":
            return "Sacred says that it completed"
        case "INTERRUPTED":
            return "it was interrupted (Ctrl-C or a signal), says Sacred"
        case "TIMEOUT":
            return "it ran out of time, says Sacred"
    trace = said.get("fail_trace")
    last = str(trace[-1]).strip().splitlines() if isinstance(trace, list) and trace else []
    return f"it failed with {redact(last[-1])[:200]}" if last else f"Sacred says {status.lower()}"


def read_metrics(file: BinaryIO) -> Read:
    """metrics.json: steps, values and times of each metric."""
    found = Read(0)
    for tag, metric in _object(file).items():
        if len(found.points) >= TAGS_MOST or len(tag) > TAG_LONGEST:
            found.tags_left_out += 1
            continue
        columns = (
            [metric.get(name) for name in ("steps", "values", "timestamps")]
            if isinstance(metric, dict)
            else []
        )
        if not all(isinstance(column, list) for column in columns) or not columns:
            continue
        points = Points()
        for row, (step, value, at) in enumerate(zip(*columns, strict=False)):
            # Numpy's, as jsonpickle has them.
            number = _number(value.get("value") if isinstance(value, dict) else value)
            if number is None:
                continue
            wall = _moment(at) or 0.0
            points.steps.append(int(step) if isinstance(step, int | float) and abs(step) < 1 << 62 else row)
            points.walls.append(wall)
            points.values.append(number)
            if wall:
                found.walls.append(wall)
        if points.steps:
            found.points[tag] = points
    found.walls.sort()
    return found


def read_summary(file: BinaryIO) -> Read:
    """wandb-summary.json: the last value of each metric."""
    said, found = _object(file), Read(0)
    step, wall = said.get("_step"), said.get("_timestamp")
    at = _number(wall) or 0.0
    for tag, value in said.items():
        last = _number(value)
        if tag.startswith("_") or last is None:
            continue
        if len(found.points) >= TAGS_MOST or len(tag) > TAG_LONGEST:
            found.tags_left_out += 1
            continue
        number = int(step) if isinstance(step, int | float) and abs(step) < 1 << 62 else 0
        found.points[tag] = Points([number], [at], [last])
    return found


def _object(file: BinaryIO) -> dict[str, Any]:
    data = file.read(SIZE_MOST + 1)
    if len(data) > SIZE_MOST:
        raise NotReadError(f"larger than {SIZE_MOST >> 20} MB")
    try:
        said = json.loads(data.decode("utf-8", "replace"))
    except RecursionError:
        raise NotReadError("it is nested too deeply") from None
    except ValueError as error:
        raise NotReadError(f"it is no JSON: {error}") from None
    if not isinstance(said, dict):
        raise NotReadError("it is no JSON object")
    return said


def _number(value: Any) -> float | None:
    """JSON has numbers that no float holds; True is none."""
    with suppress(OverflowError):
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return None


def _moment(text: Any) -> float | None:
    """Sacred's times are UTC without saying so."""
    with suppress(ValueError, OverflowError):
        if isinstance(text, str):
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None
