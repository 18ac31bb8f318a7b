"""What a text in hosts.yaml may be: names, paths, patterns. Each returns it or raises ValueError."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from expsyncd.config.names import LONGEST_NAME, components

LONGEST_PATH = 4096
DEEPEST_PATH = 100

_HOST = re.compile(r"[\w.@:+-]+")
_ALIAS = re.compile(r"[\w.@:+%\\=-]+")


SAMPLE_GROUPS = ("series", "epoch", "step", "batch", "index")


def sample_pattern(text: str) -> str:
    """A regular expression whose named groups say what a sample's path means."""
    try:
        groups = re.compile(text).groupindex
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"this is no regular expression: {error}") from None
    if not groups or not set(groups) <= set(SAMPLE_GROUPS):
        raise ValueError(
            "give it named groups, like (?P<epoch>\\d+): " + ", ".join(SAMPLE_GROUPS[:-1]) + " or index"
        )
    return text


def plain(text: str) -> str:
    """One line without control or invisible characters."""
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            what = "a line break" if character == "\n" else f"the invisible character U+{ord(character):04X}"
            raise ValueError(f"{what} does not belong here")
    if not text:
        raise ValueError("this is empty")
    return text


def host_name(text: str) -> str:
    """A host's name: the ssh alias by default, and its folder in the mirror."""
    plain(text)
    if text.startswith(("-", ".")):
        raise ValueError(
            f'a host\'s name cannot begin with "{text[0]}": it is a folder name and an argument of ssh'
        )
    if not _HOST.fullmatch(text):
        raise ValueError(
            "a host's name has letters, digits and . _ - @ : + only: it is a folder name; "
            "what ssh needs can stand under `ssh:`"
        )
    return _short(text)


def ssh_alias(text: str) -> str:
    """What follows `ssh` on the command line, without options."""
    plain(text)
    if text.startswith("ssh "):
        raise ValueError(f'write only what follows `ssh`: "{text[4:].strip()[:80]}"')
    if text.startswith("-") or " " in text:
        raise ValueError("options of ssh belong in ~/.ssh/config: name the alias here")
    if re.fullmatch(r"[^:]+:[0-9]+", text) or text.startswith("ssh:"):
        raise ValueError("a port belongs in ~/.ssh/config (Host, HostName, Port): name the alias here")
    if not _ALIAS.fullmatch(text):
        raise ValueError("this is no ssh alias and no user@address")
    return _short(text)


def source_name(text: str) -> str:
    """A source's folder in the mirror."""
    plain(text)
    if "/" in text:
        raise ValueError('a name is one folder and has no "/"')
    if text.startswith((".", "-")) or text != text.strip():
        raise ValueError('a name is a folder of the mirror: it cannot begin with ".", "-" or a space')
    return _short(text)


def remote_path(text: str) -> str:
    """A path on a host: absolute, `~/…`, or relative to the folder one logs in to; may be a glob."""
    plain(text)
    if len(text.encode()) > LONGEST_PATH or text.count("/") > DEEPEST_PATH:
        raise ValueError("this path is longer than a path can be")
    if re.match(r"[\w.@-]+:[~/]", text):
        raise ValueError("write only the path: the host is the key above")
    if re.match(r"~[^/]", text):
        raise ValueError("another user's folder must be written as an absolute path")
    if re.match(r"\$\{?\w", text):
        raise ValueError("variables are not expanded: write the path out")
    parts = components(text)
    if ".." in parts:
        raise ValueError('write the path without ".."')
    if "**" in parts:
        raise ValueError('"**" is not known here: a "*" stands for one folder')
    if len(parts) == 1:
        what = "the whole disk" if parts == ("",) else "the whole home folder"
        raise ValueError(f"this is {what} of the host: name the folder that holds the results")
    return text


def root_path(text: str) -> Path:
    """The local root: absolute or `~/…`, a folder of its own."""
    plain(text)
    if not (text.startswith(("/", "~/")) or text == "~"):
        raise ValueError("the root must be absolute or begin with ~/")
    path = Path(text)
    home = Path.home()
    full = path.expanduser()
    if ".." in full.parts:
        raise ValueError('write the root without ".."')
    if full == home or full in home.parents:
        raise ValueError("the root must be a folder of its own: for instance ~/experiments")
    return path


def pattern(text: str) -> str:
    """A file pattern as rsync's --include and --exclude take it."""
    plain(text)
    if text.startswith(("+ ", "- ", "!")):
        raise ValueError("write the pattern alone, without rsync's + - !")
    return text


def name_glob(text: str) -> str:
    """A glob over names of hosts or runs."""
    plain(text)
    if len(text) > LONGEST_PATH:
        raise ValueError("this is longer than a name can be")
    return text


def samples_per_plugin(text: str) -> str:
    """TensorBoard's own `scalars=1000,images=10`."""
    if not re.fullmatch(r"[a-z_]+=[0-9]{1,9}(,[a-z_]+=[0-9]{1,9})*", text):
        raise ValueError('write it like "scalars=100000,images=100"')
    return text


def user(text: str) -> str:
    """A login's name."""
    if not re.fullmatch(r"[\w][\w.@\\+-]{0,63}", text, re.ASCII):
        raise ValueError("this is no user name")
    return text


_OURS = (
    "--logdir", "--logdir_spec", "--port", "--host", "--bind_all", "--load_fast", "--path_prefix",
    "--reload_interval", "--samples_per_plugin", "--db", "--inspect", "--help", "--version",
)  # fmt: skip


def extra_argument(text: str) -> str:
    """An argument for TensorBoard that expsyncd does not set itself."""
    plain(text)
    option = text.split("=", 1)[0]
    # argparse takes any unambiguous beginning: --bind is --bind_all
    if option.startswith("-") and any(ours.startswith(option) for ours in _OURS):
        raise ValueError(f"expsyncd sets {option} itself")
    return text


def _short(name: str) -> str:
    if len(name.encode()) > LONGEST_NAME:
        raise ValueError(f"this name is longer than {LONGEST_NAME} bytes")
    return name
