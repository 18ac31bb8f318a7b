"""hosts.yaml → Config, or every problem of the file with its line and column."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from expsyncd.config import keys, tree
from expsyncd.config.checks import check_names, check_overlaps, check_ports
from expsyncd.config.kinds import Found
from expsyncd.config.model import Config
from expsyncd.config.problems import LINE_BREAK, ConfigError, Fault, Mark, Problem, Problems

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.config.sections import Fields

__all__ = ["ConfigError", "Problem", "load", "parse"]

LARGEST_FILE = 1_000_000  # bytes; a thousand hosts fit

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")


def load(path: Path) -> Config:
    """Read and check the file. Raises ConfigError, also when it is not there or cannot be read."""
    file = str(path)
    try:
        with open(path, "rb", opener=_without_waiting) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise _unreadable(file, "this is not a file")
            text = opened.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise _unreadable(file, "there is no such file: `expsyncd init` makes one") from None
    except (OSError, ValueError) as error:
        raise _unreadable(file, f"it cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return parse(text, file)


def _without_waiting(path: str, flags: int) -> int:
    """A pipe in the file's place must not stop the daemon."""
    return os.open(path, flags | os.O_NONBLOCK)


def parse(text: bytes, file: str) -> Config:
    """The text of a file as Config; `file` is what problems call it. Raises ConfigError.

    Bounded in time and memory for any bytes: size, depth and number of entries are.
    """
    problems = Problems(file, decoded := _decode(text, file))
    for bad in _UNPRINTABLE.finditer(decoded):
        problems.add(
            _place(decoded, bad.start()), f"the character U+{ord(bad[0]):04X} does not belong in a text file"
        )
    problems.check()
    piece = tree.read(decoded, problems)
    if piece is None:
        problems.check()
        return Config()
    try:
        fields: Fields = keys.FILE.read(piece, problems)
    except Fault as fault:
        problems.note(fault)
        fields = {}
    _finish(fields, problems)
    problems.check()
    try:
        return Config.model_validate(_plain(fields))
    except ValidationError as error:  # the tables let through what the model does not: a bug, but no crash
        problems.add(Mark(1, 1), f"this config is not valid: {error.errors()[0]['msg']}")
        problems.check()
        raise


def _decode(text: bytes, file: str) -> str:
    if len(text) > LARGEST_FILE:
        raise _unreadable(file, f"the file is over {LARGEST_FILE // 1000} kB: this is not a list of hosts")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(file, "this is UTF-16: save the file as UTF-8")
    try:
        return text.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        readable = text[: error.start].decode("utf-8").removeprefix("\ufeff")
        problems = Problems(file, readable)
        problems.add(
            _place(readable, len(readable)),
            f"the byte 0x{text[error.start]:02x} is not UTF-8: save the file as UTF-8",
        )
        problems.check()
        raise


def _place(text: str, index: int) -> Mark:
    before = LINE_BREAK.split(text[:index])
    return Mark(len(before), len(before[-1]) + 1)


def _unreadable(file: str, message: str) -> ConfigError:
    return ConfigError((Problem(file, 1, 1, message, ""),))


def _finish(fields: Fields, problems: Problems) -> None:
    """Names and ssh aliases that were left out, and the checks between entries."""
    hosts: dict[str, Found] = fields["hosts"].value if "hosts" in fields else {}
    for name, host in hosts.items():
        host.value["name"] = Found(name, host.mark)
        host.value.setdefault("ssh", Found(name, host.mark))
        if sources := host.value.get("sources"):
            names = check_names(sources.value, problems)
            check_overlaps(sources.value, problems)
            for source, called in zip(sources.value, names, strict=True):
                source.value["name"] = Found(called, source.mark)
    check_ports(fields["tensorboard"].value if "tensorboard" in fields else {}, hosts, problems)


def _plain(value: Any) -> Any:
    if isinstance(value, Found):
        return _plain(value.value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(_plain(inner) for inner in value)
    return value
