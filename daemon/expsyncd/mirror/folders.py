"""Folders of old bytes, by bytes paths: what they hold, made private, removed once they are empty."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from expsyncd.paths import PRIVATE_FILE, PRIVATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator


def held(folder: bytes) -> Iterator[bytes]:
    """Every file and link below `folder`, relative to it; links are not followed.

    Pulls bring no links, but an adopted copy may hold some, and where one points is worth keeping.
    """
    waiting = [b""]
    while waiting:
        inside = waiting.pop()
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder + b"/" + inside) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(inside + entry.name + b"/")
                elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                    yield inside + entry.name


def make_private(base: bytes, inside: bytes) -> None:
    """Make the folders of `inside` below `base`, each 0700; `base` itself must be there.

    `base` is never made: where the root's disk is away, that would write to its mount point. Raises
    OSError, FileExistsError where a file stands in the way.
    """
    folder = base
    for name in inside.split(b"/"):
        folder += b"/" + name
        try:
            os.mkdir(folder, PRIVATE_FOLDER)
        except FileExistsError:
            if not os.path.isdir(folder):
                raise


def make_private_file(file: bytes) -> None:
    """0600, where we may; what rsync set aside keeps the mode it had."""
    if not os.path.islink(file):
        with suppress(PermissionError):
            os.chmod(file, PRIVATE_FILE)


def remove_empty(folder: bytes) -> None:
    """Remove every folder below and including `folder` that holds nothing; the others become 0700."""
    for parent, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.chmod(parent, PRIVATE_FOLDER)
            os.rmdir(parent)


def remove_empty_above(file: bytes, base: bytes) -> None:
    """Remove the folders between `base` and `file` that hold nothing any more."""
    folder = os.path.dirname(file)
    while folder.startswith(base + b"/"):
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)
