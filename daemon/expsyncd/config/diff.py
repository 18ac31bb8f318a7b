"""What differs between two configs, so that an edited file disturbs only what it changed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expsyncd.config.model import Config, Cron, Every

# What every pull obeys: a change alters each host's effective config.
_FOR_ALL_HOSTS = ("skip", "min_free", "max_entries", "allow_old_rsync", "reconcile")


@dataclass(frozen=True)
class Difference:
    """Hosts by name in the order of the files; the rest says which part of the program must look again."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    reconnect: tuple[str, ...] = field(default=())
    """Of `changed`: those whose connection is another one now."""
    asked: tuple[str, ...] = ()
    """Of `kept`: those where only what Slurm or the GPUs are asked is another now."""
    root: bool = False
    tensorboard: bool = False
    versions: bool = False
    samples: bool = False
    runs: bool = False
    schedule: bool = False
    """The audit, or the interval of a source that was there and still is."""

    @property
    def nothing(self) -> bool:
        """Whether both configs mean the same."""
        return self == Difference(kept=self.kept)


def difference(old: Config, new: Config) -> Difference:
    """Compare by effective values: a default that a host overrides does not change that host."""
    both = [name for name in new.hosts if name in old.hosts]
    for_all = any(getattr(old, name) != getattr(new, name) for name in _FOR_ALL_HOSTS)
    before = {name: _intervals(old, name) for name in both}
    after = {name: _intervals(new, name) for name in both}
    changed = tuple(
        name
        for name in both
        if for_all or before[name] != after[name] or _apart(old, name) != _apart(new, name)
    )
    return Difference(
        added=tuple(name for name in new.hosts if name not in old.hosts),
        removed=tuple(name for name in old.hosts if name not in new.hosts),
        changed=changed,
        kept=tuple(name for name in both if name not in changed),
        reconnect=tuple(name for name in changed if _connection(old, name) != _connection(new, name)),
        asked=tuple(name for name in both if name not in changed and _asked(old, name) != _asked(new, name)),
        root=old.root != new.root,
        tensorboard=old.tensorboard != new.tensorboard,
        versions=old.versions != new.versions,
        samples=_samples(old) != _samples(new),
        runs=old.runs != new.runs,
        schedule=old.audit != new.audit or before != after,
    )


def _intervals(config: Config, name: str) -> dict[str, Every | Cron]:
    host = config.hosts[name]
    return {source.name: config.interval_of(host, source) for source in host.sources}


def _apart(config: Config, name: str) -> object:
    """The host without its intervals, which count by their effect, and without what is not about pulling."""
    host = config.hosts[name]
    without = {"interval": None, "samples": None}
    sources = tuple(source.model_copy(update=without) for source in host.sources)
    return host.model_copy(update={"interval": None, "sources": sources, "slurm": None, "gpus": None})


def _asked(config: Config, name: str) -> object:
    host = config.hosts[name]
    return host.slurm, host.gpus


def _samples(config: Config) -> object:
    hosts = config.hosts.values()
    return config.samples, [
        (host.name, source.name, source.samples) for host in hosts for source in host.sources
    ]


def _connection(config: Config, name: str) -> tuple[str, str]:
    host = config.hosts[name]
    return host.ssh, host.transport
