"""squeue's answers, as text and as JSON, as jobs. Pure; what it cannot read it leaves out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from expsyncd.jobs.job import (
    MOST_JOBS,
    Job,
    ended_by,
    known_id,
    limit_of,
    moment_of,
    number_of,
    past,
    state_of,
    text_of,
)
from expsyncd.jobs.question import LONG, SEPARATOR, SHORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# `-o` letters by the names of `-O`.
_LETTERS = {
    "%i": "JobArrayID", "%A": "JobID", "%T": "State", "%S": "StartTime", "%e": "EndTime", "%V": "SubmitTime",
    "%l": "TimeLimit", "%P": "Partition", "%N": "NodeList", "%E": "Dependency", "%r": "Reason",
    "%Z": "WorkDir", "%o": "Command", "%j": "Name",
}  # fmt: skip


class UnreadableError(ValueError):
    """This is no answer of the form that was asked for."""


def queue(form: str, output: str) -> list[Job]:
    """The jobs that squeue printed in the form `json`, `long` or `short`. Raises UnreadableError."""
    if form == "json":
        return [job for one in json_jobs(output) if (job := _from_json(one))]
    names = LONG if form == "long" else tuple(_LETTERS[letter] for letter in SHORT)
    found = [job for fields in records(output, names) if (job := _from_text(fields))]
    if output.strip() and not found:
        raise UnreadableError("squeue printed no job in the form it was asked for")
    return found[-MOST_JOBS:]


def records(output: str, names: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Lines as fields by name; a line that does not begin with a job's id goes on with the one before.

    A line without our separator is taken apart at its first bars, so that the last field may hold more.
    """
    held: list[str] = []
    for line in [*output.split("\n"), "0"]:
        if re.match(r"\s*\d[^\s|\x1f]*\s*[|\x1f]", line) or line == "0":
            if held:
                whole = "\n".join(held)
                mark = SEPARATOR if SEPARATOR in whole else "|"
                fields = whole.split(mark, len(names) - 1)
                if len(fields) == len(names):
                    yield dict(zip(names, fields, strict=True))
            held = [line]
        elif held and len(held) < 100:
            held.append(line)


def _from_text(fields: Mapping[str, str]) -> Job | None:
    job = known_id(fields["JobArrayID"])
    if not job:
        return None
    state, by = state_of(fields["State"])
    exit_code, signal = ended_by(number_of(fields.get("exit_code", "").strip()))
    return Job(
        job=job,
        number=known_id(fields["JobID"]),
        name=text_of(fields["Name"]),
        state=state,
        reason=text_of(fields["Reason"]),
        nodes=text_of(fields["NodeList"]),
        partition=text_of(fields["Partition"]),
        submitted_at=moment_of(fields["SubmitTime"]),
        start_at=moment_of(fields["StartTime"]),
        ended_at=moment_of(fields["EndTime"]),
        limit_s=limit_of(fields["TimeLimit"]),
        exit_code=exit_code,
        signal=signal,
        folder=text_of(fields["WorkDir"]),
        output=text_of(fields.get("STDOUT")),
        errors=text_of(fields.get("STDERR")),
        command=text_of(fields["Command"]),
        depends=text_of(fields["Dependency"]),
        restarts=number_of(fields.get("RestartCnt", "").strip()) or 0,
        by=by,
    )


def json_jobs(output: str) -> list[dict[str, Any]]:
    """The objects under `jobs`, the newest if there are too many. Raises UnreadableError."""
    try:
        found = json.loads(output[output.index("{") :])
        jobs = found["jobs"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableError("the answer is no JSON of Slurm") from error
    if not isinstance(jobs, list):
        raise UnreadableError("the answer has no list of jobs")
    return [one for one in jobs if isinstance(one, dict)][-MOST_JOBS:]


def _from_json(one: Mapping[str, Any]) -> Job | None:
    job = json_id(
        one, number_of(one.get("array_job_id")), one.get("array_task_id"), one.get("array_task_string")
    )
    if not job:
        return None
    exit_code, signal = json_exit(one.get("exit_code"))
    minutes = number_of(one.get("time_limit"))
    return Job(
        job=job,
        number=str(number_of(one.get("job_id"))),
        name=text_of(one.get("name")),
        state=json_state(one.get("job_state")),
        reason=text_of(one.get("state_reason")),
        nodes=text_of(one.get("nodes")),
        partition=text_of(one.get("partition")),
        submitted_at=past(one.get("submit_time")),
        start_at=past(one.get("start_time")),
        ended_at=past(one.get("end_time")),
        limit_s=None if minutes is None else minutes * 60.0,
        exit_code=exit_code,
        signal=signal,
        folder=text_of(one.get("current_working_directory")),
        output=text_of(one.get("stdout_expanded")) or text_of(one.get("standard_output")),
        errors=text_of(one.get("stderr_expanded")) or text_of(one.get("standard_error")),
        command=text_of(one.get("command")),
        depends=text_of(one.get("dependency")),
        restarts=number_of(one.get("restart_cnt")) or 0,
    )


def json_id(one: Mapping[str, Any], array: int | None, task: Any, tasks: Any) -> str:
    """What squeue would call it."""
    number = number_of(one.get("job_id"))
    if number is None:
        return ""
    if array:
        if isinstance(tasks, str) and tasks:
            return known_id(f"{array}_[{tasks}]")
        index = number_of(task)
        return f"{array}_{index}" if index is not None else str(number)
    het = one.get("het")
    lead = number_of(het.get("job_id") if isinstance(het, dict) else one.get("het_job_id"))
    if lead:
        offset = number_of(het.get("job_offset") if isinstance(het, dict) else one.get("het_job_offset"))
        return f"{lead}+{offset or 0}"
    return str(number)


def json_state(value: Any) -> str:
    """`"RUNNING"`, or `["RUNNING", "COMPLETING"]` from 23.11 on: the first says it."""
    first = value[0] if isinstance(value, list) and value else value
    return state_of(first)[0] if isinstance(first, str) else state_of("")[0]


def json_exit(value: Any) -> tuple[int | None, int | None]:
    """A wait status, or `{return_code, signal: {id}}` from 22.05 on."""
    if not isinstance(value, dict):
        return ended_by(number_of(value))
    signal = value.get("signal")
    if isinstance(signal, dict):
        signal = signal.get("id", signal.get("signal_id"))
    return number_of(value.get("return_code")), number_of(signal) or None
