"""The marker file of a root: says that the folder is ours and its disk mounted."""

from __future__ import annotations

import json
import os
from contextlib import suppress

from expsyncd.paths import PRIVATE_FILE

LONGEST = 4096  # bytes; ours has about a hundred


def read_marker(folder: int, name: str) -> str | None:
    """The root's identity by the marker `name` in the open `folder`; None where there is no sound one."""
    try:
        # Whatever lies there under this name must not make the daemon wait: no pipe, no link elsewhere.
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            said = json.loads(os.read(file, LONGEST))
        finally:
            os.close(file)
    except (OSError, ValueError, RecursionError):
        return None
    identity = said.get("id") if isinstance(said, dict) else None
    return identity if isinstance(identity, str) else None


def write_marker(folder: int, name: str, identity: str, made_at: str) -> None:
    """Put the marker into the open `folder`, whole or not at all. Raises OSError."""
    partial = f"{name}.partial"
    with suppress(FileNotFoundError):
        os.unlink(partial, dir_fd=folder)
    file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE, dir_fd=folder)
    try:
        said = {"expsyncd": 1, "id": identity, "made_at": made_at}
        os.write(file, json.dumps(said).encode() + b"\n")
        os.fsync(file)  # after a power cut an empty marker would lock the person out of the root
    finally:
        os.close(file)
    os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
