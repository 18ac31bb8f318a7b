import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.mirror.space import HYSTERESIS_AT_MOST, FreeSpace

GB = 10**9


@pytest.mark.parametrize(("floor", "goes_on_at"), [(1 * GB, 1.2 * GB), (10 * GB, 10.5 * GB), (0, 0)])
def test_blocked_until_a_fifth_or_500_mb_above(floor, goes_on_at):
    space = FreeSpace(floor)
    assert space.room(floor) == 0
    assert space.room(floor + 7) == 7
    if floor:
        assert space.room(floor - 1) == 0
        assert space.room(int(goes_on_at) - 1) == 0
        assert space.room(int(goes_on_at)) == int(goes_on_at) - floor


@given(st.integers(0, 10 * GB), st.lists(st.integers(0, 12 * GB), max_size=20))
def test_room_never_reaches_below_the_floor(floor, looks):
    space = FreeSpace(floor)
    for free in looks:
        room = space.room(free)
        assert 0 <= room <= max(0, free - floor)
        assert room or free < floor + HYSTERESIS_AT_MOST
