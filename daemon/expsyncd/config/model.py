"""hosts.yaml as frozen values; every default of the program is here. No I/O."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MB = 1_000_000
GB = 1_000_000_000

# Weights and optimizer states are huge, change each epoch and are rarely looked at on the laptop.
CHECKPOINT_PATTERNS = (
    "*.pt", "*.pth", "*.ckpt", "*.safetensors", "*.bin", "*.h5", "*.hdf5", "*.keras", "*.pkl", "*.pickle",
    "*.onnx", "*.msgpack", "*.npz", "*.tar", "*.ckpt.data-*", "*.ckpt-*.data-*", "*.distcp",
)  # fmt: skip


class Model(BaseModel):
    """Frozen, and unknown keys are errors (the loader turns them into "did you mean")."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Every(Model):
    """A repeated pull each `period`."""

    kind: Literal["every"] = "every"
    period: timedelta


class Cron(Model):
    """A pull at the times of a five-field cron line, in local time."""

    kind: Literal["cron"] = "cron"
    line: str


Interval = Annotated[Every | Cron, Field(discriminator="kind")]


class SourceSamplesConfig(Model):
    """How the sample images of one source are taken; what is None is as for all."""

    enabled: bool = True
    pattern: str | None = Field(default=None, description="a regular expression with named groups")
    ignore: tuple[str, ...] = ()
    cap: int | None = None
    width: int | None = None
    delay: timedelta | None = None


class SourceConfig(Model):
    """A folder on a host that is pulled. `path` may be a glob: one source a match."""

    path: str
    name: str = Field(description="its folder in the mirror; default: from the path")
    interval: Interval | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_size: int | None = None
    bwlimit: int | None = Field(default=None, description="bytes a second")
    samples: SourceSamplesConfig = SourceSamplesConfig()


class ForwardConfig(Model):
    """A port here that leads to a port there."""

    local: str = Field(description="PORT or ADDRESS:PORT; 127.0.0.1 unless an address is given")
    remote: str = Field(description="HOST:PORT as seen from the host")
    tensorboard: bool = False


class SlurmConfig(Model):
    """How Slurm on a host is asked."""

    interval: timedelta = timedelta(seconds=120)
    user: str | None = Field(default=None, description="None: who the login is")


class GpusConfig(Model):
    """How the GPUs of a host are asked about."""

    interval: timedelta = timedelta(seconds=60)


class HostConfig(Model):
    """A GPU machine, named by its ssh alias."""

    name: str
    ssh: str = Field(description="what follows `ssh`: an alias or user@address")
    sources: tuple[SourceConfig, ...] = ()
    journal: tuple[str, ...] = ()
    slurm: SlurmConfig | None = None
    gpus: GpusConfig | None = None
    follow: bool = True
    transport: Literal["auto", "rsync", "sftp"] = "auto"
    forwards: tuple[ForwardConfig, ...] = ()
    interval: Interval | None = None
    bwlimit: int | None = None


class ShowConfig(Model):
    """Which runs TensorBoard shows, of those that the person neither hid nor pinned nor unhid."""

    hosts: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    younger_than: timedelta | None = None
    newest: int = Field(default=500, ge=1)


class TensorBoardConfig(Model):
    """How TensorBoard is run."""

    enabled: bool = True
    port: int = Field(default=6006, ge=1, le=65535)
    samples_per_plugin: str = "scalars=100000,images=100"
    scalars_only: bool = False
    memory_limit: int = 4 * GB
    show: ShowConfig = ShowConfig()
    private: bool = False
    extra_args: tuple[str, ...] = ()


class VersionsConfig(Model):
    """How long the old bytes of replaced files are kept."""

    count: int = Field(default=20, ge=1)
    age: timedelta = timedelta(days=30)
    size: int = 5 * GB


class SamplesConfig(Model):
    """How animations of sample images are made."""

    enabled: bool = True
    cap: int = Field(default=150, ge=2, le=5000)
    width: int = Field(default=1024, ge=16, le=4096)
    delay: timedelta = timedelta(milliseconds=125)
    labels: bool = True
    webp: bool = False
    cache: int = 2 * GB


class RunsConfig(Model):
    """How runs are judged."""

    stalled_after: int = Field(default=5, ge=2, le=1000, description="times the usual gap")


class SkipConfig(Model):
    """What is never pulled unless a source's own `include` names it: these patterns over this size."""

    patterns: tuple[str, ...] = CHECKPOINT_PATTERNS
    over: int = 50 * MB


class Config(Model):
    """The whole file."""

    root: Path = Path("~/experiments")
    interval: Interval = Every(period=timedelta(seconds=60))
    reconcile: timedelta = timedelta(minutes=15)
    audit: Interval = Cron(line="30 3 * * *")
    skip: SkipConfig = SkipConfig()
    min_free: int = 2 * GB
    max_entries: int = 2_000_000
    versions: VersionsConfig = VersionsConfig()
    tensorboard: TensorBoardConfig = TensorBoardConfig()
    samples: SamplesConfig = SamplesConfig()
    runs: RunsConfig = RunsConfig()
    allow_old_rsync: bool = False
    hosts: dict[str, HostConfig] = Field(default_factory=dict)

    def interval_of(self, host: HostConfig, source: SourceConfig) -> Every | Cron:
        """The most particular interval wins."""
        return source.interval or host.interval or self.interval
