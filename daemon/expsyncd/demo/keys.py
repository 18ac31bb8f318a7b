"""Fresh Ed25519 keys for the built-in host and the one who may log in to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko import Ed25519Key

from expsyncd.paths import PRIVATE_FILE

if TYPE_CHECKING:
    from pathlib import Path


def make_key(path: Path) -> Ed25519Key:
    """Write a new key without a passphrase to `path` (0600), replacing an old one, and load it.

    paramiko's Ed25519Key cannot generate, so cryptography makes it; ssh-keygen is not needed.
    """
    # ssh believes a stale public half beside the key and then fails to log in.
    path.with_name(path.name + ".pub").unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return Ed25519Key.from_private_key_file(str(path))
