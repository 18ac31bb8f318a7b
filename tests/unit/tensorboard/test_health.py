import os

import pytest

from expsyncd.tensorboard.health import Signs, signs, tree_rss_bytes

PAGE = os.sysconf("SC_PAGE_SIZE")


def lay_process(proc, pid, pages, **children_of_tasks):
    for task, children in {str(pid): "", **children_of_tasks}.items():
        folder = proc / str(pid) / "task" / task.lstrip("t")
        folder.mkdir(parents=True)
        (folder / "children").write_text(children)
    (proc / str(pid) / "statm").write_text(f"999 {pages} 1 1 0 1 0\n")


def test_the_memory_of_a_process_and_all_below_it(tmp_path):
    lay_process(tmp_path, 10, 100, t12="20 30 ")
    lay_process(tmp_path, 20, 7, t21="40 ")
    lay_process(tmp_path, 30, 5)
    lay_process(tmp_path, 40, 1)
    lay_process(tmp_path, 50, 1000)
    assert tree_rss_bytes(10, proc=tmp_path) == 113 * PAGE


def test_a_child_that_ended_meanwhile_counts_nothing(tmp_path):
    lay_process(tmp_path, 10, 100, t12="20 ")
    assert tree_rss_bytes(10, proc=tmp_path) == 100 * PAGE


def test_unknown_without_proc(tmp_path):
    assert tree_rss_bytes(10, proc=tmp_path / "none") is None


def lay_stat(proc, pid, states, ticks, children=""):
    for number, state in enumerate(states):
        folder = proc / str(pid) / "task" / str(pid + number)
        folder.mkdir(parents=True)
        (folder / "stat").write_text(f"{pid + number} (a) b) {state} " + "0 " * 10 + "1 1 0\n")
        (folder / "children").write_text(children if number == 0 else "")
    (proc / str(pid) / "stat").write_text(f"{pid} (a) b) {states[0]} " + "0 " * 10 + f"{ticks} {ticks} 0\n")


@pytest.mark.parametrize(
    ("main", "child", "stopped", "runnable"),
    [
        ("S", "S", False, False),
        ("SR", "S", False, True),
        ("S", "SD", False, True),
        ("T", "R", True, True),
        ("S", "TT", True, False),
    ],
)
def test_signs_of_life(tmp_path, main, child, stopped, runnable):
    lay_stat(tmp_path, 10, main, 100, children="20 30 ")
    lay_stat(tmp_path, 20, child, 50)
    tick = os.sysconf("SC_CLK_TCK")
    assert signs(10, proc=tmp_path) == Signs(300 / tick, stopped, runnable)


def test_no_signs_without_proc(tmp_path):
    assert signs(10, proc=tmp_path / "none") is None
