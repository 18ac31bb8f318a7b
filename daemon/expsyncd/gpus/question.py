"""The one command that asks a host about its GPUs and whose processes are there, and its answer. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

FIELDS = (
    "index", "uuid", "name", "utilization.gpu", "memory.used", "memory.total", "temperature.gpu",
    "power.draw",
)  # fmt: skip
APPS = ("gpu_uuid", "pid", "used_memory", "process_name")  # the free text last
MOST_PROCESSES = 500
COMPLAINT = 400  # bytes of what nvidia-smi says when it fails

# -L alone tells which GPU a MIG device is part of. ps tells users, no command lines: they may hold secrets.
FOLDERS = "/usr/local/bin:/usr/lib/wsl/lib"  # the second on Windows

_SCRIPT = r"""
PATH="$PATH:%FOLDERS%"
LC_ALL=C
export PATH LC_ALL
part() { printf '\n@%NONCE% %s\n' "$*"; }
ask() {
  if command -v timeout >/dev/null 2>&1; then timeout -k 2 %SECONDS% nvidia-smi "$@"; else nvidia-smi "$@"; fi
}
part begin
if ! command -v nvidia-smi >/dev/null 2>&1; then part missing; exit 0; fi
part gpus
said=$(ask --query-gpu=%FIELDS% --format=csv,noheader,nounits 2>&1)
code=$?
printf '%s\n' "$said" | head -n 600
part gpus-ended $code
[ $code = 124 ] && exit 0
apps=$(ask --query-compute-apps=%APPS% --format=csv,noheader,nounits 2>/dev/null | head -n %MOST%)
part apps
printf '%s\n' "$apps"
case $apps in *MIG-*) part devices; ask -L 2>/dev/null ;; esac
pids=$(printf '%s\n' "$apps" | sed -n 's/^[^,]*, *\([0-9][0-9]*\),.*/\1/p' | sort -u | tr '\n' ',')
part users
if [ -n "$pids" ]; then
  ps -o pid=,user:32= -p "${pids%,}" 2>/dev/null || ps -o pid=,user= -p "${pids%,}" 2>/dev/null
fi
part end
"""


@dataclass(frozen=True)
class Answer:
    """What came back. `code` of nvidia-smi is None when it did not end. `missing`: there is none."""

    missing: bool = False
    gpus: str = ""
    code: int | None = None
    apps: str = ""
    devices: str = ""
    users: str = ""


def script(nonce: str, *, seconds: int) -> bytes:
    """Text for `sh` on the host."""
    filled = _SCRIPT
    for word, value in {
        "NONCE": nonce,
        "FOLDERS": FOLDERS,
        "SECONDS": str(seconds),
        "FIELDS": ",".join(FIELDS),
        "APPS": ",".join(APPS),
        "MOST": str(MOST_PROCESSES),
    }.items():
        filled = filled.replace(f"%{word}%", value)
    return filled.encode()


def read(nonce: str, output: str) -> Answer | None:
    """The answer in what the host printed, also in a part of it; None when the script did not run."""
    pieces = re.split(rf"\n@{re.escape(nonce)} ([^\n]*)\n", output)
    found = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    if "begin" not in found:
        return None
    code = next((name.split()[1] for name in found if name.startswith("gpus-ended ")), "")
    return Answer(
        "missing" in found,
        found.get("gpus", ""),
        int(code) if code.isdigit() else None,
        found.get("apps", ""),
        found.get("devices", ""),
        found.get("users", ""),
    )
