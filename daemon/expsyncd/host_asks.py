"""HostAsks: what a host is asked beside its files, Slurm and GPUs, while it is connected."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from expsyncd import supervise
from expsyncd.gpus.keeper import GpuKeeper
from expsyncd.jobs.keeper import SlurmKeeper

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.config.model import HostConfig
    from expsyncd.inquiry import Commands
    from expsyncd.jobs.keeper import Means, Sources
    from expsyncd.ssh.probe import Link


class HostAsks:
    """`serve` runs for the time of one connection; `apply` changes what is asked, and nothing else."""

    def __init__(
        self,
        config: HostConfig,
        commands: Commands,
        sources: Sources,
        means: Means,
        *,
        watched: Callable[[], bool],
        put: Callable[..., None],
    ) -> None:
        """`put` takes a new `jobs` or `gpus` of the host's state."""
        self._name = name = config.name
        self._slurm = SlurmKeeper(name, config.slurm, commands, sources, means, lambda state: put(jobs=state))
        self._gpus = GpuKeeper(
            name, config.gpus, commands, sources.turn, means.clock, watched, lambda state: put(gpus=state)
        )

    def apply(self, config: HostConfig) -> None:
        """Ask as this config says."""
        self._slurm.apply(config.slurm)
        self._gpus.apply(config.gpus)

    async def serve(self, link: Link) -> None:
        """Ask when it is time; until cancelled."""
        how = {"commands": link.transport != "rrsync", "alone": bool(link.alone)}
        services = {"Slurm": self._slurm.run, "GPUs": self._gpus.run}
        async with asyncio.TaskGroup() as group:
            for word, run in services.items():
                name = f"{self._name}, {word}"
                # What fails here is no reason to give the connection up.
                group.create_task(supervise.keep(name, partial(run, **how)), name=name)
