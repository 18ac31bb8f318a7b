"""A host with a FUSE file system that "another machine" writes behind: what inotify never hears of.

The mount is in the host's own mount namespace alone: here, its back is an ordinary folder, and all of it ends with
the host's sshd.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from support.processes import command_line

if TYPE_CHECKING:
    from support.place import Place
    from support.sshd import Sshd

WORDS = {
    "bindfs": "bindfs -f {back} {front}",
    # With its default settings: it may keep attributes and listings for up to 20 seconds (dcache_timeout).
    "sshfs": "sshfs -f -F {config} {alias}:{back} {front}",
}


def missing(kind: str) -> str:
    """Why this lab cannot run here."""
    if os.getuid() != 0:
        return "needs root to mount"
    if not Path("/dev/fuse").exists():
        return "needs /dev/fuse"
    for program, package in {kind: kind, "fusermount3": "fuse3", "unshare": "util-linux"}.items():
        if shutil.which(program) is None:
            return f"needs {program} ({package})"
    return ""


class FuseLab:
    """`front` is where the host sees it, `back` where the other machine writes; `host` a wrapper for an Sshd.

    `place` is a laptop that mirrors it.
    """

    place: Place

    def __init__(self, kind: str, folder: Path, storage: Sshd | None) -> None:
        """`storage`: what an sshfs is of."""
        self._second: subprocess.Popen[bytes] | None = None
        self.back, self.front = folder / "back", folder / "front"
        self.back.mkdir()
        self.front.mkdir()
        self._words = WORDS[kind].format(
            back=self.back,
            front=self.front,
            config=storage and storage.config_file,
            alias=storage and storage.alias,
        )
        mounts = (
            f"{self._words} </dev/null & for _ in $(seq 100); do "
            f'mountpoint -q {self.front} && exec "$@"; sleep 0.1; done; exit 1'
        )
        self.host = ("unshare", "--mount", "--propagation", "private", "sh", "-c", mounts, "sh")

    def configure(self) -> None:
        """hosts.yaml of `place`: a look each second, and no whole pull while it is followed."""
        sources = f"[{{path: {self.front}, name: remote}}]"
        self.place.configure(interval="1s", sources=sources, more="reconcile: 30m\n")

    def inside(self, *argv: str) -> str:
        """Run something where the mount is; what it printed."""
        entered = ["nsenter", f"--mount=/proc/{self.place.sshd.pids()[0]}/ns/mnt", *argv]
        return subprocess.run(entered, check=True, capture_output=True, text=True).stdout

    def signal(self, number: int) -> None:
        """Signal the program that serves the file system."""
        (pid,) = [pid for pid in self.place.sshd.sessions() if command_line(pid) == self._words]
        os.kill(pid, number)

    def mount_anew(self) -> None:
        """After its program was killed."""
        self.inside("umount", "--lazy", str(self.front))
        entered = ["nsenter", f"--mount=/proc/{self.place.sshd.pids()[0]}/ns/mnt"]
        self._second = subprocess.Popen([*entered, *self._words.split()], stdin=subprocess.DEVNULL)

    def close(self) -> None:
        """End a second program; the first one ends with the sshd."""
        if self._second is not None:
            self._second.kill()
            self._second.wait()
