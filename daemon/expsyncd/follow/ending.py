"""Why an agent ended, in words for people, by its exit status and what the host said. Pure."""

from __future__ import annotations

from expsyncd.follow.frames import LONGEST_REASON
from expsyncd.redact import redact

# ssh has no status of its own for a command that a signal ended: it says 255, as for its own failures.
OF_SSH = 255
SIGNALLED = 128  # and the signal's number: what a shell says of a command that a signal ended
LONGEST_SAID = LONGEST_REASON - 80  # leaves room for the words around it


def why_ended(code: int | None, complaint: bytes, noise: bytes, *, served: bool) -> str:
    """`code`: its exit status, None where that is not known; `complaint`: its standard error.

    `noise`: what came on its standard output in place of an agent's words.
    """
    killed = code is not None and (code == OF_SSH or SIGNALLED < code < OF_SSH)
    said = last_line(complaint) or last_line(noise)
    if killed and (served or not said):
        return "the agent on the host was killed"
    if code == 0 and served:
        return "the agent on the host ended: nobody spoke to it for too long"
    return f"the agent on the host ended: {said or f'status {code}'}"


def did_not_begin(noise: bytes, after_s: float) -> str:
    """The login's shell was not heard of an agent; `noise`: what it said instead."""
    said = last_line(noise)
    return f"no agent began on the host in {after_s:.0f} s" + (f", it says “{said}”" if said else "")


def last_line(content: bytes) -> str:
    """The last line that says something, fit to be shown."""
    lines = [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
    said = redact(lines[-1].strip()) if lines else ""  # a start-up file there may print any command in it
    return "".join(c if c.isprintable() else "?" for c in said)[:LONGEST_SAID]
