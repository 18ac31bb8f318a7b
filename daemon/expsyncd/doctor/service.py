"""The daemon and the service around it: running, of this version, kept while logged out, its ports."""

from __future__ import annotations

import getpass
import shutil
from typing import TYPE_CHECKING, Any

from expsyncd import __version__
from expsyncd.config.ports import local_address
from expsyncd.doctor.finding import Finding, note, ok, problem, unknown, warning
from expsyncd.owner import owner
from expsyncd.process import run
from expsyncd.tensorboard.loader import fast_loader_missing
from expsyncd.tensorboard.ports import is_free

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.config.model import Config

ASK_TIMEOUT_S = 5.0
START = "systemctl --user start expsyncd"


def daemon(shown: dict[str, Any] | None) -> list[Finding]:
    """`shown`: its `status --json`; None while none runs."""
    if shown is None:
        return [warning("daemon", "expsyncd is not running", f"{START}, or `expsyncd run`")]
    found = []
    if shown["version"] != __version__:
        title = f"the running daemon is version {shown['version']}, this command {__version__}"
        found.append(warning("daemon", title, "systemctl --user restart expsyncd"))
    parts = {part: shown[part]["error"] for part in ("config", "root", "tensorboard")}
    found += [problem(part, error["title"], error["advice"]) for part, error in parts.items() if error]
    return found or [ok("daemon", f"version {__version__} runs (pid {shown['pid']})")]


async def unit(file: Path) -> list[Finding]:
    """The systemd user unit and whether it lives while its person is logged out."""
    if shutil.which("systemctl") is None:
        return [note("service", "there is no systemd here; `expsyncd run` serves in the foreground")]
    if not file.exists():
        return [note("service", "not installed as a service; `expsyncd service install` does that")]
    enabled = await run(["systemctl", "--user", "is-enabled", file.name], timeout_s=ASK_TIMEOUT_S)
    said = enabled.text.strip()
    if not said:
        return [unknown("service", "no systemd user manager answers in this terminal")]
    found = [judge_enabled(said)]
    if shutil.which("loginctl") is not None:
        argv = ["loginctl", "show-user", getpass.getuser(), "--property=Linger"]
        lingers = await run(argv, timeout_s=ASK_TIMEOUT_S)
        found.append(judge_linger(lingers.text.strip()))
    return found


def judge_enabled(said: str) -> Finding:
    """By what `systemctl is-enabled` says."""
    if said in ("enabled", "enabled-runtime", "linked", "static"):
        return ok("service", "started at every login")
    return warning("service", "the service is not started at login", "systemctl --user enable expsyncd")


def judge_linger(said: str) -> Finding:
    """By what `loginctl show-user --property=Linger` says."""
    if said == "Linger=yes":
        return ok("linger", "it runs on while you are logged out")
    if said == "Linger=no":
        return warning("linger", "it stops when you log out", "loginctl enable-linger")
    return unknown(
        "linger", "whether it runs on while you are logged out cannot be seen", "loginctl enable-linger"
    )


def board(config: Config, shown: dict[str, Any] | None) -> list[Finding]:
    """TensorBoard's loader and its port."""
    if not config.tensorboard.enabled:
        return [note("tensorboard", "switched off in hosts.yaml")]
    found = []
    if missing := fast_loader_missing():
        found.append(
            warning(
                "tensorboard", missing, "x86-64 Linux and macOS have it: pip install tensorboard-data-server"
            )
        )
    else:
        found.append(ok("tensorboard", "its fast loader is there"))
    port = config.tensorboard.port
    if shown is not None:
        url = shown["tensorboard"]["url"] or ""
        found += [
            warning("port", text, f"end what holds port {port}, then restart expsyncd")
            for text in shown["tensorboard"]["notices"]
            if "port" in text
        ]
        if url and len(found) == 1:
            found.append(ok("port", f"served at {url}"))
    elif is_free(port):
        found.append(ok("port", f"port {port} is free for TensorBoard"))
    else:
        title = f"port {port} is taken by {owner(port) or 'somebody else'}"
        found.append(
            warning(
                "port",
                title,
                "end it, or set another `tensorboard: {port: …}`; else TensorBoard takes the next",
            )
        )
    return found


def forwards(config: Config, shown: dict[str, Any] | None) -> list[Finding]:
    """Local ends of tunnels, while no daemon holds them."""
    if shown is not None:
        return []
    found = []
    for host in config.hosts.values():
        for forward in host.forwards:
            _, port = local_address(forward.local)
            if not is_free(port):
                title = (
                    f"port {port} for a tunnel of {host.name} is taken by {owner(port) or 'somebody else'}"
                )
                found.append(problem("tunnel", title, "end it, or give the forward another local port"))
    return found
