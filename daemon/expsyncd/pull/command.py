"""The argv of every rsync we run. Pure.

Never `-a` (devices, setuid), `-u` (skips half files for ever), `-L`, `-K`, and `--delete` only where `-n`
stands too. Passes name their files by `--files-from` without `-r`: nothing unplanned arrives, and a file
that became a folder in between is skipped and destroys nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.pull.listing import FORMAT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# TensorBoard's projector follows paths in this file, so one from a host could name local files.
NEVER = ("projector_config.pbtxt",)
SLOW_LINK_S = 0.010  # above this round trip one whole list beats many small ones (measured)
# From here on rsync negotiates zstd: no more wall time over a slow link, 5 times fewer bytes (measured).
COMPRESSES_WELL = (3, 2)
TIMEOUT_S = 60  # rsync's own, for an idle conversation; ours stands behind it
MODES = ("-t", "-p", "--chmod=D700,F600", "--no-owner", "--no-group", "--no-links", "--no-D")
SHARED = (
    "--modify-window=-1",
    f"--timeout={TIMEOUT_S}",
    "--outbuf=L",
    f"--out-format={FORMAT}",
)


# From 3.2.5 on rsync takes only names that it asked for, but misreads these; one ends a whole pass (measured
# with 3.5.0: "rejecting unrequested file-list name", exit 4). The option that trusts the host is no way out.
_MISREAD = re.compile(rb"\\[*?\[\]]")


@dataclass(frozen=True)
class Remote:
    """How a source is reached: rsync's `-e` value, the ssh alias, the folder, the measured round trip.

    `limited`: by a key that only rrsync answers, which takes few options.
    """

    rsh: str
    alias: str
    path: str
    slow_link: bool = False
    compress: bool = False
    limited: bool = False

    @property
    def spec(self) -> str:
        """`ALIAS:PATH/`; `~/` is where a login starts, so it is left out."""
        path = self.path.removeprefix("~/") if self.path != "~" else ""
        return f"{self.alias}:{path.rstrip('/') or ('' if path == '' else '/')}{'/' if path else ''}"


def remote(
    rsh: str,
    alias: str,
    path: str,
    round_trip_s: float,
    rsync_version: str | None,
    *,
    limited: bool = False,
) -> Remote:
    """A source's Remote, fitted to the measured round trip and the version of the host's rsync."""
    numbers = tuple(int(part) for part in (rsync_version or "").split(".") if part.isdigit())
    slow = round_trip_s > SLOW_LINK_S
    compress = slow and numbers >= COMPRESSES_WELL
    return Remote(rsh, alias, path, slow_link=slow, compress=compress, limited=limited)


def unaskable(path: bytes) -> bool:
    """Whether a pass that names this file would fail as a whole."""
    return _MISREAD.search(path) is not None


def filters(include: Sequence[str], exclude: Sequence[str]) -> list[str]:
    """The person's patterns as rsync filters; `include` means only these."""
    rules = [f"--exclude={pattern}" for pattern in (*NEVER, *exclude)]
    if include:
        if not all(pattern.startswith("/") and "/" not in pattern[1:] for pattern in include):
            rules.append("--include=*/")
        rules += [f"--include={pattern}" for pattern in include]
        rules.append("--exclude=*")
    return rules


def _ends(remote: Remote, mirror: Path) -> list[str]:
    return ["-e", remote.rsh, "--", remote.spec, f"{mirror}/"]


def _link(remote: Remote) -> list[str]:
    # Over a slow link one list is quicker than many small ones; on a LAN it is the other way round.
    return [*(["--no-inc-recursive"] if remote.slow_link else []), *_memory(remote)]


def _memory(remote: Remote) -> list[str]:
    # rsync tells the host of it, and an old rrsync refuses what it does not know.
    return [] if remote.limited else ["--max-alloc=512m"]


def listing(
    remote: Remote, mirror: Path, include: Sequence[str], exclude: Sequence[str], *, gone: bool = True
) -> list[str]:
    """A dry-run that names what differs and, with `gone`, what is no longer on the host. Changes nothing."""
    return [
        "rsync", "-n", "-r", "-O", *MODES, *(["--delete"] if gone else []), "--stats", "--no-h", *SHARED,
        *_link(remote),
        *filters(include, exclude), *_ends(remote, mirror),
    ]  # fmt: skip


def audit(remote: Remote, mirror: Path) -> list[str]:
    """A dry-run that compares the files named on stdin by digest."""
    return [
        "rsync", "-n", "--checksum", *_from_stdin(), *MODES, *SHARED, *_memory(remote),
        *_ends(remote, mirror),
    ]  # fmt: skip


def folders(remote: Remote, nowhere: Path, rules: Sequence[str]) -> list[str]:
    """A dry-run that names the folders which `rules` include; `nowhere` is a folder that is not there."""
    return [
        "rsync", "-n", "-r", *MODES, *SHARED, *_link(remote), *rules, *_ends(remote, nowhere),
    ]  # fmt: skip


def grow(remote: Remote, mirror: Path, *, bwlimit: int | None) -> list[str]:
    """Append what the host's files have beyond ours; never writes below the local length.

    `--append` alone believes that our bytes are a prefix of the host's: the puller asks for digests before
    and after. `--size-only` lets files of equal size take the host's time without moving a byte.
    """
    return [
        "rsync", "--append", "--size-only", *_from_stdin(), *MODES, *SHARED, "--info=progress2",
        *_limits(remote, bwlimit), *_ends(remote, mirror),
    ]  # fmt: skip


def fetch(
    remote: Remote,
    mirror: Path,
    *,
    incoming: Path,
    backup: Path,
    bwlimit: int | None,
    sparse: bool,
    whole_progress: bool,
) -> list[str]:
    """New and replaced files: a temp file, an atomic rename, the old bytes into `backup`."""
    return [
        "rsync", *_from_stdin(), *MODES, *SHARED,
        *(["--sparse"] if sparse else []),
        *(["--info=progress2"] if whole_progress else []),
        f"--temp-dir={incoming}", "--backup", f"--backup-dir={backup}",
        *_limits(remote, bwlimit), *_ends(remote, mirror),
    ]  # fmt: skip


def _from_stdin() -> list[str]:
    return ["--files-from=-", "--from0", "--no-dirs"]


def _limits(remote: Remote, bwlimit: int | None) -> list[str]:
    limits = [*_memory(remote), *(["-z"] if remote.compress else [])]
    if bwlimit is not None:
        limits.append(f"--bwlimit={max(1, bwlimit // 1024)}")
    return limits
