from dataclasses import replace
from datetime import UTC, datetime

import pytest

from expsyncd.jobs.summary import summary, tasks
from expsyncd.state.jobs import JobRow

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ROW = JobRow(
    "hpc", "1", "gan", "RUNNING", "", "", "", 1.0, 2.0, None, None, None, "", "", "", "", "", "", 3.0
)


@pytest.mark.parametrize(
    ("job", "count"),
    [
        ("7", 1),
        ("7_3", 1),
        ("7_[1-3]", 3),
        ("7_[1-3,9%2]", 4),
        ("7_[0-99:10]", 10),
        ("7_[1,...]", 1),
        ("7_[x]", 1),
    ],
)
def test_tasks(job, count):
    assert tasks(job) == count


def test_counts_and_what_comes_next():
    moment = NOW.timestamp()
    found = summary(
        [
            ROW,
            replace(ROW, job="2_[1-5]", state="PENDING", submitted_at=5.0, reason="others go first"),
            replace(ROW, job="3", state="PENDING", submitted_at=9.0, expected_at=moment + 60, reason="soon"),
            replace(ROW, job="4", state="TIMEOUT", ended_at=moment - 60),
            replace(ROW, job="5", state="FAILED", ended_at=moment - 2 * 86400),
            replace(ROW, job="6", state="CANCELLED", ended_at=moment - 60),
        ],
        NOW,
    )
    assert (found.running, found.pending, found.failed_recently, found.as_of) == (1, 6, 1, NOW)
    assert (found.next.job, found.next.reason) == ("3", "soon")
    assert found.next.expected_at == datetime(2026, 11, 26, 12, 1, tzinfo=UTC)


def test_without_times_the_oldest_comes_next():
    waiting = [
        replace(ROW, job=name, state="PENDING", submitted_at=at) for name, at in (("2", 9.0), ("3", 5.0))
    ]
    assert summary(waiting, NOW).next.job == "3"
    assert summary([ROW], NOW).next is None
