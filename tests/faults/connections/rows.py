"""The rows of the table: what breaks a connection and, behind the `yield`, what mends it."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from faults.connections.scene import Scene
from support.wait import until

Act = Callable[[Scene], Generator[None, None, None]]


@dataclass(frozen=True)
class Row:
    """`said` must be in the error of the waiting host (or of the source where `of_source`).

    by_itself: nobody mends it but the daemon, so recovery counts from the moment it is noticed.
    aged: the connection is older than a minute when it breaks, as most are; else its login has just used one
    of the minute's six attempts, and the others are further apart. hold_s: how long it lasts. surroundings: what the fixture builds, see `scene` in test_table.py.
    """

    name: str
    what: str
    said: str
    act: Act
    hold_s: float = 20.0
    by_itself: bool = False
    aged: bool = False
    of_source: bool = False
    quick: bool = False
    surroundings: dict[str, Any] = field(default_factory=dict)


ROWS: list[Row] = []


def row(name: str, what: str, said: str, **options: Any) -> Callable[[Act], Act]:
    """Puts a fault into the table."""

    def put(act: Act) -> Act:
        ROWS.append(Row(name, what, said, act, **options))
        return act

    return put


CLOSED = "closed the connection"
SILENT = "not answered|does not answer"


# --- the network ----------------------------------------------------------------------------------------


@row("black hole", "the network swallows every byte, later it delivers them", SILENT, hold_s=30)
def black_hole(scene: Scene) -> Generator[None, None, None]:
    scene.relay.hold()
    yield
    scene.relay.flow()


@row("forgotten", "a router forgets the connection; new ones come through later", SILENT, hold_s=30)
def forgotten(scene: Scene) -> Generator[None, None, None]:
    scene.relay.hold()
    scene.relay.forget()
    yield
    scene.relay.flow()


@row("reset", "the connection is reset once", CLOSED, by_itself=True, quick=True)
def reset(scene: Scene) -> Generator[None, None, None]:
    scene.relay.reset()
    yield


@row("reset for a while", "the connection and every new one is reset", CLOSED, aged=True, hold_s=65)
def reset_for_a_while(scene: Scene) -> Generator[None, None, None]:
    scene.relay.reset(every_new_one=True)
    yield
    scene.relay.flow()


@row("refused", "nothing listens at the host's port", "refuses connections", hold_s=65)
def refused(scene: Scene) -> Generator[None, None, None]:
    scene.relay.refuse()
    scene.relay.reset()
    yield
    scene.relay.listen()


@row("no banner", "connections are taken, then nothing comes", "does not answer", hold_s=25)
def no_banner(scene: Scene) -> Generator[None, None, None]:
    scene.relay.reset()
    scene.relay.hold()
    until(lambda: scene.look()["status"] != "connected", 30)
    yield
    # What was taken stays silent for ever: only a new connection helps.
    scene.relay.forget()
    scene.relay.flow()


@row("changed address", "the host has moved, and later its HostName says so", SILENT, aged=True, hold_s=25)
def changed_address(scene: Scene) -> Generator[None, None, None]:
    scene.relay.hold()
    scene.relay.forget()
    yield
    scene.new_relay()
    scene.write_ssh_config()


@row("no such name", "the host's name cannot be looked up for a while", "looked up|no host of the name",
     surroundings={"names": True}, aged=True, hold_s=15)  # fmt: skip
def no_such_name(scene: Scene) -> Generator[None, None, None]:
    scene.names.close()
    scene.relay.reset()
    yield
    scene.names.open()


@row("name service hangs", "whoever is asked for the host's name does not answer", "looked up|no connection|does not answer",
     surroundings={"names": True}, aged=True, hold_s=30)  # fmt: skip
def name_service_hangs(scene: Scene) -> Generator[None, None, None]:
    scene.names.silent = True
    scene.relay.reset()
    yield
    scene.names.silent = False


# --- the host -------------------------------------------------------------------------------------------


@row("reboot", "sshd and all it runs are killed, back later", CLOSED, aged=True, hold_s=25)
def reboot(scene: Scene) -> Generator[None, None, None]:
    scene.sshd.stop()
    yield
    scene.sshd.start()


@row("frozen", "sshd and all it runs stand still", SILENT, hold_s=25)
def frozen(scene: Scene) -> Generator[None, None, None]:
    pids = scene.sshd.pids()
    scene.stop_processes(signal.SIGSTOP, *pids)
    yield
    scene.stop_processes(signal.SIGCONT, *pids)


@row("MaxStartups", "sshd drops us since others hold all its log-ins", CLOSED + "|takes no connections", aged=True, hold_s=65,
     surroundings={"lines": ("MaxStartups 1:100:1",)})  # fmt: skip
def max_startups(scene: Scene) -> Generator[None, None, None]:
    held = [socket.create_connection(("127.0.0.1", scene.sshd.port)) for _ in range(3)]
    scene.relay.reset()
    yield
    for one in held:
        one.close()


@row("full home", "its login shell complains of a full disk before every command", "No space left on device", aged=True, hold_s=15,
     surroundings={"shell": "test -e {flag} && echo 'bash: cannot create temp file: No space left on device'"})  # fmt: skip
def full_home(scene: Scene) -> Generator[None, None, None]:
    scene.flag.touch()
    scene.relay.reset()
    yield
    scene.flag.unlink()


@row("no processes", "it can start none: the shell says so and ends", "Resource temporarily unavailable", aged=True, hold_s=15,
     surroundings={"shell": "test -e {flag} && echo 'bash: fork: Resource temporarily unavailable' >&2 && exit 254"})  # fmt: skip
def no_processes(scene: Scene) -> Generator[None, None, None]:
    scene.flag.touch()
    scene.relay.reset()
    yield
    scene.flag.unlink()


@row("rsync killed", "every rsync there is killed at once", "broke|failed|error|ended|closed", of_source=True,
     hold_s=8, surroundings={"interval": "1s", "shell":
     'test -e {flag} && case $SSH_ORIGINAL_COMMAND in *"rsync --server"*) kill -9 $$;; esac'})  # fmt: skip
def rsync_killed(scene: Scene) -> Generator[None, None, None]:
    scene.flag.touch()
    scene.write()  # what is followed is not pulled else
    yield
    scene.flag.unlink()


# --- the way there --------------------------------------------------------------------------------------


@row("dead gateway", "the jump host is down", "on the way to gpu", hold_s=25, surroundings={"gate": True})
def dead_gateway(scene: Scene) -> Generator[None, None, None]:
    scene.gate.stop()
    yield
    scene.gate.start()


@row("gateway hangs", "the jump host stands still", SILENT, hold_s=30, surroundings={"gate": True})
def gateway_hangs(scene: Scene) -> Generator[None, None, None]:
    pids = scene.gate.pids()
    scene.stop_processes(signal.SIGSTOP, *pids)
    yield
    scene.stop_processes(signal.SIGCONT, *pids)


# --- this side ------------------------------------------------------------------------------------------


@row("hung agent", "the ssh-agent stands still when a login needs it", "ssh-agent does not answer", hold_s=35,
     surroundings={"agent": True})  # fmt: skip
def hung_agent(scene: Scene) -> Generator[None, None, None]:
    scene.stop_processes(signal.SIGSTOP, scene.agent)
    scene.relay.reset()
    yield
    scene.stop_processes(signal.SIGCONT, scene.agent)


@row("hung master", "our ssh stands still", "ssh", by_itself=True)
def hung_master(scene: Scene) -> Generator[None, None, None]:
    scene.stop_processes(signal.SIGSTOP, scene.master())
    yield


@row("killed master", "our ssh is killed", "signal 9", by_itself=True, quick=True)
def killed_master(scene: Scene) -> Generator[None, None, None]:
    scene.stop_processes(signal.SIGKILL, scene.master())
    yield


@row(
    "stale socket",
    "daemon and ssh are killed and leave their sockets",
    "^connected",
    by_itself=True,
    quick=True,
)
def stale_socket(scene: Scene) -> Generator[None, None, None]:
    master = scene.master()
    scene.stop_processes(signal.SIGSTOP, master)  # so that it cannot tidy up
    scene.place.kill()
    scene.stop_processes(signal.SIGKILL, master)
    assert list(scene.masters.iterdir())
    scene.place.start()
    yield


@row("no socket folder", "the folder of our ssh sockets is deleted", "socket", by_itself=True)
def no_socket_folder(scene: Scene) -> Generator[None, None, None]:
    for path in scene.masters.iterdir():
        path.unlink()
    scene.masters.rmdir()
    yield


@row("adopted master ends", "the person closes the connection that we use", "you had opened", by_itself=True,
     surroundings={"adopted": True})  # fmt: skip
def adopted_master_ends(scene: Scene) -> Generator[None, None, None]:
    scene.stop_processes(signal.SIGTERM, scene.person.pid)
    scene.person.wait(10)
    yield


@row("adopted master in a black hole", "the connection of the person that we use goes silent", SILENT, hold_s=40,
     surroundings={"adopted": True})  # fmt: skip
def adopted_black_hole(scene: Scene) -> Generator[None, None, None]:
    scene.relay.hold()
    yield
    scene.relay.flow()


def matches(said: str, title: str) -> bool:
    """Whether a title is what the row says."""
    return re.search(said, title) is not None
