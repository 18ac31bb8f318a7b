"""From a launch script on the host to entries with their runs, by the real daemon."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from expsyncd.cli.journal_view.known import known_entries
from expsyncd.cli.journal_view.records import as_json
from expsyncd.errors import Error
from expsyncd.paths import Paths
from support.place import Place, content
from support.secrets import harmless, secrets
from support.wait import until

WITHIN_S = 30

SCRIPT = """\
# --- sweep ---
for lr in 1e-3 1e-4; do
  python train.py --lr $lr --name exp_$lr   # try both
done
# python train.py --lr 0.1 --name old
python train.py --name odd --x $(touch X) `touch X` <(touch X)
"""


@pytest.fixture
def place(sshd):
    place: Any = Place(sshd.options, sshd.alias)
    place.script = place.remote.parent / "scripts" / "run.sh"
    place.script.parent.mkdir()
    place.script.write_text(SCRIPT)
    configure(place)
    yield place
    place.close()


def configure(place, journal=None):
    place.configure(interval="1s")
    text = place.config_file.read_text()
    place.config_file.write_text(f"{text}    journal: [{journal or place.script}]\n")


def entries(place):
    """As `journal --json` has them, without a process for each look."""
    try:
        return [as_json(one) for one in known_entries(Paths.of(place.environment))]
    except Error:
        return []


def by_name(place):
    return {one["settings"].get("name"): one for one in entries(place)}


def train(place, name, lr):
    folder = place.remote / name
    writer = EventFileWriter(str(folder))
    for step in range(3):
        writer.add_event(
            Event(
                wall_time=1e9 + step,
                step=step,
                summary=Summary(value=[Summary.Value(tag="loss", simple_value=1.0)]),
            )
        )
    writer.close()
    (folder / "hparams.yaml").write_text(f"lr: {lr}\n")


def linked(place):
    return {name: [run["run"] for run in one["runs"]] for name, one in by_name(place).items()}


def test_entries_their_states_and_their_runs(place):
    os.utime(place.script, (1_700_000_000, 1_700_000_000))
    train(place, "exp_1e-3", 0.001)
    place.start()
    until(lambda: len(entries(place)) == 4, WITHIN_S)
    found = by_name(place)
    assert found["exp_1e-3"]["notes"] == ["try both"]
    assert found["exp_1e-3"]["heading"] == "sweep"
    assert found["exp_1e-3"]["first_seen_at"] == "2023-11-14T22:13:20.000Z"
    assert found["old"]["state"] == "commented"
    assert found["odd"]["symbolic"]
    until(lambda: linked(place)["exp_1e-3"] == ["gpu/exp_1e-3"], WITHIN_S)
    assert linked(place)["exp_1e-4"] == []
    assert list(Path(place.base).rglob("X")) == []

    # Done-when 2: the same run, asked from both sides.
    asked = json.loads(place.run("runs", "--where", "lr=1e-3", "--json").stdout)
    (entry,) = json.loads(place.run("journal", "lr=0.001", "--json").stdout)
    assert [run["run"] for run in entry["runs"]] == ["gpu/exp_1e-3"]
    assert "gpu/exp_1e-3" in json.dumps(asked)

    # A line is commented out, another one goes.
    text = SCRIPT.replace("# python train.py --lr 0.1 --name old\n", "").replace(
        "python train.py --name odd", "# python train.py --name odd"
    )
    place.script.write_text(text)
    until(lambda: by_name(place)["old"]["state"] == "removed", WITHIN_S)
    assert by_name(place)["odd"]["state"] == "commented"
    assert by_name(place)["old"]["first_seen_at"] == "2023-11-14T22:13:20.000Z"

    # What the person says wins, and survives the catalogue.
    old = by_name(place)["old"]["entry"]
    said = place.run("journal", "link", old[:6], "exp_1e-3").stdout
    assert said == f"{old[:6]} belongs to gpu/exp_1e-3\n"
    assert linked(place)["old"] == ["gpu/exp_1e-3"]
    assert linked(place)["exp_1e-3"] == []
    before = {one["entry"]: (one["first_seen_at"], one["state"], one["command"]) for one in entries(place)}
    place.stop()
    for path in (place.base / "state").rglob("catalogue.db*"):
        path.unlink()
    place.start()
    until(lambda: len(entries(place)) == 4 and linked(place)["old"] == ["gpu/exp_1e-3"], WITHIN_S)
    assert {
        one["entry"]: (one["first_seen_at"], one["state"], one["command"]) for one in entries(place)
    } == before
    assert "removed" in place.run("journal", "show", old[:6]).stdout

    # Old texts are kept.
    assert "--name old" in place.run("journal", "script", "run.sh", "--at", "2024-01-01").stdout
    assert "--name old" not in place.run("journal", "script", "run.sh").stdout
    place.run("journal", "forget", old[:6], "exp_1e-3")
    assert linked(place)["exp_1e-3"] == ["gpu/exp_1e-3"]
    assert linked(place)["old"] == []


def test_a_script_that_kills_its_reader_is_left_out(place):
    bad = place.script.with_name("bad.sh")
    bad.write_bytes(b"python t.py --name bad\n" + bytes(range(256)) * 40)
    (place.script.with_name("train.py")).write_text("import os\n")
    configure(place, f"{place.script.parent}/*")
    place.start()
    until(lambda: len(entries(place)) >= 5, WITHIN_S)
    assert {"bad", "odd"} <= set(by_name(place))


def test_a_script_of_another_folder_is_another_script(place):
    place.start()
    until(lambda: len(entries(place)) == 4, WITHIN_S)
    before = {one["entry"] for one in entries(place)}
    other = place.remote.parent / "other/run.sh"
    other.parent.mkdir()
    other.write_text("python train.py --name there\n")
    configure(place, other)
    until(lambda: "there" in by_name(place), WITHIN_S)
    assert {one["entry"] for one in entries(place)} - before == {by_name(place)["there"]["entry"]}


def test_lines_of_a_submitted_script_that_is_submitted_no_more_survive_the_catalogue(place):
    job = place.script.with_name("job.sh")
    job.write_text("#SBATCH -n1\npython train.py --name $1\n")
    place.script.write_text("sbatch job.sh then\n")
    configure(place, f"{place.script.parent}/*.sh")
    place.start()
    until(lambda: "then" in by_name(place), WITHIN_S)
    job.write_text("#SBATCH -n1\npython train.py --name $1 --more 1\n")
    until(lambda: by_name(place)["then"]["settings"].get("more"), WITHIN_S)
    place.script.write_text("python train.py --name now\n")
    until(lambda: "now" in by_name(place), WITHIN_S)
    before = {one["entry"]: (one["state"], one["command"]) for one in entries(place)}
    place.stop()
    for path in (place.base / "state").rglob("catalogue.db*"):
        path.unlink()
    place.start()
    until(lambda: "now" in by_name(place), WITHIN_S)
    assert {one["entry"]: (one["state"], one["command"]) for one in entries(place)} == before


def test_entries_of_scripts_that_are_named_no_more_survive_the_catalogue(place):
    place.start()
    until(lambda: len(entries(place)) == 4, WITHIN_S)
    place.stop()
    for path in (place.base / "state").rglob("catalogue.db*"):
        path.unlink()
    place.configure(interval="1s")
    place.start()
    until(lambda: len(entries(place)) == 4, WITHIN_S)


def everything_kept(place):
    """All bytes that expsyncd wrote, but the pure copies of the mirror."""
    found = {}
    for base in (
        place.root,
        place.base / "state",
        place.base / "run",
        place.base / "home",
        place.base / "config",
    ):
        for path, text in content(base).items():
            if not path.startswith(b"mirror/") and not path.startswith(b"versions/"):
                found[base.name.encode() + b"/" + path] = text
    return found


def test_no_secret_leaves_the_mirror(place):
    seeded = [(secret, text) for secret, text in secrets() if len(secret) >= 8][:]
    survive = [text for text in harmless() if "\n" not in text]
    lines = []
    for number, (_, text) in enumerate(seeded):
        lines.append(text if "\n" in text or text.startswith("#") else f"{text}\n# note {number}")
    lines.append("python train.py --password hunter2-Fenster --name seeded")
    place.script.write_text("\n".join(lines) + "\n" + "\n".join(survive) + "\n")
    place.start()
    until(lambda: len(entries(place)) > 20, 60)
    shown = "".join(
        place.run(*words).stdout
        for words in (
            ["journal"],
            ["journal", "--json"],
            ["journal", "--csv"],
            ["journal", "--markdown"],
            ["journal", "script", "run.sh"],
            ["runs", "--json"] if place.run("runs", "--json", check=False).returncode == 0 else ["journal"],
            ["logs"],
            ["status", "--json"],
        )
    )
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    place.stop()
    kept = everything_kept(place)
    assert any(name.endswith(b"facts.db") for name in kept)
    assert any(name.endswith(b"catalogue.db") for name in kept)
    texts = []
    for path in (place.base / "state").rglob("facts.db"):
        with sqlite3.connect(path) as db:
            import zlib

            texts += [zlib.decompress(row[0]).decode() for row in db.execute("SELECT text FROM scripts")]
    whole = b"\0".join(kept.values()) + "\0".join([shown, processes, *texts]).encode()
    wanted = {secret for secret, _ in seeded}
    assert len(seeded) >= 200
    assert [secret for secret in wanted if secret.encode() in whole] == []
    assert texts
    missing = [text for text in survive if text not in "\n".join(texts)]
    assert len(survive) >= 200
    assert missing == []
    # Ruling 25: the mirror is a pure copy, for its owner only.
    copy = next((place.root / "mirror").rglob("run.sh"))
    assert copy.read_bytes() == place.script.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
