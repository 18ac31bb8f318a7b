"""The agent without ssh: its script sent down a pipe to a Python of this machine, as a login shell would run it."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from expsyncd.follow.accepted import Accepted
from expsyncd.follow.bootstrap import bootstrap
from expsyncd.follow.frames import Frames, Mode, Pong
from expsyncd.pull.source import Source


def pythons() -> dict[str, str]:
    """Version to path of every Python here that an agent may run on; pyenv's are looked for, too."""
    found = {f"3.{sys.version_info.minor}": sys.executable}
    for minor in range(6, 16):
        places = [shutil.which(f"python3.{minor}") or ""]
        kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
        places += [str(place / "bin" / "python3") for place in sorted(kept.glob(f"3.{minor}.*"))]
        for place in filter(None, places):
            said = subprocess.run([place, "-c", "print(1)"], capture_output=True, check=False)
            if said.returncode == 0:
                found.setdefault(f"3.{minor}", place)
    return found


def oldest() -> tuple[str, str]:
    """The oldest of them: version and path."""
    return min(pythons().items(), key=lambda item: int(item[0].partition(".")[2]))


class Agent:
    """A running agent. `messages` keeps all that came; close the `with` block and it must have ended by itself."""

    def __init__(
        self, python: str = sys.executable, *, wrapper: tuple[str, ...] = (), environment: Any = None
    ) -> None:
        command, self.script = bootstrap(python)
        self.frames = Frames()
        self.messages: list[Any] = []
        self.pings = 0
        self.child = subprocess.Popen(
            [*wrapper, "sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment,
        )  # fmt: skip
        os.set_blocking(self.child.stdout.fileno(), False)
        self.child.stdin.write(self.script)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stdin.close()
        try:
            self.child.wait(5)
        finally:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()
            self.child.stderr.close()

    def say(self, **words: Any) -> None:
        self.child.stdin.write(json.dumps(words).encode() + b"\n")
        self.child.stdin.flush()

    def add(self, folder: Path, *, number: int = 1, every: float = 1, **options: Any) -> None:
        """Have a folder followed."""
        told = Accepted(Source("gpu", "logs", str(folder), **options)).told()
        rate = options.get("bwlimit", 0)
        self.say(t="add", s=number, path=str(folder), every=every, rate=rate, **told)

    def read(self) -> list[Any]:
        """What came since."""
        try:
            content = os.read(self.child.stdout.fileno(), 1 << 20)
        except BlockingIOError:
            return []
        found = self.frames.feed(content)
        self.messages += found
        return found

    def until(self, condition: Any, within: float, what: str) -> Any:
        """Read until `condition` holds for one of the messages that came from now on; that message."""
        deadline = time.monotonic() + within
        seen = []
        while time.monotonic() < deadline:
            select.select([self.child.stdout.fileno()], [], [], 0.05)
            for message in self.read():
                seen.append(message)
                if condition(message):
                    return message
        raise AssertionError(f"not within {within} s: {what}; came last: {seen[-5:]}")

    def follow(self, folder: Path, **options: Any) -> Mode:
        """Have a folder followed and wait until it is; how."""
        self.add(folder, **options)
        found: Mode = self.until(
            lambda m: isinstance(m, Mode) and m.mode in ("following", "rescanning", "missing"),
            20,
            "it follows",
        )
        return found

    def ping(self, within: float = 20) -> Pong:
        """Ask whether it lives; all that happened before has come then."""
        self.pings += 1
        self.say(t="ping", n=self.pings, within=within)
        number = self.pings
        found: Pong = self.until(lambda m: isinstance(m, Pong) and m.number == number, 10, "it answers")
        return found
