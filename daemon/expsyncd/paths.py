"""Every file and folder that expsyncd owns, by name; no other module puts such a path together."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from expsyncd.errors import NeedsUserError

if TYPE_CHECKING:
    from collections.abc import Mapping

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


# Named tuples and not dataclasses, whose import alone is a fifth of what `expsyncd status` takes.
class Paths(NamedTuple):
    """Where this person's config, durable state and sockets are."""

    config_file: Path
    state_dir: Path
    runtime_dir: Path
    cache_dir: Path

    @classmethod
    def of(cls, environment: Mapping[str, str], config_file: Path | None = None) -> Paths:
        """The places by the XDG rules; `config_file` or $EXPSYNCD_CONFIG point elsewhere."""
        home = Path(environment.get("HOME") or Path.home())

        def xdg(variable: str, default: Path) -> Path:
            given = environment.get(variable, "")
            return Path(given) if given.startswith("/") else default

        named = config_file or (Path(c) if (c := environment.get("EXPSYNCD_CONFIG")) else None)
        default_config = xdg("XDG_CONFIG_HOME", home / ".config") / "expsyncd" / "hosts.yaml"
        return cls(
            config_file=(named or default_config).expanduser().absolute(),
            cache_dir=xdg("XDG_CACHE_HOME", home / ".cache") / "expsyncd",
            state_dir=xdg("XDG_STATE_HOME", home / ".local" / "state") / "expsyncd",
            # Without a login session there is no XDG_RUNTIME_DIR; short, because a control socket's
            # path may have 90 bytes at most (measured with OpenSSH 9.2).
            runtime_dir=xdg("XDG_RUNTIME_DIR", Path(f"/tmp/expsyncd-{os.getuid()}")) / "expsyncd",  # noqa: S108 - made 0700 and its owner checked below
        )

    @property
    def facts_db(self) -> Path:
        """What cannot be rebuilt."""
        return self.state_dir / "facts.db"

    @property
    def catalogue_db(self) -> Path:
        """What can be rebuilt from the mirror."""
        return self.state_dir / "catalogue.db"

    @property
    def log_file(self) -> Path:
        """The rotating log that `expsyncd logs` shows."""
        return self.state_dir / "expsyncd.log"

    @property
    def lock_file(self) -> Path:
        """Held (flock) by the one daemon; says its pid."""
        return self.state_dir / "lock"

    @property
    def control_socket(self) -> Path:
        """Where the CLI asks the daemon."""
        return self.runtime_dir / "control.sock"

    @property
    def masters_dir(self) -> Path:
        """Sockets of our OpenSSH masters."""
        return self.runtime_dir / "cm"

    @property
    def frames_dir(self) -> Path:
        """Rendered frames; may be deleted at any time."""
        return self.cache_dir / "frames"

    @property
    def tensorboard_record(self) -> Path:
        """Pid and start time of our TensorBoard, to reclaim the orphan of a killed daemon."""
        return self.state_dir / "tensorboard.json"

    @property
    def tensorboard_secret(self) -> Path:
        """What the addresses of a private page begin with."""
        return self.state_dir / "tensorboard.secret"

    @property
    def opened_page(self) -> Path:
        """A page that leads to a private one: unlike an address it can be handed to a browser unseen."""
        return self.runtime_dir / "open.html"

    @property
    def tensorboard_log(self) -> Path:
        """What TensorBoard itself printed."""
        return self.state_dir / "tensorboard.log"

    def make_private(self) -> None:
        """Make state, runtime and masters folders 0700 and ours.

        Raises NeedsUserError when such a folder belongs to somebody else.
        """
        for folder in (self.state_dir, self.runtime_dir.parent, self.runtime_dir, self.masters_dir):
            folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                raise NeedsUserError(
                    f"{folder} is not a folder of yours",
                    "remove it, or set XDG_RUNTIME_DIR and XDG_STATE_HOME to folders you own",
                )
            if folder != self.runtime_dir.parent:
                folder.chmod(PRIVATE_FOLDER)


class RootPaths(NamedTuple):
    """The tree under `root:`; `path` is already resolved (rsync refuses links in destinations)."""

    path: Path

    @property
    def mirror(self) -> Path:
        """HOST/SOURCE/…: pure copies."""
        return self.path / "mirror"

    @property
    def tb_log(self) -> Path:
        """HOST/RUN: links to event files, TensorBoard's logdir."""
        return self.path / "tb_log"

    @property
    def animations(self) -> Path:
        """HOST/SOURCE/RUN/SERIES.gif."""
        return self.path / "animations"

    @property
    def versions(self) -> Path:
        """PULL/HOST/SOURCE/…: old bytes of what was replaced."""
        return self.path / "versions"

    @property
    def incoming(self) -> Path:
        """One folder a pass for rsync's temporary files, swept at start."""
        return self.path / ".incoming"

    @property
    def marker(self) -> Path:
        """Says that this folder is a root of ours and its disk is mounted."""
        return self.path / ".expsyncd-root"


def shipped(name: str) -> Path:
    """A file that comes with the program: `hosts.yaml`, `hosts.schema.json`, `expsyncd.service`.

    In an installed package they lie beside the modules, in a checkout at its top.
    """
    package = Path(__file__).resolve().parent
    for candidate in (
        package / "shipped" / name,
        package.parent.parent / "config" / name,
        package.parent.parent / "systemd" / name,
    ):
        if candidate.is_file():
            return candidate
    raise NeedsUserError(f"{name} did not come with this installation", "install expsyncd again")
