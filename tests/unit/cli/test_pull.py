"""How `pull` words plans and outcomes."""

from __future__ import annotations

from expsyncd.cli.pull import outcome_lines, plan_lines

PLAN = {
    "event": "plan", "host": "gpu1", "source": "tb_log", "files": 3, "bytes": 1_500_000, "grown": 0, "gone": 0,
    "skipped": [],
}  # fmt: skip
OUTCOME = {
    "event": "outcome", "host": "gpu1", "source": "tb_log", "outcome": "complete", "files": 1, "bytes": 20,
    "seconds": 0.25,
}  # fmt: skip


def test_a_plan_in_one_line():
    assert plan_lines(PLAN) == ["gpu1/tb_log: 3 files, 1.5 MB to pull"]
    assert plan_lines({**PLAN, "grown": 2, "gone": 1}) == [
        "gpu1/tb_log: 3 files, 1.5 MB to pull, 2 of them grown, 1 gone on the host (kept here)"
    ]


def test_what_is_skipped_by_its_reason():
    skipped = [
        {"path": "a.pt", "bytes": 60_000_000, "reason": "a checkpoint"},
        {"path": "b", "bytes": 0, "reason": "a link"},
        {"path": "c.pt", "bytes": 70_000_000, "reason": "a checkpoint"},
    ]
    assert plan_lines({**PLAN, "skipped": skipped})[1:] == [
        "  skipped 2 (130 MB): a checkpoint",
        "  skipped 1 (0 B): a link",
    ]


def test_outcomes():
    assert outcome_lines(OUTCOME) == ["gpu1/tb_log: complete, 1 file, 20 B in 0.2 s"]
    bad = {**OUTCOME, "outcome": "give-up", "title": "gpu1 has no rsync", "advice": "ask for it there"}
    assert outcome_lines(bad) == ["gpu1/tb_log: not pulled: gpu1 has no rsync", "  ask for it there"]
    assert outcome_lines({**OUTCOME, "source": "", "outcome": "retry"}) == [
        "gpu1: not pulled: it did not succeed"
    ]
    part = {**OUTCOME, "outcome": "partial", "title": "2 files could not be read"}
    assert outcome_lines(part) == ["gpu1/tb_log: pulled in part: 2 files could not be read"]


def test_a_host_cannot_write_to_the_terminal():
    evil = {**OUTCOME, "outcome": "retry", "title": "\x1b]0;owned\x07", "advice": "\x1b[2J"}
    assert outcome_lines(evil) == ["gpu1/tb_log: not pulled: ?]0;owned?", "  ?[2J"]
    plan = {**PLAN, "skipped": [{"path": "x", "bytes": 1, "reason": "\x1b[31m"}]}
    assert plan_lines(plan)[1] == "  skipped 1 (1 B): ?[31m"
