"""The settings, metrics and plots of one run's page. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.cli.runs_view import elide, grid
from expsyncd.cli.runs_view.metrics import best, direction, most_telling
from expsyncd.cli.runs_view.plot import beside, plot
from expsyncd.cli.runs_view.printed import INDENT
from expsyncd.cli.runs_view.values import figure, harmless

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expsyncd.cli.runs_view.printed import Printed
    from expsyncd.state.measured import Point, ScalarRow

SETTING_ROWS, METRIC_ROWS = 24, 16
LONGEST_VALUE = 30  # of a setting that stands beside others
PLOT_HEIGHT, TWO_PLOTS_FROM = 6, 72

Pairs = list[tuple[str, str]]


def settings(out: Printed, given: Mapping[str, str], told_by: Sequence[str]) -> None:
    """Names and values in as many columns as fit; long values on lines of their own."""
    if not given:
        return
    out.title("settings", ", ".join(told_by))
    pairs = [(harmless(name), harmless(text)) for name, text in sorted(given.items())]
    short = [pair for pair in pairs if elide.cells(pair[1]) <= LONGEST_VALUE]
    across = next(
        (n for n in (4, 3, 2) if n <= len(short) and _wide(_columns(out, short, n)) <= out.width), 1
    )
    fitting = short[: SETTING_ROWS * across]
    if fitting:
        rows = grid.lines(_columns(out, fitting, across), heads=False)
        out.lines += [out.cut(" " * INDENT + row, out.width) for row in rows]
    for name, text in pairs:
        if elide.cells(text) > LONGEST_VALUE:
            out.lines.append(out.cut(f"{' ' * INDENT}{name}  {text}", out.width))
    if len(short) > len(fitting):
        out.more(len(short) - len(fitting), "setting")


def _columns(out: Printed, pairs: Pairs, across: int) -> list[grid.Column]:
    rows = -(-len(pairs) // across)
    columns = []
    for begin in range(0, len(pairs), rows):
        some = pairs[begin : begin + rows]
        some += [("", "")] * (rows - len(some))
        names = [out.cut(name, out.width // 2) for name, _ in some]
        columns += [grid.Column("", names), grid.Column("", [text for _, text in some])]
    return columns


def _wide(columns: Sequence[grid.Column]) -> int:
    return INDENT + sum(column.width for column in columns) + grid.GAP * (len(columns) - 1)


def metrics(out: Printed, scalars: Mapping[str, ScalarRow]) -> None:
    """Last and best values by tag, the most telling first."""
    if not scalars:
        return
    tags = most_telling(dict.fromkeys(scalars, 1), 1)
    rows = [scalars[tag] for tag in tags[:METRIC_ROWS]]
    points = [best(row) for row in rows]
    columns = [
        grid.Column("METRICS", [out.cut(" " * INDENT + harmless(row.tag), out.width // 2) for row in rows]),
        grid.Column("last", [figure(row.last[2]) for row in rows], right=True),
        grid.Column("best", [figure(point[2]) if point else "" for point in points], right=True),
        grid.Column("", [which(row) for row in rows]),
    ]
    head, *body = grid.lines(columns)
    out.lines += ["", out.paint(head, "1"), *(out.cut(line, out.width) for line in body)]
    if len(tags) > METRIC_ROWS:
        out.more(len(tags) - METRIC_ROWS, "metric")


def which(row: ScalarRow) -> str:
    """Which point is meant by the best, or both ends where the name does not say."""
    found = best(row)
    if found is not None:
        return f"{direction(row.tag)}, at step {found[0]}"
    if row.least is None or row.greatest is None:
        return "no value was a number"
    if row.least[2] == row.greatest[2]:
        return "always the same"
    return f"from {figure(row.least[2])} to {figure(row.greatest[2])}"


def plots(out: Printed, curves: Mapping[str, Sequence[Point]]) -> None:
    """The curves, two beside each other where there is room."""
    curves = {tag: points for tag, points in curves.items() if len(points) > 1}
    two = out.width >= TWO_PLOTS_FROM and len(curves) > 1
    width = (out.width - INDENT - 2) // 2 if two else out.width - INDENT
    drawn = [
        plot(points, harmless(tag), width, PLOT_HEIGHT, braille=out.unicode) for tag, points in curves.items()
    ]
    step = 2 if two else 1
    for number in range(0, len(drawn), step):
        pair = drawn[number : number + step]
        rows = beside(pair[0], pair[1], width + 2) if len(pair) > 1 else pair[0]
        out.lines += ["", *(" " * INDENT + row for row in rows)]
