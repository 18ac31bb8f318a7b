"""The status of a tunnel as a closed union of frozen values. Pure and stdlib only, like status.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import datetime

    from expsyncd.state.status import Trouble


@dataclass(frozen=True)
class TunnelOpening:
    """Not proven yet."""

    word: ClassVar[str] = "opening"


@dataclass(frozen=True)
class TunnelOpen:
    """A probe from end to end got through; `url` is http://… where HTTP answered, else HOST:PORT."""

    url: str
    probed_at: datetime
    word: ClassVar[str] = "open"


@dataclass(frozen=True)
class TunnelWaiting:
    """Nothing gets through now; tried again by itself."""

    error: Trouble
    word: ClassVar[str] = "waiting"


@dataclass(frozen=True)
class TunnelFailed:
    """Will not get better by itself; carries the remedy."""

    error: Trouble
    word: ClassVar[str] = "failed"


TunnelStatus = TunnelOpening | TunnelOpen | TunnelWaiting | TunnelFailed


@dataclass(frozen=True)
class TunnelState:
    """One forward kept open, from `local` here to `remote` as seen from the host."""

    local: str
    remote: str
    tensorboard: bool = False
    status: TunnelStatus = field(default_factory=TunnelOpening)
