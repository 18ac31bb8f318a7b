"""What a host has and lacks, asked over its connection. What it answers is not trusted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.config.names import is_glob
from expsyncd.doctor.finding import Finding, note, ok, problem, unknown, warning
from expsyncd.pull.digest import quoted
from expsyncd.units import human_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.config.model import HostConfig
    from expsyncd.ssh.connection import Connection, Link
    from expsyncd.ssh.forwarding import Reached

ASK_TIMEOUT_S = 15.0
REACH_WITHIN_S = 5.0
OFFSET_FELT_S = 2.0
OLDEST_PYTHON = (3, 6)
FEW_WATCHES = 8192
SLOW_S = 0.3
ANSWER_LIMIT = 1 << 16
SCRIPT = b"""\
sed 's/^/watches=/' /proc/sys/fs/inotify/max_user_watches 2>/dev/null
look() {
  if [ ! -e "$2" ]; then word=missing
  elif [ ! -d "$2" ]; then word=file
  elif [ ! -r "$2" ] || [ ! -x "$2" ]; then word=denied
  else word=there
  fi
  printf 'folder%s=%s\\n' "$1" "$word"
}
"""


def of_link(link: Link) -> list[Finding]:
    """What connecting told."""
    trip = f"a round trip takes {link.round_trip_s * 1000:.0f} ms"
    far = note("connection", f"connected, but far away: {trip}")
    found = [far if link.round_trip_s > SLOW_S else ok("connection", f"connected; {trip}")]
    if link.transport == "rsync":
        found += [_rsync(link), _python(link.python)]
        if link.digest is None:
            title = "no program for digests there, so growing files are sent whole"
            found.append(warning("digests", title, "install coreutils or openssl there"))
    else:
        found.append(note("transport", link.why))
    if link.clock_offset_s is not None and abs(link.clock_offset_s) > OFFSET_FELT_S:
        side = "ahead of" if link.clock_offset_s > 0 else "behind"
        title = f"its clock is {human_seconds(abs(link.clock_offset_s))} {side} this computer's"
        found.append(warning("clock", title, "switch NTP on where it is wrong: timedatectl set-ntp true"))
    return found


def _rsync(link: Link) -> Finding:
    if link.warning:
        return warning("rsync", link.warning, "ask for rsync 3.2.5 or later there")
    return ok("rsync", f"rsync {link.rsync_version or 'is there'}")


def _python(version: str | None) -> Finding:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version or "")[:2])
    if not numbers:
        return note("python", "no python3 there: changes are seen at the interval only")
    if numbers < OLDEST_PYTHON:
        return note("python", f"python3 {version} is older than 3.6: changes are seen at the interval only")
    return ok("python", f"python3 {version}")


async def folders(connection: Connection, host: HostConfig) -> list[Finding]:
    """Whether the sources are there and may be read, and inotify's limit; needs a shell there."""
    plain = [source.path for source in host.sources if not is_glob(source.path)]
    completed = await connection.command(
        "exec sh", data=script(plain), timeout_s=ASK_TIMEOUT_S, limit=ANSWER_LIMIT
    )
    found = judge_folders(plain, completed.text)
    if len(plain) < len(host.sources):
        count = len(host.sources) - len(plain)
        found.append(note("sources", f"{count} given as globs are looked for at each pull"))
    return found


def script(paths: Sequence[str]) -> bytes:
    """Shell text for `sh` on the host; a login starts where `~/` leads, and nothing else is expanded."""
    looks = []
    for number, path in enumerate(paths):
        place = "." if path == "~" else path.removeprefix("~/")
        looks.append(b"look %d %s\n" % (number, quoted(place.encode("utf-8", "surrogateescape"))))
    return SCRIPT + b"".join(looks)


def judge_folders(paths: Sequence[str], answer: str) -> list[Finding]:
    """By what the script printed."""
    said = dict(line.partition("=")[::2] for line in answer.splitlines())
    found = [judge_watches(said.get("watches", ""))]
    for number, path in enumerate(paths):
        match said.get(f"folder{number}"):
            case "there":
                found.append(ok("sources", f"{path} is there"))
            case "missing":
                fix = "correct the path in hosts.yaml, or make the folder; it is pulled when it is there"
                found.append(problem("sources", f"{path} is not there", fix))
            case "file":
                found.append(problem("sources", f"{path} is no folder", "name the folder in hosts.yaml"))
            case "denied":
                found.append(problem("sources", f"{path} may not be read", f"there: chmod u+rx {path}"))
            case _:
                found.append(unknown("sources", f"{path} could not be looked at"))
    return found


def judge_watches(said: str) -> Finding:
    """Inotify's limit on the host."""
    if not said.isdigit():
        return note("inotify", "no inotify there")
    if int(said) < FEW_WATCHES:
        fix = "ask its admin for fs.inotify.max_user_watches=65536"
        return warning("inotify", f"only {said} inotify watches are allowed there", fix)
    return ok("inotify", f"{said} watches allowed there")


async def forwards(connection: Connection, host: HostConfig) -> list[Finding]:
    """Whether the host leads to the far ends of its tunnels."""
    forwarding = connection.forwarding()
    return [
        judge_reached(forward.remote, await forwarding.reach(forward.remote, REACH_WITHIN_S))
        for forward in host.forwards
    ]


def judge_reached(remote: str, reached: Reached) -> Finding:
    """One far end of a tunnel."""
    match reached.word:
        case "accepted":
            return ok("tunnel", f"leads to {remote}")
        case "forbidden":
            fix = "its sshd needs AllowTcpForwarding, and PermitOpen for it: ask its admin"
            return problem("tunnel", f"forwarding to {remote} is forbidden there", fix)
        case "silent":
            return warning(
                "tunnel", f"{remote} does not answer from there", "is it up, and the address right?"
            )
        case _:
            why = reached.why or "refused, or forwarding is forbidden"
            return warning(
                "tunnel", f"no connection from there to {remote}: {why}", "start what should listen there"
            )
