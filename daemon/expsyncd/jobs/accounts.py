"""sacct's answers, as text and as JSON, as jobs. Pure; what it cannot read it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.jobs.job import MOST_JOBS, Job, known_id, moment_of, number_of, past, state_of, text_of
from expsyncd.jobs.question import ENDED, SUBMIT_LINE
from expsyncd.jobs.queue import UnreadableError, json_exit, json_id, json_jobs, json_state, records

if TYPE_CHECKING:
    from collections.abc import Mapping


def accounts(form: str, output: str) -> list[Job]:
    """The jobs that sacct printed as `json`, `text` or `lines` (with SubmitLine). Raises UnreadableError."""
    if form == "json":
        return [job for one in json_jobs(output) if (job := _from_json(one))]
    names = (*ENDED, SUBMIT_LINE) if form == "lines" else ENDED
    found = [job for fields in records(output, names) if (job := _from_text(fields))]
    if output.strip() and not found:
        raise UnreadableError("sacct printed no job in the form it was asked for")
    return found[-MOST_JOBS:]


def _from_text(fields: Mapping[str, str]) -> Job | None:
    job = known_id(fields["JobID"])
    if not job:
        return None
    state, by = state_of(fields["State"])
    code, _, signal = fields["ExitCode"].strip().partition(":")
    minutes = number_of(fields["TimelimitRaw"].strip())
    return Job(
        job=job,
        number=known_id(fields["JobIDRaw"]),
        name=text_of(fields["JobName"]),
        state=state,
        nodes=text_of(fields["NodeList"]),
        partition=text_of(fields["Partition"]),
        submitted_at=moment_of(fields["Submit"]),
        start_at=moment_of(fields["Start"]),
        ended_at=moment_of(fields["End"]),
        limit_s=None if minutes is None else minutes * 60.0,
        exit_code=number_of(code),
        signal=number_of(signal) or None,
        folder=text_of(fields["WorkDir"]),
        command=text_of(fields.get(SUBMIT_LINE)),
        by=by,
    )


def _from_json(one: Mapping[str, Any]) -> Job | None:
    array, state, time = (_object(one.get(name)) for name in ("array", "state", "time"))
    job = json_id(one, number_of(array.get("job_id")), array.get("task_id"), array.get("task"))
    if not job:
        return None
    exit_code, signal = json_exit(one.get("exit_code"))
    minutes = number_of(time.get("limit"))
    by = one.get("kill_request_user")
    return Job(
        job=job,
        number=str(number_of(one.get("job_id"))),
        name=text_of(one.get("name")),
        state=json_state(state.get("current")),
        reason=text_of(state.get("reason")),
        nodes=text_of(one.get("nodes")),
        partition=text_of(one.get("partition")),
        submitted_at=past(time.get("submission")),
        start_at=past(time.get("start")),
        ended_at=past(time.get("end")),
        limit_s=None if minutes is None else minutes * 60.0,
        exit_code=exit_code,
        signal=signal,
        folder=text_of(one.get("working_directory")),
        output=text_of(one.get("stdout_expanded")),
        errors=text_of(one.get("stderr_expanded")),
        command=text_of(one.get("submit_line")),
        restarts=number_of(one.get("restart_cnt")) or 0,
        by=text_of(by),
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
