"""The command line of our TensorBoard. Pure."""

from __future__ import annotations

import sys
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from expsyncd.config.model import TensorBoardConfig

ADDRESS = "127.0.0.1"
LAUNCH_MODULE = "expsyncd.tensorboard.launch"
SCALARS_ONLY = "--expsyncd-scalars-only"  # understood by our launch module, not by TensorBoard

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


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """`inherited`, but gRPC to its own data server must not go through the person's HTTP proxy."""
    return {**inherited, "no_grpc_proxy": "localhost,127.0.0.1"}


def path_prefix(config: TensorBoardConfig) -> str:
    """The `--path_prefix` among the extra arguments, without a slash at its end; "" without one."""
    prefix = ""
    for argument, after in zip_longest(config.extra_args, config.extra_args[1:], fillvalue=""):
        name, equals, value = argument.partition("=")
        if name == "--path_prefix":
            prefix = value if equals else after
    prefix = prefix.strip("/")
    return f"/{prefix}" if prefix else ""


def url(config: TensorBoardConfig, port: int) -> str:
    """Where a browser finds it."""
    return f"http://{ADDRESS}:{port}{path_prefix(config)}"
