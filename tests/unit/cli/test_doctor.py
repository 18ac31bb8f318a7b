from dataclasses import replace

from expsyncd.cli.doctor import render
from expsyncd.doctor.finding import note, ok, problem, unknown, warning


def test_words_without_colour_and_within_the_width():
    findings = [
        ok("rsync", "rsync 3.5.0"),
        note("root", "n " * 60),
        warning("agent", "w", "run this " * 20),
        problem("config", "p", "mend it"),
        unknown("linger", "u"),
    ]
    lines = render(findings, 80, colour=False)
    assert lines[0] == "This computer"
    assert max(map(len, lines)) <= 80
    for word in ("  ok ", "  note ", "  warn ", "  FIX ", "  ? "):
        assert any(line.startswith(word) for line in lines)
    assert any(line.strip() == "-> mend it" for line in lines)


def test_nothing_a_host_sends_steers_the_terminal():
    (head, line, *_) = render([replace(ok("rsync", "3\x1b[31m"), place="gpu\x07")], 80, colour=False)
    assert head == "gpu?"
    assert "\x1b" not in line


def test_colour_only_adds():
    plain = render([problem("a", "b", "c")], 80, colour=False)
    coloured = render([problem("a", "b", "c")], 80, colour=True)
    assert "\x1b[31mFIX\x1b[0m" in coloured[1]
    assert [line for line in plain if "FIX" not in line][1:] == [
        line for line in coloured if "FIX" not in line
    ][1:]


def test_no_findings_no_lines():
    assert render([], 80, colour=False) == []
