"""The programs of this computer that pulling needs: rsync, ssh, the agent, the sockets between them."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.doctor.finding import Finding, note, ok, problem, unknown, warning
from expsyncd.errors import Error, NeedsUserError
from expsyncd.process import run
from expsyncd.pull import local_rsync
from expsyncd.ssh.command import socket_path

if TYPE_CHECKING:
    from collections.abc import Mapping

ASK_TIMEOUT_S = 5.0
OLDEST_SSH = (8, 4)
IMPORT = "systemctl --user import-environment SSH_AUTH_SOCK, then systemctl --user restart expsyncd"


async def rsync(*, allow_old: bool) -> Finding:
    """Its flavour and version, with what the distribution has put into older ones."""
    try:
        found = await local_rsync.ask()
        said = local_rsync.judge(found, allow_old=allow_old)
    except NeedsUserError as error:
        return problem("rsync", error.title, error.advice)
    assert found is not None
    shown = ".".join(str(part) for part in found.version)
    if said:
        return warning("rsync", said, f"install 3.5.0 or later: {local_rsync.INSTALL}")
    return ok("rsync", f"rsync {shown}{', with the fixes of its distribution' if found.patched else ''}")


async def ssh() -> Finding:
    """OpenSSH 8.4 or later."""
    if shutil.which("ssh") is None:
        return problem("ssh", "there is no ssh here", "apt-get install openssh-client")
    said = (await run(["ssh", "-V"], timeout_s=ASK_TIMEOUT_S)).complaint
    return judge_ssh(said)


def judge_ssh(said: str) -> Finding:
    """By what `ssh -V` says."""
    found = re.search(r"OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)", said)
    if found is None:
        return warning("ssh", f"this ssh is not OpenSSH: {said.strip()[:60]}", "install OpenSSH 8.4 or later")
    version = (int(found[1]), int(found[2]))
    shown = f"OpenSSH {version[0]}.{version[1]}"
    if version < OLDEST_SSH:
        return problem("ssh", f"{shown} is too old", "install OpenSSH 8.4 or later")
    return ok("ssh", shown)


async def agent(environment: Mapping[str, str], daemon_pid: int | None) -> Finding:
    """Whether the daemon finds the ssh-agent that this terminal has."""
    here = environment.get("SSH_AUTH_SOCK", "")
    keys = await _keys(here, environment) if here else None
    theirs = _environment_of(daemon_pid).get("SSH_AUTH_SOCK") if daemon_pid else await _agent_of_services()
    return judge_agent(here, keys, theirs, running=daemon_pid is not None)


def judge_agent(here: str, keys: int | None, theirs: str | None, *, running: bool) -> Finding:
    """`keys`: how many the agent here holds, None when it does not answer; `theirs`: the service's socket."""
    if not here:
        return note("agent", "no ssh-agent in this terminal; keys without a passphrase do not need one")
    if keys is None:
        return warning(
            "agent", "the ssh-agent of this terminal does not answer", "start it anew: eval $(ssh-agent)"
        )
    whose = "the running daemon" if running else "the systemd user manager"
    if keys == 0:
        return note("agent", "the ssh-agent holds no keys")
    if theirs is None:
        title = f"{whose} has no ssh-agent, so keys with a passphrase do not work there"
        return warning("agent", title, IMPORT)
    if theirs != here:
        return warning("agent", f"{whose} uses another ssh-agent ({theirs}) than this terminal", IMPORT)
    return ok("agent", f"the ssh-agent is found by {whose} ({keys} {'key' if keys == 1 else 'keys'})")


async def _keys(socket: str, environment: Mapping[str, str]) -> int | None:
    asked = await run(
        ["ssh-add", "-L"], timeout_s=ASK_TIMEOUT_S, environment={**environment, "SSH_AUTH_SOCK": socket}
    )
    if asked.timed_out or asked.code not in (0, 1):
        return None
    return len(asked.text.splitlines()) if asked.code == 0 else 0


def _environment_of(pid: int | None) -> dict[str, str]:
    try:
        whole = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    pairs = (part.partition(b"=") for part in whole.split(b"\0"))
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


async def _agent_of_services() -> str | None:
    if shutil.which("systemctl") is None:
        return None
    shown = await run(["systemctl", "--user", "show-environment"], timeout_s=ASK_TIMEOUT_S)
    found = re.search(r"^SSH_AUTH_SOCK=(.+)$", shown.text, re.MULTILINE)
    return found[1] if found else None


def socket_length(masters_dir: Path) -> Finding:
    """OpenSSH's limit of 90 bytes for a control socket."""
    try:
        path = socket_path(masters_dir, "x")
    except Error as error:
        return problem("sockets", error.title, error.advice)
    return ok("sockets", f"control sockets have {len(bytes(path))} of at most 90 bytes")


def inotify(read: Path = Path("/proc/sys/fs/inotify"), *, folders: int) -> Finding:
    """Room for one watch a folder of the mirror."""
    try:
        watches = int((read / "max_user_watches").read_text())
        instances = int((read / "max_user_instances").read_text())
    except (OSError, ValueError):
        return unknown("inotify", "the limits of inotify cannot be read here")
    if watches < 2 * folders:
        wanted = max(524_288, 4 * folders)
        return warning(
            "inotify",
            f"{folders} folders are mirrored and {watches} watches allowed, for all programs together",
            f"sudo sysctl fs.inotify.max_user_watches={wanted} (and in /etc/sysctl.d/, to keep it)",
        )
    if instances < 16:
        fix = "sudo sysctl fs.inotify.max_user_instances=512 (and in /etc/sysctl.d/, to keep it)"
        return warning("inotify", f"only {instances} inotify instances are allowed", fix)
    return ok("inotify", f"{watches} watches allowed, {folders} folders mirrored")
