"""nvidia-smi's answers as values. Pure; what a driver does not tell, in any of its words, is None."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from expsyncd.gpus.question import APPS, FIELDS
from expsyncd.state.asked import Gpu, GpuProcess
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from expsyncd.gpus.question import Answer

MIB = 1 << 20
MOST_GPUS = 64
LONGEST = 200
MISSING = Trouble(
    "no nvidia-smi there: no driver, or other GPUs than NVIDIA's", "`gpus: false` in hosts.yaml"
)
# Words in place of a figure that mean that the GPU is not well, not that the figure is not known.
_BAD = {
    "ERR!": "the driver reports an error of it",
    "[GPU requires reset]": "needs a reset",
    "[Unknown Error]": "the driver reports an unknown error of it",
}


def gpus(answer: Answer) -> tuple[Gpu, ...]:
    """The GPUs with their processes, in the order of their index."""
    found: dict[str, Gpu] = {}
    for line in answer.gpus.splitlines():
        values = [value.strip() for value in line.split(",")]
        # A name with a comma in it would push the rest to the right.
        extra = len(values) - len(FIELDS)
        if extra < 0 or not values[0].isdigit() or not values[1].startswith("GPU-"):
            continue
        name = ", ".join(values[2 : 3 + extra])
        use, used, total, heat, power = values[3 + extra :]
        bad = next((_BAD[value] for value in values[3 + extra :] if value in _BAD), "")
        found[values[1]] = Gpu(
            index=int(values[0][:4]),
            name=name[:LONGEST],
            use_percent=_whole(use),
            memory_bytes=_bytes(used),
            total_bytes=_bytes(total),
            celsius=_whole(heat),
            watts=_figure(power),
            trouble=bad,
        )
    on = _processes(answer, list(found))
    listed = list(found.items())[:MOST_GPUS]
    whole = (replace(one, processes=tuple(on.get(uuid, ()))) for uuid, one in listed)
    return tuple(sorted(whole, key=lambda one: one.index))


def _processes(answer: Answer, uuids: list[str]) -> dict[str, list[GpuProcess]]:
    lines = (line.strip().partition(" ") for line in answer.users.splitlines())
    users = {pid: user for pid, _, user in lines}
    parents = _devices(answer.devices)
    found: dict[str, list[GpuProcess]] = {}
    for line in answer.apps.splitlines():
        values = [value.strip() for value in line.split(",", len(APPS) - 1)]
        if len(values) < len(APPS) or not values[1].isdigit():
            continue
        device, pid, memory, name = values
        # Older drivers say MIG-GPU-<uuid>/gi/ci, newer ones a uuid of its own.
        inside = device.removeprefix("MIG-").split("/")[0]
        uuid = device if device in uuids else inside if inside in uuids else parents.get(device, "")
        if not uuid and len(uuids) == 1:
            uuid = uuids[0]
        process = GpuProcess(int(pid[:10]), users.get(pid, "").strip()[:64], _program(name), _bytes(memory))
        if process not in found.setdefault(uuid, []):
            found[uuid].append(process)
    return found


def _devices(listing: str) -> dict[str, str]:
    """MIG devices to the GPU they are part of, by `nvidia-smi -L`."""
    found, gpu = {}, ""
    for line in listing.splitlines():
        if whole := re.match(r"GPU \d+: .*\(UUID: (GPU-[\w-]+)\)", line):
            gpu = whole[1]
        elif part := re.search(r"\(UUID: (MIG-[^)]+)\)", line):
            found[part[1]] = gpu
    return found


def _program(name: str) -> str:
    """The program without its folder; the driver's words in brackets for nothing."""
    return "" if name.startswith("[") else name.split(" ", maxsplit=1)[0].rsplit("/", 1)[-1][:LONGEST]


def trouble(answer: Answer) -> Trouble | None:
    """What is wrong with the driver as a whole."""
    if answer.missing:
        return MISSING
    if answer.code == 0:
        return None
    said = next((line.strip() for line in answer.gpus.splitlines() if line.strip()), "")[:LONGEST]
    if answer.code is None or answer.code == 124:
        return Trouble(
            "nvidia-smi did not answer in time", "a GPU may hang: `nvidia-smi` on the host shows it"
        )
    if "No devices were found" in said:
        return Trouble("the driver finds no GPU there", "`gpus: false` in hosts.yaml, or ask its admin")
    if "version mismatch" in said:
        return Trouble(said, "the driver was updated: the host needs a restart")
    return Trouble(said or f"nvidia-smi: exit {answer.code}", "`nvidia-smi` on the host says more")


def _figure(text: str) -> float | None:
    found = re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", text)
    return float(text) if found else None


def _whole(text: str) -> int | None:
    figure = _figure(text)
    return None if figure is None else round(figure)


def _bytes(text: str) -> int | None:
    figure = _figure(text)
    return None if figure is None else round(figure * MIB)
