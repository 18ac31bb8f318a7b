"""What ssh said → what is wrong and what to do. Pure; the one table of causes is in causes.py."""

from __future__ import annotations

import re
from dataclasses import dataclass

from expsyncd.errors import Error
from expsyncd.redact import redact
from expsyncd.ssh.causes import CAUSES, Kind

LONGEST_LINE = 200
STRAY_READ = 4096
STRAY_SHOWN = 60  # characters of login noise in a title: enough to recognise the line in .bashrc

# Closing lines that follow any failure of a ProxyCommand or ProxyJump: the cause stands before them.
_AFTER_A_HOP = re.compile(
    r"^(?:kex_exchange_identification: Connection closed by remote host"
    r"|ssh_exchange_identification: Connection closed by remote host"
    r"|Connection closed by UNKNOWN port 65535)\s*$\n?",
    re.MULTILINE,
)
# What VERBOSE adds and what never is a cause.
_CHATTER = re.compile(
    r"^(?:Authenticated (?:to|using) .*|Transferred: .*|Bytes per second: .*|debug\d: .*|@+|\s*)$"
)
# strerror(3) of ENOSPC, EDQUOT, EAGAIN (fork), ENOMEM, EMFILE and ENFILE.
_EXHAUSTED = re.compile(
    "No space left on device|Disk quota exceeded|Resource temporarily unavailable|Cannot allocate memory"
    "|Too many open files"
)


@dataclass(frozen=True)
class Diagnosis:
    """A cause with its remedy. `retry`: may pass by itself; `needs_login`: `expsyncd login` helps."""

    kind: Kind
    title: str
    advice: str
    retry: bool = True
    needs_login: bool = False


class ConnectionProblem(Error):  # noqa: N818 - what is wrong with a connection; the name all callers read
    """The host cannot be reached, or not used; `diagnosis` says whether trying again may help."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.title, diagnosis.advice)
        self.diagnosis = diagnosis


def ours(title: str, advice: str = "", *, retry: bool = False) -> ConnectionProblem:
    """What is wrong on this computer."""
    return ConnectionProblem(Diagnosis(Kind.OUR_SIDE, title, advice, retry=retry))


def not_connected() -> ConnectionProblem:
    """Something was asked of a connection that is not open."""
    return ConnectionProblem(Diagnosis(Kind.CLOSED, "not connected", ""))


def printable(text: str | bytes) -> str:
    """`text` on one line, control characters and what is not UTF-8 escaped: nothing can steer a terminal.

    Without secrets, too: a start-up file on the host may print any command in it.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in redact(text))


def diagnose(stderr: str, code: int | None, *, alias: str, limit_s: float | None = None) -> Diagnosis:
    """Why an ssh to `alias` that printed `stderr` ended with `code`.

    `code` None: our own deadline, after `limit_s`, ended it. Where the table knows nothing the last line
    is the title, and trying again is harmless.
    """
    text = stderr.replace("\r\n", "\n").replace("\r", "\n")
    by_hop = "UNKNOWN port 65535" in text
    before = _AFTER_A_HOP.sub("", text)
    # Without anything before them the closing lines are all there is.
    said = before if by_hop and before.strip() else text
    for cause in CAUSES:
        if found := cause.pattern.search(said):
            words = {name: printable(value or "").strip() for name, value in found.groupdict().items()}
            words |= {"alias": alias, "fingerprint": _fingerprint(said)}
            title = cause.title.format_map(words)
            if by_hop and cause.of_hop:
                title = f"on the way to {alias}: {title}"
            return Diagnosis(
                cause.kind, title, cause.advice.format_map(words), cause.retry, cause.needs_login
            )
    if code is None:
        within = "in time" if limit_s is None else f"within {limit_s:.0f} s"
        return Diagnosis(
            Kind.TIMED_OUT,
            f"no connection {within}",
            f"does `ssh {alias}` work? a hanging ssh-agent or ProxyCommand shows there, too",
        )
    if code < 0:
        return Diagnosis(Kind.KILLED, f"its ssh was ended by signal {-code}", "")
    lines = [line for line in said.splitlines() if not _CHATTER.match(line)]
    last = printable(lines[-1].strip())[:LONGEST_LINE] if lines else f"ssh ended with status {code}"
    return Diagnosis(Kind.UNKNOWN, last, f"see what `ssh -v {alias}` says")


def _fingerprint(said: str) -> str:
    found = re.search(r"\b(SHA256:[A-Za-z0-9+/]{43}|MD5(?::[0-9a-f]{2}){16})", said)
    return f", now {found.group(1)}" if found else ""


def socket_taken() -> Diagnosis:
    """Another master is at our socket now; the next attempt uses it."""
    return Diagnosis(Kind.SOCKET_TAKEN, "another ssh took the control socket", "")


def agent_silent(alias: str) -> Diagnosis:
    """The login did not come through in time and the ssh-agent does not answer either."""
    return Diagnosis(
        Kind.AGENT_SILENT,
        "your ssh-agent does not answer",
        f"restart it, or say `IdentityAgent none` for {alias} in ~/.ssh/config",
    )


def unanswered(seconds: float) -> Diagnosis:
    """The master lives, but no round trip to the host comes back."""
    return Diagnosis(Kind.UNANSWERED, f"the host has not answered for {seconds:.0f} s", "")


def master_silent(*, there: bool) -> Diagnosis:
    """The ssh that we ride on does not answer at its control socket, or that is not `there` any more."""
    title = "its ssh here does not answer any more" if there else "the control socket of its ssh is gone"
    return Diagnosis(Kind.MASTER_SILENT, title, "")


# The file that a login shell reads even for a command, and what makes the rest of it terminals' business.
_START_FILES = {
    "bash": ("~/.bashrc", "[[ $- == *i* ]] || return"),
    "zsh": ("~/.zshenv", "[[ -o interactive ]] || return"),
    "fish": ("~/.config/fish/config.fish", "status is-interactive; or exit"),
    "tcsh": ("~/.cshrc", "if (! $?prompt) exit"),
    "csh": ("~/.cshrc", "if (! $?prompt) exit"),
}


def noisy_shell(stray: bytes, alias: str, shell: str = "") -> Diagnosis:
    """The login shell prints before the command does, which breaks rsync's conversation.

    `shell`: its name as the host tells it; another than those known here is taken for bash.
    """
    if exhausted := _exhausted(stray.decode("utf-8", "backslashreplace"), alias):
        return exhausted
    file, guard = _START_FILES.get(shell, _START_FILES["bash"])
    # Cut after that: half a secret is not known for one.
    shown = printable(stray[:STRAY_READ].rstrip(b"\r\n"))
    shown = shown[:STRAY_SHOWN] + ("…" if len(stray) > STRAY_SHOWN else "")
    return Diagnosis(
        Kind.NOISY_SHELL,
        f"the login shell prints “{shown}” before every command",
        f"on {alias}, put `{guard}` at the top of {file}, so that only terminals see it",
        retry=False,
    )


def _exhausted(said: str, alias: str) -> Diagnosis | None:
    """What a shell says on a host that has run out of something for now."""
    if not (found := _EXHAUSTED.search(said)):
        return None
    line = printable(next(line for line in said.splitlines() if found[0] in line).strip())[:LONGEST_LINE]
    return Diagnosis(Kind.EXHAUSTED, f"the host says “{line}”", f"it passes when {alias} has room again")


def no_shell(output: bytes, stderr: str, code: int, alias: str) -> Diagnosis:
    """The connection works but what runs on the host is not our command."""
    said = output[:LONGEST_LINE].decode("utf-8", "backslashreplace") + "\n" + stderr
    found = _exhausted(said, alias) or diagnose(said, code, alias=alias)
    if found.kind is not Kind.UNKNOWN:
        return found
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "")
    answer = f", it says “{printable(last.strip())[:STRAY_SHOWN]}”" if last else ""
    return Diagnosis(
        Kind.NO_SHELL,
        f"the host runs no commands for this login (status {code}{answer})",
        f"`ssh {alias} echo ok` must print ok; a forced command or a special login shell prevents it",
        retry=False,
    )


def no_sftp(why: str, alias: str) -> Diagnosis:
    """The host's sftp subsystem does not open; `why` is its own word or ours."""
    return Diagnosis(
        Kind.NO_SFTP,
        f"the host offers no sftp that works: {printable(why)[:LONGEST_LINE]}",
        f"see what `sftp {alias}` says",
        retry=False,
    )


def sftp_silent(seconds: float, alias: str) -> Diagnosis:
    """The sftp subsystem was asked for and says nothing."""
    return Diagnosis(
        Kind.UNANSWERED,
        f"the host's sftp has not answered for {seconds:.0f} s",
        f"see what `sftp {alias}` says",
    )


def sftp_broke(why: str) -> Diagnosis:
    """An sftp conversation that worked has ended."""
    return Diagnosis(Kind.SFTP_BROKE, f"the sftp conversation broke: {printable(why)[:LONGEST_LINE]}", "")


def openrsync(alias: str) -> Diagnosis:
    """The host's rsync is OpenBSD's, which takes few of rsync's options."""
    return Diagnosis(
        Kind.NO_RSYNC,
        "the rsync of the host is openrsync, which does not understand what is needed",
        f"install rsync 3.2.5 or later on {alias}, or leave `transport:` at auto for sftp",
        retry=False,
    )


def no_rsync(alias: str) -> Diagnosis:
    """The host has no rsync that a command over ssh would find."""
    return Diagnosis(
        Kind.NO_RSYNC,
        "the host has no rsync",
        f"install rsync there, or put it in the PATH that `ssh {alias} 'echo $PATH'` prints",
        retry=False,
    )
