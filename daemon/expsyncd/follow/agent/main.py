"""Where the script begins. On the host: Python 3.6."""

import os
from typing import List

from expsyncd.follow.agent import inotify
from expsyncd.follow.agent.loop import Agent

NICE = 5


def main() -> None:
    """Serve on the standard streams."""
    try:
        os.nice(NICE)
    except OSError:
        pass
    notify: List[inotify.Inotify] = []
    reason = ""
    try:
        notify.append(inotify.Inotify())
    except OSError as error:
        reason = inotify.why_not(error)
    Agent(0, 1, notify[0] if notify else None, reason).run()
