"""States by evidence, one table."""

import pytest

from expsyncd.runs.rhythm import power_of
from expsyncd.runs.stalls import End, Evidence, Sight, job_end, judge, patience_s

NOW = 1_767_225_600.0  # 2026-01-01 00:00 UTC
STEADY = {3: (100, 1000.0)}  # every ten seconds
EPOCHS = {0: (1000, 1000.0), 9: (5, 3000.0)}  # every second, and ten minutes of evaluation five times

DONE = End("finished", "its hparams say success", NOW - 5000)


def known(ago, gaps=STEADY, **more):
    return Evidence(NOW - ago, gaps, **more)


@pytest.mark.parametrize(
    ("evidence", "sight", "state", "words"),
    [
        (known(5), Sight(NOW, NOW), "growing", "it usually grows every 10 s"),
        (known(149), Sight(NOW, NOW), "growing", ""),
        (known(151), Sight(NOW, NOW), "stalled", "nothing since 2025-12-31 23:57 UTC"),
        (known(500, EPOCHS), Sight(NOW, NOW), "growing", "every 1 s"),
        (known(1300, EPOCHS), Sight(NOW, NOW), "stalled", ""),
        (known(500, {}), Sight(NOW, NOW), "growing", "rhythm is not known"),
        (known(700, {}), Sight(NOW, NOW), "stalled", ""),
        # seen last before it was overdue: nobody knows
        (
            known(4000),
            Sight(NOW, NOW - 3950),
            "unknown",
            "cannot be seen now (last pulled 2025-12-31 22:54 UTC)",
        ),
        (known(4000), Sight(NOW, NOW - 100), "stalled", ""),
        (known(4000), Sight(NOW, None), "unknown", "was not pulled yet"),
        (known(4000), Sight(NOW, None, pulled=False), "unknown", "not in hosts.yaml"),
        (known(5), Sight(NOW, None, pulled=False), "growing", ""),
        # what says that it ended
        (known(5000, ends=(DONE,)), Sight(NOW, NOW), "finished", "its hparams say success"),
        (known(10, ends=(DONE,)), Sight(NOW, NOW), "growing", ""),  # it goes on after all
        (
            known(10, ends=(End("failed", "Sacred says failed"),)),
            Sight(NOW, NOW),
            "failed",
            "Sacred says failed",
        ),
        (known(10, queued=True), Sight(NOW, NOW), "unknown", "queue"),
        # gone from the host
        (
            known(9000, gone_at=NOW - 60),
            Sight(NOW, NOW),
            "gone",
            "no longer on the host since 2025-12-31 23:59 UTC",
        ),
        (
            known(5000, ends=(DONE,), gone_at=NOW),
            Sight(NOW, NOW),
            "gone",
            "before: finished, its hparams say success",
        ),
    ],
)
def test_a_state_and_why(evidence, sight, state, words):
    found, why = judge(evidence, sight, 5)
    assert (found, words in why) == (state, True), why


def test_the_words_stay_the_same_as_time_goes_by():
    assert judge(known(5), Sight(NOW, NOW), 5) == judge(known(20), Sight(NOW, NOW), 5)
    late = [judge(Evidence(NOW, STEADY), Sight(NOW + ago, NOW + ago), 5) for ago in (500, 50_000)]
    assert late[0] == late[1]


@pytest.mark.parametrize(
    ("gap_s", "words"),
    [
        (0.001, "several times a second"),
        (0.9, "every 1 s"),
        (100.0, "every 100 s"),
        (150.0, "every 2 min"),
        (9000.0, "every 2 h"),
        (400_000.0, "every 5 d"),
    ],
)
def test_a_rhythm_in_words(gap_s, words):
    gaps = {power_of(gap_s): (10, 10 * gap_s)}
    assert judge(Evidence(NOW, gaps), Sight(NOW, NOW), 5)[1] == f"it usually grows {words}"


def test_patience():
    assert patience_s(STEADY, 5) == 150  # never less than five half minutes: writers flush seldom
    assert patience_s({6: (10, 1000.0)}, 5) == 500
    assert patience_s({6: (10, 1000.0)}, 20) == 2000
    assert patience_s(EPOCHS, 5) == 1200


@pytest.mark.parametrize(
    ("state", "ended", "expected"),
    [
        ("COMPLETED", "", ("finished", "its Slurm job completed")),
        ("OUT_OF_MEMORY", "out of memory", ("failed", "its Slurm job ended: out of memory")),
        ("CANCELLED by 1000", "", ("failed", "its Slurm job ended: cancelled")),
        ("CANCELLED+", "", ("failed", "its Slurm job ended: cancelled")),
        ("NODE_FAIL", "", ("failed", "its Slurm job ended: node fail")),
        ("RUNNING", "", None),
        ("PENDING", "", None),
        ("", "", None),
    ],
)
def test_what_a_job_says(state, ended, expected):
    end = job_end(state, ended, None)
    assert (end and (end.state, end.why)) == expected


def test_a_time_that_is_none():
    assert "an impossible time" in judge(Evidence(-1e30, STEADY), Sight(NOW, NOW), 5)[1]
