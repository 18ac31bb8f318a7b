"""Asking the daemon over its control socket, on behalf of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.control import client
from expsyncd.control.protocol import request

if TYPE_CHECKING:
    from expsyncd.tab.known import Known

# The page asks each second; a daemon that takes longer is said to be silent, not waited for.
ANSWER_WITHIN_S = 4.0


def status(known: Known) -> dict[str, Any]:
    """`status --json` of now; somebody is looking, so hosts that are down are tried often. Raises Error."""
    answer = client.ask(known.paths.control_socket, request("status", looking=True), ANSWER_WITHIN_S)
    found: dict[str, Any] = answer["status"]
    return found


def wish(known: Known, verb: str, **arguments: Any) -> dict[str, Any]:
    """Make a wish. Raises Error as the daemon says it."""
    return client.ask(known.paths.control_socket, request(verb, **arguments), ANSWER_WITHIN_S)


def wish_pull(known: Known, host: str, source: str | None) -> None:
    """Start a pull and do not wait for its end: the page sees it as everybody does, in the status."""
    said = client.stream(
        known.paths.control_socket, request("pull", host=host, source=source, wait=False), ANSWER_WITHIN_S
    )
    next(iter(said), None)
