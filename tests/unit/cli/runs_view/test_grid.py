from expsyncd.cli.runs_view.grid import Column, lines, painted_in


def test_columns_line_up():
    columns = [
        Column("STATE", ["growing", "gone"], paint=["32", ""]),
        Column("RUN", ["gpu/运行", "gpu/a"]),
        Column("loss", ["0.5", "12"], right=True),
        Column("", ["", "pinned"]),
    ]
    assert lines(columns) == [
        "STATE    RUN       loss",
        "growing  gpu/运行   0.5",
        "gone     gpu/a       12  pinned",
    ]
    assert lines(columns, colour=True)[1] == "\x1b[32mgrowing\x1b[0m  gpu/运行   0.5"
    assert lines(columns, heads=False) == lines(columns)[1:]


def test_paint():
    assert painted_in("x", "31", colour=True) == "\x1b[31mx\x1b[0m"
    assert [painted_in("x", "31", colour=False), painted_in("", "31", colour=True)] == ["x", ""]
