"""A laptop with the real daemon and a host behind a network that fails, and what must be so once all is quiet."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from expsyncd.control.client import stream
from expsyncd.control.protocol import encode, request
from expsyncd.errors import Error
from expsyncd.paths import Paths
from expsyncd.pull.kinds import is_event_file
from expsyncd.state.facts import Facts
from faults.guarantees.deeds import Hand
from faults.guarantees.ledger import Ledger, below, stamp
from faults.guarantees.lookout import Lookout
from support.place import Place, alive, children_of, content
from support.processes import command_line
from support.relay import Relay
from support.sshd import Sshd
from support.wait import until

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

QUIET_WITHIN_S = (
    90.0  # a network that forgot its connections is noticed within 30 s; the rest is a loaded machine
)
SETTLES_WITHIN_S = 30.0
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
MORE_DESCRIPTORS = (
    6  # what a daemon may hold more than at its first rest: a connection is renewed, an rsync ends
)
DISK = "size=300m,mode=700"
# Root reads what nobody may read, unless it gives that up: then chmod 000 means something on the host.
NO_OVERRIDE = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
)


class Scene:
    """`start` first; `finish` checks every promise; `close` takes all down, whatever happened."""

    def __init__(
        self, folder: Path, chance: random.Random, *, follow: bool, shim: Path | None = None
    ) -> None:
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        wrapper = NO_OVERRIDE if os.getuid() == 0 else ()
        self.sshd = Sshd(folder / "sshd", alias="gpu", home=self.home, wrapper=wrapper)
        self.relay = Relay(self.sshd.port)
        for file in (self.sshd.config_file, self.sshd.known_hosts):
            file.write_text(file.read_text().replace(str(self.sshd.port), str(self.relay.port)))
        self.place = Place(self.sshd.options, "gpu")
        self.disk = self._mount()
        self.ledger = Ledger.of(self.place.remote)
        self.hand = Hand(self.ledger, chance)
        self._jump = self.place.base / "clocks" / "jump"
        self._shim = shim
        self._wall_s = 0
        if shim is not None:
            self._jump.parent.mkdir()
            self.place.environment |= {"LD_PRELOAD": str(shim), "SUSPEND_FILE": str(self._jump)}
        # Nothing may be evicted: every old byte is looked for at the end.
        self.place.environment["PYTHONFAULTHANDLER"] = "1"
        self.place.configure(interval="1s", more="versions: {count: 100000, age: 3650d, size: 50GB}\n")
        self._config = self.place.config_file.read_text()
        self.follow(follow)
        self.lookout = Lookout(self.place.mirror)
        self.rests_s: list[float] = []
        self._descriptors = 0
        self._mirrored: dict[bytes, tuple[tuple[int, ...], bytes]] = {}

    def follow(self, follow: bool) -> None:
        """Whether the host is followed; a running daemon takes the saved file up by itself."""
        self.followed = follow
        text = f"{self._config}    follow: {'true' if follow else 'false'}\n"
        if not self.place.config_file.exists() or self.place.config_file.read_text() != text:
            self.place.config_file.write_text(text)

    def _mount(self) -> Path | None:
        if os.getuid() != 0:
            return None
        disk = self.place.base / "disk"
        disk.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", DISK, "tmpfs", str(disk)], check=False)
        if done.returncode:
            return None
        self.place.root = disk / "root"
        return disk

    # --- what troubles use --------------------------------------------------------------------------

    def start(self) -> None:
        """Start the daemon, which finds nothing of the one before it."""
        until(
            lambda: not [p for p in self.place.descendants if alive(p)],
            20,
            "the killed daemon left no process",
        )
        self.place.start()
        self._descriptors = 0

    def ours(self) -> set[int]:
        """The daemon's children and theirs."""
        return children_of(self.place.daemon.pid) if self.place.daemon is not None else set()

    def theirs(self) -> list[int]:
        """What runs on the host for our logins, sshd's own processes apart."""
        return [pid for pid in self.sshd.sessions() if not command_line(pid).startswith("sshd")]

    def wish_pull(self, seen: Callable[[], bool]) -> None:
        """Wish a pull and wait until something of it is `seen`, or a moment."""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(1)
            asking.connect(str(self.place.control))
            asking.sendall(encode(request("pull")))
            with suppress(AssertionError):
                until(seen, 1.5)

    def step_clock(self, by_s: int) -> bool:
        """The laptop's wall clock steps; False where that cannot be played."""
        if self._shim is None:
            return False
        self._wall_s += by_s
        fresh = self._jump.with_suffix(".new")
        fresh.write_text(f"{self._wall_s} 0\n")
        fresh.rename(self._jump)
        return True

    # --- waiting ------------------------------------------------------------------------------------

    def missing(self, *, audited: bool = False) -> list[bytes]:
        """Files of the host, as far as they may be read, whose bytes are not here."""
        closed = self.ledger.closed()
        found = []
        for path, data in self.ledger.now.items():
            if path in closed:
                continue
            here = self._here(path)
            if here != data and (audited or not self._only_an_audit_sees(path)):
                found.append(path)
        return found

    def _here(self, path: bytes) -> bytes | None:
        place = os.fsencode(self.place.mirror) + b"/" + path
        try:
            status = os.lstat(place)
            if not stat.S_ISREG(status.st_mode):
                return None
            known = self._mirrored.get(path)
            if known is None or known[0] != stamp(status):
                with open(place, "rb") as file:
                    self._mirrored[path] = (stamp(os.fstat(file.fileno())), file.read())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        return self._mirrored[path][1]

    def _only_an_audit_sees(self, path: bytes) -> bool:
        there = self.ledger.entries[path]
        with suppress(FileNotFoundError, NotADirectoryError):
            here = os.lstat(os.fsencode(self.place.mirror) + b"/" + path)
            same = (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns)
            return same and there.st_ino in self.hand.unseen
        return False

    def rest(self, within: float = QUIET_WITHIN_S, *, audited: bool = False) -> None:
        """Wait until what the host has is here; from now on it must never go."""
        began = time.monotonic()
        try:
            until(lambda: self.missing(audited=audited) == [], within, "everything is here")
        except AssertionError as error:
            said = f"{error}; missing {self.missing(audited=audited)}"
            raise AssertionError(f"{said}; {self._evidence()}") from None
        self.rests_s.append(time.monotonic() - began)
        for path in self.ledger.now:
            if self._here(path) == self.ledger.now[path]:
                self.ledger.stayed(path)
        self._descriptors = self._descriptors or self._open_descriptors()

    def _open_descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.place.daemon.pid}/fd"))

    # --- the promises -------------------------------------------------------------------------------

    def check(self) -> None:
        """Wait for quiet and check what must be so while the daemon runs."""
        self.hand.open_all()
        self.rest()
        most = self._descriptors + MORE_DESCRIPTORS
        until(lambda: self._open_descriptors() <= most, 20, f"no more than {most} open descriptors")
        self.place.note_descendants()
        self._second_round()
        self.check_samples()
        self.check_kept()

    def finish(self) -> None:
        """Check every promise; nothing is left running."""
        self.check()
        self._audit_all()
        self._second_round()
        self.lookout.close()
        self.check_samples()
        self.check_kept()
        self._stop()

    def _audit_all(self) -> None:
        """What has the same size and time but other bytes is seen by an audit only, as after an unclean stop."""
        self.place.kill()
        until(
            lambda: not [p for p in self.place.descendants if alive(p)],
            20,
            "the killed daemon left no process",
        )
        facts = Facts.open(Paths.of(self.place.environment).facts_db)
        facts.checkpoint(LONG_AGO)
        facts.close()
        self.start()
        self.rest(audited=True)

    def _second_round(self) -> None:
        """What the last deeds set going comes to its end; from then on a round transfers and writes nothing."""
        found: list[str] = []
        try:
            until(
                lambda: self._quiet_round(found) and self._quiet_round(found),
                SETTLES_WITHIN_S,
                "quiet rounds",
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; {found[-3:]}; {self._evidence()}") from None

    def _quiet_round(self, found: list[str]) -> bool:
        before = self._stamps()
        outcomes = [(o["outcome"], o["files"], o["bytes"]) for o in self.pull()]
        after = self._stamps()
        changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        left = os.listdir(self.place.root / ".incoming")
        found.append(f"{outcomes}, changed {changed}, .incoming {left}")
        return outcomes == [("complete", 0, 0)] and not changed and not left

    def pull(self) -> list[dict[str, Any]]:
        """`expsyncd pull` by its verb; how each source ended."""
        try:
            events = list(stream(self.place.control, request("pull"), 60))
        except Error as error:
            raise AssertionError(f"a pull by its verb: {error}; {self._evidence()}") from None
        return [event for event in events if event.get("event") == "outcome"]

    def _evidence(self) -> str:
        """All that may tell why it is not quiet: both logs, the status, what runs, where the daemon stands."""
        load = os.getloadavg()
        status = self.place.run("status", "--json").stdout
        runs = {pid: command_line(pid)[:200] for pid in (*sorted(self.ours()), *self.sshd.sessions())}
        if self.place.daemon is not None:
            self.place.daemon.send_signal(signal.SIGABRT)  # faulthandler says where each thread is
            with suppress(subprocess.TimeoutExpired):
                self.place.daemon.wait(5)
        return (
            f"load {load}; {status}; {runs}; sshd: {self.sshd.log()[-3000:]}; log: {self.place.log()[-6000:]}"
        )

    def _stamps(self) -> dict[bytes, tuple[int, ...]]:
        mirror, versions = os.fsencode(self.place.mirror), os.fsencode(self.place.root / "versions")
        return {
            folder + path: stamp(status)
            for folder in (mirror, versions)
            for path, status in below(folder).items()
            if stat.S_ISREG(status.st_mode)
        }

    def old_bytes(self) -> dict[bytes, list[bytes]]:
        """What versions/ holds of each path."""
        found: dict[bytes, list[bytes]] = {}
        for place, data in content(self.place.root / "versions").items():
            _, _, _, path = place.split(b"/", 3)
            found.setdefault(path, []).append(data)
        return found

    def check_samples(self) -> None:
        """Event files were beginnings of the host's at every look, and nothing seen in the mirror is gone."""
        old, here = self.old_bytes(), content(self.place.mirror)
        for path, samples in self.lookout.seen().items():
            held = [*old.get(path, ()), *([here[path]] if path in here else [])]
            for sample in samples:
                if is_event_file(path):
                    assert self.ledger.ever_began_with(path, sample), (
                        f"{path!r} was {len(sample)} bytes that the host never had: "
                        f"{self.ledger.nearest(path, sample)}; log: {self.place.log()[-3000:]}"
                    )
                assert any(one.startswith(sample) for one in held), (
                    f"{len(sample)} bytes of {path!r} were here and are gone; log: {self.place.log()[-3000:]}"
                )

    def check_kept(self) -> None:
        """Every state that stayed is in the mirror or in versions."""
        old, here = self.old_bytes(), content(self.place.mirror)
        for path, states in self.ledger.kept.items():
            held = [*old.get(path, ()), *([here[path]] if path in here else [])]
            for state in states:
                assert any(one.startswith(state) for one in held), f"a state of {path!r} is lost"

    def _stop(self) -> None:
        assert self.place.stop() == 0, self.place.log()[-3000:]
        assert list(Paths.of(self.place.environment).masters_dir.glob("*")) == [], "a socket is left"
        self.relay.close()  # the host cannot know of the end of what a router forgot
        until(lambda: self.sshd.sessions() == [], 20, "nothing of ours runs on the host")
        assert os.listdir(self.home) == [], "something was written into the login's home"
        left = {path: stamp(status) for path, status in below(self.ledger.folder).items()}
        known = {path: stamp(status) for path, status in self.ledger.entries.items()}
        assert left == known, "something was changed on the host"

    def close(self) -> None:
        """Take everything down."""
        self.lookout.close()
        self.relay.close()
        try:
            if self.place.daemon is not None:
                self.place.kill()
            until(lambda: not [p for p in self.place.descendants if alive(p)], 20, "no process is left")
        finally:
            self.sshd.stop()
            if self.disk is not None:
                subprocess.run(["umount", "-l", str(self.disk)], check=False)
            self.place.close()
