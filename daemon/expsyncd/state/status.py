"""Every status as a closed union of frozen values: a word for machines, a sentence for people, just its data.

Pure and stdlib only: the CLI reads this too and must start fast.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from expsyncd.state.follow import Arrival, FollowState
from expsyncd.state.runs import RunsState
from expsyncd.state.samples import SamplesState
from expsyncd.state.tensorboard import TensorBoardState
from expsyncd.units import human_bytes

if TYPE_CHECKING:
    from datetime import datetime

    from expsyncd.state.asked import GpusState, JobsState
    from expsyncd.state.tunnels import TunnelState


@dataclass(frozen=True)
class Trouble:
    """What is wrong, in `title`, and what to do, in `advice`."""

    title: str
    advice: str = ""


@dataclass(frozen=True)
class Never:
    """Not pulled yet."""

    word: ClassVar[str] = "never"

    @property
    def sentence(self) -> str:
        return "not pulled yet"


@dataclass(frozen=True)
class Pulling:
    """A pull is under way; totals are null until the plan is known."""

    since: datetime
    files: int = 0
    bytes: int = 0
    total_files: int | None = None
    total_bytes: int | None = None
    word: ClassVar[str] = "pulling"

    @property
    def sentence(self) -> str:
        if self.total_bytes:
            return f"pulling, {100 * self.bytes // self.total_bytes} % of {human_bytes(self.total_bytes)}"
        return "pulling"


@dataclass(frozen=True)
class Fresh:
    """All that should be here is here, as of the start of the last pull."""

    as_of: datetime
    word: ClassVar[str] = "fresh"

    @property
    def sentence(self) -> str:
        return "everything is here"


@dataclass(frozen=True)
class Stale:
    """The last pull did not succeed, or the host cannot be seen."""

    as_of: datetime | None
    cause: Trouble
    word: ClassVar[str] = "stale"

    @property
    def sentence(self) -> str:
        return self.cause.title


@dataclass(frozen=True)
class Partial:
    """Some files that should have come did not; the next pull tries them again."""

    as_of: datetime
    cause: Trouble
    word: ClassVar[str] = "partial"

    @property
    def sentence(self) -> str:
        return self.cause.title


@dataclass(frozen=True)
class Suspect:
    """The host's folder is missing or emptied; the mirror is kept."""

    as_of: datetime | None
    missing: Trouble
    word: ClassVar[str] = "suspect"

    @property
    def sentence(self) -> str:
        return self.missing.title


@dataclass(frozen=True)
class SourceFailed:
    """Will not get better by itself."""

    cause: Trouble
    word: ClassVar[str] = "failed"

    @property
    def sentence(self) -> str:
        return self.cause.title


SourceStatus = Never | Pulling | Fresh | Stale | Partial | Suspect | SourceFailed


@dataclass(frozen=True)
class LastPull:
    """How the last pull ended: outcome is complete, partial, retry or give-up."""

    at: datetime
    outcome: str
    files: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Skipped:
    """A path that was not pulled and why; `path` is for people (control bytes escaped)."""

    path: str
    bytes: int
    reason: str


@dataclass(frozen=True)
class SourceState:
    """What is known of one source. `lag_seconds` is null while unknown."""

    path: str
    status: SourceStatus = field(default_factory=Never)
    last_pull: LastPull | None = None
    last_success_at: datetime | None = None
    lag_seconds: float | None = None
    lag_as_of: datetime | None = None
    next_pull_at: datetime | None = None
    follow: FollowState = field(default_factory=FollowState)
    skipped: tuple[Skipped, ...] = ()
    skipped_total: int = 0
    skipped_bytes: int = 0
    gone: int = 0
    kept: int = 0  # old files kept in versions since the daemon started
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connecting:
    """The first attempt, or a new one, is under way."""

    word: ClassVar[str] = "connecting"

    @property
    def sentence(self) -> str:
        return "connecting"


@dataclass(frozen=True)
class Connected:
    """The master is up and a real round trip proved it."""

    word: ClassVar[str] = "connected"

    @property
    def sentence(self) -> str:
        return "connected"


@dataclass(frozen=True)
class Waiting:
    """Down, and tried again by itself at `next_at`."""

    error: Trouble
    next_at: datetime
    word: ClassVar[str] = "waiting"

    @property
    def sentence(self) -> str:
        return self.error.title


@dataclass(frozen=True)
class NeedsLogin:
    """Wants a second factor or a password; nothing is attempted until the person logs in."""

    error: Trouble
    word: ClassVar[str] = "needs-login"

    @property
    def sentence(self) -> str:
        return self.error.title


@dataclass(frozen=True)
class Paused:
    """Paused by the person."""

    word: ClassVar[str] = "paused"

    @property
    def sentence(self) -> str:
        return "paused by you"


@dataclass(frozen=True)
class HostFailed:
    """Will not get better by itself; carries the remedy."""

    error: Trouble
    word: ClassVar[str] = "failed"

    @property
    def sentence(self) -> str:
        return self.error.title


HostStatus = Connecting | Connected | Waiting | NeedsLogin | Paused | HostFailed


@dataclass(frozen=True)
class HostState:
    """What is known of one host. `clock_offset_s`: its clock minus ours at the last connection."""

    status: HostStatus
    since: datetime
    ssh: str = ""
    sources: dict[str, SourceState] = field(default_factory=dict)
    tunnels: dict[str, TunnelState] = field(default_factory=dict)
    adopted: bool = False  # rides on an ssh login that the person opened, which stays when we stop
    notices: tuple[str, ...] = ()
    clock_offset_s: float | None = None
    jobs: JobsState | None = None  # None where Slurm is not asked
    gpus: GpusState | None = None


@dataclass(frozen=True)
class RootState:
    """The root's disk. `error` is set while nothing may be written there."""

    path: str
    free_bytes: int | None = None
    error: Trouble | None = None


@dataclass(frozen=True)
class ConfigState:
    """The file in force and, while the file on disk is broken, why."""

    path: str
    loaded_at: datetime
    error: Trouble | None = None


@dataclass(frozen=True)
class Snapshot:
    """Everything at one index; the value behind `status --json`."""

    version: str
    pid: int
    since: datetime
    config: ConfigState
    root: RootState
    tensorboard: TensorBoardState = field(default_factory=TensorBoardState)
    hosts: dict[str, HostState] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    samples: SamplesState = field(default_factory=SamplesState)
    shown_after: Arrival | None = None  # from a write on the host to TensorBoard's answer, sampled
    runs: RunsState = field(default_factory=RunsState)
