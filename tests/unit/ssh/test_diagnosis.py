"""Texts marked REAL were printed by OpenSSH 9.2 (names and paths shortened); the others come from its source."""

from dataclasses import dataclass

import pytest

from expsyncd.ssh import diagnosis
from expsyncd.ssh.causes import CAUSES, Kind
from expsyncd.ssh.diagnosis import Diagnosis, diagnose, printable

HOP_END = (
    "kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535\n"
)
CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
It is also possible that a host key has just been changed.
The fingerprint for the ED25519 key sent by the remote host is
SHA256:2rRuwTf44v4NQvd4jYjG6MOhSDtG9+BD+0U6RjM+/YA.
Please contact your system administrator.
Add correct host key in /home/me/.ssh/known_hosts to get rid of this message.
Offending ED25519 key in /home/me/.ssh/known_hosts:1
  remove with:
  ssh-keygen -f "/home/me/.ssh/known_hosts" -R "[127.0.0.1]:46677"
Host key for [127.0.0.1]:46677 has changed and you have requested strict checking.
Host key verification failed.
"""
STOP, RETRY, LOGIN = (False, False), (True, False), (False, True)


@dataclass
class Case:
    """What ssh said, and what is expected: kind, words of the title and of the advice, retry/needs_login."""

    name: str
    stderr: str
    kind: Kind
    title: str
    advice: str
    then: tuple[bool, bool]


CASES = [
    Case("unknown key, REAL",
         "No ED25519 host key is known for [127.0.0.1]:46677 and you have requested strict checking.\n"
         "Host key verification failed.\n",
         Kind.HOST_KEY_UNKNOWN, "host key of [127.0.0.1]:46677 is not known", "`expsyncd login gpu1`, compare the fingerprint", STOP),
    Case("unknown key, old words, REAL", "Host key verification failed.\n" + HOP_END,
         Kind.HOST_KEY_UNKNOWN, "on the way to gpu1: the host key is not known", "`expsyncd login gpu1`, compare the fingerprint", STOP),
    Case("changed key, REAL", CHANGED, Kind.HOST_KEY_CHANGED,
         "key of [127.0.0.1]:46677 has changed, now SHA256:2rRuwTf44v4NQvd4jYjG6MOhSDtG9+BD+0U6RjM+/YA",
         "`ssh-keygen -R [127.0.0.1]:46677`", STOP),
    Case("changed key of a hop, REAL", CHANGED + HOP_END, Kind.HOST_KEY_CHANGED,
         "on the way to gpu1: the host key of [127.0.0.1]:46677 has changed", "ask its admin", STOP),
    Case("revoked key", "@       WARNING: REVOKED HOST KEY DETECTED!               @\nHost key verification failed.\n",
         Kind.HOST_KEY_REVOKED, "revoked", "admin", STOP),
    Case("denied, REAL", "me@10.0.0.5: Permission denied (publickey).\n",
         Kind.PERMISSION_DENIED, "permission denied for me@10.0.0.5 (publickey)", "ssh-copy-id gpu1", STOP),
    Case("denied without the key file, REAL",
         "no such identity: /home/me/.ssh/id: No such file or directory\nme@10.0.0.5: Permission denied (publickey).\n",
         Kind.PERMISSION_DENIED, "permission denied", "ssh-add -l", STOP),
    Case("denied by a hop, REAL", "me@gate: Permission denied (publickey).\n" + HOP_END,
         Kind.PERMISSION_DENIED, "on the way to gpu1: permission denied for me@gate", "", STOP),
    Case("no ticket", "me@hpc: Permission denied (publickey,gssapi-keyex,gssapi-with-mic).\n",
         Kind.PERMISSION_DENIED, "gssapi", "kinit", STOP),
    Case("key mode, REAL",
         "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n"
         "Permissions 0644 for '/home/me/.ssh/id' are too open.\n"
         "It is required that your private key files are NOT accessible by others.\n"
         "This private key will be ignored.\n"
         'Load key "/home/me/.ssh/id": bad permissions\nme@10.0.0.5: Permission denied (publickey).\n',
         Kind.KEY_FILE, "/home/me/.ssh/id: its mode is 0644", "chmod 600 /home/me/.ssh/id", STOP),
    Case("second factor, REAL",
         'Authenticated using "publickey" with partial success.\nme@hpc: Permission denied (keyboard-interactive).\n',
         Kind.SECOND_FACTOR, "second factor", "expsyncd login gpu1", LOGIN),
    Case("password as second factor, REAL",
         'Authenticated using "publickey" with partial success.\nme@hpc: Permission denied (password).\n',
         Kind.SECOND_FACTOR, "second factor", "expsyncd login gpu1", LOGIN),
    Case("password only, REAL", "me@hpc: Permission denied (password).\n",
         Kind.PASSWORD, "asks for a password", "expsyncd login gpu1", LOGIN),
    Case("key refused, password offered, REAL", "me@hpc: Permission denied (publickey,password).\n",
         Kind.PASSWORD, "took no key of yours", "ssh-copy-id gpu1", LOGIN),
    Case("code by keyboard", "me@hpc: Permission denied (publickey,keyboard-interactive,hostbased).\n",
         Kind.PASSWORD, "a code", "expsyncd login gpu1", LOGIN),
    Case("too many keys, REAL",
         "Received disconnect from 127.0.0.1 port 45667:2: Too many authentication failures\n"
         "Disconnected from 127.0.0.1 port 45667\n",
         Kind.TOO_MANY_KEYS, "too many keys", "IdentitiesOnly yes", STOP),
    Case("agent locked",
         'sign_and_send_pubkey: signing failed for ED25519 "/home/me/.ssh/id" from agent: agent refused operation\n'
         "me@10.0.0.5: Permission denied (publickey).\n",
         Kind.AGENT_REFUSED, "ssh-agent did not sign", "expsyncd login gpu1", LOGIN),
    Case("password expired",
         "WARNING: Your password has expired.\nPassword change required but no TTY available.\n",
         Kind.PASSWORD_EXPIRED, "expired", "ssh gpu1", LOGIN),
    Case("name unknown, REAL", "ssh: Could not resolve hostname no-such-host: Name or service not known\n",
         Kind.NAME_UNKNOWN, "no host of the name no-such-host", "hosts.yaml", RETRY),
    Case("name unknown on macOS", "ssh: Could not resolve hostname gpu1: nodename nor servname provided, or not known\n",
         Kind.NAME_UNKNOWN, "no host of the name gpu1", "VPN", RETRY),
    Case("offline", "ssh: Could not resolve hostname gpu1.lab: Temporary failure in name resolution\n",
         Kind.NAME_UNKNOWN, "gpu1.lab cannot be looked up now", "online", RETRY),
    Case("refused, REAL", "ssh: connect to host 127.0.0.1 port 46677: Connection refused\n",
         Kind.REFUSED, "127.0.0.1 refuses connections at port 46677", "no sshd", RETRY),
    Case("hop refused, REAL", "ssh: connect to host 10.0.0.1 port 22: Connection refused\n" + HOP_END,
         Kind.REFUSED, "on the way to gpu1: 10.0.0.1 refuses", "", RETRY),
    Case("hop's name unknown, REAL", "ssh: Could not resolve hostname gate: Name or service not known\n" + HOP_END,
         Kind.NAME_UNKNOWN, "on the way to gpu1: there is no host of the name gate", "", RETRY),
    Case("connect timeout", "ssh: connect to host 10.0.0.5 port 22: Connection timed out\n",
         Kind.TIMED_OUT, "10.0.0.5 does not answer", "VPN", RETRY),
    Case("connect timeout on macOS", "ssh: connect to host 10.0.0.5 port 22: Operation timed out\n",
         Kind.TIMED_OUT, "10.0.0.5 does not answer", "VPN", RETRY),
    Case("banner timeout, REAL",
         "Connection timed out during banner exchange\nConnection to 127.0.0.1 port 46255 timed out\n",
         Kind.TIMED_OUT, "does not answer", "overloaded", RETRY),
    Case("hop's timeout, REAL",
         "Connection timed out during banner exchange\nConnection to UNKNOWN port 65535 timed out\n",
         Kind.TIMED_OUT, "on the way to gpu1: the host does not answer", "", RETRY),
    Case("link died", "Timeout, server 10.0.0.5 not responding.\n", Kind.TIMED_OUT, "does not answer", "", RETRY),
    Case("no route", "ssh: connect to host 10.0.0.5 port 22: No route to host\n",
         Kind.UNREACHABLE, "10.0.0.5 cannot be reached: No route to host", "VPN", RETRY),
    Case("no network", "ssh: connect to host 10.0.0.5 port 22: Network is unreachable\n",
         Kind.UNREACHABLE, "Network is unreachable", "online", RETRY),
    Case("closed at once, REAL",
         "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 127.0.0.1 port 46255\n",
         Kind.CLOSED, "closed the connection", "overloaded", RETRY),
    Case("MaxStartups", "kex_exchange_identification: Connection closed by remote host\n"
         "Connection closed by 10.0.0.5 port 22\n",
         Kind.CLOSED, "closed the connection", "overloaded", RETRY),
    Case("banned by sshd 9.8", "kex_exchange_identification: Connection closed by remote host\n"
         "Not allowed at this time\nConnection closed by 10.0.0.5 port 22\n",
         Kind.BANNED, "takes no connections from here", "passes", RETRY),
    Case("sshd went away, REAL",
         'Authenticated to 127.0.0.1 ([127.0.0.1]:22) using "publickey".\n'
         "Connection to 127.0.0.1 closed by remote host.\nTransferred: sent 3468, received 3220 bytes, in 0.1 seconds\n"
         "Bytes per second: sent 24290.2, received 22553.1\n",
         Kind.CLOSED, "closed the connection", "", RETRY),
    Case("broken pipe", "client_loop: send disconnect: Broken pipe\n", Kind.CLOSED, "closed", "", RETRY),
    Case("hop cannot reach, REAL",
         "channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed\n" + HOP_END,
         Kind.HOP_CANNOT_REACH, "the jump host cannot reach gpu1: Connection refused", "", RETRY),
    Case("hop knows no such name, REAL",
         "channel 0: open failed: connect failed: Name or service not known\nstdio forwarding failed\n" + HOP_END,
         Kind.HOP_CANNOT_REACH, "cannot reach gpu1: Name or service not known", "", RETRY),
    Case("hop forbids, REAL",
         "channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed\n" + HOP_END,
         Kind.HOP_FORBIDS, "forbids forwarding to gpu1", "AllowTcpForwarding", STOP),
    Case("ProxyCommand missing, REAL", "/bin/bash: line 1: /opt/nc: No such file or directory\n" + HOP_END,
         Kind.HOP_COMMAND, "the ProxyCommand cannot run: /opt/nc", "ProxyCommand of gpu1", STOP),
    Case("ProxyCommand missing in dash", "/bin/sh: 1: exec: cloudflared: not found\n" + HOP_END,
         Kind.HOP_COMMAND, "cannot run: cloudflared", "", STOP),
    Case("bad option in the config, REAL",
         "/home/me/.ssh/config: line 1: Bad configuration option: foo\n"
         "/home/me/.ssh/config: terminating, 1 bad configuration options\n",
         Kind.BAD_SSH_CONFIG, "/home/me/.ssh/config line 1: Bad configuration option: foo", "ssh -G gpu1", STOP),
    Case("bad value in the config, REAL",
         "/home/me/.ssh/config line 2: Bad port 'abc'.\n/home/me/.ssh/config: terminating, 1 bad configuration options\n",
         Kind.BAD_SSH_CONFIG, "/home/me/.ssh/config line 2: Bad port 'abc'.", "ssh -G gpu1", STOP),
    Case("config writable by others, REAL", "Bad owner or permissions on /home/me/.ssh/config\n",
         Kind.BAD_SSH_CONFIG, "may be changed by others", "chmod go-w /home/me/.ssh/config", STOP),
    Case("ssh too old for us, REAL", "command-line line 0: Bad SSH2 cipher spec 'foo'.\n",
         Kind.SSH_TOO_OLD, "cipher spec 'foo'", "OpenSSH 8.4", STOP),
    Case("socket path, REAL", 'unix_listener: path "/tmp/xxx.CVpeA36Hg9zgcaHq" too long for Unix domain socket\n',
         Kind.SOCKET_PATH, "too long", "XDG_RUNTIME_DIR", STOP),
    Case("socket taken, REAL", "ControlSocket /tmp/dead already exists, disabling multiplexing\n",
         Kind.SOCKET_TAKEN, "another ssh", "", RETRY),
    Case("no common algorithm, REAL",
         "Unable to negotiate with 127.0.0.1 port 22: no matching key exchange method found. Their offer: a,b\n",
         Kind.NO_COMMON_ALGORITHM, "no matching key exchange method found", "ssh -v gpu1", STOP),
    Case("not ssh", "kex_exchange_identification: banner line contains invalid characters\n"
         "banner exchange: Connection to 10.0.0.5 port 80: invalid format\n",
         Kind.NOT_SSH, "does not speak ssh", "Port of gpu1", RETRY),
    Case("no further command, REAL",
         "mux_client_request_session: session request failed: Session open refused by peer\n"
         "kex_exchange_identification: Connection closed by remote host\n",
         Kind.NO_PLACE, "no further command", "MaxSessions", RETRY),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_recorded(case, newline):
    found = diagnose(case.stderr.replace("\n", newline), 255, alias="gpu1")
    assert found.kind is case.kind
    assert case.title in found.title
    assert case.advice in found.advice
    assert (found.retry, found.needs_login) == case.then
    assert "\n" not in found.title + found.advice


OWN_OUTPUT = {Kind.ACCOUNT, Kind.SFTP_ONLY, Kind.FORCED_COMMAND}  # said by the host, see no_shell below


def test_every_row_is_reached_by_a_recorded_text():
    reached = {case.kind for case in CASES} | OWN_OUTPUT
    assert {cause.kind for cause in CAUSES} == reached


def test_unknown_words_become_the_title_and_are_tried_again():
    found = diagnose(
        'Authenticated to gpu1 ([10.0.0.5]:22) using "publickey".\nsomething nobody has seen\n\nTransferred: sent 1\n',
        255,
        alias="gpu1",
    )
    assert found == Diagnosis(Kind.UNKNOWN, "something nobody has seen", "see what `ssh -v gpu1` says")
    assert found.retry


def test_nothing_said():
    assert diagnose("", 1, alias="gpu1").title == "ssh ended with status 1"
    assert diagnose("", -9, alias="gpu1").kind is Kind.KILLED
    assert "signal 9" in diagnose("", -9, alias="gpu1").title


def test_our_own_deadline():
    found = diagnose("", None, alias="gpu1", limit_s=30)
    assert found.kind is Kind.TIMED_OUT
    assert "30 s" in found.title
    assert found.retry


@pytest.mark.parametrize(
    "banner",
    [
        "If your password has expired, call the help desk.\n",
        "Unused accounts: an account is locked after 90 days.\n",
        "Your account is locked after five failures.\n",
    ],
)
def test_what_a_banner_says_to_everybody_is_no_cause(banner):
    said = f"{banner}Connection closed by 10.0.0.5 port 22\n"
    assert diagnose(said, 255, alias="gpu1").kind is Kind.CLOSED
    assert diagnose(banner, None, alias="gpu1").retry


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "You are required to change your password immediately (administrator enforced).\n",
            Kind.PASSWORD_EXPIRED,
        ),
        ("Your password has expired. Choose a new one.\n", Kind.PASSWORD_EXPIRED),
        ("Password expired. Change your password now.\n", Kind.PASSWORD_EXPIRED),
        ("Your account has been disabled.\n", Kind.ACCOUNT),
        ("Account locked due to 5 failed logins\n", Kind.ACCOUNT),
    ],
)
def test_what_a_host_says_of_this_account(said, kind):
    assert diagnose(said, 255, alias="gpu1").kind is kind


def test_our_own_deadline_does_not_hide_a_cause():
    assert diagnose("Host key verification failed.\n", None, alias="gpu1").kind is Kind.HOST_KEY_UNKNOWN


def test_a_failed_forward_of_a_long_connection_is_not_the_cause_of_its_end():
    said = "channel 3: open failed: connect failed: Connection refused\nTimeout, server 10.0.0.5 not responding.\n"
    assert diagnose(said, 255, alias="gpu1").kind is Kind.TIMED_OUT


def test_a_hostile_host_cannot_steer_the_terminal_or_the_format():
    for said in (
        "\x1b]0;x\x07{alias.__class__} {0} %s\n",
        "ssh: Could not resolve hostname {x}\x1b[2J: Name\n",
    ):
        found = diagnose(said, 255, alias="gpu1")
        assert found.title.isprintable()
    assert "{x}\\x1b[2J" in found.title
    assert len(diagnose("x" * 100_000, 255, alias="gpu1").title) <= 200


def test_a_long_story_is_read_in_no_time():
    said = (
        'Authenticated using "publickey" with partial success.\n' * 600
        + "channel 1: open failed: connect failed: x\n" * 300
    )
    assert diagnose(said, 255, alias="gpu1").kind is Kind.UNKNOWN


def test_printable():
    assert printable(b"caf\xc3\xa9 \xff\x1b[1m\r\n") == "café \\xff\\x1b[1m\\r\\n"
    assert printable("\u202egpj") == "\\u202egpj"


@pytest.mark.parametrize(
    ("output", "stderr", "code", "kind", "title", "advice"),
    [
        (b"This service allows sftp connections only.\n", "", 1, Kind.SFTP_ONLY, "sftp only", "at auto"),
        (b"This account is currently not available.\n", "", 1, Kind.ACCOUNT, "closed", "admin"),
        (b"", "/usr/bin/rrsync error: SSH_ORIGINAL_COMMAND does not run rsync\n", 1, Kind.FORCED_COMMAND,
         "limited to /usr/bin/rrsync", "may run commands"),
        (b"", "Your account has expired; please contact your system administrator\n", 1, Kind.ACCOUNT, "closed", ""),
        (b"", "", 1, Kind.NO_SHELL, "no commands for this login (status 1)", "ssh gpu1 echo ok"),
        (b"Only tunnels here\x1b[0m\n", "", 3, Kind.NO_SHELL, "it says “Only tunnels here\\x1b[0m”", "echo ok"),
    ],
)  # fmt: skip
def test_what_is_no_shell(output, stderr, code, kind, title, advice):
    found = diagnosis.no_shell(output, stderr, code, "gpu1")
    assert found.kind is kind
    assert title in found.title
    assert advice in found.advice
    assert not found.retry


def test_noisy_shell_shows_the_stray_bytes():
    found = diagnosis.noisy_shell(b"Welcome to \x1b[1mcluster\n", "gpu1")
    assert "“Welcome to \\x1b[1mcluster”" in found.title
    assert "~/.bashrc" in found.advice
    assert not found.retry
    assert len(diagnosis.noisy_shell(b"x" * 9999, "gpu1").title) < 150


def test_problem_is_an_error_with_title_and_advice():
    problem = diagnosis.ConnectionProblem(diagnosis.no_rsync("gpu1"))
    assert problem.title == "the host has no rsync"
    assert problem.diagnosis.kind is Kind.NO_RSYNC
    assert not problem.diagnosis.retry


@pytest.mark.parametrize(
    ("shell", "file", "guard"),
    [
        ("bash", "~/.bashrc", "[[ $- == *i* ]] || return"),
        ("zsh", "~/.zshenv", "[[ -o interactive ]] || return"),
        ("fish", "~/.config/fish/config.fish", "status is-interactive; or exit"),
        ("tcsh", "~/.cshrc", "if (! $?prompt) exit"),
        ("", "~/.bashrc", "return"),
        ("weird\x1b", "~/.bashrc", "return"),
    ],
)
def test_a_noisy_shell_names_the_likely_file(shell, file, guard):
    found = diagnosis.noisy_shell(b"hi", "gpu1", shell)
    assert file in found.advice
    assert guard in found.advice


def test_what_a_start_up_file_prints_is_told_without_its_secrets():
    # `set -x` in .bashrc prints each of its commands.
    said = "+ export WANDB_API_KEY=opensesame"
    token = "hf_QzXkPvBnWmRtYuIoLkJhGfDsAzXcVbNm12"
    for told in (
        diagnose(f"{said}\n", 1, alias="gpu"),
        diagnosis.no_shell(f"{said}\n".encode(), "", 1, "gpu"),
        diagnosis.noisy_shell(f"{said}\n".encode(), "gpu"),
        diagnosis.noisy_shell(f"welcome to a machine with many GPUs, use {token} for it\n".encode(), "gpu"),
    ):
        assert not any(secret in told.title for secret in ("opensesame", token[:8])), told
