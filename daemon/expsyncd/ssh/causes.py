"""The table of what OpenSSH says and what it means: first match wins, so the specific rows stand first. Pure.

Patterns are of OpenSSH 8 to 10 in the C locale; those that could be provoked are recorded in the unit tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """One word per cause, for machines."""

    BAD_SSH_CONFIG = "bad-ssh-config"
    OUR_SIDE = "our-side"
    SSH_TOO_OLD = "ssh-too-old"
    SOCKET_PATH = "socket-path"
    SOCKET_TAKEN = "socket-taken"
    HOST_KEY_CHANGED = "host-key-changed"
    HOST_KEY_UNKNOWN = "host-key-unknown"
    HOST_KEY_REVOKED = "host-key-revoked"
    SECOND_FACTOR = "second-factor"
    PASSWORD = "password"  # noqa: S105 - the name of a cause
    PASSWORD_EXPIRED = "password-expired"  # noqa: S105 - the name of a cause
    TOO_MANY_KEYS = "too-many-keys"
    KEY_FILE = "key-file"
    AGENT_REFUSED = "agent-refused"
    AGENT_SILENT = "agent-silent"
    PERMISSION_DENIED = "permission-denied"
    NAME_UNKNOWN = "name-unknown"
    REFUSED = "refused"
    TIMED_OUT = "timed-out"
    UNREACHABLE = "unreachable"
    HOP_FORBIDS = "hop-forbids"
    HOP_CANNOT_REACH = "hop-cannot-reach"
    HOP_COMMAND = "hop-command"
    NO_COMMON_ALGORITHM = "no-common-algorithm"
    NOT_SSH = "not-ssh"
    BANNED = "banned"
    CLOSED = "closed"
    KILLED = "killed"
    UNANSWERED = "unanswered"
    MASTER_SILENT = "master-silent"
    ACCOUNT = "account"
    SFTP_ONLY = "sftp-only"
    FORCED_COMMAND = "forced-command"
    NOISY_SHELL = "noisy-shell"
    EXHAUSTED = "exhausted"
    NO_SHELL = "no-shell"
    NO_RSYNC = "no-rsync"
    NO_SFTP = "no-sftp"
    SFTP_BROKE = "sftp-broke"
    NO_PLACE = "no-place"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Cause:
    """One row. Title and advice may use the pattern's groups, `{alias}` and `{fingerprint}`.

    of_hop: with a jump host in between the words are the hop's, and the title says so.
    """

    kind: Kind
    pattern: re.Pattern[str]
    title: str
    advice: str
    retry: bool = False
    needs_login: bool = False
    of_hop: bool = True


def _row(
    kind: Kind,
    pattern: str,
    title: str,
    advice: str,
    *,
    retry: bool = False,
    needs_login: bool = False,
    of_hop: bool = True,
) -> Cause:
    return Cause(kind, re.compile(pattern, re.MULTILINE), title, advice, retry, needs_login, of_hop)


LOGIN = "run `expsyncd login {alias}`"

CAUSES = (
    # --- our side; nothing was sent ---
    # Our own -o is at fault only where the ssh is older than the option.
    _row(Kind.SSH_TOO_OLD, r"^command-line:? line 0: (?P<why>.*)$",
         "this ssh does not know an option: {why}", "install OpenSSH 8.4 or later"),
    _row(Kind.BAD_SSH_CONFIG, r"^(?P<where>/\S+?(?<!sh)(?<!sh:)):? line (?P<line>\d+): (?P<why>.*)$",
         "{where} line {line}: {why}", "mend that line; `ssh -G {alias}` checks it"),
    _row(Kind.BAD_SSH_CONFIG, r"^Bad owner or permissions on (?P<where>.+)$",
         "{where} may be changed by others, so ssh refuses it", "chmod go-w {where}"),
    _row(Kind.SOCKET_PATH, r"too long for Unix domain socket|ControlPath too long",
         "the path of the ssh control socket is too long",
         "set XDG_RUNTIME_DIR to a folder with a shorter path", of_hop=False),
    # Another master took the path between our look and its bind; the next attempt finds and uses it.
    _row(Kind.SOCKET_TAKEN, r"^ControlSocket .* already exists, disabling multiplexing",
         "another ssh took the control socket", "", retry=True, of_hop=False),
    # The same refusal for a forward; what the gateway said of it only its master knows.
    _row(Kind.HOP_CANNOT_REACH, r"^Stdio forwarding request failed",
         "the jump host cannot reach {alias}", "", retry=True, of_hop=False),
    # Free again as soon as a command ends.
    _row(Kind.NO_PLACE, r"Session open refused by peer",
         "the host allows no further command on this connection", "MaxSessions of its sshd is reached",
         retry=True, of_hop=False),

    # --- keys of the host: never by itself ---
    _row(Kind.HOST_KEY_REVOKED, r"REVOKED HOST KEY DETECTED|is revoked\b.*host key|[Hh]ost key .* revoked",
         "the host's key is marked as revoked", "ask the admin of {alias}"),
    _row(Kind.HOST_KEY_CHANGED,
         r"^Host key for (?P<name>\S+) has changed and you have requested strict checking",
         "the host key of {name} has changed{fingerprint}",
         "ask its admin whether that is right; if so `ssh-keygen -R {name}`, then `ssh {alias}` once"),
    _row(Kind.HOST_KEY_CHANGED, r"REMOTE HOST IDENTIFICATION HAS CHANGED",
         "the host key has changed{fingerprint}",
         "ask its admin whether that is right; if so `ssh-keygen -R` its name, then `ssh {alias}` once"),
    _row(Kind.HOST_KEY_UNKNOWN, r"^No (?P<type>\S+) host key is known for (?P<name>\S+) and",
         "the host key of {name} is not known yet",
         LOGIN + ", compare the fingerprint, answer yes"),
    _row(Kind.HOST_KEY_UNKNOWN, r"^Host key verification failed",
         "the host key is not known yet", LOGIN + ", compare the fingerprint, answer yes"),

    # --- who we are: one attempt, since sshd bans who tries on ---
    # Whole sentences: ssh prints a host's banner, too, which tells everybody what happens if.
    _row(Kind.PASSWORD_EXPIRED,
         r"^(?:WARNING: )?(?:Your |The )?[Pp]assword (?:(?:has |is )?expired|change required)"
         r"|^You are required to change your pass",
         "the password on the host has expired", "run `ssh {alias}` and change it", needs_login=True),
    _row(Kind.SECOND_FACTOR, r'^Authenticated using "[^"]*" with partial success\.$(?s:.*)'
         r"Permission denied \([^)]*(?:password|keyboard-interactive)",
         "the host wants a second factor", LOGIN, needs_login=True),
    _row(Kind.TOO_MANY_KEYS, r"Too many authentication failures",
         "the host gave up after too many keys",
         "name the one key: IdentityFile and `IdentitiesOnly yes` for {alias} in ~/.ssh/config"),
    _row(Kind.AGENT_REFUSED, r"^sign_and_send_pubkey: signing failed for .*agent refused operation",
         "your ssh-agent did not sign: it is locked, or the key wants a touch or a PIN",
         "unlock it, or " + LOGIN, needs_login=True),
    _row(Kind.KEY_FILE, r"^Permissions (?P<mode>\d+) for '(?P<file>[^']+)' are too open",
         "ssh ignores your key {file}: its mode is {mode}", "chmod 600 {file}"),
    _row(Kind.PASSWORD, r"Permission denied \([^)]*(?:password|keyboard-interactive)",
         "the host took no key of yours and asks for a password or a code",
         LOGIN + ", or put a key there: `ssh-copy-id {alias}`", needs_login=True),
    _row(Kind.PERMISSION_DENIED, r"^(?P<who>\S+): Permission denied \((?P<methods>[^)]*gssapi[^)]*)\)",
         "permission denied for {who} ({methods})",
         "a Kerberos ticket may have run out: `kinit`; or `ssh-add` the key for it"),
    _row(Kind.PERMISSION_DENIED, r"^(?P<who>\S+): Permission denied \((?P<methods>[^)]*)\)",
         "permission denied for {who} ({methods})",
         "put a key there (`ssh-copy-id {alias}`); is one with a passphrase in the agent (`ssh-add -l`)?"),
    _row(Kind.ACCOUNT,
         r"^(?:Your |This |The |User )?[Aa]ccount (?:has |is |has been )?"
         r"(?:expired|currently not available|locked|disabled)(?=[.,;:!]|\s*$| due to )",
         "this account on the host is closed", "ask its admin", of_hop=False),
    _row(Kind.SFTP_ONLY, r"^This service allows sftp connections only",
         "the host offers sftp only, no commands",
         "leave `transport:` of {alias} at auto, and its files come by sftp", of_hop=False),
    _row(Kind.FORCED_COMMAND, r"^(?P<which>\S*rrsync)\b.*SSH_ORIGINAL_COMMAND",
         "the key is limited to {which} on the host", "use a key that may run commands", of_hop=False),

    # --- the way there: all of it may pass ---
    _row(Kind.HOP_FORBIDS,
         r"^channel \d+: open failed: administratively prohibited: .*\n(?s:.*)^stdio forwarding failed",
         "the jump host forbids forwarding to {alias}", "its sshd needs AllowTcpForwarding; ask its admin",
         of_hop=False),
    _row(Kind.HOP_CANNOT_REACH,
         r"^channel \d+: open failed: connect failed: (?P<why>.*)\n(?s:.*)^stdio forwarding failed",
         "the jump host cannot reach {alias}: {why}", "", retry=True, of_hop=False),
    _row(Kind.HOP_CANNOT_REACH, r"^stdio forwarding failed|stdio forwarding request failed",
         "the jump host cannot reach {alias}", "", retry=True, of_hop=False),
    _row(Kind.NAME_UNKNOWN, r"^ssh: Could not resolve hostname (?P<name>\S+): Temporary failure",
         "the name {name} cannot be looked up now", "is this machine online, or a VPN needed?",
         retry=True),
    _row(Kind.NAME_UNKNOWN, r"^ssh: Could not resolve hostname (?P<name>\S+): ",
         "there is no host of the name {name}",
         "check the name in hosts.yaml and ~/.ssh/config; or is a VPN needed?", retry=True),
    _row(Kind.REFUSED, r"^ssh: connect to host (?P<name>\S+) port (?P<port>\d+): Connection refused",
         "{name} refuses connections at port {port}", "no sshd listens there now", retry=True),
    _row(Kind.UNREACHABLE, r"^ssh: connect to host (?P<name>\S+) port \d+: "
         r"(?P<why>No route to host|Network is (?:unreachable|down)|Host is (?:unreachable|down))",
         "{name} cannot be reached: {why}", "is this machine online, or a VPN needed?", retry=True),
    _row(Kind.TIMED_OUT, r"^ssh: connect to host (?P<name>\S+) port \d+: (?:Connection|Operation) timed out",
         "{name} does not answer", "is it up, or a VPN needed?", retry=True),
    _row(Kind.TIMED_OUT,
         r"timed out during banner exchange|^Connection to \S+ port \d+ timed out|^Timeout, server \S+ not",
         "the host does not answer", "is it up, or overloaded?", retry=True),
    _row(Kind.NO_COMMON_ALGORITHM,
         r"^Unable to negotiate with (?P<name>\S+) port \d+: (?P<why>no matching [^.]*)",
         "no common ground with {name}: {why}", "see `ssh -v {alias}`; its sshd or this ssh is too old"),
    # sshd 9.8 and later, PerSourcePenalties.
    _row(Kind.BANNED, r"Not allowed at this time|Exceeded MaxStartups",
         "the host takes no connections from here for a while",
         "it has seen too many; this passes", retry=True),
    _row(Kind.NOT_SSH,
         r"invalid (?:SSH )?identification|banner line contains invalid|Bad remote protocol version",
         "what answers there does not speak ssh", "check HostName and Port of {alias} in ~/.ssh/config",
         retry=True),
    _row(Kind.HOP_COMMAND, r"^(?:/\S*/)?(?:ba|da|z|k)?sh: ?(?:line )?\d+: (?:exec: )?(?P<command>[^\s:]+): "
         r"(?:No such file or directory|(?:command )?not found|Permission denied)$",
         "the ProxyCommand cannot run: {command}", "check ProxyCommand of {alias} in ~/.ssh/config"),
    _row(Kind.CLOSED,
         r"Connection (?:reset|closed) by \S+ port \d+|^kex_exchange_identification: |Broken pipe"
         r"|Connection to \S+ closed by remote host|Connection reset by peer|^Received disconnect from",
         "the host closed the connection", "it may restart or be overloaded", retry=True),
)  # fmt: skip
