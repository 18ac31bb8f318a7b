"""The first command on a new connection: proves a real round trip and tells what the host has. Pure.

Both commands begin with `exec`, which sh, bash, zsh, fish and csh understand alike; the script itself goes
to sh by stdin, so no login shell has to parse it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

COMMAND = "exec sh"
# Sends back what it gets: a round trip without the start of a shell in it.
ECHO_COMMAND = "exec cat"
# Printed in two halves, so that a forced command that echoes the script is not taken for an answer.
MAGIC = b"expsyncd-probe-1"

# `date` comes last: when the output is here, it was read half a round trip ago.
SCRIPT = b"""\
printf '%s-%s\\n' expsyncd probe-1
printf 'system=%s\\n' "$(uname -s 2>/dev/null)"
printf 'shell=%s\\n' "${SHELL##*/}"
if command -v rsync >/dev/null 2>&1; then
  printf 'rsync_path=%s\\n' "$(command -v rsync)"
  printf 'rsync=%s\\n' "$(rsync --version 2>&1 </dev/null | head -n 1)"
fi
if command -v python3 >/dev/null 2>&1; then
  printf 'python=%s\\n' "$(python3 -V 2>&1 </dev/null | head -n 1)"
fi
for program in sha256sum shasum openssl; do
  if command -v "$program" >/dev/null 2>&1; then printf 'digest=%s\\n' "$program"; break; fi
done
printf 'date=%s\\n' "$(date +%s.%N 2>/dev/null)"
"""
DIGESTS = ("sha256sum", "shasum", "openssl")
# Protocol 31 brought nanoseconds; the other is where rsyncs of this machine are refused below.
KNOWS_NANOSECONDS = (3, 1, 0)
OLD_RSYNC = (3, 2, 5)
# `rsync`: by rsync and commands; `rrsync`: by rsync alone, no command runs; `sftp`: neither.
Transport = Literal["rsync", "rrsync", "sftp"]
# An answer has a few hundred bytes; a host that sends without end is cut here.
OUTPUT_LIMIT = 1 << 16


@dataclass(frozen=True)
class Link:
    """What a fresh connection told. `clock_offset_s`: the host's clock minus ours, None if not told.

    `why` says why files come other than by rsync over a shell, `warning` what is old there, `alone` that
    only one command or transfer may run there at a time; each is "" where it is not so.
    """

    round_trip_s: float
    rsync_version: str | None
    python: str | None
    system: str
    clock_offset_s: float | None
    digest: str | None
    adopted: bool = False
    transport: Transport = "rsync"
    why: str = ""
    warning: str = ""
    alone: str = ""

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of it."""
        return tuple(text for text in (self.why, self.warning, self.alone) if text)


@dataclass(frozen=True)
class Answer:
    """What the script printed. `stray`: bytes before it. `date_s`: the host's Unix time."""

    stray: bytes
    system: str
    rsync_path: str | None
    rsync_version: str | None
    python: str | None
    digest: str | None
    date_s: float | None
    openrsync: bool = False
    shell: str = ""

    def link(self, round_trip_s: float, here_s: float, *, adopted: bool) -> Link:
        """What is worth keeping; `here_s`: our Unix time when the answer was here."""
        # The host read its clock half a round trip before that.
        offset_s = None if self.date_s is None else self.date_s + round_trip_s / 2 - here_s
        return Link(
            round_trip_s,
            self.rsync_version,
            self.python,
            self.system,
            offset_s,
            self.digest,
            adopted,
            warning=old_rsync(self.rsync_version),
        )


def parse(output: bytes) -> Answer | None:
    """The answer in `output`, or None when the script did not run."""
    stray, magic, rest = output.partition(MAGIC + b"\n")
    if not magic:
        return None
    fields: dict[str, str] = {}
    for line in rest.splitlines():
        name, equals, value = line.decode("utf-8", "replace").partition("=")
        if equals:
            fields.setdefault(name, value.strip())
    digest = fields.get("digest")
    return Answer(
        stray=stray,
        system=fields.get("system", ""),
        shell=fields.get("shell", ""),
        rsync_path=fields.get("rsync_path") or None,
        rsync_version=_version(fields.get("rsync"), r"\brsync\s+version v?"),
        python=_version(fields.get("python"), r"\APython "),
        digest=digest if digest in DIGESTS else None,
        date_s=_date(fields.get("date")),
        openrsync="openrsync" in fields.get("rsync", ""),
    )


def old_rsync(version: str | None) -> str:
    """What is wrong with the rsync of a host; it only sends, so nothing of it is refused."""
    numbers = tuple(int(part) for part in (version or "").split(".") if part.isdigit())
    if not numbers or numbers >= OLD_RSYNC:
        return ""
    if numbers < KNOWS_NANOSECONDS:
        return (
            f"rsync {version} on the host knows whole seconds only: a file rewritten within one at the same "
            "size is seen by the nightly audit; install 3.2.5 or later there"
        )
    return f"rsync {version} on the host is old; 3.2.5 or later has fewer known faults"


def _version(text: str | None, before: str) -> str | None:
    found = re.search(before + r"(\d+(?:\.\d+){1,3})", text or "")
    return found.group(1) if found else None


def _date(text: str | None) -> float | None:
    # BSD's date prints %N as the letter N: then half a second is the best guess for the rest.
    found = re.fullmatch(r"(\d{1,12})(?:\.(\d{1,9}))?(?:\.?N)?", text or "")
    if not found:
        return None
    seconds, fraction = found.groups()
    return float(f"{seconds}.{fraction or '5'}")
