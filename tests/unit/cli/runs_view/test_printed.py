import pytest

from expsyncd.cli.runs_view.printed import Printed, wrapped


def out(**given):
    return Printed(**{"width": 40, "now": 1000.0, "colour": False, "unicode": True, **given})


def test_lines_fit():
    page = out()
    page.title("files", "/home/somebody/experiments/mirror/gpu/logs/run")
    page.wrap("words " * 12, indent=2)
    page.more(3, "setting")
    page.more(1, "entry", "entries")
    assert page.lines[0] == ""
    assert page.lines[1].startswith("FILES  /home/")
    assert page.lines[1].endswith("logs/run")
    assert max(map(len, page.lines)) <= 40
    assert page.lines[-2:] == [
        "  and 3 more settings (--json has all)",
        "  and 1 more entry (--json has all)",
    ]


def test_colour_and_plain():
    page = out(colour=True, unicode=False)
    page.title("files", "x")
    assert page.lines[1] == "\x1b[1mFILES\x1b[0m  \x1b[2mx\x1b[0m"
    assert page.cut("abcdefghijklmn", 8) == "abc~klmn"


def test_times():
    page = out()
    assert page.age(400.0) == "10m ago"
    assert page.when(None) == "?"
    assert page.when(400.0).endswith("(10m ago)")
    assert page.when(1e300) == "at a time that no calendar has"


def test_a_host_cannot_forge_lines():
    page = out()
    page.wrap("why\x1b[2J\nnew line")
    assert page.lines == ["why\\x1b[2J\\x0anew line"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 8, ["one two", "  three"]),
        ("one", 8, ["one"]),
        ("", 8, [""]),
        ("abcdefghijkl", 5, ["abcde", "  fgh", "  ijk", "  l"]),
        ("运行运行运行", 7, ["运行运", "  行运", "  行"]),
        ("a 运行运行 b", 8, ["a", "  运行运", "  行 b"]),
        ("  --lr 1e-3  --x", 10, ["  --lr", "  1e-3", "  --x"]),
    ],
)
def test_wrapping(text, width, lines):
    assert wrapped(text, width, 2) == lines
