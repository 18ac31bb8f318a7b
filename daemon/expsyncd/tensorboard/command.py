"""The command line of our TensorBoard. Pure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from expsyncd.config.model import TensorBoardConfig

ADDRESS = "127.0.0.1"
LAUNCH_MODULE = "expsyncd.tensorboard.launch"
SCALARS_ONLY = "--expsyncd-scalars-only"  # understood by our launch module, not by TensorBoard
# How launch gets the path of a private page: the environment of a process is its owner's business alone.
PREFIX_VARIABLE = "EXPSYNCD_TENSORBOARD_PREFIX"

# File → HTTP API in 0.5 s; 0.5 would be a busy loop, 0 loads once, negative is refused.
RELOAD_INTERVAL_S = 1
# 0 means "all" to TensorBoard, so one sample each is the least that can be asked for.
_NOTHING_BUT_SCALARS = "images=1,audio=1,histograms=1,distributions=1,text=1,graphs=1,mesh=1,pr_curves=1"


def argv(
    config: TensorBoardConfig, *, logdir: Path, port: int, fast: bool, python: str = sys.executable
) -> list[str]:
    """How to start TensorBoard on `port` over `logdir`; `fast`: its fast loader is available.

    `extra_args` may change what stands before them and nothing of what stands after them.
    """
    samples = config.samples_per_plugin
    if config.scalars_only:
        samples = ",".join(part for part in (samples, _NOTHING_BUT_SCALARS) if part)
    return [
        python,
        "-P",  # nothing in the folder we were started in may pass for a module
        "-m",
        LAUNCH_MODULE,
        *([SCALARS_ONLY] if config.scalars_only else []),
        f"--reload_interval={RELOAD_INTERVAL_S}",
        *([f"--samples_per_plugin={samples}"] if samples else []),
        *config.extra_args,
        f"--logdir={logdir}",
        f"--host={ADDRESS}",
        f"--port={port}",
        f"--load_fast={'true' if fast else 'false'}",
    ]


def environment(inherited: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    """`inherited`, with the path that every address of a private page begins with.

    gRPC to its own data server must not go through the person's HTTP proxy, and that program must say which
    files it gave up, see `deaths`.
    """
    ours = {"no_grpc_proxy": "localhost,127.0.0.1", "RUST_LOG": "warn"}
    return {**inherited, **ours, **({PREFIX_VARIABLE: prefix} if prefix else {})}


def url(port: int, prefix: str = "") -> str:
    """Where a browser finds it."""
    return f"http://{ADDRESS}:{port}{prefix}{'/' if prefix else ''}"
