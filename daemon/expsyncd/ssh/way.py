"""How the person's ssh_config leads to a host, from `ssh -G`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Way:
    """The person's own ControlPath and the hops of their ProxyJump, nearest first."""

    control_path: Path | None = None
    hops: tuple[str, ...] = ()


def parse(printed: str) -> Way:
    """What matters here of the output of `ssh -G`."""
    values: dict[str, str] = {}
    for line in printed.splitlines():
        name, _, value = line.strip().partition(" ")
        values.setdefault(name.lower(), value.strip())
    path, hops = values.get("controlpath", "none"), values.get("proxyjump", "none")
    return Way(
        control_path=Path(path) if path.startswith("/") else None,
        hops=() if hops in ("", "none") else tuple(hop for hop in hops.split(",") if hop),
    )
