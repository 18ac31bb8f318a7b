"""Hosts with few places for commands, whose disk hangs or whose clock is wrong: pulled all the same, and said so."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from expsyncd.paths import Paths
from support.place import Place, content
from support.wait import until

HOUR_S = 3600
NAMES = ("one", "two", "three")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def place_of():
    made = []

    def of(sshd):
        place = Place(sshd.options, sshd.alias)
        place.sshd = sshd
        made.append(place)
        return place

    yield of
    for place in made:
        place.close()


def outcomes(place):
    """How often pulls ended how, and what they said."""
    facts = Paths.of(place.environment).facts_db
    with closing(sqlite3.connect(f"file:{facts}?mode=ro", uri=True)) as database:
        return dict(database.execute("SELECT outcome || ' ' || detail, count(*) FROM pulls GROUP BY 1"))


@pytest.mark.parametrize("force_command", ["", "internal-sftp"], ids=["rsync", "sftp"])
def test_where_one_command_is_allowed_pulls_take_turns(place_of, make_sshd, force_command):
    sshd = make_sshd(lines=("MaxSessions 1",), force_command=force_command)
    place = place_of(sshd)
    for name in NAMES:
        (place.remote / name).mkdir()
        (place.remote / name / "train.log").write_text(f"{name}\n" * 100)
        (place.remote / name / "events.out.tfevents.1").write_bytes(name.encode() * 500)
        (place.remote / name / "model.bin").write_bytes(name.encode() * 200_000)
    sources = [f"{{path: {place.remote}/{name}, name: {name}}}" for name in NAMES[:2]]
    sources.append(f"{{path: {place.remote}/thr*, name: three}}")
    place.configure(sources=f"[{', '.join(sources)}]")
    place.start()

    def all_here():
        sources = place.status()["hosts"]["gpu"]["sources"]
        return len(sources) == len(NAMES) and all(one["status"] == "fresh" for one in sources.values())

    until(all_here, 30, "all are fresh")
    for name in NAMES:
        with (place.remote / name / "train.log").open("a") as log:
            log.write("more\n" * 100)
    mirror = place.root / "mirror" / "gpu"
    there = sorted(content(place.remote).values())
    until(lambda: sorted(content(mirror).values()) == there, 20, "everything is here")
    until(lambda: sum(outcomes(place).values()) >= 12, 30, "a few rounds of each")
    assert set(outcomes(place)) == {"complete "}, (outcomes(place), place.log())
    host = place.status()["hosts"]["gpu"]
    assert any("MaxSessions 1" in notice and "take turns" in notice for notice in host["notices"])
    assert "take turns" in place.run("status").stdout
    assert place.stop() == 0
    assert sshd.attempts() == 1, sshd.log()


@pytest.mark.parametrize("wrong_by_s", [HOUR_S, -HOUR_S], ids=["ahead", "behind"])
def test_a_clock_that_is_wrong_is_told_and_changes_no_pull(place_of, make_sshd, tmp_path, wrong_by_s):
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "date").write_text(f'#!/bin/sh\necho "$(($(/bin/date +%s) + {wrong_by_s})).5"\n')
    (programs / "date").chmod(0o755)
    sshd = make_sshd(force_command=f'PATH={programs}:$PATH exec sh -c "${{SSH_ORIGINAL_COMMAND}}"')
    place = place_of(sshd)
    (place.remote / "train.log").write_text("line\n" * 100)
    place.configure()
    place.start()
    place.until_fresh()
    host = place.status()["hosts"]["gpu"]
    assert abs(host["clock_offset_seconds"] - wrong_by_s) < 10
    source = host["sources"]["remote"]
    assert source["lag_seconds"] < 10
    assert abs(datetime.fromisoformat(source["lag_as_of"]).timestamp() - datetime.now(UTC).timestamp()) < 10
    with (place.remote / "train.log").open("a") as log:
        log.write("more\n" * 100)
    place.until_equal()
    assert set(outcomes(place)) == {"complete "}
    assert place.stop() == 0


def test_a_source_is_not_called_fresh_while_the_host_takes_long_to_list_it(place_of, make_sshd, tmp_path):
    hangs = tmp_path / "hangs"
    (tmp_path / "bin").mkdir()
    rsync = tmp_path / "bin" / "rsync"
    rsync.write_text(
        f'#!/bin/sh\nwhile test -e {hangs}; do sleep 0.05; done\nexec {shutil.which("rsync")} "$@"\n'
    )
    rsync.chmod(0o755)
    place = place_of(make_sshd(lines=(f"SetEnv PATH={rsync.parent}:/usr/bin:/bin",)))
    (place.remote / "train.log").write_text("step 1\n")
    place.configure(interval="1s")
    place.config_file.write_text(f"{place.config_file.read_text()}    follow: false\n")
    place.start()
    place.until_fresh()
    seen_at = place.source()["as_of"]
    until(lambda: place.source()["as_of"] > seen_at, 20, "looked at again")

    hangs.touch()
    until(lambda: place.source()["status"] == "pulling", 30, "pulling")
    assert "listing" in place.run("status").stdout
    assert "next in 0s" not in place.run("status").stdout

    hangs.unlink()
    place.until_fresh()
