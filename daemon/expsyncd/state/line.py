"""The one line that a service manager shows of us. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.state.status import HostFailed, NeedsLogin
from expsyncd.units import counted

if TYPE_CHECKING:
    from expsyncd.state.status import Snapshot

NAMED = 3  # hosts; a line is no list


def line(snapshot: Snapshot) -> str:
    """`2 of 3 hosts connected, TensorBoard http://…; gpu1 needs `expsyncd login gpu1``."""
    hosts = snapshot.hosts
    connected = sum(host.status.word == "connected" for host in hosts.values())
    # Without its path, which may be secret: others may see this line.
    url = "/".join((snapshot.tensorboard.url or "not up yet").split("/")[:3])
    said = f"{connected} of {counted(len(hosts), 'host')} connected, TensorBoard {url}"
    login = [name for name, host in hosts.items() if isinstance(host.status, NeedsLogin)]
    failed = [name for name, host in hosts.items() if isinstance(host.status, HostFailed)]
    if login:
        said += f"; needs `expsyncd login`: {_named(login)}"
    if failed:
        said += f"; failed, see `expsyncd status`: {_named(failed)}"
    return said


def _named(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
