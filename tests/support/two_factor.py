"""A second factor for the tests' sshd: a key and then a one-time code, asked for by PAM (Linux, root)."""

from __future__ import annotations

import os
import pwd
import secrets
import select
import shutil
import subprocess
import time
from pathlib import Path

# Its own /etc/pam.d in a mount namespace of its own: nothing else on this machine sees it.
INSIDE = 'mount --bind "$1" /etc/pam.d && shift && exec "$@"'
LINES = (
    "UsePAM yes",
    "KbdInteractiveAuthentication yes",
    "AuthenticationMethods publickey,keyboard-interactive",
    "PermitRootLogin yes",
)
MODULES = (
    "/lib/x86_64-linux-gnu/security",
    "/lib/aarch64-linux-gnu/security",
    "/lib64/security",
    "/lib/security",
)


def missing() -> str:
    """Why this cannot be had here."""
    if os.getuid() != 0:
        return "needs root for a private /etc/pam.d"
    if shutil.which("oathtool") is None or not any((Path(m) / "pam_oath.so").exists() for m in MODULES):
        return "needs oathtool and libpam-oath"
    return ""


class SecondFactor:
    """`wrapper` and `LINES` make an Sshd ask for `code()`; a code works once."""

    def __init__(self, folder: Path) -> None:
        self._secret = secrets.token_hex(20)
        self._users = folder / "oath"
        own = folder / "pam.d"
        shutil.copytree("/etc/pam.d", own)
        (own / "sshd").write_text(
            f"auth required pam_oath.so usersfile={self._users} window=20 digits=6\n"
            "account required pam_permit.so\nsession required pam_permit.so\n"
        )
        self.wrapper = ("unshare", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "sh", str(own))
        self.renew()

    def renew(self) -> None:
        """Forget which codes were used: the next one comes only every 30 seconds."""
        user = pwd.getpwuid(os.getuid()).pw_name
        self._users.write_text(f"HOTP/T30\t{user}\t-\t{self._secret}\n")
        self._users.chmod(0o600)

    def code(self) -> str:
        """What the person's telephone shows."""
        self.renew()
        argv = ["oathtool", "--totp", self._secret]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


class Terminal:
    """A command with a terminal of its own, as a person sits before it; `said` is all it showed."""

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self._own, theirs = os.openpty()
        self.said = ""
        self._child = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *argv],
            stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)

    def until(self, words: str, within: float = 20) -> None:
        """Wait until it has shown `words`."""
        deadline = time.monotonic() + within
        while words not in self.said:
            left = deadline - time.monotonic()
            assert left > 0, f"{words!r} was not shown within {within} s, but: {self.said!r}"
            if not self._read(left):
                raise AssertionError(f"it ended without {words!r}: {self.said!r}")

    def type(self, words: str) -> None:
        """Type a line."""
        os.write(self._own, words.encode() + b"\n")

    def end(self, within: float = 30) -> int:
        """Its exit status."""
        deadline = time.monotonic() + within
        while self._child.poll() is None:
            assert time.monotonic() < deadline, f"it does not end: {self.said!r}"
            self._read(0.1)
        self._read(0.0)
        os.close(self._own)
        return self._child.returncode

    def _read(self, within: float) -> bool:
        if not select.select([self._own], [], [], within)[0]:
            return True
        try:
            self.said += os.read(self._own, 1 << 16).decode(errors="replace")
        except OSError:  # nobody has the other end open any more
            return False
        return True
