"""What TensorBoard's HTTP API serves: runs, tags and the points of each."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_S = 5.0
_PLUGIN = "/data/plugin/scalars"


@dataclass(frozen=True)
class Point:
    """One value as TensorBoard gives it; `at` is the wall time it was written, in seconds."""

    at: float
    step: int
    value: float


# run → tag → points in the order of their steps
Served = dict[str, dict[str, list[Point]]]


def served(url: str) -> Served:
    """Every scalar of every run at `url`, at most as many a tag as TensorBoard samples.

    Blocks. Raises OSError when nothing sensible answers.
    """
    found: Served = {}
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        for run, tags in _get(connection, f"{parts.path}{_PLUGIN}/tags").items():
            found[run] = {}
            for tag in tags:
                query = urlencode({"run": run, "tag": tag})
                rows = _get(connection, f"{parts.path}{_PLUGIN}/scalars?{query}")
                found[run][tag] = [Point(at, step, value) for at, step, value in rows]
    except (http.client.HTTPException, ValueError, TypeError, AttributeError) as error:
        raise OSError(f"TensorBoard's answer makes no sense ({error})") from error
    finally:
        connection.close()
    return found


def _get(connection: http.client.HTTPConnection, path: str) -> Any:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != http.client.OK:
        raise OSError(f"TensorBoard says {answer.status} to {path.partition('?')[0]}")
    return json.loads(body)


def count(found: Served) -> int:
    """How many points there are in all."""
    return sum(len(points) for tags in found.values() for points in tags.values())


def newest(found: Served) -> float | None:
    """The wall time of the newest point."""
    return max((p.at for tags in found.values() for points in tags.values() for p in points), default=None)
