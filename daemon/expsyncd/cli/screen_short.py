"""One line for a host that is well, where there are many hosts. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

from expsyncd.cli.asked_words import in_use
from expsyncd.cli.screen_page import BOLD, COLOURS, DIM
from expsyncd.units import counted

if TYPE_CHECKING:
    from expsyncd.cli.screen_page import Page

NAME_WIDTH = 20
FULL_UP_TO = 4  # hosts; with more, one screen holds only those in full that are not well
CALM_HOSTS = {"connected", "connecting", "waiting", "paused"}
CALM_SOURCES = {"fresh", "pulling", "never", "stale"}
CALM_TUNNELS = {"open", "opening"}


def is_well(host: dict[str, Any]) -> bool:
    """Whether one line says all of a `status --json` host: nothing needs the person, nothing is unusual."""
    sources, tunnels = host["sources"].values(), host["tunnels"].values()
    return (
        host["status"] in CALM_HOSTS
        and all(one["status"] in CALM_SOURCES for one in sources)
        # A source that is stale though its host answers has its own cause.
        and not (host["status"] == "connected" and any(one["status"] == "stale" for one in sources))
        and (host["status"] != "connected" or all(one["status"] in CALM_TUNNELS for one in tunnels))
        and not any((host.get(what) or {}).get("error") for what in ("jobs", "gpus"))
    )


def put(page: Page, hosts: dict[str, dict[str, Any]]) -> None:
    """A line for each host; names are cut only where they are long."""
    wide = min(NAME_WIDTH, max(map(len, hosts), default=0))
    most = max((len(host["status"]) for host in hosts.values()), default=0)
    page.lines += [""] if hosts else []
    for name, host in hosts.items():
        title = name if len(name) <= wide else name[: wide - 1] + "~"
        words = f"{host['status']:<{most}}  {_words(page, host)}"
        first, *more = textwrap.wrap(words, page.width - wide - 2, subsequent_indent=" " * (most + 2))
        painted = page.paint(host["status"], COLOURS.get(host["status"], ""))
        first = first.replace(host["status"], painted, 1)
        page.lines += [
            f"{page.paint(f'{title:<{wide}}', BOLD)}  {first}",
            *(" " * (wide + 2) + line for line in more),
        ]
    if hosts:
        page.text(0, "`expsyncd status HOST` says more of one", DIM)


def _words(page: Page, host: dict[str, Any]) -> str:
    """What follows the host's status on its line."""
    parts = []
    if host["status"] != "connected" and host["sentence"] != host["status"]:
        parts.append(host["sentence"])
    if host["next_at"]:
        parts.append(f"again {page.until(host['next_at'])}")
    sources = list(host["sources"].values())
    count = Counter(one["status"] for one in sources)
    told = [f"{count[word]} {word}" for word in ("pulling", "fresh", "stale", "never") if count[word]]
    if len(told) == 1:
        told = [f"{counted(len(sources), 'source')} {next(iter(count))}"]
    moments = [one["as_of"] if one["status"] == "fresh" else one["last_success_at"] for one in sources]
    if told:
        word = "last good" if count["stale"] else "looked at"
        oldest = min((moment for moment in moments if moment), default=None)
        parts.append(", ".join(told) + (f", {word} {page.ago(oldest)}" if oldest else ""))
    if left_out := sum(one["skipped_total"] for one in sources):
        parts.append(f"{counted(left_out, 'file')} not pulled")
    if host["tunnels"]:
        parts.append(counted(len(host["tunnels"]), "tunnel"))
    if notices := len(host["notices"]) + sum(len(one["notices"]) for one in sources):
        parts.append(counted(notices, "notice"))
    jobs = host.get("jobs") or {}
    parts += [f"{counted(jobs[word], 'job')} {word}" for word in ("running", "pending") if jobs.get(word)]
    if gpus := (host.get("gpus") or {}).get("gpus"):
        parts.append(f"{sum(map(in_use, gpus))} of {counted(len(gpus), 'GPU')} in use")
    return "; ".join(parts)
