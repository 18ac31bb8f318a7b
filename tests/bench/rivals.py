"""Other ways to have a growing file here, each set up as its own documentation says, each for the arrival bench.

`link` says how the host is reached: on loopback, or from inside the network lab through its slow link. What a
program needs and does not find is said in words, never left out silently.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from support.place import Place, free_port
from support.sshd import Sshd
from support.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable

UP_WITHIN_S = 60.0


class Link:
    """`ssh`: argv of options; `alias`: what follows; `there`: argv that runs a command on the host."""

    def __init__(self) -> None:
        inside = os.environ.get("NETLAB_DIR")
        self.folder = Path(tempfile.mkdtemp(prefix="ex", dir="/tmp"))
        self.sshd = None if inside else Sshd(self.folder / "sshd")
        self.there: list[str] = ["ns", "gpu1"] if inside else []
        self.address = "192.0.2.11" if inside else "127.0.0.1"
        self.alias = "gpu1" if inside else self.sshd.alias
        self.ssh = ["-F", f"{inside}/ssh_config"] if inside else self.sshd.options
        self.remote = self.folder / "remote"
        self.remote.mkdir()

    @property
    def rsh(self) -> str:
        return " ".join(["ssh", *self.ssh])

    def round_trip_s(self) -> float:
        """The median of a few bytes there and back over an open ssh."""
        argv = ["ssh", *self.ssh, self.alias, "cat"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as echo:
            taken = []
            for _ in range(11):
                began = time.perf_counter()
                echo.stdin.write(b"x")
                echo.stdout.read(1)
                taken.append(time.perf_counter() - began)
            echo.stdin.close()
        return sorted(taken)[5]

    def close(self) -> None:
        if self.sshd is not None:
            self.sshd.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Way:
    """One way. `start` returns once it keeps `here` up to date; `period_s` is how long a wait may be."""

    name = ""
    period_s = 0.1
    arrivals = 100
    needs: tuple[str, ...] = ()

    def __init__(self, link: Link) -> None:
        self.link = link
        self.base = Path(tempfile.mkdtemp(prefix="ex", dir="/tmp"))
        self.here = self.base / "here"
        self._children: list[subprocess.Popen[bytes]] = []

    def why_not(self) -> str:
        """Why it cannot run here, or nothing."""
        missing = [program for program in self.needs if shutil.which(program) is None]
        return f"{', '.join(missing)} is not installed" if missing else ""

    def start(self) -> None:
        raise NotImplementedError

    def child(self, argv: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """A process of its own group, ended with this way."""
        log = (self.base / "log").open("ab")
        started = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "HOME": str(self.base), **environment},
        )  # fmt: skip
        log.close()
        self._children.append(started)
        return started

    def until_here(self, name: str) -> None:
        until((self.here / name).exists, UP_WITHIN_S, f"{self.name} has brought {name}")

    def close(self) -> None:
        for child in self._children:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        shutil.rmtree(self.base, ignore_errors=True)


class Ours(Way):
    """expsyncd; `follow` or pulls each second alone."""

    def __init__(self, link: Link, *, follow: bool = True, tensorboard: bool = False, more: str = "") -> None:
        super().__init__(link)
        self.name = "expsyncd, followed" if follow else "expsyncd, pulls each 1 s"
        self.period_s = 0.2 if follow else 1.0
        self.arrivals = 200 if follow else 30
        self.place = Place(link.ssh, link.alias)
        self._follow, self._tensorboard, self._more = follow, tensorboard, more
        self.here = self.place.root / "mirror" / "gpu" / "remote"

    def start(self) -> None:
        sources = f"[{{path: {self.link.remote}, name: remote{self._more}}}]"
        self.place.configure(interval="1s", sources=sources, tensorboard=self._tensorboard)
        text = self.place.config_file.read_text()
        self.place.config_file.write_text(f"{text}    follow: {'true' if self._follow else 'false'}\n")
        self.place.start()
        self.place.until_fresh(UP_WITHIN_S)
        if self._follow:
            until(lambda: self.place.source().get("follow", {}).get("healthy"), UP_WITHIN_S, "followed")

    def close(self) -> None:
        self.place.close()
        super().close()


class RsyncLoop(Way):
    """`while sleep N; do rsync; done` over a master that stays open."""

    needs = ("rsync",)

    def __init__(self, link: Link, period_s: float) -> None:
        super().__init__(link)
        self.name = f"rsync each {period_s:.0f} s over a master"
        self.period_s = period_s
        self.arrivals = 30 if period_s < 2 else 12

    def start(self) -> None:
        socket = self.base / "cm"
        self.child(["ssh", *self.link.ssh, "-M", "-N", "-S", str(socket), self.link.alias])
        until(socket.exists, UP_WITHIN_S, "the master is up")
        rsync = f"rsync -rt --inplace -e '{self.link.rsh} -S {socket}' {self.link.alias}:{self.link.remote}/ {self.here}/"
        self.child(["sh", "-c", f"while {rsync}; do sleep {self.period_s}; done"])


class Lsyncd(Way):
    """It pushes from the computer where files change, so the host runs it, and this computer needs an sshd."""

    name = "lsyncd on the host, delay 1 s"
    period_s = 1.0
    arrivals = 30
    needs = ("lsyncd", "rsync")

    def start(self) -> None:
        self.here.mkdir()
        outer = self.link.sshd is None
        home = ("ListenAddress 198.51.100.1",) if outer else ()
        # An address that the lab's hosts reach, which the key file of a loopback sshd does not know.
        client = ("HostName 198.51.100.1", "StrictHostKeyChecking no") if outer else ()
        self._laptop = Sshd(self.base / "sshd", lines=home, client=client)
        rsh = " ".join(["ssh", *self._laptop.options])
        config = self.base / "lsyncd.lua"
        config.write_text(
            f'sync{{default.rsync, source="{self.link.remote}", target="{self._laptop.alias}:{self.here}", '
            f'delay=1, rsync={{inplace=true, rsh="{rsh}"}}}}\n'
        )
        self.child([*self.link.there, "lsyncd", "-nodaemon", str(config)])

    def close(self) -> None:
        super().close()
        if self._laptop is not None:
            self._laptop.stop()

    _laptop: Sshd | None = None


class Unison(Way):
    """One way (`-force` the host), again each second: Debian's package has no program that watches."""

    name = "unison -repeat 1"
    period_s = 1.0
    arrivals = 30
    needs = ("unison",)

    def start(self) -> None:
        self.here.mkdir()
        host = f"ssh://{self.link.alias}/{self.link.remote}"
        self.child(
            ["unison", str(self.here), host, "-batch", "-auto", "-repeat", "1", "-force", host, "-ui", "text",
             "-sshargs", " ".join(self.link.ssh)],
            UNISON=str(self.base / "unison"),
        )  # fmt: skip


class Rclone(Way):
    """`rclone sync` over sftp in a loop: it has no way to watch an sftp host."""

    name = "rclone sync (sftp) each 1 s"
    period_s = 1.0
    arrivals = 12
    needs = ("rclone",)

    def start(self) -> None:
        ssh = subprocess.run(
            ["ssh", *self.link.ssh, "-G", self.link.alias], check=True, capture_output=True, text=True
        ).stdout
        known = dict(line.split(" ", 1) for line in ssh.splitlines() if " " in line)
        remote = (
            f":sftp,host={known['hostname']},port={known['port']},user={known['user']},"
            f"key_file={known['identityfile']},known_hosts_file={known['userknownhostsfile']}:{self.link.remote}"
        )
        self.child(["sh", "-c", f"while rclone sync '{remote}' '{self.here}'; do sleep 1; done"])


class Syncthing(Way):
    """Two of it with default settings: the host sends only, this computer receives only."""

    name = "syncthing, default settings"
    period_s = 5.0
    arrivals = 10
    needs = ("syncthing",)

    def start(self) -> None:
        self.here.mkdir()
        ends = {name: self.base / name for name in ("far", "near")}
        ids = {name: self._device(home) for name, home in ends.items()}
        port = free_port()
        addresses = {"far": f"tcp://{self.link.address}:{port}", "near": "dynamic"}
        folders = {"far": (self.link.remote, "sendonly"), "near": (self.here, "receiveonly")}
        for name, home in ends.items():
            path, kind = folders[name]
            listens = f"tcp://{self.link.address}:{port}" if name == "far" else "tcp://127.0.0.1:0"
            self._configure(home / "config.xml", ids, addresses, str(path), kind, listens)
            prefix = self.link.there if name == "far" else []
            serve = ["syncthing", "serve", f"--home={home}", "--no-browser", "--no-restart"]
            self.child([*prefix, *serve], STNOUPGRADE="1")

    def _device(self, home: Path) -> str:
        subprocess.run(
            ["syncthing", "generate", f"--home={home}", "--no-default-folder", "--skip-port-probing"],
            check=True, capture_output=True, env={**os.environ, "HOME": str(self.base)},
        )  # fmt: skip
        done = subprocess.run(
            ["syncthing", f"--home={home}", "--device-id"], check=True, capture_output=True, text=True,
            env={**os.environ, "HOME": str(self.base)},
        )  # fmt: skip
        return done.stdout.strip()

    def _configure(
        self, file: Path, ids: dict[str, str], addresses: dict[str, str], path: str, kind: str, listen: str
    ) -> None:
        """Only what a person sets: the folder, the other device and its address; nobody outside is asked."""
        text = file.read_text()
        text = re.sub(r"<device id.*?</device>", "", text, flags=re.DOTALL)
        devices = "".join(
            f'<device id="{ids[name]}" name="{name}"><address>{addresses[name]}</address></device>'
            for name in ids
        )
        members = "".join(f'<device id="{number}"></device>' for number in ids.values())
        folder = (
            f'<folder id="bench" label="bench" path="{path}" type="{kind}" rescanIntervalS="3600" '
            f'fsWatcherEnabled="true" fsWatcherDelayS="10">{members}</folder>'
        )
        text = text.replace("</configuration>", f"{folder}{devices}</configuration>")
        for option in ("globalAnnounceEnabled", "localAnnounceEnabled", "relaysEnabled", "natEnabled"):
            text = re.sub(f"<{option}>.*?</{option}>", f"<{option}>false</{option}>", text)
        text = re.sub("<listenAddress>.*?</listenAddress>", f"<listenAddress>{listen}</listenAddress>", text)
        text = re.sub("<urAccepted>.*?</urAccepted>", "<urAccepted>-1</urAccepted>", text)
        text = re.sub(
            r"(<gui[^>]*>.*?<address>)[^<]*", rf"\g<1>127.0.0.1:{free_port()}", text, flags=re.DOTALL
        )
        file.write_text(text)


def polled(look: Callable[[], bool], within_s: float, every_s: float) -> bool:
    """Look again and again, as finely as a figure of milliseconds wants it."""
    deadline = time.perf_counter() + within_s
    pause = threading.Event()
    while not look():
        if time.perf_counter() > deadline:
            return False
        pause.wait(every_s)
    return True
