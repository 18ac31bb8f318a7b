"""The whole examination: this computer, then every host, each as soon as it is known."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import tempfile
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expsyncd.clock import SystemClock
from expsyncd.config.load import ConfigError, load
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.doctor import asks, following, ground, programs, service, there
from expsyncd.doctor.finding import Finding, note, ok, problem, unknown
from expsyncd.errors import Error, NotRunningError
from expsyncd.mirror.root import resolved
from expsyncd.notices import Notices
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.connection import Connection, ConnectionProblem
from expsyncd.ssh.gateways import Gateways
from expsyncd.ssh.login import Login, Setting, quiet
from expsyncd.ssh.vain import VainLogins
from expsyncd.state.facts import Facts
from expsyncd.units import counted
from expsyncd.ways import known_logins

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from expsyncd.config.model import Config, HostConfig
    from expsyncd.paths import Paths

AT_ONCE = 8  # hosts
PROBLEMS_SHOWN = 10
HOST_WITHIN_S = 60.0
# What keeps a host from being connected and is not the way there.
AREAS = {
    Kind.HOST_KEY_UNKNOWN: "host key",
    Kind.HOST_KEY_CHANGED: "host key",
    Kind.HOST_KEY_REVOKED: "host key",
    Kind.NOISY_SHELL: "shell",
    Kind.NO_SHELL: "shell",
    Kind.NO_RSYNC: "rsync",
    Kind.SOCKET_PATH: "sockets",
}


async def examine(
    paths: Paths, environment: Mapping[str, str], only: str | None, unit_file: Path
) -> AsyncIterator[list[Finding]]:
    """The findings, place by place. Raises Error for a host that is not in hosts.yaml."""
    shown = _shown(paths)
    try:
        config = load(paths.config_file)
    except ConfigError as error:
        rest = unknown(
            "config", "the root, the service and the hosts are looked at once hosts.yaml can be read"
        )
        yield [*_of_config(error), rest, *(await _of_programs(paths, environment, shown))]
        return
    if only is not None and only not in config.hosts:
        known = ", ".join(config.hosts) or "none yet"
        raise Error(f"no host {only} in hosts.yaml", f"the hosts there: {known}")
    identity, vain, state = _remembered(paths, config)
    if only is None:
        yield [
            ok("config", f"{paths.config_file}: {counted(len(config.hosts), 'host')}"),
            *(await _of_programs(paths, environment, shown, config)),
            *ground.root(config, identity),
            *state,
            *service.daemon(shown),
            *(await service.unit(unit_file)),
            *service.board(config, shown),
            *([following.points()] if config.tensorboard.enabled else []),
            *service.forwards(config, shown),
            *_of_notices(environment),
        ]
    chosen = [host for name, host in config.hosts.items() if only in (None, name)]
    async for found in _hosts(chosen, paths, environment, shown, vain):
        yield found


def _of_config(error: ConfigError) -> list[Finding]:
    fix = "mend that line"
    if not Path(error.problems[0].file).exists():
        fix = "expsyncd init, then name your hosts in it"
    found = [problem("config", str(each), fix) for each in error.problems[:PROBLEMS_SHOWN]]
    return found or [problem("config", error.title, error.advice)]


async def _of_programs(
    paths: Paths, environment: Mapping[str, str], shown: dict[str, Any] | None, config: Config | None = None
) -> list[Finding]:
    found = [
        await programs.rsync(allow_old=config is not None and config.allow_old_rsync),
        await programs.ssh(),
        await programs.agent(environment, shown["pid"] if shown else None),
        programs.socket_length(paths.masters_dir),
    ]
    if config is not None:
        folders = await asyncio.to_thread(ground.folders, config)
        found.append(programs.inotify(folders=folders))
    return found


def _of_notices(environment: Mapping[str, str]) -> list[Finding]:
    if Notices(environment, SystemClock()).possible:
        return [ok("notices", "a login that is needed is told on the desktop")]
    return [note("notices", "no desktop notices here (notify-send); the log and `expsyncd status` tell")]


def _shown(paths: Paths) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = client.ask(paths.control_socket, request("status"))["status"]
    except NotRunningError:
        return None
    return answer


def _remembered(paths: Paths, config: Config) -> tuple[str | None, VainLogins, list[Finding]]:
    """The root's identity and the logins that need the person, as facts.db has them."""
    with tempfile.TemporaryDirectory(prefix="exdoc") as folder:
        # A copy: whoever reads a SQLite file in its place leaves files beside it.
        for name in (paths.facts_db.name, f"{paths.facts_db.name}-wal"):
            with suppress(OSError):
                shutil.copyfile(paths.facts_db.with_name(name), Path(folder, name))
        try:
            facts = Facts.read_only(Path(folder, paths.facts_db.name))
        except Error as error:
            title = error.title.replace(folder, str(paths.state_dir))
            return None, VainLogins(), [problem("state", title, error.advice)]
        if facts is None:
            return None, VainLogins(), []
        try:
            identity = facts.known_root(str(resolved(config.root).path))
            return identity, VainLogins(known_logins(facts.logins)), []
        finally:
            facts.close()


async def _hosts(
    hosts: list[HostConfig],
    paths: Paths,
    environment: Mapping[str, str],
    shown: dict[str, Any] | None,
    vain: VainLogins,
) -> AsyncIterator[list[Finding]]:
    """Several at once, told in the order of hosts.yaml."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(host: HostConfig, own_folder: Path) -> list[Finding]:
        own_folder.mkdir()  # two hosts may have one ssh alias, and with it one name of a socket
        setting = replace(common, socket_dir=own_folder)
        async with turn:
            state = shown["hosts"].get(host.name) if shown else None
            try:
                async with asyncio.timeout(HOST_WITHIN_S):
                    found = await _host(host, setting, gateways, paths.masters_dir, state)
            except TimeoutError:
                found = [unknown("connection", f"no answer to all questions within {HOST_WITHIN_S:.0f} s")]
            return [replace(finding, place=host.name) for finding in found]

    # Our own masters for a moment, beside the daemon's: no socket of its is touched.
    with tempfile.TemporaryDirectory(prefix="exdoc", dir="/tmp") as folder:
        options = tuple(shlex.split(environment.get("EXPSYNCD_SSH", "")))
        common = Setting(Path(folder), options, quiet(environment), vain=vain)
        gateways = Gateways(common, SystemClock())
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(gateways.run(), name="gateways")
            asked = [
                group.create_task(one(host, Path(folder) / str(number)), name=f"doctor {host.name}")
                for number, host in enumerate(hosts)
            ]
            for task in asked:
                yield await task
            keeping.cancel()


async def _host(
    host: HostConfig, setting: Setting, gateways: Gateways, masters_dir: Path, state: dict[str, Any] | None
) -> list[Finding]:
    """Over a live master, else over one of our own; where the daemon already fails nothing is tried."""
    login = Login(host.ssh, ["--", host.ssh], replace(setting, socket_dir=masters_dir))
    alive = await login.any_master()
    if state is not None and not alive:
        return [_of_state(host.name, state)]
    try:
        async with _connected(host, setting, gateways, masters_dir if alive else None) as (connection, link):
            found = there.of_link(link)
            if link.transport == "rsync":
                found += await there.folders(connection, host)
                found += await asks.programs(connection, host)
            found += await there.forwards(connection, host)
            return found + following.of_host(state)
    except ConnectionProblem as error:
        area = AREAS.get(error.diagnosis.kind, "connection")
        return [problem(area, error.title, error.advice or f"see what `ssh {host.ssh}` says")]
    except Error as error:
        return [unknown("connection", error.title, error.advice)]


def _of_state(name: str, state: dict[str, Any]) -> Finding:
    """What the daemon knows of a host that it has no connection to."""
    if state["status"] == "paused":
        return note("connection", f"paused by you; `expsyncd resume {name}` goes on")
    error = state["error"] or {"title": state["sentence"], "advice": f"`expsyncd status {name}` says more"}
    return problem("connection", error["title"], error["advice"] or "the daemon tries again by itself")


@asynccontextmanager
async def _connected(
    host: HostConfig, setting: Setting, gateways: Gateways, masters_dir: Path | None
) -> AsyncIterator[tuple[Connection, Any]]:
    connection = Connection(
        host.ssh,
        socket_dir=masters_dir or setting.socket_dir,
        ssh_options=setting.options,
        environment=setting.environment,
        vain=setting.vain,
        gateways=gateways,
        transport=host.transport,
    )
    link = await connection.open()
    trouble: Error | None = None
    async with asyncio.TaskGroup() as group:
        # Somebody must read what our master says, and a refused forward is told there.
        lost = group.create_task(connection.lost(), name=f"lost {host.name}")
        try:
            yield connection, link
        except Error as error:
            trouble = error  # the group would wrap it
        finally:
            lost.cancel()
            await connection.close()
    if trouble is not None:
        raise trouble
