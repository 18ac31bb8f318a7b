"""Runs of real writers, read by the service with its real child."""

import csv
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from expsyncd.eventfiles.framing import framed
from expsyncd.state.sqlite import DamagedError
from support.measuring import Measuring
from support.wait import eventually


@pytest.fixture
def place(tmp_path):
    return Measuring(tmp_path)


def scalar(step, at=None, **values):
    summary = [Summary.Value(tag=tag.replace("__", "/"), simple_value=value) for tag, value in values.items()]
    return Event(wall_time=1e9 + step if at is None else at, step=step, summary=Summary(value=summary))


def append(path, *events):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(b"".join(framed(event.SerializeToString()) for event in events))


def of_hparams(**content):
    value = Summary.Value(tag="_hparams_/session")
    value.metadata.plugin_data.plugin_name = "hparams"
    value.metadata.plugin_data.content = HParamsPluginData(**content).SerializeToString()
    return Event(wall_time=time.time(), summary=Summary(value=[value]))


def event_file(place, run, number=1):
    return place.source / run / f"events.out.tfevents.{number}.h"


async def test_a_real_writer_is_followed(place):
    writer = EventFileWriter(str(place.source / "a"), flush_secs=1)
    for step in range(100):
        writer.add_event(scalar(step, loss=1 / (step + 1), lr=0.1))
    writer.flush()
    async with place.running():
        row = await place.step("gpu/a", 99)
        assert (row.kind, row.state, row.files, row.trouble) == ("tensorboard", "growing", 1, "")
        loss = place.scalars("gpu/a")["loss"]
        assert (loss.points, loss.first[0], loss.last[0], loss.least[0], loss.greatest[0]) == (
            100,
            0,
            99,
            99,
            0,
        )
        assert loss.greatest[2] == 1.0
        for step in range(100, 150):
            writer.add_event(scalar(step, loss=2.0))
        writer.close()
        (path,) = (place.source / "a").iterdir()
        place.changed(path)
        await place.step("gpu/a", 149)
        loss = place.scalars("gpu/a")["loss"]
        assert (loss.points, loss.last, loss.greatest[:1]) == (150, (149, 1e9 + 149, 2.0), (100,))
        assert [step for step, _, _ in place.curve("gpu/a", "loss")] == list(range(150))


async def test_both_encodings_and_many_values_a_record(place):
    value = Summary.Value(tag="loss")
    value.metadata.plugin_data.plugin_name = "scalars"
    value.tensor.dtype = 1
    value.tensor.float_val.append(0.25)
    path = event_file(place, "a")
    append(
        path, Event(wall_time=1e9, step=3, summary=Summary(value=[value])), scalar(4, at=1e9, x=1.0, y__z=2.0)
    )
    async with place.running():
        await place.step("gpu/a", 4)
        found = place.scalars("gpu/a")
        assert {tag: row.last for tag, row in found.items()} == {
            "loss": (3, 1e9, 0.25), "x": (4, 1e9, 1.0), "y/z": (4, 1e9, 2.0),
        }  # fmt: skip


async def test_damage_is_left_out_and_told_and_a_torn_tail_waits(place):
    path = event_file(place, "a")
    append(path, scalar(1, loss=1.0))
    good = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"\xff" * 37)
    append(path, scalar(2, loss=2.0))
    whole = framed(scalar(3, loss=3.0).SerializeToString())
    with path.open("ab") as file:
        file.write(whole[:20])
    async with place.running():
        row = await place.step("gpu/a", 2)
        assert f"from byte {good} on 37 bytes are no records" in row.trouble
        with path.open("ab") as file:
            file.write(whole[20:])
        place.changed(path)
        await place.step("gpu/a", 3)
        assert place.scalars("gpu/a")["loss"].points == 3


async def test_a_resumed_run_is_one_line(place):
    append(event_file(place, "a", 1), *(scalar(step, loss=5.0) for step in range(10)))
    append(event_file(place, "a", 2), *(scalar(step, at=2e9, loss=1.0) for step in range(6, 13)))
    async with place.running():
        row = await place.step("gpu/a", 12)
        assert row.files == 2
        curve = place.curve("gpu/a", "loss")
        assert [(step, value) for step, _, value in curve] == [
            *((step, 5.0) for step in range(6)),
            *((step, 1.0) for step in range(6, 13)),
        ]


async def test_a_replaced_file_and_one_that_went(place):
    append(event_file(place, "a"), *(scalar(step, loss=1.0) for step in range(50)))
    append(event_file(place, "b"), scalar(1, loss=1.0))
    async with place.running():
        await place.step("gpu/a", 49)
        await place.step("gpu/b", 1)
        event_file(place, "a").unlink()
        append(event_file(place, "a"), scalar(7, other=2.0))
        event_file(place, "b").unlink()
        place.changed(event_file(place, "a"), event_file(place, "b"))
        await place.step("gpu/a", 7)
        assert set(place.scalars("gpu/a")) == {"other"}
        await eventually(lambda: "gpu/b" not in place.rows(), 10)


async def test_a_folder_of_a_source_that_came_and_went(place):
    async with place.running():
        await eventually(lambda: place.tracker.snapshot.runs.total == 0, 10)
        new = place.mirror / "gpu2" / "logs"
        append(new / "a" / "events.out.tfevents.1", scalar(1, loss=1.0))
        append(new / "b" / "c" / "events.out.tfevents.1", scalar(1, loss=1.0))
        place.changed(new.parent)
        await place.step("gpu2/a", 1)
        await place.step("gpu2/b/c", 1)
        shutil.rmtree(new / "b")
        place.changed(new / "b")
        await eventually(lambda: set(place.rows()) == {"gpu2/a"}, 10)
        shutil.rmtree(new)
        place.changed(new)
        await eventually(lambda: place.rows() == {}, 10)


async def test_names_are_tensorboards_and_of_others_by_the_same_rule(place):
    append(place.source / "a" / "events.out.tfevents.1", scalar(1, loss=1.0))
    for source in ("other", "more"):
        table = place.mirror / "gpu" / source / "a" / "metrics.csv"
        table.parent.mkdir(parents=True)
        table.write_text("step,loss\n5,1\n")
    async with place.running():
        await eventually(lambda: set(place.rows()) == {"gpu/a", "gpu/other/a", "gpu/more/a"}, 20)
        append(place.mirror / "gpu" / "third" / "a" / "events.out.tfevents.1", scalar(1, loss=1.0))
        place.changed()
        await eventually(
            lambda: set(place.rows()) == {"gpu/exp/a", "gpu/third/a", "gpu/other/a", "gpu/more/a"}, 20
        )


async def test_hparams_tell_settings_and_how_it_ended(place):
    path = event_file(place, "a")
    began = SessionStartInfo(start_time_secs=1e9)
    began.hparams["lr"].number_value = 1e-3
    began.hparams["layers"].number_value = 4
    began.hparams["opt"].string_value = "adam"
    began.hparams["amp"].bool_value = True
    append(path, of_hparams(session_start_info=began), scalar(1, loss=1.0))
    async with place.running():
        row = await place.step("gpu/a", 1)
        assert place.settings("gpu/a") == {"lr": "0.001", "layers": "4", "opt": "adam", "amp": "true"}
        assert row.began_at == 1e9
        append(path, of_hparams(session_end_info=SessionEndInfo(status=Status.STATUS_FAILURE)))
        place.changed(path)
        row = await place.run("gpu/a", lambda row: row.state == "failed")
        assert row.why == "its hparams say failure"


async def test_pytorchs_hparams_are_settings_of_the_run_above(place):
    append(event_file(place, "a"), scalar(1, loss=1.0))
    began = SessionStartInfo()
    began.hparams["lr"].number_value = 3e-4
    done = of_hparams(session_end_info=SessionEndInfo(status=Status.STATUS_SUCCESS))
    below = event_file(place, "a/1700000000.123")
    async with place.running():
        await place.step("gpu/a", 1)
        append(below, of_hparams(session_start_info=began), done, scalar(0, hparam__acc=0.5))
        place.changed(below.parent)
        await place.run("gpu/a/1700000000.123", lambda row: row.state == "finished")
        await eventually(lambda: place.settings("gpu/a") == {"lr": "0.0003"}, 10)
        assert (place.rows()["gpu/a"].state, set(place.scalars("gpu/a"))) == ("growing", {"loss"})


async def test_an_end_that_was_written_at_the_beginning_is_none(place):
    path = event_file(place, "a")
    done = of_hparams(session_end_info=SessionEndInfo(status=Status.STATUS_SUCCESS))
    done.wall_time -= 1000
    append(path, done, scalar(1, loss=1.0))
    async with place.running():
        assert (await place.step("gpu/a", 1)).state == "growing"


async def test_settings_files_of_frameworks(place):
    run = place.source / "a"
    append(run / "events.out.tfevents.1", scalar(1, loss=1.0))
    (run / ".hydra").mkdir()
    (run / ".hydra" / "config.yaml").write_text("model:\n  depth: 4\nopt: {lr: 1e-3}\n")
    (run / ".hydra" / "overrides.yaml").write_text("- opt.lr=1e-3\n")
    (run / "args.json").write_text('{"seed": 3, "tags": ["x", "y"], "bs": 1.50}')
    (run / "hparams.yaml").write_text("evil: !!python/object/apply:os.system ['touch /tmp/never']\nwd: 0.1\n")
    (run / "config.json").write_text("{broken")
    async with place.running():
        row = await place.step("gpu/a", 1)
        assert place.settings("gpu/a") == {
            "model.depth": "4", "opt.lr": "1e-3", "hydra.overrides": "[opt.lr=1e-3]", "seed": "3",
            "tags": "[x, y]", "bs": "1.50", "wd": "0.1",
        }  # fmt: skip
        assert "hparams.yaml: without what is tagged !!python/object/apply:os.system" in row.trouble
        assert "config.json: it is no JSON" in row.trouble
        (run / ".hydra" / "config.yaml").write_text("model:\n  depth: 5\n")
        place.changed(run / ".hydra" / "config.yaml")
        await eventually(lambda: place.settings("gpu/a").get("model.depth") == "5", 10)


async def test_tables_beside_a_run_and_alone(place):
    append(event_file(place, "a"), scalar(1, loss=1.0))
    with (place.source / "a" / "results.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerows([["  epoch", "val_loss", "note"], [1, 0.5, "x"], [2, 0.25, "y"]])
        file.write("3,0.1")
    table = place.source / "t" / "log.jsonl"
    table.parent.mkdir()
    table.write_text('{"step": 10, "train": {"loss": 2.0}}\n{"step": 20, "train": {"loss": 1.0}}\n')
    other = place.source / "dataset" / "labels.csv"
    other.parent.mkdir()
    other.write_text("file,label\na.png,3\n")
    async with place.running():
        await place.step("gpu/a", 2)
        assert place.scalars("gpu/a")["results.csv/val_loss"].last == (2, 0.0, 0.25)
        row = await place.step("gpu/t", 20)
        assert (row.kind, set(place.scalars("gpu/t"))) == ("table", {"log.jsonl/train.loss"})
        with (place.source / "a" / "results.csv").open("a") as file:
            file.write("25,z\n")
        place.changed(place.source / "a" / "results.csv")
        await eventually(lambda: place.scalars("gpu/a")["results.csv/val_loss"].last[0] == 3, 10)
        assert place.scalars("gpu/a")["results.csv/val_loss"].last == (3, 0.0, 0.125)
        assert set(place.rows()) == {"gpu/a", "gpu/t"}


async def test_a_table_that_is_written_anew(place):
    table = place.source / "t" / "metrics.csv"
    table.parent.mkdir()
    table.write_text("step,a\n1,1\n2,2\n")
    async with place.running():
        await place.step("gpu/t", 2)
        table.write_text("step,b\n5,1\n6,2\n")
        place.changed(table)
        await place.step("gpu/t", 6)
        assert set(place.scalars("gpu/t")) == {"metrics.csv/b"}


async def test_wandb_folders_are_runs_by_name(place):
    run = place.source / "wandb" / "offline-run-20260101_120000-abc123"
    (run / "files").mkdir(parents=True)
    (run / "run-abc123.wandb").write_bytes(b"\x00binary")
    (run / "files" / "config.yaml").write_text(
        "wandb_version: 1\nlr:\n  desc: null\n  value: 0.1\n_wandb:\n  value: {cli: 1}\n"
    )
    (run / "files" / "wandb-summary.json").write_text('{"loss": 0.5, "_step": 40, "_timestamp": 1e9}')
    async with place.running():
        row = await place.step("gpu/wandb/offline-run-20260101_120000-abc123", 40)
        assert row.kind == "wandb"
        assert place.settings(row.name) == {"lr": "0.1"}
        assert place.scalars(row.name)["loss"].last == (40, 1e9, 0.5)
        assert (run / "run-abc123.wandb").read_bytes() == b"\x00binary"


async def test_states_come_from_evidence(place):
    old = time.time() - 9000
    for name, tail in (
        ("quiet", ""),
        ("died", "Traceback (most recent call last):\n  File x\nRuntimeError: CUDA out of memory.\n"),
        ("ended", "epoch 3\nTraining finished.\n"),
        ("gone", ""),
    ):
        path = event_file(place, name)
        append(path, *(scalar(step, at=old - 300 + 10 * step, loss=1.0) for step in range(30)))
        if tail:
            (path.parent / "train.log").write_text(tail)
            os.utime(path.parent / "train.log", (old, old))
        os.utime(path, (old, old))
    place.pulled()
    async with place.running():
        await place.thread.run(
            place.facts.set_gone, "gpu", "exp", [b"gone/events.out.tfevents.1.h"], place.clock.now()
        )
        row = await place.run("gpu/quiet", lambda row: row.state == "stalled")
        assert "it usually grows every 10 s, and nothing says that it ended" in row.why
        row = await place.run("gpu/died", lambda row: row.state == "failed")
        assert row.why == "its log ends with: RuntimeError: CUDA out of memory."
        assert row.log == b"died/train.log"
        row = await place.run("gpu/ended", lambda row: row.state == "finished")
        assert row.why == "its log ends with: Training finished."
        await place.run("gpu/gone", lambda row: row.state == "gone")
        await eventually(lambda: place.tracker.snapshot.runs.total == 4, 10)
        runs = place.tracker.snapshot.runs
        assert (runs.growing, runs.stalled, runs.failed) == (0, 1, 1)


def everything(place):
    from expsyncd.state import measured

    return [
        place.read(measured.measured_of),
        sorted(map(str, place.read(measured.settings_of))),
        sorted(map(str, place.read(measured.scalars_of))),
        sorted(place.read(lambda db: db.execute("SELECT * FROM curves").fetchall())),
    ]


async def test_a_deleted_catalogue_is_rebuilt_with_the_same_answers(place):
    for name in ("a", "b"):
        append(event_file(place, name, 1), *(scalar(step, loss=step % 7, acc=0.5) for step in range(2000)))
        (place.source / name / "hparams.yaml").write_text(f"lr: {name}\n")
    (place.source / "a" / "m.csv").write_text("epoch,loss\n1,2\n")
    async with place.running():
        await place.step("gpu/a", 1999)
        await place.step("gpu/b", 1999)
        for begin in (2000, 2500):
            for name in ("a", "b"):
                append(
                    event_file(place, name, 1),
                    *(scalar(step, loss=9.0) for step in range(begin, begin + 500)),
                )
            place.changed()
            await place.step("gpu/a", begin + 499)
            await place.step("gpu/b", begin + 499)
        append(event_file(place, "a", 2), *(scalar(step, loss=1.5) for step in range(1500, 3100)))
        place.changed(event_file(place, "a", 2))
        await place.step("gpu/a", 3099)
    before = everything(place)
    for path in Path(place.root).glob("catalogue.db*"):
        path.unlink()
    async with place.running():
        await place.step("gpu/a", 3099)
        await place.step("gpu/b", 2999)
        await eventually(lambda: everything(place) == before, 10)


async def test_damage_met_at_work_costs_one_reading_of_all(place):
    for name in ("a", "b"):
        append(event_file(place, name), *(scalar(step, loss=1.0) for step in range(10)))
    async with place.running():
        await place.step("gpu/a", 9)
        await place.step("gpu/b", 9)
        damage = DamagedError("the catalogue is damaged", "")
        await place.thread.run(place.catalogue._rebuild, damage)
        append(event_file(place, "a"), *(scalar(step, loss=1.0) for step in range(10, 12)))
        place.changed(event_file(place, "a"))
        await place.step("gpu/a", 11)
        await place.step("gpu/b", 9)
        assert {name: place.scalars(name)["loss"].points for name in place.rows()} == {
            "gpu/a": 12,
            "gpu/b": 10,
        }


async def test_what_was_read_is_not_read_again_after_a_restart(place):
    path = event_file(place, "a")
    append(path, scalar(1, loss=1.0))
    async with place.running():
        await place.step("gpu/a", 1)
    append(path, scalar(2, loss=2.0))
    async with place.running():
        await place.step("gpu/a", 2)
        assert place.scalars("gpu/a")["loss"].points == 2
    event_file(place, "a").unlink()
    async with place.running():
        await eventually(lambda: not place.rows(), 10)


async def test_a_child_that_hangs_is_replaced_and_nothing_is_lost(place):
    append(event_file(place, "a"), scalar(1, loss=1.0))
    async with place.running():
        await place.step("gpu/a", 1)
        pid = place.reader._cell._child.pid
        os.kill(pid, signal.SIGSTOP)
        place.reader._cell._silent_s = 1
        append(event_file(place, "a"), scalar(2, loss=1.0))
        append(event_file(place, "b"), scalar(5, loss=1.0))
        place.changed()
        await eventually(
            lambda: place.reader._cell._child is None or place.reader._cell._child.pid != pid, 20
        )
        place.reader._cell._silent_s = 20
        await place.step("gpu/a", 2)
        await place.step("gpu/b", 5)
        append(event_file(place, "a"), scalar(3, loss=1.0))
        place.changed(event_file(place, "a"))
        row = await place.step("gpu/a", 3)
        assert row.trouble == ""
        limits = Path(f"/proc/{place.reader._cell._child.pid}/limits").read_text()
        assert str(1 << 30) in next(line for line in limits.splitlines() if "address space" in line)


async def test_a_clock_centuries_ahead_ends_nothing(place):
    append(event_file(place, "ahead"), scalar(1, loss=1.0))
    os.utime(event_file(place, "ahead"), (9.3e9, 9.3e9))  # in 2264: no database holds it in nanoseconds
    append(event_file(place, "b"), scalar(2, loss=1.0))
    async with place.running():
        await place.step("gpu/ahead", 1)
        await place.step("gpu/b", 2)
        append(event_file(place, "ahead"), scalar(3, loss=1.0))
        os.utime(event_file(place, "ahead"), (9.3e9, 9.3e9))
        place.changed(event_file(place, "ahead"))
        await place.step("gpu/ahead", 3)


async def test_a_tag_that_is_shown_otherwise_goes_on_where_it_was(place):
    # A right-to-left mark is escaped for people; and TensorFlow 2 says only once that a tag is a scalar.
    path, tag = event_file(place, "a"), "loss\u200f"

    def tensor(step):
        value = Summary.Value(tag="acc\u200f")
        if step == 1:
            value.metadata.plugin_data.plugin_name = "scalars"
        value.tensor.dtype = 1
        value.tensor.tensor_shape.SetInParent()
        value.tensor.float_val.append(step)
        return Event(wall_time=1e9 + step, step=step, summary=Summary(value=[value]))

    append(path, scalar(1, **{tag: 9.0}), tensor(1))
    async with place.running():
        await place.step("gpu/a", 1)
        append(path, scalar(2, **{tag: 3.0}), tensor(2))
        place.changed(path)
        await place.step("gpu/a", 2)
        loss = place.scalars("gpu/a")["loss\\u200f"]
        assert (loss.points, loss.first[0], loss.greatest[2]) == (2, 1, 9.0)
        assert [step for step, _, _ in place.curve("gpu/a", "loss\\u200f")] == [1, 2]
        assert place.scalars("gpu/a")["acc\\u200f"].points == 2
