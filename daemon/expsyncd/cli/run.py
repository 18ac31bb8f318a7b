"""`expsyncd run`: the daemon, in the foreground."""

from __future__ import annotations

import asyncio
import logging
import os

from expsyncd.app import Daemon
from expsyncd.config.load import load
from expsyncd.logs import set_up
from expsyncd.memory import give_back
from expsyncd.paths import Paths
from expsyncd.state.lock import only_one

logger = logging.getLogger(__name__)


def run() -> None:
    """Serve until stopped (Ctrl-C, SIGTERM or `expsyncd stop`); SIGHUP reads hosts.yaml again."""
    give_back()  # before there are threads
    paths = Paths.of(os.environ)
    os.umask(0o077)
    loaded = load(paths.config_file)
    paths.make_private()
    with only_one(paths.lock_file, "expsyncd run"):
        set_up(paths.log_file, os.environ)
        try:
            asyncio.run(Daemon(paths, loaded, environment=dict(os.environ)).run())
        except Exception:
            logger.exception("expsyncd ends")  # the person sees title and advice, the log where it was
            raise
