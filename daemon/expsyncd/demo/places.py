"""Where everything of a demo lies, its hosts.yaml and the environment of its daemon. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.paths import Paths, RootPaths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOST = "demo-gpu"
SOURCES = ("tb_log", "samples", "results", "logs", "checkpoints")
INTERVAL = "2s"
# The person's own agent, service manager and rsync habits stay out of it.
_FOREIGN = ("XDG_", "SSH_", "RSYNC_", "NOTIFY_", "WATCHDOG_", "LISTEN_", "TENSORBOARD_")


@dataclass(frozen=True)
class Places:
    """`folder` is temporary and has a short path: sockets lie in it."""

    folder: Path

    @property
    def laptop(self) -> Path:
        """The HOME of the daemon."""
        return self.folder / "laptop"

    @property
    def gpu(self) -> Path:
        """The HOME on the built-in host."""
        return self.folder / "gpu"

    @property
    def keys(self) -> Path:
        """The built-in host's keys and the ssh_config that leads to it."""
        return self.folder / "ssh"

    @property
    def root(self) -> RootPaths:
        """`root:` of its hosts.yaml."""
        return RootPaths(self.laptop / "experiments")

    @property
    def mirror(self) -> Path:
        """What came from the built-in host."""
        return self.root.mirror / HOST

    @property
    def config_file(self) -> Path:
        """Its hosts.yaml."""
        return self.laptop / "hosts.yaml"

    @property
    def output(self) -> Path:
        """What the daemon printed."""
        return self.folder / "daemon.out"

    @property
    def paths(self) -> Paths:
        """The daemon's own places."""
        return Paths.of(self._own())

    def _own(self) -> dict[str, str]:
        return {
            "HOME": str(self.laptop),
            "XDG_CONFIG_HOME": str(self.laptop / "config"),
            "XDG_STATE_HOME": str(self.laptop / "state"),
            "XDG_CACHE_HOME": str(self.laptop / "cache"),
            "XDG_DATA_HOME": str(self.laptop / "share"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "EXPSYNCD_CONFIG": str(self.config_file),
        }

    def environment(
        self, given: Mapping[str, str], *, user_base: str, ssh_options: list[str]
    ) -> dict[str, str]:
        """The daemon's environment, from ours.

        `user_base`: where `pip install --user` put us, which another HOME would hide.
        """
        kept = {name: value for name, value in given.items() if not name.startswith(_FOREIGN)}
        return {
            **kept,
            **self._own(),
            "PYTHONUSERBASE": user_base,
            "EXPSYNCD_SSH": shlex.join(ssh_options),
        }


def hosts_yaml(root: Path, port: int) -> str:
    """The demo's config, as a person would write it."""
    sources = "\n".join(f"      - ~/gan/{name}" for name in SOURCES)
    return f"""\
root: {root}
interval: {INTERVAL}
min_free: 50MB
tensorboard: {{port: {port}}}
hosts:
  {HOST}:
    sources:
{sources}
    journal: [~/gan/run.sh]
"""
