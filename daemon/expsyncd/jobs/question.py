"""The one command that asks a host's Slurm about all jobs of a person, and its answer in parts. Pure.

squeue tells of what waits, runs and has just ended, sacct of what ended since it was last asked. Neither asks
about a single job, so a query costs the controller the same however many jobs there are.

`--json` is used from Slurm 23.02 on: before, it ignores the user and prints the whole cluster's queue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

SEPARATOR = "\x1f"  # free text may hold a |, and nobody types this
FIRST_LOOK_MINUTES = 3 * 24 * 60
LONGEST_LOOK_MINUTES = 30 * 24 * 60  # after a time away; a person's jobs of a month are one cheap query
OVERLAP_MINUTES = 15
COMPLAINT = 400  # bytes of what a program says when it fails

# squeue -O (each with its width, 0 for as it is) and squeue -o: the free text stands last.
LONG = (
    "JobArrayID", "JobID", "State", "StartTime", "EndTime", "SubmitTime", "TimeLimit", "exit_code",
    "RestartCnt", "Partition", "NodeList", "Dependency", "Reason", "STDERR", "STDOUT", "WorkDir", "Command",
    "Name",
)  # fmt: skip
SHORT = ("%i", "%A", "%T", "%S", "%e", "%V", "%l", "%P", "%N", "%E", "%r", "%Z", "%o", "%j")
ENDED = (
    "JobID", "JobIDRaw", "State", "ExitCode", "Submit", "Start", "End", "TimelimitRaw", "Partition",
    "NodeList", "WorkDir", "JobName",
)  # fmt: skip
SUBMIT_LINE = "SubmitLine"  # from 20.11 on; it may hold line breaks

# Where Slurm is when no login file says so.
FOLDERS = "/usr/local/bin:/opt/slurm/bin:/usr/local/slurm/bin:/cm/shared/apps/slurm/current/bin"

_SCRIPT = r"""
PATH="$PATH:%FOLDERS%"
TZ=UTC LC_ALL=C
export PATH TZ LC_ALL
unset SQUEUE_ACCOUNT SQUEUE_ALL SQUEUE_ARRAY SQUEUE_CLUSTERS SQUEUE_FORMAT SQUEUE_FORMAT2 SQUEUE_LICENSES \
  SQUEUE_NAMES SQUEUE_PARTITION SQUEUE_PRIORITY SQUEUE_QOS SQUEUE_SORT SQUEUE_STATES SQUEUE_USERS \
  SACCT_FORMAT SLURM_TIME_FORMAT CDPATH
part() { printf '\n@%NONCE% %s\n' "$*"; }
within() {
  if command -v timeout >/dev/null 2>&1; then timeout -k 2 "$@"; else shift; "$@"; fi
}
user=%USER%
[ -n "$user" ] || user=$(id -un)
part user "$(id -u)" "$user"
if ! command -v squeue >/dev/null 2>&1; then part missing; exit 0; fi
version=$(scontrol --version 2>/dev/null | head -n 1)
number=$(printf '%s\n' "$version" | sed -n 's/^[^0-9]*\([0-9][0-9]\)\.\([0-9][0-9]\).*/\1\2/p')
part version "$version"
exec 3>&1
if [ "${number:-0}" -ge 2302 ] && [ %JSON% = yes ]; then
  part squeue json
  said=$(within %SECONDS% squeue --json -t all -u "$user" 2>&1 1>&3)
elif [ "${number:-0}" -ge 2002 ]; then
  part squeue long
  said=$(within %SECONDS% squeue -h -t all -u "$user" -O %LONG% 2>&1 1>&3)
else
  part squeue short
  said=$(within %SECONDS% squeue -h -t all -u "$user" -o %SHORT% 2>&1 1>&3)
fi
part squeue-ended $?
printf '%s' "$said" | head -c %COMPLAINT%
if command -v sacct >/dev/null 2>&1; then
  if [ "${number:-0}" -ge 2302 ] && [ %JSON% = yes ]; then
    part sacct json
    said=$(within %SECONDS% sacct --json -X -u "$user" -S now-%MINUTES%minutes 2>&1 1>&3)
  else
    form=text fields=%ENDED%
    [ "${number:-0}" -lt 2011 ] || form=lines fields=$fields,%SUBMIT_LINE%
    part sacct $form
    said=$(within %SECONDS% sacct -X -n -P --delimiter=%SEPARATOR% -u "$user" -S now-%MINUTES%minutes \
      -o "$fields" 2>&1 1>&3)
  fi
  part sacct-ended $?
  printf '%s' "$said" | head -c %COMPLAINT%
fi
place() {
  part place "$1"
  within 5 sh -c 'cd -- "$1" && pwd -P' sh "$2" 2>/dev/null
}
"""


@dataclass(frozen=True)
class Part:
    """What a program printed, in which `form`; `code` None: it was cut off before it ended."""

    form: str
    output: str
    code: int | None
    complaint: str


@dataclass(frozen=True)
class Answer:
    """What came back. `missing`: there is no squeue. `places`: physical paths of the folders given."""

    uid: str = ""
    user: str = ""
    missing: bool = False
    version: str = ""
    queue: Part | None = None
    accounts: Part | None = None
    places: tuple[tuple[str, str], ...] = ()


def script(
    nonce: str, user: str | None, minutes: int, *, seconds: int, json: bool, places: dict[str, str]
) -> bytes:
    """Text for `sh` on the host. `minutes`: how far back sacct looks; `seconds`: how long each may take.

    `places`: folders by name whose physical paths are asked for, since Slurm tells those.
    """
    long = ",".join(f"{field}:0{SEPARATOR}" for field in LONG[:-1]) + f",{LONG[-1]}:0"
    filled = _SCRIPT
    for word, value in {
        "NONCE": nonce,
        "FOLDERS": FOLDERS,
        "USER": quote(user or ""),
        "JSON": "yes" if json else "no",
        "SECONDS": str(seconds),
        "COMPLAINT": str(COMPLAINT),
        "MINUTES": str(max(1, minutes)),
        "LONG": quote(long),
        "SHORT": quote(SEPARATOR.join(SHORT)),
        "ENDED": ",".join(ENDED),
        "SUBMIT_LINE": SUBMIT_LINE,
        "SEPARATOR": quote(SEPARATOR),
    }.items():
        filled = filled.replace(f"%{word}%", value)
    lines = []
    for name, path in places.items():
        folder = "." if path == "~" else path.removeprefix("~/")
        lines.append(f"place {quote(name)} {quote(folder)}\n")
    return (filled + "".join(lines)).encode("utf-8", "surrogateescape")


def read(nonce: str, output: str) -> Answer | None:
    """The answer in what the host printed, also in a part of it; None when the script did not run."""
    found: dict[str, tuple[str, str]] = {}
    places: list[tuple[str, str]] = []
    pieces = re.split(rf"\n@{re.escape(nonce)} ([^\n]*)\n", output)
    for heading, body in zip(pieces[1::2], pieces[2::2], strict=True):
        name, _, rest = heading.partition(" ")
        if name == "place":
            places.append((rest, body.removesuffix("\n")))
        else:
            found.setdefault(name, (rest, body))
    if "user" not in found:
        return None
    uid, _, user = found["user"][0].partition(" ")
    return Answer(
        uid,
        user,
        "missing" in found,
        found.get("version", ("", ""))[0],
        _part(found, "squeue"),
        _part(found, "sacct"),
        tuple((name, path) for name, path in places if path.startswith("/")),
    )


def _part(found: dict[str, tuple[str, str]], name: str) -> Part | None:
    if name not in found:
        return None
    form, output = found[name]
    code, complaint = found.get(f"{name}-ended", ("", ""))
    return Part(form, output, int(code) if code.isdigit() else None, complaint.strip())
