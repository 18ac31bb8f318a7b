from datetime import UTC, datetime

import pytest

from expsyncd.pull.freshness import at_start, ended, left_out, unreachable
from expsyncd.pull.outcome import COMPLETE, Outcome
from expsyncd.state.status import Fresh, LastPull, SourceState, Stale, Suspect, Trouble

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LAST = LastPull(NOW, "complete", 1, 2, 0.5)


def end(outcome, *, state=None, emptied=False, left=(), gone=0):
    state = state or SourceState("~/x")
    return ended(state, outcome, LAST, NOW, list(left), gone=gone, kept=0, emptied=emptied)


def test_complete_is_fresh_as_of_its_start_with_no_lag():
    state = end(COMPLETE)
    assert state.status == Fresh(NOW)
    assert (state.lag_seconds, state.lag_as_of, state.last_success_at) == (0.0, NOW, NOW)


def test_skipped_files_leave_it_fresh():
    state = end(COMPLETE, left=[("a.pt", 10, "a checkpoint")] * 60)
    assert state.status.word == "fresh"
    assert (len(state.skipped), state.skipped_total, state.skipped_bytes) == (50, 60, 600)


def test_emptied_source_is_suspect():
    assert isinstance(end(COMPLETE, emptied=True).status, Suspect)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("partial", "partial"),
        ("disk", "stale"),
        ("retry", "stale"),
        ("missing", "suspect"),
        ("give-up", "failed"),
    ],
)
def test_words(kind, word):
    state = end(Outcome(kind, Trouble("t", "a")))
    assert state.status.word == word
    assert state.lag_seconds is None


def test_unreachable_is_never_fresh_and_lag_unknown():
    state = unreachable(end(COMPLETE), Trouble("down"))
    assert state.status == Stale(NOW, Trouble("down"))
    assert state.lag_seconds is None
    assert state.lag_as_of == NOW


def test_a_retry_keeps_what_was_known_of_skipped_files():
    known = end(COMPLETE, left=[("a.pt", 10, "r")], gone=3)
    again = end(Outcome("retry", Trouble("t", "a")), state=known)
    assert (again.skipped_total, again.gone) == (1, 3)


def test_what_a_round_of_named_files_leaves_out_is_added_once():
    known = end(COMPLETE, left=[("a.pt", 10, "r")])
    more = left_out(known, [("a.pt", 10, "r"), ("b.pt", 5, "r")])
    assert [one.path for one in more.skipped] == ["a.pt", "b.pt"]
    assert (more.skipped_total, more.skipped_bytes, more.status) == (2, 15, known.status)
    assert left_out(more, [("b.pt", 5, "r")]) == more


def test_what_was_replaced_stays_said():
    first = ended(SourceState("~/x"), COMPLETE, LAST, NOW, [], gone=1, kept=2, emptied=False)
    later = ended(first, COMPLETE, LAST, NOW, [], gone=1, kept=0, emptied=False)
    assert later.kept == 2
    assert later.notices == (
        "1 file gone on the host, kept here",
        "2 files replaced on the host, old bytes kept: `expsyncd versions`",
    )


def test_at_start():
    assert at_start("~/x", None).status.word == "never"
    assert at_start("~/x", NOW).status.word == "stale"
