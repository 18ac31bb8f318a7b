"""`expsyncd login HOST`: log in where codes and passwords are asked for; the daemon then uses that login."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expsyncd.config.load import load
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error, NotRunningError
from expsyncd.paths import Paths
from expsyncd.ssh import typed
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.command import checked_alias
from expsyncd.ssh.diagnosis import diagnose
from expsyncd.ssh.host_keys import with_both_fingerprints
from expsyncd.ssh.login import Setting

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.config.model import Config
    from expsyncd.ssh.diagnosis import Diagnosis

USED_WITHIN_S = 20.0  # the daemon looks at once; over a slow link its questions take a few round trips
LOOK_S = 0.2


def login(
    host: Annotated[str, typer.Argument(metavar="HOST", help="A host of hosts.yaml, or a gateway to one.")],
) -> None:
    """Open the host's connection in this terminal and hand it to the daemon.

    ssh asks for passwords, one-time codes and new host keys here, once, also those of gateways on the way;
    the connection lives on without this terminal until the host or the network ends it.
    """
    paths = Paths.of(os.environ)
    config = load(paths.config_file)
    name, alias = _meant(config, host)
    paths.make_private()
    setting = Setting(paths.masters_dir, tuple(shlex.split(os.environ.get("EXPSYNCD_SSH", ""))), os.environ)
    if name is not None and _status(paths, name) == "connected":
        print(f"{host} is connected: there is nothing to log in to")
        return
    steps = asyncio.run(typed.steps(alias, setting))
    answered = [step.name for step in steps if _open(step, setting, paths.masters_dir)]
    if not steps:
        print(f"{host}: a login made before is alive")
    _hand_over(paths, name, host, answered)


def _meant(config: Config, word: str) -> tuple[str | None, str]:
    """The host's name, None for a gateway, and what ssh calls it."""
    if word in config.hosts:
        return word, checked_alias(config.hosts[word].ssh)
    for name, host in config.hosts.items():
        if host.ssh == word:
            return name, checked_alias(word)
    options = shlex.split(os.environ.get("EXPSYNCD_SSH", ""))
    for host in config.hosts.values():
        if word in _hops(host.ssh, Setting(Paths.of(os.environ).masters_dir, tuple(options), os.environ)):
            return None, checked_alias(word)
    known = ", ".join(config.hosts) or "none yet"
    raise Error(f"no host {word} in hosts.yaml, and no gateway to one", f"the hosts there: {known}")


def _hops(alias: str, setting: Setting) -> set[str]:
    return set(asyncio.run(setting.router.hops(["--", checked_alias(alias)])))


def _open(step: typed.Step, setting: Setting, folder: Path) -> bool:
    """Open one master; whether the person had to answer something for it."""
    log = folder / f".login-{os.getpid()}"
    step.socket.unlink(missing_ok=True)
    try:
        code = subprocess.run(typed.argv(step, setting.options, log), check=False).returncode
        said = log.read_text(errors="replace") if log.exists() else ""
    finally:
        log.unlink(missing_ok=True)
    if code != 0:
        found = with_both_fingerprints(diagnose(said, code, alias=step.name), said)
        raise Error(f"no login to {step.name}: {found.title}", advice_of(found, step.name, asks=_asks()))
    return typed.was_typed(said)


def advice_of(found: Diagnosis, name: str, *, asks: bool) -> str:
    """What to do about a login that failed; `asks`: ssh could ask the person."""
    if not asks and (found.needs_login or found.kind is Kind.HOST_KEY_UNKNOWN):
        return "run it in a terminal: ssh asks its questions there"
    return f"does `ssh {shlex.quote(name)}` work here? Then try again" if found.needs_login else found.advice


def _asks() -> bool:
    """Whether ssh can: it asks the terminal it belongs to, whatever stdin is, or $SSH_ASKPASS."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return "SSH_ASKPASS" in os.environ
    return True


def _hand_over(paths: Paths, name: str | None, word: str, answered: list[str]) -> None:
    """Tell the daemon, and see that it uses the login."""
    try:
        client.ask(paths.control_socket, request("login", host=name, typed=answered))
    except NotRunningError:
        print(f"{word} is logged in; the daemon will use it when it starts")
        return
    if name is None:
        print(f"{word} is logged in, the hosts behind it are tried now")
        return
    deadline = time.monotonic() + USED_WITHIN_S
    while (status := _status(paths, name)) != "connected":
        shown = _host(paths, name)
        if status in ("paused", "failed") or time.monotonic() > deadline:
            error = shown.get("error") or {
                "title": shown.get("sentence", "it is not connected"),
                "advice": "",
            }
            raise Error(
                f"{word} is logged in, but the daemon does not use it: {error['title']}",
                error["advice"] or f"`expsyncd status {name}` says more",
            )
        time.sleep(LOOK_S)
    print(f"{word} is logged in, the daemon uses it now")


def _status(paths: Paths, name: str) -> str:
    return str(_host(paths, name).get("status", ""))


def _host(paths: Paths, name: str) -> dict[str, Any]:
    """What the daemon shows of the host; nothing while none runs."""
    try:
        answer = client.ask(paths.control_socket, request("status"))
    except NotRunningError:
        return {}
    found: dict[str, Any] = answer["status"]["hosts"].get(name, {})
    return found
