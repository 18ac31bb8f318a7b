"""What is known of TensorBoard: how and where it is, what it shows and cannot read. Pure, stdlib only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expsyncd.state.status import Trouble


@dataclass(frozen=True)
class DamagedFile:
    """An event file that TensorBoard stopped reading at byte `offset` (None: it does not say where)."""

    run: str
    file: str
    offset: int | None


@dataclass(frozen=True)
class TensorBoardState:
    """`status` is off, starting, serving, restarting or failed; `notices` say what a person should know."""

    status: str = "starting"
    url: str | None = None
    pid: int | None = None
    runs: int = 0
    hidden: int = 0  # by the person
    folded: int = 0  # by the rule of the config
    damaged: tuple[DamagedFile, ...] = ()
    error: Trouble | None = None
    notices: tuple[str, ...] = ()
