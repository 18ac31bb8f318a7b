"""The hosts as `status` tells them, and what is known without a daemon: last pulls, jobs, runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.clock import rfc3339
from expsyncd.errors import Error
from expsyncd.state.catalogue import read_runs
from expsyncd.tab.answers import json_answer
from expsyncd.tab.daemon_asked import status
from expsyncd.tab.journal import job_json

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from expsyncd.state.facts import Facts
    from expsyncd.state.records import PullRecord
    from expsyncd.tab.known import Known

JOBS_SHOWN = 200


def changed(known: Known, _: Request) -> Response:
    """`index` of the databases; of the daemon what every view needs: is it there, and each source's lag."""
    found, error = _asked(known)
    hosts = found["hosts"] if found else {}
    return json_answer(
        {
            "index": known.index(),
            "error": error,
            "daemon": bool(found),
            "sources": {
                f"{host}/{source}": {
                    "lag": state["lag_seconds"],
                    "status": state["status"],
                    "sentence": state["sentence"],
                }
                for host, known_host in hosts.items()
                for source, state in known_host["sources"].items()
            },
            "hosts": {name: host["status"] for name, host in hosts.items()},
            "rendering": found["samples"]["waiting"] if found else 0,
        }
    )


def hosts(known: Known, _: Request) -> Response:
    """`status` as the CLI has it, or null and why; jobs; last pulls of every source that is known."""
    found, error = _asked(known)
    with known.facts() as facts:
        jobs = [job_json(job) for job in facts.jobs.known()[:JOBS_SHOWN]] if facts is not None else []
        pulls = _pulls(known, facts) if facts is not None and found is None else []
        paused = sorted(facts.paused()) if facts is not None else []
    return json_answer({"status": found, "error": error, "jobs": jobs, "pulls": pulls, "paused": paused})


def _asked(known: Known) -> tuple[dict[str, Any] | None, dict[str, str] | None]:
    try:
        return status(known), None
    except Error as error:
        return None, {"title": error.title, "advice": error.advice}


def _pulls(known: Known, facts: Facts) -> list[dict[str, Any]]:
    rows = read_runs(known.paths.catalogue_db)
    found = []
    for host, source in sorted({(row.host, row.source) for row in rows}):
        its = [row for row in rows if (row.host, row.source) == (host, source)]
        found.append(
            {
                "host": host,
                "source": source,
                "runs": len(its),
                "last_pull": _pull_json(facts.last_pull(host, source)),
                "last_success_at": rfc3339(facts.last_success(host, source)),
            }
        )
    return found


def _pull_json(pull: PullRecord | None) -> dict[str, Any] | None:
    if pull is None:
        return None
    return {
        "at": rfc3339(pull.at),
        "outcome": pull.outcome,
        "files": pull.files,
        "bytes": pull.bytes,
        "seconds": round(pull.seconds, 3),
    }
