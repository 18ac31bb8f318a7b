"""Whether a host has the programs that are asked beside its files: Slurm's and nvidia-smi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.doctor.finding import Finding, note, ok, problem, unknown
from expsyncd.gpus.question import FOLDERS as DRIVER_FOLDERS
from expsyncd.gpus.reading import MISSING as NO_DRIVER
from expsyncd.jobs.keeper import MISSING as NO_SLURM
from expsyncd.jobs.question import FOLDERS as SLURM_FOLDERS

if TYPE_CHECKING:
    from expsyncd.config.model import HostConfig
    from expsyncd.ssh.connection import Connection

ASK_TIMEOUT_S = 15.0
ANSWER_LIMIT = 1 << 14
SCRIPT = f"""\
PATH="$PATH:{SLURM_FOLDERS}:{DRIVER_FOLDERS}"
for program in squeue sacct nvidia-smi; do
  if command -v "$program" >/dev/null 2>&1; then echo "$program=there"; fi
done
echo looked=yes
"""


async def programs(connection: Connection, host: HostConfig) -> list[Finding]:
    """What is asked for and missing, what is there and not asked; asks neither Slurm nor the driver."""
    completed = await connection.command(
        "exec sh", data=SCRIPT.encode(), timeout_s=ASK_TIMEOUT_S, limit=ANSWER_LIMIT
    )
    return judge(completed.text, slurm=host.slurm is not None, gpus=host.gpus is not None)


def judge(answer: str, *, slurm: bool, gpus: bool) -> list[Finding]:
    """By what the script printed."""
    said = set(answer.splitlines())
    if "looked=yes" not in said:
        return [unknown("slurm", "Slurm and GPUs could not be looked for")] if slurm or gpus else []
    return [*_slurm(said, asked=slurm), *_gpus(said, asked=gpus)]


def _slurm(said: set[str], *, asked: bool) -> list[Finding]:
    there = "squeue=there" in said
    if not asked:
        return [note("slurm", "Slurm is there: `slurm: true` shows its jobs")] if there else []
    if not there:
        return [problem("slurm", NO_SLURM.title, NO_SLURM.advice)]
    if "sacct=there" not in said:
        return [note("slurm", "no sacct there: how a job ended is known while squeue lists it only")]
    return [ok("slurm", "squeue and sacct are there")]


def _gpus(said: set[str], *, asked: bool) -> list[Finding]:
    there = "nvidia-smi=there" in said
    if not asked:
        return [note("gpus", "nvidia-smi is there: `gpus: true` shows the GPUs")] if there else []
    if not there:
        return [problem("gpus", NO_DRIVER.title, NO_DRIVER.advice)]
    return [ok("gpus", "nvidia-smi is there")]
