from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from expsyncd.state.facts import Facts
from expsyncd.state.records import Move, PullRecord, Version

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
names = st.binary(min_size=1, max_size=300)
# Whole microseconds: what datetime holds and a double keeps exactly for these years.
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
counts = st.integers(0, 2**62)


def fresh(tmp_path_factory):
    return Facts.open(tmp_path_factory.mktemp("facts") / "facts.db")


@given(words, words, moments, words, counts, counts, st.floats(0, 1e6), st.text(max_size=50))
def test_a_pull_comes_out_as_it_went_in(
    tmp_path_factory, host, source, at, outcome, files, size, seconds, why
):
    facts = fresh(tmp_path_factory)
    pull = PullRecord("id", host, source, at, outcome, files, size, seconds, why.replace("\0", ""))
    facts.add_pull(pull)
    found = facts.last_pull(host, source)
    facts.close()
    assert found == pull


@given(words, words, names, moments, counts, names, words)
def test_a_version_comes_out_as_it_went_in(
    tmp_path_factory, host, source, path, kept_at, size, place, reason
):
    facts = fresh(tmp_path_factory)
    number = facts.add_version(host, source, path, kept_at, size, place, reason)
    found = facts.versions(host, source, path)
    below = (facts.version_places(place[:1]), facts.version_places(place + b"x"))
    facts.close()
    assert found == [Version(number, host, source, path, kept_at, size, place, reason)]
    assert below == ({place}, set())


@given(words, words, words, names, names, names)
def test_a_move_comes_out_as_it_went_in(tmp_path_factory, pull_id, host, source, path, start, end):
    facts = fresh(tmp_path_factory)
    number = facts.begin_move(Move(0, pull_id, host, source, path, start, end))
    found = facts.pending_moves()
    facts.close()
    assert found == [Move(number, pull_id, host, source, path, start, end)]
