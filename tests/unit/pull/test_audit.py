from datetime import UTC, datetime, timedelta

from expsyncd.pull.audit import SLICES, choose, slice_of


def test_the_slices_of_a_week_are_everything_once(tmp_path):
    for number in range(50):
        (tmp_path / str(number)).touch()
    folder = bytes(tmp_path)
    slices = [choose(folder, None, number) for number in range(SLICES)]
    assert sorted(path for one in slices for path in one) == sorted(str(n).encode() for n in range(50))
    assert all(slice_of(path) == number for number, one in enumerate(slices) for path in one)


def test_what_was_written_since(tmp_path):
    (tmp_path / "a").touch()
    now = datetime.now(UTC)
    assert choose(bytes(tmp_path), now - timedelta(minutes=1), None) == [b"a"]
    assert choose(bytes(tmp_path), now + timedelta(minutes=1), None) == []
    assert choose(bytes(tmp_path), None, None) == []
