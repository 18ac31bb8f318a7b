"""Short ids for what pages ask for by name: names are bytes and paths, ids are harmless. Pure."""

from __future__ import annotations

import hashlib


def id_of(*parts: str | bytes | int | None) -> str:
    """Sixteen hex digits; other parts, other id."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        whole = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        if not isinstance(whole, bytes):
            whole = repr(whole).encode()
        digest.update(b"%d:" % len(whole))
        digest.update(whole)
    return digest.hexdigest()
