from expsyncd.cli.runs_view.resumed import Resumed, resumed


def test_a_later_part_begins_at_earlier_steps():
    first = [(step, 1000.0 + step, 0.5) for step in range(0, 101, 10)]
    later = [(step, 5000.0 + step, 0.4) for step in range(60, 201, 10)]
    assert resumed(sorted(first + later)) == [Resumed(60, 100, 5060.0)]
    again = [(step, 9000.0 + step, 0.3) for step in range(0, 31, 10)]
    assert resumed(sorted(first + later + again)) == [Resumed(60, 100, 5060.0), Resumed(0, 200, 9000.0)]


def test_one_that_went_on_was_not_resumed():
    assert resumed([]) == []
    assert resumed([(step, 1000.0 + step, 0.5) for step in range(100)]) == []
    # A process writes tags a little out of order.
    assert resumed([(1, 10.0, 0.1), (0, 10.5, 0.1), (2, 11.0, 0.1)]) == []
    # After a pause it goes on where it was.
    assert resumed([(0, 0.0, 1.0), (10, 10.0, 1.0), (11, 99999.0, 1.0)]) == []
