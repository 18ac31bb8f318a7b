"""Reading a large event file the first time and after 1 kB more: ours beside EventAccumulator and tbparse.

Each reader is a process of its own. Ours is the service's way: the child, and the points joined in the catalogue. The
rivals are measured twice after the growth: started anew, as a command would, and, where they can, as a process that
stayed and holds all points in memory. tbparse comes by `pip install tbparse`.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from expsyncd.eventfiles.framing import TABLE, framed
from expsyncd.runs import record
from expsyncd.runs.find import look
from expsyncd.runs.reader import Reader
from expsyncd.state import measured
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.readings import Reading
from expsyncd.state.sqlite import open_writer

TAGS = ("loss/train", "loss/val", "lr", "acc/train", "acc/val", "grad_norm")
FIRST = (
    1 << 14
)  # from here on to 2^21 a step takes three bytes, so that all records of a tag are of one length
ROUNDS = 5

RIVAL = """
import json, resource, sys, time
kind, folder, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
began = time.perf_counter()
if kind == "EventAccumulator":
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    imported = time.perf_counter()
    one = EventAccumulator(folder, size_guidance={"scalars": 0})
    one.Reload()
    assert one.Scalars("lr")[-1].step == last
else:
    from tbparse import SummaryReader
    imported = time.perf_counter()
    one = SummaryReader(folder)
    frame = one.scalars
    assert int(frame[frame.tag == "lr"].step.max()) == last
said = {"seconds": time.perf_counter() - imported, "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
print(json.dumps(said), flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    one.Reload()
    assert one.Scalars("lr")[-1].step == int(line)
    print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)
"""


def written(path: Path, megabytes: int) -> int:
    """An event file of about this size by vectors, since checksums in Python take minutes; its last step."""
    samples = [_event(tag, FIRST, 0.0) for tag in TAGS]
    width = sum(len(sample) for sample in samples)
    count = megabytes * 1_000_000 // width
    rows = np.tile(np.frombuffer(b"".join(samples), dtype=np.uint8), (count, 1))
    steps = np.arange(FIRST, FIRST + count, dtype=np.int64)
    values = np.random.default_rng(1).random((len(TAGS), count), dtype=np.float32)
    at = 0
    for number, sample in enumerate(samples):
        data = rows[:, at + 12 : at + len(sample) - 4]
        data[:, 1:9] = (1.7e9 + steps * 0.25).view(np.uint8).reshape(-1, 8)
        for place, shift in ((10, 0), (11, 7), (12, 14)):
            data[:, place] = ((steps >> shift) & 0x7F) | (0x80 if place < 12 else 0)
        data[:, -4:] = values[number].view(np.uint8).reshape(-1, 4)
        rows[:, at + len(sample) - 4 : at + len(sample)] = _masked_crcs(data).view(np.uint8).reshape(-1, 4)
        at += len(sample)
    path.write_bytes(
        framed(Event(wall_time=1.7e9, file_version="brain.Event:2").SerializeToString()) + rows.tobytes()
    )
    return FIRST + count - 1


def _event(tag: str, step: int, value: float) -> bytes:
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
    return framed(Event(wall_time=1.7e9 + step * 0.25, step=step, summary=summary).SerializeToString())


def _masked_crcs(data: np.ndarray) -> np.ndarray:
    table = np.array(TABLE, dtype=np.uint32)
    crc = np.full(len(data), 0xFFFFFFFF, dtype=np.uint32)
    for column in range(data.shape[1]):
        crc = (crc >> 8) ^ table[(crc ^ data[:, column]) & 0xFF]
    crc ^= np.uint32(0xFFFFFFFF)
    return ((crc >> 15) | (crc << 17)) + np.uint32(0xA282EAD8)


def grow(path: Path, after: int) -> int:
    """About 1 kB more; the new last step."""
    with path.open("ab") as file:
        for step in range(after + 1, after + 5):
            file.write(b"".join(_event(tag, step, 0.5) for tag in TAGS))
    return after + 4


class Ours:
    """The child and the catalogue, driven as the service drives them."""

    def __init__(self, folder: Path) -> None:
        self._mirror = folder / "mirror"
        self._reader = Reader(self._mirror)
        Catalogue.open(folder / "catalogue.db").close()
        self._db = open_writer(folder / "catalogue.db")

    async def read(self, last: int) -> float:
        began = time.perf_counter()
        seen = look(str(self._mirror).encode(), "gpu", "exp", b"run")
        assert seen is not None
        (file,) = seen.files
        more = True
        while more:
            reading, tags = record.before_reading(self._db, seen.key, file)
            answer = await self._reader.read(file, reading, tags)
            with self._db.transaction():
                record.take(self._db, seen.key, answer)
            more = answer.more
        took = time.perf_counter() - began
        (row,) = measured.scalars_of(self._db, seen.key, ["lr"])
        assert row.last[0] == last
        return took

    async def warm(self) -> None:
        """Start the child: it is there as long as anything grows."""
        seen = look(str(self._mirror).encode(), "gpu", "exp", b"warm")
        assert seen is not None
        (file,) = seen.files
        await self._reader.read(file, Reading(*file.address), {})

    def rss(self) -> int:
        status = Path(f"/proc/{self._reader._cell._child.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024

    async def close(self) -> None:
        await self._reader.rest()
        self._db.close()


class Rival:
    """A reader of others in a process of its own."""

    def __init__(self, kind: str, folder: Path, last: int) -> None:
        argv = [sys.executable, "-W", "ignore", "-c", RIVAL, kind, str(folder), str(last)]
        self._process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        said = json.loads(self._process.stdout.readline())
        self.seconds, self.rss = said["seconds"], said["rss"]

    def again(self, last: int) -> float:
        self._process.stdin.write(f"{last}\n")
        self._process.stdin.flush()
        return float(json.loads(self._process.stdout.readline())["seconds"])

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def line(what: str, ours: float, rival: str, theirs: float) -> None:
    print(
        f"{what:<22} {ours * 1e3:9.1f} ms   {rival:<34} {theirs * 1e3:10.1f} ms  {theirs / ours:8.1f}x",
        flush=True,
    )


async def measure(folder: Path, megabytes: int) -> None:
    run = folder / "mirror" / "gpu" / "exp" / "run"
    (run.parent / "warm").mkdir(parents=True)
    (run.parent / "warm" / "events.out.tfevents.1").write_bytes(_event("x", FIRST, 1.0))
    run.mkdir()
    path = run / "events.out.tfevents.1"
    last = written(path, megabytes)
    print(f"{path.stat().st_size / 1e6:.0f} MB of event file, {len(TAGS)} tags, {last - FIRST + 1} steps")
    ours = Ours(folder)
    await ours.warm()
    first = await ours.read(last)
    print(
        f"ours first: {first:.2f} s, {path.stat().st_size / first / 1e6:.0f} MB/s, peak {ours.rss() / 1e6:.0f} MB"
    )
    rivals = {}
    for kind in ("EventAccumulator", "tbparse"):
        if kind == "tbparse" and importlib.util.find_spec("tbparse") is None:
            print("tbparse is not here: pip install tbparse")
            continue
        rivals[kind] = Rival(kind, run, last)
        line("first", first, f"{kind} ({rivals[kind].rss / 1e6:.0f} MB)", rivals[kind].seconds)
    times = []
    staying = []
    for _ in range(ROUNDS):
        last = grow(path, last)
        times.append(await ours.read(last))
        staying.append(rivals["EventAccumulator"].again(last))
    grown = statistics.median(times)
    for kind, rival in rivals.items():
        rival.close()
        anew = Rival(kind, run, last)
        anew.close()
        line("after 1 kB more", grown, f"{kind}, started anew", anew.seconds)
    line("after 1 kB more", grown, "EventAccumulator that stayed", statistics.median(staying))
    await ours.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ex", dir="/tmp") as folder:
        asyncio.run(measure(Path(folder), given.mb))


if __name__ == "__main__":
    main()
