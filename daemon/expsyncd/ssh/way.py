"""How the person's ssh_config leads to a host, from `ssh -G`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

# What a login may present, and what it compares the host's key with.
_KEYS = ("identityfile", "certificatefile")
_KNOWN_HOSTS = ("userknownhostsfile", "globalknownhostsfile")


@dataclass(frozen=True)
class Way:
    """The person's own ControlPath, the hops of their ProxyJump (nearest first), and the files of a login.

    printed: all that `ssh -G` said. agent: its IdentityAgent. keys and known_hosts may name files that do not
    exist.
    """

    control_path: Path | None = None
    hops: tuple[str, ...] = ()
    keys: tuple[Path, ...] = ()
    known_hosts: tuple[Path, ...] = ()
    agent: str = ""
    printed: str = field(default="", compare=False, repr=False)


def parse(printed: str, home: Path | None = None) -> Way:
    """What matters here of the output of `ssh -G`; a `~` in it is `home`."""
    values: dict[str, list[str]] = {}
    for line in printed.splitlines():
        name, _, value = line.strip().partition(" ")
        values.setdefault(name.lower(), []).append(value.strip())
    path = values.get("controlpath", ["none"])[0]
    jump = values.get("proxyjump", ["none"])[0]
    return Way(
        control_path=Path(path) if path.startswith("/") else None,
        hops=() if jump in ("", "none") else tuple(hop for hop in jump.split(",") if hop),
        keys=_files(values, _KEYS, home),
        known_hosts=_files(values, _KNOWN_HOSTS, home),
        agent=values.get("identityagent", [""])[0],
        printed=printed,
    )


def _files(values: dict[str, list[str]], names: tuple[str, ...], home: Path | None) -> tuple[Path, ...]:
    words = [word for name in names for value in values.get(name, ()) for word in value.split()]
    if home is not None:
        words = [str(home) + word[1:] if word.startswith("~/") else word for word in words]
    return tuple(dict.fromkeys(Path(word) for word in words if word.startswith("/")))
