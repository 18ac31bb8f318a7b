"""Every failure a person may see: a short title, one line of advice, an exit status with a meaning."""

from __future__ import annotations

from typing import TypeVar

Problem = TypeVar("Problem", bound=Exception)

# Exit statuses of `expsyncd run`. The systemd unit lists those that a restart cannot mend
# (RestartPreventExitStatus), so that a broken file or a missing program does not loop.
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOT_RUNNING = 3
EXIT_LOCKED = 75  # sysexits EX_TEMPFAIL: another expsyncd holds the lock
EXIT_NEEDS_USER = 77  # sysexits EX_NOPERM: only the person can mend this (root marker, no rsync)
EXIT_CONFIG = 78  # sysexits EX_CONFIG: hosts.yaml has errors


class Error(Exception):
    """A failure with a `title` (what is the case) and `advice` (what to do about it, may be empty)."""

    exit_status = EXIT_FAILED

    def __init__(self, title: str, advice: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.title}: {self.advice}" if self.advice else self.title


class NeedsUserError(Error):
    """Nothing the daemon can try again would help; the person has to act."""

    exit_status = EXIT_NEEDS_USER


class LockedError(Error):
    """Another expsyncd holds the lock."""

    exit_status = EXIT_LOCKED


class NotRunningError(Error):
    """No daemon answers on the control socket."""

    exit_status = EXIT_NOT_RUNNING


def first_of(group: BaseExceptionGroup[Problem]) -> Problem:
    """One of the failures of a task group's tasks; they mostly tell of the same thing."""
    inner = group.exceptions[0]
    return first_of(inner) if isinstance(inner, BaseExceptionGroup) else inner
