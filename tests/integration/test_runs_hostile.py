"""Files nobody vouches for, through the real child: there is always an answer, in bounded memory and time."""

import asyncio
import gzip
import json
import os
import random
import struct
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from expsyncd.eventfiles.framing import framed, masked_crc
from expsyncd.runs.find import FileSeen
from expsyncd.runs.read import MEMORY_MOST
from expsyncd.runs.reader import Reader
from expsyncd.state.readings import Reading
from support.measuring import Measuring

ROUNDS = int(os.environ.get("EXPSYNCD_FUZZ_ROUNDS", "120"))
TURNS_MOST = 200


@pytest.fixture
async def reader(tmp_path):
    reader = Reader(tmp_path / "mirror", silent_s=20)
    (tmp_path / "mirror" / "gpu" / "exp").mkdir(parents=True)
    yield reader
    await reader.rest()


async def read(reader, folder, name, data, kind):
    """Every piece of a file; the last reading and the tags."""
    path = folder / "mirror" / "gpu" / "exp" / name
    path.write_bytes(data)
    found = path.stat()
    file = FileSeen("gpu", "exp", name.encode(), kind, found.st_size, found.st_mtime_ns)
    reading, tags = Reading(*file.address), dict[str, int]()
    for _ in range(TURNS_MOST):
        answer = await reader.read(file, reading, tags)
        reading = answer.reading
        tags |= {tag: news.tally.first[0] for tag, news in answer.news.items()}
        if not answer.more:
            return reading, tags
    raise AssertionError(f"{name} does not come to an end")


def peak(reader):
    status = Path(f"/proc/{reader._cell._child.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmPeak")).split()[1]) * 1024


def event(tag="loss", step=1, **more):
    value = Summary.Value(tag=tag, simple_value=1.0, **more)
    return framed(Event(wall_time=1e9, step=step, summary=Summary(value=[value])).SerializeToString())


def headed(length, data):
    head = struct.pack("<Q", length)
    return head + struct.pack("<I", masked_crc(head)) + data


DEEP = b"[" * 300_000
BOMB = b"a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 30)
)
HOSTILE = {
    "a length of two gigabytes": ("events", headed((1 << 31) - 1, b"x" * 100), ""),
    "a length of an exabyte": ("events", headed(1 << 60, b"x" * 100) + event(), "no records"),
    "zeros": ("events", bytes(1 << 20), ""),
    "noise": ("events", random.Random(1).randbytes(1 << 20), "no records"),
    "gzip": ("events", gzip.compress(b"x" * 10_000), "no records"),
    "nested fields": (
        "events",
        framed(b"\x2a\x80\x80\x04" + b"\x0a" * 65536) + event(),
        "nothing that can be read",
    ),
    "a tag in each record": ("events", b"".join(event(f"t{n}") for n in range(4000)), "too many tags"),
    "long tags": ("events", event("x" * 100_000), "too many tags, or too long"),
    "steps that jump": (
        "events",
        b"".join(event(step=(n * 7919 << 40) % (1 << 62)) for n in range(2000)),
        "",
    ),
    "a csv of one line": ("table", b"step,loss" * 2_000_000, "too long"),
    "a csv of many columns": (
        "table",
        b"step," + b"a," * 100_000 + b"\n" + b"1," * 100_000 + b"\n",
        "columns",
    ),
    "a csv of many kinds of rows": (
        "table",
        b"step,run,"
        + b",".join(b"c%d" % n for n in range(400))
        + b"\n"
        + b"".join(b"1,r%d," % n + b",".join([b"1"] * 400) + b"\n" for n in range(30)),
        "too many tags",
    ),
    "an open quote": ("table", b'step,loss\n1,"' + b"x\n" * 500_000, "cannot be read"),
    "a csv of noise": ("table", b"step,loss\n" + random.Random(2).randbytes(100_000), ""),
    "json that is deep": ("settings", DEEP, "deep"),
    "lines that are deep": ("json-lines", b'{"step":1,"loss":1}\n' + DEEP + b"\n", ""),
    "a number of a million digits": ("json-lines", b'{"step":1,"loss":' + b"9" * 900_000 + b"}\n", ""),
    "yaml that is deep": ("yaml", DEEP, "levels"),
    "yaml that unfolds": ("yaml", BOMB, "more than 1000 settings"),
    "yaml that is long": ("yaml", b"- x\n" * 200_000, "pieces"),
    "yaml that constructs": ("yaml", b"a: !!python/object/apply:os._exit [3]\n", "tagged"),
    "sacred that is deep": ("sacred-metrics", DEEP, "deep"),
    "sacred that lies": ("sacred-run", b'{"status": {}, "fail_trace": [[]], "heartbeat": 3}', ""),
    "a log of noise": ("log", random.Random(3).randbytes(100_000), ""),
}


def named(kind):
    return {"settings": "config.json", "yaml": "config.yaml", "table": "a.csv"}.get(kind, "file")


@pytest.mark.parametrize("what", HOSTILE)
async def test_hostile_files_have_an_answer_and_a_reason(what, reader, tmp_path):
    kind, data, why = HOSTILE[what]
    reading, _ = await read(reader, tmp_path, named(kind), data, "settings" if kind == "yaml" else kind)
    told = f"{reading.note} {json.dumps(dict(reading.held))}"
    assert why in told, told[:300]
    assert peak(reader) <= MEMORY_MOST
    good = await read(reader, tmp_path, "good", event(), "events")
    assert good[1] == {"loss": 1}


async def test_any_file_at_all(reader, tmp_path):
    chance = random.Random(20261126)
    seeds = {
        "events": b"".join(event(step=n) for n in range(40)),
        "table": b"step,loss,note\n" + b"".join(b"%d,%d.5,x\n" % (n, n) for n in range(40)),
        "json-lines": b"".join(b'{"step": %d, "loss": 0.5}\n' % n for n in range(40)),
        "settings": b'{"a": {"b": [1, 2, {"c": null}]}, "d": "text"}',
        "yaml": b"a: &x {b: [1, 2]}\nc: *x\nd: !t 3\n? e\n: |\n  text\n",
        "sacred-metrics": b'{"loss": {"steps": [1, 2], "values": [1, 2], "timestamps": ["2026-01-01T00:00:00"]}}',
        "sacred-run": b'{"status": "FAILED", "fail_trace": ["a", "b"], "heartbeat": "2026-01-01T00:00:00"}',
        "wandb-summary": b'{"loss": 1, "_step": 3, "_timestamp": 1e9}',
        "log": b"epoch 1\nTraceback (most recent call last):\nValueError: x\n",
    }
    async with asyncio.timeout(100):
        for number in range(ROUNDS):
            kind, data = chance.choice(list(seeds.items()))
            spoiled = bytearray(data)
            for _ in range(chance.randrange(1, 12)):
                at = chance.randrange(len(spoiled))
                match chance.randrange(4):
                    case 0:
                        spoiled[at] = chance.randrange(256)
                    case 1:
                        del spoiled[at : at + chance.randrange(1, 30)]
                    case 2:
                        spoiled[at:at] = chance.randbytes(chance.randrange(1, 30))
                    case 3:
                        spoiled[at:at] = spoiled[: chance.randrange(1, 60)]
                spoiled = spoiled or bytearray(b"x")
            shown = "settings" if kind == "yaml" else kind
            pid = reader._cell._child.pid if reader._cell._child else None
            await read(reader, tmp_path, named(kind), bytes(spoiled), shown)
            assert pid is None or reader._cell._child.pid == pid, f"round {number}: {kind} {bytes(spoiled)!r}"
    assert peak(reader) <= MEMORY_MOST


async def test_a_file_that_kills_the_child_is_noted_and_the_others_go_on(tmp_path):
    place = Measuring(tmp_path)
    for name in ("a", "b"):
        (place.source / name).mkdir()
        (place.source / name / "events.out.tfevents.1").write_bytes(event())
    # What no limit stops: the child is told to read a file whose reading ends it.
    place.reader._cell._argv = [*place.reader._cell._argv[:2], "-c", KILLED_BY_B]
    async with place.running():
        row = await place.run("gpu/a", lambda row: row.step == 1)
        assert row.trouble == ""
        row = await place.run("gpu/b", lambda row: bool(row.trouble))
        assert row.trouble == "events.out.tfevents.1: reading it ended the program that reads it"


KILLED_BY_B = """
import os
from expsyncd.runs import read
good = read.answer
def answer(job, file):
    if "/b/" in job["path"]:
        os.abort()
    good(job, file)
read.answer = answer
read.main()
"""
