"""Metrics out of csv, tsv and jsonl files, a piece at a time. For the child.

Only what plainly is a table of metrics is read: its header names a step or an epoch, or a loss and the like.
"""

from __future__ import annotations

import csv
import json
import math
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from expsyncd.runs.events import Points, Read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PIECE = 4 << 20  # bytes read at once
LINE_LONGEST = 1 << 20
COLUMNS_MOST = 500
NAME_LONGEST = 120
GROUPS_MOST = 32
NEVER = 0.0  # the wall time of a row that does not say it

# What a step is called, the best first. A batch counts from zero each epoch, so it is none.
STEPS = (
    "step", "globalstep", "trainerglobalstep", "iteration", "iter", "iterations", "steps", "totalsteps",
    "timesteps", "totaltimesteps", "timetotaltimesteps", "numupdates", "update", "updates", "epoch", "epochs",
)  # fmt: skip
TIMES = ("walltime", "timestamp", "time", "datetime", "date", "createdat")
# Rows of these texts are lines of their own: `train` and `val`, or one for each run of a shared table.
GROUPS = (
    "run",
    "runname",
    "name",
    "experiment",
    "model",
    "split",
    "subset",
    "phase",
    "mode",
    "dataset",
    "fold",
)
_METRIC = re.compile(
    r"loss|acc|error|score|fid|auc|f1|bleu|rouge|psnr|ssim|map|iou|perplexity|ppl|reward|return"
)
_PLAIN = re.compile(r"[^a-z0-9]")
_MILLISECONDS, _SECONDS = 1e11, 1e8  # a time stamp is above the second, in milliseconds above the first


class NoTableError(Exception):
    """Why a file is no table of metrics, for people."""


def read_table(file: BinaryIO, offset: int, held: dict[str, Any], *, tabs: bool = False) -> Read:
    """Whole lines from `offset` on. `held` keeps what the header said. Raises NoTableError."""
    lines, found = _lines(file, offset)
    if "columns" not in held:
        first = next(lines, None)
        if first is None:
            return found if found.more else Read(offset)
        held.update(_header(first, tabs=tabs))
    columns: list[str] = held["columns"]
    for row in _rows(lines, held):
        cells = [cell.strip() for cell in row]
        if len(cells) == len(columns) and cells != columns:
            named = dict(zip(columns, cells, strict=True))
            texts = {name: text for name, text in named.items() if _number(text, held) is None}
            numbers = {name: n for name, text in named.items() if (n := _number(text, held)) is not None}
            _add(numbers, texts, held, found)
    return found


def _rows(lines: Iterator[str], held: dict[str, Any]) -> Iterator[list[str]]:
    """The cells of each row; one that cannot be read is told and passed over."""
    reader = csv.reader(lines, delimiter=held["delimiter"], skipinitialspace=True)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            held["trouble"] = f"a row cannot be read: {error}"


def read_json_lines(file: BinaryIO, offset: int, held: dict[str, Any]) -> Read:
    """One object a line. Raises NoTableError."""
    lines, found = _lines(file, offset)
    for line in lines:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            held["unread"] = held.get("unread", 0) + 1
            if held["unread"] > 20 and "columns" not in held:
                raise NoTableError("its lines are no JSON") from None
            continue
        if not isinstance(said, dict):
            if "columns" not in held:
                raise NoTableError("its lines are no JSON objects")
            held["unread"] = held.get("unread", 0) + 1
            continue
        flat = dict(_flat(said))
        numbers = {name: float(value) for name, value in flat.items() if isinstance(value, int | float)}
        texts = {name: value for name, value in flat.items() if isinstance(value, str)}
        if "columns" not in held:
            held.update(_understood(list(flat), numbers))
        _add(numbers, texts, held, found)
    if held.get("unread") and "columns" not in held and not found.more:
        raise NoTableError("its lines are no JSON")
    return found


def _lines(file: BinaryIO, offset: int) -> tuple[Iterator[str], Read]:
    """Whole lines, and where the last one ends; what has no end yet waits."""
    size = file.seek(0, 2)
    file.seek(offset)
    data = file.read(PIECE)
    end = data.rfind(b"\n") + 1
    if not end and len(data) == PIECE:
        raise NoTableError("its lines are too long")
    found = Read(offset + end, more=offset + len(data) < size)
    text = data[:end].decode("utf-8-sig" if offset == 0 else "utf-8", "replace").replace("\0", "")
    # Not splitlines, which ends a line in the middle of a text as well, such as at U+2028.
    every = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return (line for line in every if line.strip() and len(line) <= LINE_LONGEST), found


def _header(line: str, *, tabs: bool) -> dict[str, Any]:
    delimiter = "\t" if tabs else max(",;\t", key=line.count)
    if delimiter not in line:
        raise NoTableError("it has no columns")
    try:
        names = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise NoTableError(f"its header cannot be read: {error}") from None
    columns = [name.strip() for name in names]
    if len(columns) > COLUMNS_MOST:
        raise NoTableError(f"it has {len(columns)} columns; {COLUMNS_MOST} are the limit")
    numbers = [name for name in columns if _number(name, {}) is not None]
    if len(numbers) > len(columns) / 2:
        raise NoTableError("it has no header")
    return {"delimiter": delimiter, **_understood(columns, columns)}


def _understood(columns: list[str], could_be_metrics: Iterable[str]) -> dict[str, Any]:
    plain = {_PLAIN.sub("", name.lower()): name for name in reversed(columns)}
    step, time, group = (
        next((plain[name] for name in names if name in plain), None) for names in (STEPS, TIMES, GROUPS)
    )
    metrics = [name for name in could_be_metrics if name not in {step, time, group}]
    if not metrics or (step is None and not any(_METRIC.search(name.lower()) for name in metrics)):
        raise NoTableError("its header names neither a step nor a metric")
    return {"columns": columns, "step": step, "time": time, "group": group, "rows": 0, "groups": []}


def _add(numbers: dict[str, float], texts: dict[str, str], held: dict[str, Any], found: Read) -> None:
    """One row."""
    row = held["rows"]
    held["rows"] = row + 1
    step = numbers.pop(held["step"], None)
    if held["step"] is not None and step is None:
        return
    if step is None or not math.isfinite(step) or abs(step) >= 1 << 62:
        step = row
    elif step != int(step):
        held["step"] = None  # an epoch like 0.25 is no step; rows are counted instead
        step = row
    wall = _wall(numbers.pop(held["time"], None), texts.get(held["time"], ""))
    group = texts.get(held["group"], "")[:NAME_LONGEST]
    if group and group not in held["groups"]:
        if len(held["groups"]) >= GROUPS_MOST:
            held["trouble"] = f"more than {GROUPS_MOST} kinds of rows: only the first ones are shown"
            return
        held["groups"].append(group)
    if wall != NEVER:
        found.walls.append(wall)
    for name, number in numbers.items():
        if not name or name.startswith("Unnamed:"):
            continue
        tag = f"{group}/{name[:NAME_LONGEST]}" if group else name[:NAME_LONGEST]
        if tag not in found.points and len(found.points) >= COLUMNS_MOST * 2:
            found.tags_left_out += 1
            continue
        points = found.points.setdefault(tag, Points())
        points.steps.append(int(step))
        points.walls.append(wall)
        points.values.append(number)


def _number(text: str, held: dict[str, Any]) -> float | None:
    if held.get("delimiter") == ";":
        text = text.replace(",", ".")
    with suppress(ValueError):
        return None if "_" in text else float(text)  # 1_2 is a name, though Python reads 12
    return None


def _wall(number: float | None, text: str) -> float:
    if number is not None and number > _SECONDS and math.isfinite(number):
        return number / 1000 if number > _MILLISECONDS else number
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return NEVER


def _flat(said: dict[str, Any], before: Sequence[str] = ()) -> Iterator[tuple[str, Any]]:
    for number, (name, value) in enumerate(said.items()):
        if number >= COLUMNS_MOST:
            return
        path = (*before, str(name))
        if isinstance(value, dict) and len(path) < 4:
            yield from _flat(value, path)
        elif isinstance(value, int | float | str) and not isinstance(value, bool):
            with suppress(OverflowError):
                yield ".".join(path), float(value) if isinstance(value, int) else value
