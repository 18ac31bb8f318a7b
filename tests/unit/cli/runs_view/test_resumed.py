import pytest

from expsyncd.cli.runs_view.resumed import Part, Resumed, resumed

FIRST = Part(b"events.1", (0, 1000.0), (100, 1100.0))
LATER = Part(b"events.2", (60, 5000.0), (200, 5140.0))
AGAIN = Part(b"events.3", (0, 9000.0), (30, 9030.0))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], []),
        ([FIRST], []),
        ([FIRST, LATER], [Resumed(b"events.2", 60, 100, 5000.0)]),
        ([LATER, FIRST], [Resumed(b"events.2", 60, 100, 5000.0)]),
        (
            [FIRST, LATER, AGAIN],
            [Resumed(b"events.2", 60, 100, 5000.0), Resumed(b"events.3", 0, 200, 9000.0)],
        ),
        # After AGAIN it has come to 30 only.
        (
            [FIRST, AGAIN, Part(b"events.4", (31, 9999.0), (40, 9999.0))],
            [Resumed(b"events.3", 0, 100, 9000.0)],
        ),
        # It went on where it was.
        ([FIRST, Part(b"events.2", (101, 5000.0), (200, 5100.0))], []),
        # Two writers at the same time.
        ([FIRST, Part(b"events.val", (0, 1005.0), (100, 1101.0))], []),
        (
            [FIRST, Part(b"events.val", (0, 1005.0), (50, 1050.0)), LATER],
            [Resumed(b"events.2", 60, 100, 5000.0)],
        ),
    ],
)
def test_resumed(parts, expected):
    assert resumed(parts) == expected
