from __future__ import annotations

from expsyncd.journal.ledger import entry_id, moment, rows_of, seen_after
from expsyncd.journal.parse import parse
from expsyncd.state.scripts import EntrySeen


def entry(command, state="live"):
    return {
        "key": command, "line": 1, "last_line": 1, "command": command, "program": "t.py", "kind": "plain", "heading": "",
        "notes": ["a", "b"], "settings": {"lr": "1"}, "state": state, "symbolic": False,
    }  # fmt: skip


def test_an_id_is_of_host_script_and_command():
    one = entry_id("gpu1", b"~/run.sh", "python t.py")
    assert one == entry_id("gpu1", b"~/run.sh", "python t.py")
    assert len({one, entry_id("gpu2", b"~/run.sh", "python t.py"), entry_id("gpu1", b"~/b.sh", "python t.py"),
                entry_id("gpu1", b"~/run.sh", "python u.py")}) == 4  # fmt: skip


def test_what_is_seen_first_later_commented_and_then_removed():
    rows = rows_of("gpu1", b"r", [entry("a"), entry("b")], {}, at=10.0)
    assert [(row.first_seen_at, row.changed_at, row.state) for row in rows] == [(10.0, 10.0, "live")] * 2
    seen = {one.entry: one for one in seen_after("gpu1", b"r", rows, {}, 10.0)}

    rows = rows_of("gpu1", b"r", [entry("a", "commented")], seen, at=20.0)
    assert [(row.first_seen_at, row.changed_at, row.state) for row in rows] == [(10.0, 20.0, "commented")]
    seen |= {one.entry: one for one in seen_after("gpu1", b"r", rows, seen, 20.0)}
    removed = seen[entry_id("gpu1", b"r", "b")]
    assert removed == EntrySeen(removed.entry, "gpu1", b"r", 10.0, 10.0, "removed", 20.0)

    # Back again: it is as old as it was, and known to have been away.
    rows = rows_of("gpu1", b"r", [entry("b")], seen, at=30.0)
    assert [(row.first_seen_at, row.changed_at, row.state) for row in rows] == [(10.0, 30.0, "live")]
    assert rows[0].notes == "a\nb"


def test_another_script_removes_nothing():
    rows = rows_of("gpu1", b"r", [entry("a")], {}, at=10.0)
    seen = {one.entry: one for one in seen_after("gpu1", b"r", rows, {}, 10.0)}
    assert seen_after("gpu1", b"other", [], seen, 20.0) == []


def test_a_text_is_as_old_as_its_file_but_never_older_than_the_last_one():
    assert moment(100.0, None, 500.0) == 100.0
    assert moment(900.0, None, 500.0) == 500.0
    assert moment(300.0, 200.0, 500.0) == 300.0
    assert 200.0 < moment(100.0, 200.0, 500.0) < 200.1


def test_long_commands_that_differ_at_their_end_are_two():
    files = " ".join(f"data/shard-{number:05}.tar" for number in range(400))
    script = "".join(f"python train.py --files {files} --lr {lr}\n" for lr in (1, 2))
    entries = parse(script).entries
    assert [entry.line for entry in entries] == [1, 2]
    assert len({entry_id("gpu", b"run.sh", entry.command) for entry in entries}) == 2
    assert all(len(entry.command) <= 4000 for entry in entries)
    assert [entry.settings["lr"] for entry in entries] == ["1", "2"]
