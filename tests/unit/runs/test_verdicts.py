"""Rows that follow from evidence of several kinds; the clock and the facts are the test's."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from expsyncd.runs.find import FileSeen, RunSeen
from expsyncd.runs.gather import Gathered
from expsyncd.runs.stalls import End
from expsyncd.runs.verdicts import Verdicts
from expsyncd.state.runs import RunsState
from expsyncd.state.status import (
    ConfigState,
    Connected,
    Fresh,
    HostState,
    RootState,
    Snapshot,
    SourceState,
)
from expsyncd.state.tracker import Tracker

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Facts:
    """What is asked of facts.db."""

    def __init__(self, jobs=(), gone=()):
        self.jobs = SimpleNamespace(known=lambda: list(jobs))
        self._gone = dict.fromkeys(gone, NOW)

    def gone(self, *_):
        return self._gone


def seen(ago_s=10.0, inside=b"a"):
    at = NOW.timestamp() - ago_s
    return RunSeen(
        "gpu", "exp", inside, "tensorboard",
        (FileSeen("gpu", "exp", inside + b"/e", "events", 100, int(at * 1e9)),),
    )  # fmt: skip


def gathered(**more):
    values = {
        "measures": True, "gaps": {1: (100, 200.0)}, "ends": (), "began_at": None, "beat_at": None, "queued": False,
        "trouble": "",
    }  # fmt: skip
    return Gathered(**{**values, **more})


@pytest.fixture
def clock():
    clock = SimpleNamespace(at=NOW)
    clock.now = lambda: clock.at
    return clock


@pytest.fixture
def tracker():
    tracker = Tracker(Snapshot("0", 1, NOW, ConfigState("c", NOW), RootState("/r")))
    there = SourceState("~/exp", status=Fresh(NOW), last_success_at=NOW)
    tracker.put_host("gpu", HostState(Connected(), NOW, sources={"exp": there}, clock_offset_s=0.0))
    return tracker


def verdicts(tracker, clock, facts: Any = None):
    told: Any = facts or Facts()
    made = Verdicts(told, tracker, clock, lambda runs: {run.key: "gpu/a" for run in runs}, 5)
    made.ask_facts([("gpu", "exp")])
    return made


def job(state, ended="", at=None):
    return SimpleNamespace(host="gpu", source="exp", inside=b"a", state=state, ended=ended, ended_at=at)


def settled(made, run, told=None, step=7):
    (row,) = made.settle(run, told or gathered(), step, {run.key: run})
    return row


def test_a_row(tracker, clock):
    row = settled(verdicts(tracker, clock), seen())
    assert (row.name, row.kind, row.state, row.why) == (
        "gpu/a",
        "tensorboard",
        "growing",
        "it usually grows every 2 s",
    )
    assert (row.newest_at, row.step, row.files, row.bytes) == (NOW.timestamp() - 10, 7, 1, 100)


def test_time_goes_by_and_only_what_changes_is_written(tracker, clock):
    made, run = verdicts(tracker, clock), seen()
    settled(made, run)
    assert made.judge({run.key: run}) == ([], RunsState(1, 1, 0, 0))
    clock.at += timedelta(seconds=1000)
    there = SourceState("~/exp", status=Fresh(clock.at), last_success_at=clock.at)
    tracker.put_host("gpu", HostState(Connected(), NOW, sources={"exp": there}))
    (row,), _ = made.judge({run.key: run})
    assert row.state == "stalled"
    assert made.judge({run.key: run}) == ([], RunsState(1, 0, 1, 0))


def test_the_hosts_clock_counts(tracker, clock):
    there = SourceState("~/exp", status=Fresh(NOW), last_success_at=NOW)
    tracker.put_host("gpu", HostState(Connected(), NOW, sources={"exp": there}, clock_offset_s=-5000.0))
    assert settled(verdicts(tracker, clock), seen(5010)).state == "growing"
    tracker.put_host("gpu", HostState(Connected(), NOW, sources={"exp": there}, clock_offset_s=0.0))
    assert settled(verdicts(tracker, clock), seen(5010)).state == "stalled"


def test_a_failed_job_is_the_best_witness_and_a_completed_one_the_last(tracker, clock):
    at = NOW.timestamp() - 5
    log = End("finished", "its log ends with: Training done")
    failed = verdicts(tracker, clock, Facts([job("OUT_OF_MEMORY", "out of memory", at)]))
    row = settled(failed, seen(), gathered(ends=(log,)))
    assert (row.state, row.why) == ("failed", "its Slurm job ended: out of memory")
    completed = verdicts(tracker, clock, Facts([job("COMPLETED", "", at)]))
    assert settled(completed, seen()).why == "its Slurm job completed"
    row = settled(verdicts(tracker, clock, Facts([job("COMPLETED", "", at)])), seen(),
                  gathered(ends=(End("failed", "Sacred says failed"),)))  # fmt: skip
    assert row.state == "failed"


def test_of_several_jobs_the_newest_counts(tracker, clock):
    newest_first = [job("RUNNING"), job("FAILED", "exit 1", NOW.timestamp() - 3)]
    assert settled(verdicts(tracker, clock, Facts(newest_first)), seen()).state == "growing"


def test_gone_only_when_all_of_it_is(tracker, clock):
    assert settled(verdicts(tracker, clock, Facts(gone=[b"a/e"])), seen()).state == "gone"
    assert settled(verdicts(tracker, clock, Facts(gone=[b"b/e"])), seen()).state == "growing"


def test_tables_that_do_not_say_times_have_a_rhythm_by_their_growth(tracker, clock):
    made = verdicts(tracker, clock)
    for ago in (900, 600, 300):
        made.settle(seen(ago), gathered(gaps={}), 7, {})
    row = settled(made, seen(0), gathered(gaps={}))
    assert row.why == "it usually grows every 5 min"


def test_what_holds_no_metrics_is_no_run(tracker, clock):
    made = verdicts(tracker, clock)
    settled(made, seen())
    assert made.settle(seen(), gathered(measures=False), None, {}) == []
    assert made.judge({})[1].total == 0


def test_a_file_from_the_future_grew_now(tracker, clock):
    assert settled(verdicts(tracker, clock), seen(-90_000)).state == "growing"


def test_a_file_from_the_future_that_grows_no_more_stalls(tracker, clock):
    # The host's clock was a day ahead and was set right.
    made = verdicts(tracker, clock)
    run = seen(-90_000)
    made.settle(run, gathered(), 7, {run.key: run})
    clock.at = NOW + timedelta(hours=2)
    pulled(tracker, clock.at)
    (row,), _ = made.judge({run.key: run})
    assert row.state == "stalled"
    assert "nothing since 2026-01-01 00:00 UTC" in row.why
    again = seen(-90_001)
    (row,) = made.settle(again, gathered(), 8, {again.key: again})
    assert row.state == "growing"


def pulled(tracker, at):
    there = SourceState("~/exp", status=Fresh(at), last_success_at=at)
    tracker.put_host("gpu", HostState(Connected(), at, sources={"exp": there}, clock_offset_s=0.0))


def test_naming_all_runs_is_not_done_again_for_each_that_was_read(tracker, clock):
    named = []
    facts: Any = Facts()

    def names(runs):
        named.append(list(runs))
        return {run.key: "" for run in named[-1]}

    made = Verdicts(facts, tracker, clock, names, 5)
    made.ask_facts([("gpu", "exp")])
    runs = {run.key: run for run in (seen(inside=b"%d" % number) for number in range(9))}
    for run in runs.values():
        made.settle(run, gathered(), 7, runs)
    assert [len(one) for one in named] == [9]


def test_rows_of_the_last_start_change_only_when_they_differ(tracker, clock):
    made = verdicts(tracker, clock)
    run = seen()
    (row,) = made.settle(run, gathered(), 7, {run.key: run})
    other = verdicts(tracker, clock)
    other.remember({run.key: row})
    assert other.settle(run, gathered(), 7, {run.key: run}) == []
    assert [one.step for one in other.settle(run, gathered(), 8, {run.key: run})] == [8]


def test_all_are_named_anew_when_one_comes_or_goes(tracker, clock):
    asked = []
    facts: Any = Facts()

    def names(runs):
        asked.append(0)
        return {run.key: "" for run in runs}

    made = Verdicts(facts, tracker, clock, names, 5)
    a, b, c = seen(inside=b"a"), seen(inside=b"b"), seen(inside=b"c")
    for runs, count in (([a, b], 1), ([b, a], 1), ([a, b, c], 2), ([b, c], 3), ([a, b], 4)):
        made.judge({run.key: run for run in runs})
        assert len(asked) == count
