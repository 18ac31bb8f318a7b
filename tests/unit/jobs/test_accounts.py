import json

import pytest

from expsyncd.jobs.accounts import accounts
from expsyncd.jobs.queue import UnreadableError

S = "\x1f"


def line(*fields):
    return S.join(fields)


def test_what_has_ended_with_the_line_that_submitted_it():
    times = ("2026-11-26T14:27:30", "2026-11-26T14:27:32", "2026-11-26T14:27:34")
    output = "\n".join(
        [
            line("2", "2", "CANCELLED by 1000", "0:15", *times, "UNLIMITED", "gpu", "n1", "/home/me", "job|2", "sbatch -J job|2\nx"),
            line("7_1", "14", "TIMEOUT", "0:0", *times, "60", "gpu", "n1", "/home/me", "arr", "sbatch -a 0-9 t.sh"),
            line("9_[7]", "9", "PENDING", "0:0", times[0], "Unknown", "Unknown", "Partition_Limit", "gpu", "None assigned", "/a", "s", ""),
        ]
    )  # fmt: skip
    cancelled, late, waiting = accounts("lines", output)
    assert (cancelled.state, cancelled.by, cancelled.signal, cancelled.command) == (
        "CANCELLED",
        "1000",
        15,
        "sbatch -J job|2\nx",
    )
    assert (cancelled.name, cancelled.folder) == ("job|2", "/home/me")
    assert (late.job, late.number, late.state, late.limit_s) == ("7_1", "14", "TIMEOUT", 3600.0)
    assert (waiting.start_at, waiting.limit_s, waiting.nodes) == (None, None, "")


def test_without_it():
    (job,) = accounts(
        "text", "3|3|OUT_OF_MEMORY|0:125|2026-11-26T14:27:30|N/A|Unknown|5|gpu|n1|/home/me|a|b\n"
    )
    assert (job.state, job.exit_code, job.signal, job.name, job.command) == (
        "OUT_OF_MEMORY",
        0,
        125,
        "a|b",
        "",
    )


def test_json_of_slurm_22_and_24():
    old = {
        "job_id": 2, "array": {"job_id": 0, "task": None, "task_id": None}, "state": {"current": "FAILED", "reason": "None"},
        "time": {"start": 1795703312, "end": 1795703313, "submission": 1795703310, "limit": None},
        "exit_code": {"status": "ERROR", "return_code": 3}, "name": "fail", "nodes": "n1", "partition": "gpu",
        "working_directory": "/home/me", "het": {"job_id": 0, "job_offset": None}, "kill_request_user": None,
    }  # fmt: skip
    new = {
        "job_id": 14, "array": {"job_id": 7, "task": "", "task_id": {"set": True, "infinite": False, "number": 1}},
        "state": {"current": ["CANCELLED"], "reason": "None"},
        "time": {"start": 1, "end": 2, "submission": 1, "limit": {"set": True, "infinite": False, "number": 60}},
        "exit_code": {"status": ["SIGNALED"], "return_code": {"set": False, "number": 0}, "signal": {"id": {"set": True, "infinite": False, "number": 9}}},
        "submit_line": "sbatch -a 0-9 t.sh", "stdout_expanded": "/home/me/slurm-7_1.out", "het": {"job_id": 0},
    }  # fmt: skip
    failed, cancelled = accounts("json", json.dumps({"jobs": [old, new]}))
    assert (failed.job, failed.state, failed.exit_code, failed.ended_at) == ("2", "FAILED", 3, 1795703313.0)
    assert (cancelled.job, cancelled.signal, cancelled.limit_s) == ("7_1", 9, 3600.0)
    assert (cancelled.output, cancelled.command) == ("/home/me/slurm-7_1.out", "sbatch -a 0-9 t.sh")


def test_what_is_no_answer():
    with pytest.raises(UnreadableError):
        accounts("text", "sacct: error\n")
    assert accounts("lines", "") == []
