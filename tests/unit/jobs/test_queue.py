import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.jobs.accounts import accounts
from expsyncd.jobs.queue import UnreadableError, queue

RECORDED = Path(__file__).parents[2] / "data" / "slurm"
BEGAN = 1795703252.0  # 2026-11-26T14:27:32Z


def test_squeue_with_named_fields():
    cancelled, failed, waiting, running, depends = queue("long", (RECORDED / "squeue-long.txt").read_text())
    assert (cancelled.job, cancelled.state, cancelled.name) == ("7", "CANCELLED", "job|two")
    assert (cancelled.exit_code, cancelled.signal, cancelled.limit_s) == (0, 15, None)
    assert cancelled.output == "/home/me/o-%j.out"
    assert (failed.exit_code, failed.signal, failed.reason) == (3, None, "NonZeroExitCode")
    assert (failed.start_at, failed.ended_at, failed.limit_s) == (BEGAN, BEGAN, 3600.0)
    assert (failed.name, failed.command) == ("new\nline €", "/home/me/a b.sh")
    assert (waiting.job, waiting.number, waiting.start_at) == ("10_[2-9%2]", "10", None)
    assert (running.job, running.number, running.restarts, running.nodes) == ("10_0", "13", 1, "n1")
    assert (depends.depends, depends.start_at) == ("afterok:7(unfulfilled)", 1795706850.0)


def test_squeue_of_old_slurms_by_letters():
    line = "5|5|RUNNING|2026-11-26T14:27:32|NONE|2026-11-26T14:27:30|1-00:00:00|gpu|n[1-2]|(null)|None|/a|/a/t.sh|a|b|c"
    (job,) = queue("short", line + "\n")
    assert (job.job, job.state, job.name, job.command) == ("5", "RUNNING", "a|b|c", "/a/t.sh")
    assert (job.limit_s, job.nodes, job.output) == (86400.0, "n[1-2]", "")


def test_json_of_slurm_22():
    one = {
        "job_id": 13, "array_job_id": 10, "array_task_id": 0, "array_task_string": "", "job_state": "RUNNING",
        "state_reason": "None", "name": "arr", "start_time": 1795703252, "end_time": 1795703552, "submit_time": 1795703250,
        "time_limit": 5, "exit_code": 0, "nodes": "n1", "partition": "gpu", "standard_output": "",
        "current_working_directory": "/home/me", "restart_cnt": 0, "dependency": "", "command": "",
        "het_job_id": 0, "het_job_offset": 0,
    }  # fmt: skip
    text = json.dumps(
        {
            "meta": {},
            "errors": [],
            "jobs": [one, {**one, "array_task_id": None, "array_task_string": "2-9%2"}],
        }
    )
    running, waiting = queue("json", text)
    assert (running.job, running.number, running.state, running.limit_s) == ("10_0", "13", "RUNNING", 300.0)
    assert running.start_at == BEGAN
    assert waiting.job == "10_[2-9%2]"


def test_json_of_slurm_24():
    def number(value, *, known=True):
        return {"set": known, "infinite": False, "number": value}

    one = {
        "job_id": 21, "array_job_id": number(0), "array_task_id": number(0, known=False), "array_task_string": "",
        "het_job_id": number(20), "het_job_offset": number(1),
        "job_state": ["FAILED"], "state_reason": "NonZeroExitCode", "name": "het", "start_time": number(1795703252),
        "end_time": number(1795703253), "submit_time": number(1795703250),
        "time_limit": {"set": True, "infinite": True, "number": 0},
        "exit_code": {"status": ["ERROR"], "return_code": number(3), "signal": {"id": number(0, known=False), "name": ""}},
        "standard_output": "/home/me/%j.out", "stdout_expanded": "/home/me/21.out", "current_working_directory": "/home/me",
    }  # fmt: skip
    (job,) = queue("json", "a login's noise\n" + json.dumps({"jobs": [one]}))
    assert (job.job, job.state, job.exit_code, job.signal) == ("20+1", "FAILED", 3, None)
    assert (job.limit_s, job.ended_at, job.output) == (None, 1795703253.0, "/home/me/21.out")


def test_no_job_is_an_answer():
    assert queue("long", "\n") == []
    assert queue("json", '{"jobs": []}') == []


@pytest.mark.parametrize(
    ("form", "output"),
    [
        ("json", ""),
        ("json", "{"),
        ("json", "[]"),
        ("json", '{"jobs": 7}'),
        ("json", '{"a":' * 100_000),
        ("long", "squeue: error: something\n"),
        ("short", "5|5\n"),
    ],
)
def test_what_is_no_answer(form, output):
    with pytest.raises(UnreadableError):
        queue(form, output)


@pytest.mark.parametrize("value", [None, [], {}, "x", -1, 1e300, [["PENDING"]], {"number": {}}])
def test_strange_values_are_left_out_and_end_nothing(value):
    keys = (
        "job_state",
        "array_job_id",
        "exit_code",
        "start_time",
        "name",
        "het",
        "het_job_id",
        "time_limit",
        "nodes",
    )
    for key in keys:
        (job,) = queue("json", json.dumps({"jobs": [{"job_id": 5, key: value}, "no job", 7]}))
        assert job.job.startswith("5")


def test_endless_lines_are_bounded():
    output = "5" + "\x1f" * 17 + "name\n" + "more\n" * 10_000
    (job,) = queue("long", output)
    assert len(job.name) < 2001


WORDS = st.sampled_from(
    ["\x1f", "|", "\n", "5", "7_[1-3]", "RUNNING", "2026-11-26T14:27:32", "N/A", "\udcff", "x" * 3000]
)


@given(st.lists(WORDS | st.text(max_size=5), max_size=60).map("".join))
def test_any_text_at_all_is_read_or_refused(output):
    for form in ("long", "short"):
        with suppress(UnreadableError):
            queue(form, output)
    for form in ("text", "lines"):
        with suppress(UnreadableError):
            accounts(form, output)


KEYS = st.sampled_from(
    ["job_id", "array_job_id", "array_task_id", "array_task_string", "array", "task", "task_id", "het", "job_offset", "job_state",
     "state", "current", "time", "start", "limit", "exit_code", "signal", "id", "number", "set", "infinite", "name", "nodes"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=8), max_size=3))
def test_any_json_at_all_is_read(jobs):
    queue("json", json.dumps({"jobs": jobs}))
    accounts("json", json.dumps({"jobs": jobs}))
