"""Tables as frameworks write them."""

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expsyncd.runs.tables import COLUMNS_MOST, GROUPS_MOST, PIECE, NoTableError, read_json_lines, read_table


def table(text, held=None, offset=0, **words):
    data = text if isinstance(text, bytes) else text.encode()
    return rows(read_table(io.BytesIO(data), offset, {} if held is None else held, **words))


def rows(found):
    return {
        tag: list(zip(those.steps, those.walls, those.values, strict=True))
        for tag, those in found.points.items()
    }


def test_an_ordinary_table():
    assert table("epoch,train_loss,val_loss\n0,2.5,3\n1,1.5,2\n") == {
        "train_loss": [(0, 0.0, 2.5), (1, 0.0, 1.5)],
        "val_loss": [(0, 0.0, 3.0), (1, 0.0, 2.0)],
    }


def test_padded_headers_and_cells():
    assert table("     epoch,   train/box_loss\n   1,   0.5\n") == {"train/box_loss": [(1, 0.0, 0.5)]}


def test_a_step_is_better_than_an_epoch_and_empty_cells_are_no_points():
    found = table("epoch,step,train_loss,val_loss\n0,49,0.5,\n0,99,,0.25\n")
    assert found["train_loss"] == [(49, 0.0, 0.5)]
    assert found["val_loss"] == [(99, 0.0, 0.25)]
    assert found["epoch"] == [(49, 0.0, 0.0), (99, 0.0, 0.0)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("step\tloss\n1\t0.5\n", {"tabs": True}),
        ("step\tloss\n1\t0.5\n", {}),
        ("step;loss\n1;0,5\n", {}),
        ("\ufeffstep,loss\r\n1,0.5\r\n", {}),
        ('"step","loss"\n"1","0.5"\n', {}),
        ("step,loss\n1,0.5\nstep,loss\n1,2,3\n", {}),
    ],
)
def test_delimiters_marks_and_line_ends(text, words):
    assert table(text, **words) == {"loss": [(1, 0.0, 0.5)]}


def test_times_of_rows():
    assert table("step,timestamp,loss\n1,1700000000.5,1\n")["loss"] == [(1, 1700000000.5, 1.0)]
    assert table("step,timestamp,loss\n1,1700000000500,1\n")["loss"] == [(1, 1700000000.5, 1.0)]
    assert table("step,date,loss\n1,2023-11-14T22:13:20,1\n")["loss"] == [(1, 1700000000.0, 1.0)]
    assert table("step,time,loss\n1,35.2,1\n")["loss"] == [(1, 0.0, 1.0)]


def test_rows_are_counted_where_there_is_no_step():
    assert table("loss,acc\n3,1\n2,2\n")["loss"] == [(0, 0.0, 3.0), (1, 0.0, 2.0)]
    assert table("epoch,loss\n0.25,3\n0.5,2\n")["loss"] == [(0, 0.0, 3.0), (1, 0.0, 2.0)]


def test_rows_of_several_runs_or_splits_are_lines_of_their_own():
    found = table("epoch,run,loss\n0,a,3\n0,b,2\n1,a,1\n")
    assert found == {"a/loss": [(0, 0.0, 3.0), (1, 0.0, 1.0)], "b/loss": [(0, 0.0, 2.0)]}
    held = dict[str, Any]()
    table("epoch,run,loss\n" + "".join(f"0,r{n},1\n" for n in range(GROUPS_MOST + 3)), held)
    assert (len(held["groups"]), "only the first ones" in held["trouble"]) == (GROUPS_MOST, True)


def test_it_goes_on_where_it_stopped_and_half_a_line_waits():
    whole = b"step,loss\n1,0.5\n2,0.25\n3,0.125\n"
    held, offset, steps = dict[str, Any](), 0, list[int]()
    for end in range(len(whole) + 1):
        found = read_table(io.BytesIO(whole[:end]), offset, held)
        offset = found.offset
        steps += [step for step, _, _ in rows(found).get("loss", [])]
    assert (steps, offset) == ([1, 2, 3], len(whole))


def test_numbers_that_are_none():
    found = table("step,loss\n1,nan\n2,inf\n3,oops\n4,1\n")["loss"]
    assert [repr(value) for _, _, value in found] == ["nan", "inf", "1.0"]
    assert table("step,loss\nx,1\ninf,2\n")["loss"] == [(1, 0.0, 2.0)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("file,label\na.png,3\n", "names neither a step nor a metric"),
        ("1,2,3\n4,5,6\n", "no header"),
        ("just some words\n", "no columns"),
        (",".join(f"loss{n}" for n in range(COLUMNS_MOST + 1)) + "\n", "columns"),
        ("step\n1\n", "no columns"),
        ("step,epoch,run\n", "neither"),
    ],
)
def test_what_is_no_table_of_metrics(text, why):
    if text.startswith("step,epoch"):
        assert table(text) == {}  # an epoch beside a step is a metric
        return
    with pytest.raises(NoTableError, match=why):
        table(text)


def test_a_line_without_end_is_no_table():
    with pytest.raises(NoTableError, match="too long"):
        table(b"x" * (PIECE + 10))
    assert table("") == {}
    assert table("step,los") == {}


def lines(*objects, held=None):
    data = b"".join(json.dumps(one).encode() + b"\n" for one in objects)
    return rows(read_json_lines(io.BytesIO(data), 0, {} if held is None else held))


def test_json_lines():
    found = lines(
        {"step": 1, "train": {"loss": 0.5}, "note": "x"}, {"step": 2, "train": {"loss": 0.25, "acc": 1}}
    )
    assert found == {"train.loss": [(1, 0.0, 0.5), (2, 0.0, 0.25)], "train.acc": [(2, 0.0, 1.0)]}
    assert lines({"epoch": 3, "loss": float("nan"), "ok": True})["loss"][0][0] == 3
    assert math.isnan(lines({"epoch": 3, "loss": float("nan")})["loss"][0][2])
    assert lines({"iter": 5, "huge": 10**400, "loss": 1}) == {"loss": [(5, 0.0, 1.0)]}


def test_json_lines_that_are_none():
    with pytest.raises(NoTableError, match="no JSON objects"):
        lines([1, 2])
    with pytest.raises(NoTableError, match="no JSON"):
        read_json_lines(io.BytesIO(b"text\n" * 30), 0, {})
    with pytest.raises(NoTableError, match="neither"):
        lines({"name": "x", "size": 3})
    held = dict[str, Any]()
    deep = b"[" * 100_000 + b"\n"
    read_json_lines(io.BytesIO(b'{"step": 1, "loss": 2}\n' + deep), 0, held)
    assert held["unread"] == 1


@settings(deadline=None)
@given(st.text(max_size=300) | st.text(alphabet="step,loss;\t\n\"'0123456789.einfa\r\0", max_size=300))
def test_any_text_at_all(text):
    for read in (read_table, read_json_lines):
        try:
            found = read(io.BytesIO(b"step,loss\n" + text.encode("utf-8", "replace")), 0, {})
        except NoTableError:
            continue
        assert found.offset <= len(text.encode("utf-8", "replace")) + 10


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029"])
def test_only_line_feeds_and_carriage_returns_end_a_line(mark):
    # JSON has U+2028 and the like as they are where a writer does not escape: prompts have them.
    line = json.dumps({"step": 1, "loss": 2.0, "prompt": f"a{mark}b"}, ensure_ascii=False)
    held: dict[str, Any] = {}
    found = rows(read_json_lines(io.BytesIO(f"{line}\n".encode()), 0, held))
    assert (found, held.get("unread")) == ({"loss": [(1, 0.0, 2.0)]}, None)
    assert table(f"step,prompt,loss\n1,a{mark}b,2\n2,c,3\n")["loss"] == [(1, 0.0, 2.0), (2, 0.0, 3.0)]
    assert table("step,loss\r1,2\r\n2,3\r\n") == {"loss": [(1, 0.0, 2.0), (2, 0.0, 3.0)]}


def test_a_cell_that_is_too_long_costs_its_row_only():
    held: dict[str, Any] = {}
    found = table(f"step,loss,picture\n1,2,x\n2,3,{'y' * 200_000}\n3,4,z\n4,5,z\n", held)
    assert [step for step, _, _ in found["loss"]] == [1, 3, 4]
    assert "field larger" in held["trouble"]
    with pytest.raises(NoTableError, match="header"):
        table(f"step,{'y' * 200_000}\n1,2\n")


@pytest.mark.parametrize("odd", ["null", "[1, 2]", "5", '"torn'])
def test_a_line_that_is_no_object_is_left_out_among_metrics(odd):
    held: dict[str, Any] = {}
    lines = f'{{"step": 1, "loss": 2}}\n{odd}\n{{"step": 2, "loss": 3}}\n'
    found = rows(read_json_lines(io.BytesIO(lines.encode()), 0, held))
    assert (found, held["unread"]) == ({"loss": [(1, 0.0, 2.0), (2, 0.0, 3.0)]}, 1)


def test_a_text_with_underscores_is_no_number():
    # Python reads 1_2 as 12; a run that is called so is none.
    found = table("run,step,loss\n1_1,1,0.5\n1_2,1,0.25\n")
    assert found == {"1_1/loss": [(1, 0.0, 0.5)], "1_2/loss": [(1, 0.0, 0.25)]}


def test_a_json_file_of_several_lines_is_no_table_and_no_trouble():
    # Many programs write their last figures so, into metrics.json.
    whole = io.BytesIO(json.dumps({"acc": 0.9, "loss": 0.1}, indent=2).encode() + b"\n")
    with pytest.raises(NoTableError, match="no JSON"):
        read_json_lines(whole, 0, {})
    held: dict[str, Any] = {}
    torn = io.BytesIO(b'{"step": 1, "lo\n{"step": 2, "loss": 3}\n')
    assert rows(read_json_lines(torn, 0, held)) == {"loss": [(2, 0.0, 3.0)]}
    assert held["unread"] == 1
